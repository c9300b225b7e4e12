// What training runs have written, as curves: in characters or as a picture.
//
//   const TrainingLog log = read_training_log("runs/q");          // or runs/q/metrics.ndjson, "-" for standard input
//   draw_training({"runs/q", "runs/r"}, "both.png", false, nullptr);
//
// A line of metrics.ndjson is a JSON object with a step and numbers. A line that is cut or no such object is counted
// and said: a run may be writing it at this moment. Where a step comes again (a run that was continued), what stood
// there before is replaced. A number that is null was not finite. Throws Error: kMalformed for a file without a row,
// kIo for what cannot be read, and what draw/curve.h and draw/page_file.h throw.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"

namespace cfm::record {

struct TrainingLog {
  struct Series {
    std::vector<double> steps;  // ascending; only those that have the quantity
    std::vector<float> values;  // as many
  };
  std::string name;                                        // the run's folder, or the file
  std::vector<std::pair<std::string, Series>> quantities;  // in the order of their first appearance
  std::uint64_t rows = 0, unread = 0;                      // lines that are rows, and that are not
  const Series* find(std::string_view quantity) const;
};

// path: metrics.ndjson, or the folder that holds it.
TrainingLog read_training_log(const std::string& path);

// "run: 20 steps in 0:00:07, loss 7.9, …".
std::string summary_of(const TrainingLog& log);

// Into a picture (.png, .svg or .pdf), or, with a file of text, into characters there. No path: standard input.
void draw_training(const std::vector<std::string>& paths, const std::string& picture, bool force, OutputFile* text);

}  // namespace cfm::record
