// Who is trained on, who chooses, who is held out: by subject, from the labels of a store. Torch-free.
//
//   Labelled labelled = read_labels(store, "true_alarm", "", 2);
//   Split parts = split(labelled, values, {.fold = dataset::FoldChoice{0, 5}, .seed = 0});
//   parts.train; parts.validation; parts.held_out;                // places in labelled, of disjoint subjects
//
// Without folds_by the folds are stratified ones of the seed (dataset/folds.h); with it they are the sorted distinct
// values (numbers by value) of a label of the segments, or of the column `fold` of a CSV with a column `subject`. The
// inner split is a function of the subjects that are not held out and of their labels alone. Status 2, naming what and
// where: a subject in two folds or in none, another number of folds than --fold says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dataset/folds.h"
#include "dataset/label_kind.h"
#include "dataset/store.h"

namespace cfm::train {

using stream::Json;
using Rows = std::vector<std::size_t>;

// Segments that have the label.
struct Labelled {
  std::string label;
  Rows rows;                               // of the store
  std::vector<std::string> ids, subjects;  // of each
  std::vector<Json> values;
  std::vector<Json> folds;  // values of folds_by, where that is a label
};

// folds_by: "", a file, or a label.
Labelled read_labels(const dataset::Store& store, const std::string& label, const std::string& folds_by, int threads);

// The same of anything that a segment, number i of the store, has: null where it has none. From several threads.
using ValueOf = std::function<Json(std::size_t i, const stream::Segment& segment)>;
Labelled labelled_by(const dataset::Store& store, const std::string& label, const ValueOf& value_of,
                     const std::string& folds_by, int threads);

struct SplitOptions {
  std::optional<dataset::FoldChoice> fold{};
  std::string folds_by{};    // a file or a label, as it is named in messages and in the model
  std::string folds_file{};  // the file as it is found; none: folds_by
  double validation = 0.2;   // share of the subjects that are not held out
  std::uint64_t seed = 0;
};

struct Split {
  Rows train, validation, held_out;  // places in Labelled
  std::set<std::string> train_subjects, validation_subjects, held_out_subjects;
  Json folds = nullptr;  // {fold, n, seed, label, subjects: [[hash, …], …]}, with folds_by {by, values}, too
};

Split split(const Labelled& labelled, const dataset::LabelValues& values, const SplitOptions& options);

}  // namespace cfm::train
