// What an evaluation found: rows of figures with what they were measured on; as JSON, CSV, and text for people.
//
//   Results results = evaluate(evidence, options);
//   out.write(results.to_text());                   // or to_json(), to_csv()
//
// Columns of the table are a promise: added to at the end, never renamed.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::eval {

struct Row {
  std::string system = {}, label = {}, klass = {}, metric = {};  // klass "": all classes
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;  // 95 %, NaN: no interval, the note says why
  std::size_t subjects = 0, segments = 0;
  std::string record = {}, lead = {}, note = {};
};

// Paired over subjects: better > 0 whatever the metric's direction.
struct Comparison {
  std::string control, metric;
  double gain, low, high, probability;  // of model over control
  std::string why;                      // there is no interval
};

struct MissingControl {
  std::string control, add;  // the command that adds it
};

// Of one label.
struct Context {
  std::string label, task, protocol;
  std::vector<std::string> classes;         // binary: negative, positive
  std::vector<std::size_t> class_segments;  // of each class
  std::size_t subjects = 0, segments = 0;
  std::size_t seen_subjects = 0, seen_segments = 0;  // the model was fitted with their labels
  std::map<std::string, std::uint64_t> excluded;     // segments by reason
  std::vector<Comparison> comparisons;
  std::vector<MissingControl> missing;
  std::vector<Row> rows;
  // Of marks: what `segments` counts, a table for people in place of that of labels, and what the JSON holds besides.
  std::string unit = "segment";
  std::string text = {};
  stream::Json details = stream::Json::object();

  double prevalence() const;    // of the positive class; NaN unless binary
  std::string verdict() const;  // one line; "" where nothing was compared
};

struct Results {
  std::vector<Context> labels;
  std::uint64_t read = 0;              // segments or rows
  bool partial = false;                // an input said that something was lost
  std::vector<stream::Json> upstream;  // notes of the programs before: what they read, wrote and left out
  std::uint64_t seed = 0;
  int draws = 0;

  std::string to_json() const;
  std::string to_csv() const;
  std::string to_text() const;
};

}  // namespace cfm::eval
