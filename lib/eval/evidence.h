// What is kept of the segments of a stream, or of the rows of a table, to score labels by.
//
//   Evidence evidence({.tensor = "embedding", .features = true});
//   for (Frame frame; in.next(frame);) evidence.add(frame, in.name());      // or evidence.add(csv_table)
//   evidence.finish();
//
// Segments that hold the same samples under two names are found by the pattern of their rises and falls, which neither
// gain nor unit nor sample format changes; subjects that share one are one subject from then on, so that no split parts
// them. Throws kUsage where the same id comes twice.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/csv.h"
#include "eval/gathered.h"
#include "eval/preview.h"
#include "eval/results.h"

namespace cfm::eval {

using stream::Json;

// A tensor of numbers of a segment, a vector or one a token.
struct Embedding {
  std::vector<float> values;  // [tokens, width]
  std::size_t tokens = 0;     // 0: there is none; 1: a vector

  bool finite() const;
};

// What is kept of a segment.
struct Item {
  std::string id, record, subject;  // subject: or record
  std::string key;   // tells what two systems said of it together: the id, in tables without one the record
  double start = 0;  // s
  Json labels = Json::object(), predictions = Json::object();
  std::string quality;  // its class, "" when it has none
  std::string seen;     // by what made the embedding: "labels", "pretraining", or ""
  Embedding embedding, random;
  std::vector<float> features;  // of features/features.h
  std::vector<Preview> channels;
};

struct Keep {
  std::string tensor = {};  // the embedding's name, its control's is this + "_random"; "": none is kept
  bool features = false;    // hand-crafted features are measured
  std::size_t columns = 0;  // of previews; 0: none
  bool repeats = true;      // signals under two names are looked for, and their subjects joined
  int threads = 1;
};

class Evidence : public Gathered {
 public:
  explicit Evidence(Keep keep) : keep_(std::move(keep)) {}

  using Gathered::add;
  void add(const stream::Segment& segment, const std::string& source) override;
  // Columns record, subject, label, truth, score; optional id, prediction, threshold, fold, seen, confidence, abstain
  // and score_CLASS.
  void add(const CsvTable& table);
  // To be called when all is there.
  void finish();

  const std::vector<Item>& items() const { return items_; }
  const std::vector<Repeat>& repeats() const { return repeats_; }
  std::set<std::string> label_names() const;
  std::set<std::string> prediction_names() const;
  const std::set<std::string>& tensor_names() const { return tensors_; }

 private:
  void look_for_repeats(const stream::Segment& segment);
  void measure_waiting();

  Keep keep_;
  std::vector<Item> items_;
  std::set<std::string> tensors_;
  std::vector<stream::Segment> waiting_;                    // for their features; the last of items_
  std::unordered_map<std::uint64_t, std::size_t> item_of_;  // hash of a channel → first item
  std::vector<Repeat> repeats_;
  std::vector<std::pair<std::size_t, std::size_t>> same_;  // items that share samples
  std::map<std::string, int> rows_of_record_;
};

// What an input is, from its first byte, which stays unread: a stream (0x89 or '{') or a table. "-": standard input.
bool is_stream(const std::string& path);
CsvTable read_table(const std::string& path);  // or "-"

}  // namespace cfm::eval
