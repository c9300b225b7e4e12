// From a stream of segments, or a table, to figures with intervals beside their controls.
//
//   Evidence evidence(true);                      // true: keep embeddings, for a probe
//   for (Frame frame; in.next(frame);) evidence.add(frame, in.name());      // or evidence.add(csv_table)
//   Results results = evaluate(evidence, options);
//
// Without a probe, `predictions` are scored against `labels`. With one, a linear probe on the tensor `embedding` ([d])
// is scored out of fold, and `embedding_random` on the same folds beside it. Subjects are the units throughout; a null
// subject is its record. Status 2: the same id twice, a label that no segment has, one class only, nothing to score.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/csv.h"
#include "eval/bootstrap.h"
#include "eval/gathered.h"
#include "eval/results.h"
#include "eval/task.h"

namespace cfm::eval {

struct EvaluateOptions {
  std::string probe = {};                // label; "": score predictions
  std::vector<std::string> labels = {};  // of the predictions; empty: all
  std::optional<std::string> positive = {};
  int folds = 5;
  std::uint64_t seed = 0;
  int threads = 1;
  int draws = 2000;
};

// What is kept of a segment.
struct Item {
  std::string id, subject;   // subject: or record
  Json labels, predictions;  // objects
  std::vector<float> embedding, random;
};

class Evidence : public Gathered {
 public:
  explicit Evidence(bool keep_embeddings) : keep_embeddings_(keep_embeddings) {}

  using Gathered::add;
  void add(const stream::Segment& segment, const std::string& source) override;
  // Columns record, subject, label, truth, score; optional id, prediction, threshold, fold, seen and score_CLASS.
  void add(const CsvTable& table);

  const std::vector<Item>& items() const { return items_; }
  std::set<std::string> label_names() const;
  std::set<std::string> prediction_names() const;
  const std::set<std::string>& tensor_names() const { return tensors_; }

 private:
  bool keep_embeddings_;
  std::vector<Item> items_;
  std::set<std::string> tensors_;
};

Results evaluate(const Evidence& evidence, const EvaluateOptions& options);

// What an input is, from its first byte, which stays unread: a stream (0x89 or '{') or a table. "-": standard input.
bool is_stream(const std::string& path);
CsvTable read_table(const std::string& path);  // or "-"

}  // namespace cfm::eval
