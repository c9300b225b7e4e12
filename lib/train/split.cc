#include "train/split.h"

#include <algorithm>
#include <map>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "dataset/labels.h"

namespace cfm::train {
namespace {

using dataset::label_text;
using dataset::LabelKind;
using Pairs = std::vector<std::pair<std::string, std::string>>;  // subject, stratum

constexpr std::size_t kStrataOfNumbers = 5;  // quantile bins that stand for classes when a number is stratified

bool absent(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

// Subject and stratum of these segments: the class, the quantile of a number, of several labels the rarest.
Pairs strata(const Labelled& labelled, const Rows& rows, LabelKind kind) {
  std::vector<double> sorted;
  std::map<std::string, std::size_t> uses;
  for (const std::size_t i : rows) {
    if (kind == LabelKind::kNumber) sorted.push_back(labelled.values[i].get<double>());
    if (kind != LabelKind::kMultilabel) continue;
    for (const std::string& one : dataset::label_list(labelled.values[i])) ++uses[one];
  }
  std::sort(sorted.begin(), sorted.end());
  Pairs result;
  for (const std::size_t i : rows) {
    std::string stratum = label_text(labelled.values[i]);
    if (kind == LabelKind::kNumber) {
      const auto rank =
          std::lower_bound(sorted.begin(), sorted.end(), labelled.values[i].get<double>()) - sorted.begin();
      stratum = std::to_string(static_cast<std::size_t>(rank) * kStrataOfNumbers / sorted.size());
    } else if (kind == LabelKind::kMultilabel) {
      const std::vector<std::string> list = dataset::label_list(labelled.values[i]);
      const auto rarest = std::min_element(list.begin(), list.end(), [&](const auto& a, const auto& b) {
        return std::pair(uses.at(a), a) < std::pair(uses.at(b), b);
      });
      stratum = rarest == list.end() ? "" : *rarest;
    }
    result.emplace_back(labelled.subjects[i], stratum);
  }
  return result;
}

// The fold that was given to each subject, as it is written.
std::map<std::string, Json> given_folds(const Labelled& labelled, const std::string& by, const std::string& file) {
  std::map<std::string, Json> given;
  const auto put = [&](const std::string& subject, const Json& fold) {
    const auto [at, fresh] = given.emplace(subject, fold);
    if (!fresh && at->second != fold) {
      throw Error(Status::kUsage, "--folds-by {}: subject {} is in two folds, {} and {}", by, subject,
                  label_text(at->second), label_text(fold));
    }
  };
  if (is_regular_file(file)) {
    const CsvTable table = read_csv(file);
    const std::size_t subject = table.column("subject"), fold = table.column("fold");
    for (const auto& row : table.rows) {
      if (!row[fold].empty()) put(row[subject], dataset::typed(row[fold]));
    }
  } else {
    for (std::size_t i = 0; i < labelled.rows.size(); ++i) {
      if (!absent(labelled.folds[i])) put(labelled.subjects[i], labelled.folds[i]);
    }
    if (given.empty()) throw Error(Status::kUsage, "--folds-by {}: no such file, and no segment has that label", by);
  }
  std::map<std::string, Json> used;  // only subjects that are there
  for (const std::string& subject : labelled.subjects) {
    const auto at = given.find(subject);
    if (at == given.end()) throw Error(Status::kUsage, "--folds-by {}: subject {} is in no fold", by, subject);
    used.insert(*at);
  }
  return used;
}

std::map<std::string, int> official_folds(const Labelled& labelled, const SplitOptions& options, Json& about) {
  const std::map<std::string, Json> given =
      given_folds(labelled, options.folds_by, options.folds_file.empty() ? options.folds_by : options.folds_file);
  std::vector<Json> distinct;
  for (const auto& [subject, fold] : given) distinct.push_back(fold);
  std::sort(distinct.begin(), distinct.end());  // numbers by value, texts in byte order
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (static_cast<int>(distinct.size()) != options.fold->n) {
    std::string list;
    for (const Json& fold : distinct) list += (list.empty() ? "" : ", ") + label_text(fold);
    throw Error(Status::kUsage, "--fold {}/{}: --folds-by {} makes {} folds: {}", options.fold->fold, options.fold->n,
                options.folds_by, distinct.size(), list);
  }
  about["by"] = options.folds_by;
  about["values"] = distinct;
  std::map<std::string, int> result;
  for (const auto& [subject, fold] : given) {
    result[subject] = static_cast<int>(std::lower_bound(distinct.begin(), distinct.end(), fold) - distinct.begin());
  }
  return result;
}

}  // namespace

Labelled labelled_by(const dataset::Store& store, const std::string& label, const ValueOf& value_of,
                     const std::string& folds_by, int threads) {
  std::vector<std::string> ids(store.size()), subjects(store.size());
  std::vector<Json> values(store.size()), folds(store.size());
  parallel_for(threads, store.size(), [&](std::size_t i) {
    const stream::Segment segment = store.segment(i);
    ids[i] = segment.id();
    subjects[i] = segment.subject_or_record();
    values[i] = value_of(i, segment);
    if (!folds_by.empty()) folds[i] = segment.label(folds_by);
  });
  Labelled labelled{.label = label, .rows = {}, .ids = {}, .subjects = {}, .values = {}, .folds = {}};
  for (std::size_t i = 0; i < store.size(); ++i) {
    if (absent(values[i])) continue;
    labelled.rows.push_back(i);
    labelled.ids.push_back(ids[i]);
    labelled.subjects.push_back(subjects[i]);
    labelled.values.push_back(values[i]);
    labelled.folds.push_back(folds[i]);
  }
  return labelled;
}

Labelled read_labels(const dataset::Store& store, const std::string& label, const std::string& folds_by, int threads) {
  const auto value_of = [&](std::size_t, const stream::Segment& segment) { return segment.label(label); };
  return labelled_by(store, label, value_of, folds_by, threads);
}

Split split(const Labelled& labelled, const dataset::LabelValues& values, const SplitOptions& options) {
  if (!options.folds_by.empty() && !options.fold) {
    throw Error(Status::kUsage, "--folds-by {}: --fold I/N says which of them is held out", options.folds_by);
  }
  Split result;
  Rows all(labelled.rows.size()), fitted;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  if (options.fold) {
    result.folds = {{"fold", options.fold->fold},
                    {"n", options.fold->n},
                    {"seed", options.seed},
                    {"label", labelled.label},
                    {"subjects", std::vector<Json>(static_cast<std::size_t>(options.fold->n), Json::array())}};
    const std::map<std::string, int> fold_of =
        options.folds_by.empty()
            ? dataset::make_folds(strata(labelled, all, values.kind), options.fold->n, options.seed).fold_of
            : official_folds(labelled, options, result.folds);
    for (const auto& [subject, fold] : fold_of) {
      result.folds["subjects"][static_cast<std::size_t>(fold)].push_back(hex16(fnv1a64(subject)));
      if (fold == options.fold->fold) result.held_out_subjects.insert(subject);
    }
  }
  for (const std::size_t i : all) {
    (result.held_out_subjects.contains(labelled.subjects[i]) ? result.held_out : fitted).push_back(i);
  }
  const dataset::Strata who = dataset::strata_of(strata(labelled, fitted, values.kind));
  const std::vector<bool> inner = dataset::inner_split(who.subjects, who.strata, options.validation, options.seed);
  for (std::size_t i = 0; i < who.subjects.size(); ++i) {
    (inner[i] ? result.validation_subjects : result.train_subjects).insert(who.subjects[i]);
  }
  for (const std::size_t i : fitted) {
    (result.validation_subjects.contains(labelled.subjects[i]) ? result.validation : result.train).push_back(i);
  }
  return result;
}

}  // namespace cfm::train
