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
#include <memory>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::eval {

struct Scored;

struct Row {
  std::string system = {}, label = {}, klass = {}, metric = {};  // klass "": all classes
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;  // 95 %, NaN: no interval, the note says why
  std::size_t subjects = 0, segments = 0;
  std::string record = {}, lead = {}, note = {};
  std::string stratum = {};                                    // "sex=F"; "": all
  double fraction = std::numeric_limits<double>::quiet_NaN();  // of the training subjects' labels; NaN: all
};

// Paired over subjects: better > 0 whatever the metric's direction.
struct Comparison {
  std::string control, metric;
  double gain, low, high, probability;  // of model over control
  std::string why;                      // there is no interval
  bool rival = false;                   // another system rather than a control
};

struct MissingControl {
  std::string control, add;  // the command that adds it
};

// Segments of one value of a label (--by): the model's figures there.
struct Stratum {
  std::string by, value;  // "sex", "F"; "age", "61 to 70"
  std::size_t subjects = 0, segments = 0;
  std::vector<Row> rows;  // of the model; empty where nothing can be said
  std::string why;        // there are none
};

// Segments that hold the same samples under different names.
struct Repeat {
  std::string first, again;  // ids
  bool two_subjects = false;
};

// Of one label.
struct Context {
  std::string system = "model";             // what is judged; with hand-crafted features alone "features"
  std::string label, task, protocol;        // task: "binary" "multiclass" "regression" "multilabel" "ordinal"
  std::vector<std::string> classes;         // binary: negative, positive
  std::vector<std::size_t> class_segments;  // of each class
  std::size_t subjects = 0, segments = 0;
  std::size_t seen_subjects = 0, seen_segments = 0;              // the model was fitted with their labels
  std::size_t pretrained_subjects = 0, pretrained_segments = 0;  // it has seen them without their labels
  std::map<std::string, std::uint64_t> excluded;                 // segments by reason
  std::vector<Comparison> comparisons;                           // of each control and rival; the headline metric first
  std::vector<MissingControl> missing;
  std::vector<Row> rows;                 // of all segments
  std::vector<Stratum> strata;           // the worst first, label by label
  std::shared_ptr<const Scored> scored;  // what the figures are of; null for marks
  // Of marks: what `segments` counts, a table for people in place of that of labels, and what the JSON holds besides.
  std::string unit = "segment";
  std::string text = {};
  stream::Json details = stream::Json::object();

  double prevalence() const;    // of the positive class; NaN unless binary
  std::string verdict() const;  // one line; "" where nothing was compared
};

struct Results {
  std::vector<Context> labels;
  std::uint64_t read = 0;                // segments or rows
  bool partial = false;                  // an input said that something was lost
  std::vector<stream::Json> upstream;    // notes of the programs before: what they read, wrote and left out
  std::vector<stream::Json> provenance;  // the chains of the inputs: [{tool, version, args, …}, …] each
  std::vector<Repeat> repeats;
  std::uint64_t seed = 0;
  int draws = 0;

  std::string to_json() const;
  std::string to_csv() const;
  std::string to_text() const;
};

class Gathered;
// What was read is said, and how it is judged; no figures yet.
Results results_of(const Gathered& gathered, std::uint64_t seed, int draws);

// A value as people read it: score2015 with one decimal, numbers in a unit with three digits, all else with two
// decimals; "-" for NaN. With its interval "0.83 [0.75, 0.90]".
std::string figure_text(double value, const std::string& metric);
std::string interval_text(double value, double low, double high, const std::string& metric);

}  // namespace cfm::eval
