// Segments as pictures on ECG paper, or as characters for a terminal.
//
//   PlotSink sink({.path = "v131l.png", .from = "4:50", .until = "5:00"}, nullptr);
//   choose(in, sink, {}); sink.finish();
//
// Throws what draw/signals.h and draw/terminal.h throw.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "record/sink.h"

namespace cfm::record {

struct PlotChoice {
  std::string path;              // .png, .svg or .pdf; "-": characters
  std::string from, until = {};  // the part of the segments to draw, WFDB time grammar without samples
  bool force = false;
};

// How wide characters may be drawn into a file, and whether in colours: 80 and not, where it is no terminal.
struct Characters {
  int columns = 80;
  bool colour = false;
};
Characters characters_of(const OutputFile& text);

class PlotSink : public Sink {
 public:
  // text: where characters go.
  PlotSink(const PlotChoice& choice, OutputFile* text);
  ~PlotSink() override;
  void begin(const stream::Json&) override {}
  void write(const Cut& cut) override;
  void pass(const stream::Frame&) override {}
  void end(const stream::Counts&, bool) override {}
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cfm::record
