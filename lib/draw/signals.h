// Signals on ECG paper as a picture: PNG, SVG or PDF.
//
//   PlotOptions options; options.path = "v131l.png";
//   SignalPlot plot(options);
//   plot.add(segment); plot.finish();
//
// One page a segment (a very long one: several, see layout.h). A PDF holds all pages; the first page of a PNG or SVG is
// NAME.png, the next NAME-2.png, NAME-3.png, … Files appear under their name when they are complete: a PNG or SVG with
// its page, a PDF with finish(). The same segments give the same bytes.
// Throws Error: kUsage for options out of range, another suffix, an existing file without `force`, and by finish()
// where there was nothing to draw; kMalformed as content_of does; kIo.
#pragma once

#include <memory>
#include <string>

#include "draw/layout.h"

namespace cfm::draw {

struct PlotOptions : LayoutOptions {  // column_mm follows from dpi
  std::string path;                   // .png, .svg or .pdf
  double dpi = 150;                   // of PNG, 20 … 600
  bool force = false;                 // replace existing files
};

class SignalPlot {
 public:
  explicit SignalPlot(PlotOptions options);
  SignalPlot(SignalPlot&&) noexcept;
  ~SignalPlot();
  void add(const stream::Segment& segment);
  void finish();
  std::size_t pages() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cfm::draw
