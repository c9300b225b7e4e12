#include "train/task.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/logistic.h"

namespace cfm::train {
namespace {

constexpr std::size_t kFewestSubjects = 10;  // of an inner split that is calibrated on
constexpr std::size_t kFewestOfAClass = 2;   // subjects
constexpr std::size_t kQuantiles = 101;
constexpr const char* kWaveformKind = "waveform";

// Names of kinds in models of the first version.
std::string kind_today(const std::string& name) {
  return name == "classes" ? "multiclass" : name == "number" ? "regression" : name;
}

std::size_t subjects_where(const InnerScores& inner, const std::vector<int>& members) {
  std::set<std::string> who;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i] != 0) who.insert(inner.subjects[i]);
  }
  return who.size();
}

bool enough_of_both(const InnerScores& inner, const std::vector<int>& positive) {
  std::vector<int> negative;
  for (const int one : positive) negative.push_back(1 - one);
  return std::min(subjects_where(inner, positive), subjects_where(inner, negative)) >= kFewestOfAClass;
}

// Linear between order statistics (type 7 of Hyndman and Fan 1996).
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

}  // namespace

LabelTask LabelTask::infer(const std::string& label, std::span<const Json> values, const LabelOptions& options) {
  LabelTask task;
  static_cast<LabelValues&>(task) = LabelValues::of(label, values, options);
  if (task.kind == TaskKind::kNumber) task.set_scale(values);
  if (task.kind == TaskKind::kMultilabel) task.thresholds.assign(task.classes.size(), 0.5);
  return task;
}

void LabelTask::set_scale(std::span<const Json> values) {
  double sum = 0, squares = 0;
  for (const Json& value : values) sum += value.get<double>();
  mean = sum / static_cast<double>(values.size());
  for (const Json& value : values) squares += std::pow(value.get<double>() - mean, 2);
  sd = std::sqrt(squares / static_cast<double>(values.size()));
}

std::size_t LabelTask::logits() const {
  if (waveform) return static_cast<std::size_t>(waveform->samples);
  return kind == TaskKind::kOrdinal ? classes.size() - 1 : outputs();
}

std::vector<double> LabelTask::probabilities(std::span<const double> calibrated) const {
  if (kind == TaskKind::kClasses) return softmax(calibrated);
  if (kind == TaskKind::kOrdinal) return grade_probabilities(calibrated);
  std::vector<double> p;
  for (const double x : calibrated) p.push_back(sigmoid(x));
  return p;
}

double LabelTask::confidence(std::span<const double> calibrated) const {
  if (kind == TaskKind::kBinary) return std::abs(calibrated[0] - logit(threshold));
  if (kind == TaskKind::kMultilabel) {
    double sum = 0;
    for (std::size_t c = 0; c < classes.size(); ++c) sum += std::abs(calibrated[c] - logit(thresholds[c]));
    return sum / static_cast<double>(classes.size());
  }
  const std::vector<double> p = probabilities(calibrated);
  return *std::max_element(p.begin(), p.end());
}

std::string LabelTask::calibrate(const InnerScores& inner) {
  const std::size_t n = inner.values.size(), width = logits();
  const auto column = [&](std::size_t k) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(inner.logits[i * width + k]);
    return values;
  };
  if (kind == TaskKind::kMultilabel) {
    std::string rare;
    Calibration all;
    for (std::size_t c = 0; c < classes.size(); ++c) {
      std::vector<int> positive;
      for (const Json& value : inner.values) positive.push_back(members_of(value)[c]);
      const bool enough = enough_of_both(inner, positive);
      const Calibration one = enough ? platt(column(c), positive) : Calibration{{1}, {0}};
      all.slope.push_back(one.slope[0]);
      all.intercept.push_back(one.intercept[0]);
      if (!enough) rare += (rare.empty() ? "" : ", ") + label_text(classes[c]);
    }
    calibration = all;
    return rare.empty() ? "" : "not calibrated for want of subjects with and without: " + rare;
  }
  std::vector<std::size_t> truth;
  for (const Json& value : inner.values) truth.push_back(*class_of(value));
  for (std::size_t c = 0; c < classes.size(); ++c) {
    std::vector<int> members;
    for (const std::size_t one : truth) members.push_back(one == c ? 1 : 0);
    if (subjects_where(inner, members) < kFewestOfAClass) {
      return fmt::format("not calibrated: fewer than {} subjects to choose by have {}", kFewestOfAClass,
                         label_text(classes[c]));
    }
  }
  const std::vector<int> positive(truth.begin(), truth.end());
  calibration = kind == TaskKind::kBinary    ? platt(inner.logits, positive)
                : kind == TaskKind::kOrdinal ? grade_temperature(inner.logits, truth, classes.size())
                                             : temperature(inner.logits, truth, classes.size());
  return "";
}

std::string LabelTask::fit(const InnerScores& inner) {
  if (kind == TaskKind::kNumber || inner.values.empty()) return "";
  const std::size_t n = inner.values.size(), width = logits();
  const std::set<std::string> who(inner.subjects.begin(), inner.subjects.end());
  std::string note =
      who.size() >= kFewestSubjects
          ? calibrate(inner)
          : fmt::format("not calibrated: {} subjects to choose by, {} are needed", who.size(), kFewestSubjects);
  std::vector<std::vector<double>> calibrated;
  for (std::size_t i = 0; i < n; ++i)
    calibrated.push_back(calibration(std::span(inner.logits).subspan(i * width, width)));
  const auto threshold_of = [&](std::size_t k, const std::vector<int>& positive) {
    std::vector<double> scores;
    for (const auto& row : calibrated) scores.push_back(sigmoid(row[k]));
    return best_threshold(scores, positive);
  };
  if (kind == TaskKind::kBinary) {
    std::vector<int> positive;
    for (const Json& value : inner.values) positive.push_back(static_cast<int>(*class_of(value)));
    threshold = threshold_of(0, positive);
  } else if (kind == TaskKind::kMultilabel) {
    for (std::size_t c = 0; c < classes.size(); ++c) {
      std::vector<int> positive;
      for (const Json& value : inner.values) positive.push_back(members_of(value)[c]);
      thresholds[c] = threshold_of(c, positive);
    }
  }
  confidences.clear();
  if (who.size() < kFewestSubjects) return note;
  std::vector<double> sorted;
  for (const auto& row : calibrated) sorted.push_back(confidence(row));
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    confidences.push_back(quantile(sorted, static_cast<double>(q) / (kQuantiles - 1)));
  }
  return note;
}

Json LabelTask::predict(std::span<const double> row) const {
  Json made = {{"task", name_of(kind)}};
  if (kind == TaskKind::kNumber) {
    made["value"] = row[0] * sd + mean;
    return made;
  }
  const std::vector<double> calibrated = calibration(row), p = probabilities(calibrated);
  made["confidence"] = confidence(calibrated);
  if (kind == TaskKind::kBinary) {
    made["value"] = classes[p[0] >= threshold ? 1 : 0];
    made["score"] = p[0];
    made["threshold"] = threshold;
    made["positive"] = classes[1];
    return made;
  }
  for (std::size_t c = 0; c < classes.size(); ++c) made["scores"][label_text(classes[c])] = p[c];
  if (kind == TaskKind::kMultilabel) {
    made["value"] = Json::array();
    for (std::size_t c = 0; c < classes.size(); ++c) {
      made["thresholds"][label_text(classes[c])] = thresholds[c];
      if (p[c] >= thresholds[c]) made["value"].push_back(classes[c]);
    }
    return made;
  }
  const auto above = std::count_if(calibrated.begin(), calibrated.end(), [](double x) { return x > 0; });
  const auto chosen =
      static_cast<std::size_t>(kind == TaskKind::kOrdinal ? above : std::max_element(p.begin(), p.end()) - p.begin());
  made["value"] = classes[chosen];
  made["score"] = p[chosen];
  return made;
}

double LabelTask::confidence_at(double share, const std::string& model) const {
  if (!(share >= 0 && share < 1)) throw Error(Status::kUsage, "--abstain {}: from 0 to below 1", share);
  if (kind == TaskKind::kNumber) {
    throw Error(Status::kUsage, "--abstain: {} predicts the number {}, which comes without a confidence", model, label);
  }
  if (confidences.empty()) {
    throw Error(Status::kIncompatible,
                "--abstain: {} knows no confidences of an inner split; cfm-finetune stores them where it has {} "
                "subjects to choose by",
                model, kFewestSubjects);
  }
  return quantile(confidences, share);
}

Json LabelTask::to_json() const {
  Json json = {
      {"label", label}, {"kind", name_of(kind)}, {"classes", classes}, {"threshold", threshold}, {"mean", mean},
      {"sd", sd},       {"mode", mode}};
  if (waveform) {
    json["kind"] = kWaveformKind;
    json["waveform"] = {
        {"fs", waveform->fs}, {"samples", waveform->samples}, {"units", waveform->units}, {"name", waveform->name}};
  }
  if (!thresholds.empty()) json["thresholds"] = thresholds;
  if (!init.empty()) json["init"] = init;
  if (!calibration.slope.empty()) {
    json["calibration"] = {{"slope", calibration.slope}, {"intercept", calibration.intercept}};
  }
  if (!confidences.empty()) json["confidences"] = confidences;
  return json;
}

LabelTask LabelTask::from_json(const Json& json, const std::string& where) {
  try {
    LabelTask task;
    task.label = json.at("label").get<std::string>();
    if (json.at("kind") == kWaveformKind) {
      const Json& wave = json.at("waveform");
      task.kind = TaskKind::kNumber;
      task.waveform = {wave.at("fs").get<double>(), wave.at("samples").get<std::int64_t>(),
                       wave.at("units").get<std::string>(), wave.at("name").get<std::string>()};
      if (!(task.waveform->fs > 0) || task.waveform->samples < 1) {
        throw Error(Status::kIncompatible, "{}: its task is a waveform without samples", where);
      }
    } else {
      task.kind = dataset::label_kind_named(kind_today(json.at("kind").get<std::string>()));
    }
    task.classes = json.at("classes").get<std::vector<Json>>();
    task.threshold = json.at("threshold").get<double>();
    task.mean = json.at("mean").get<double>();
    task.sd = json.at("sd").get<double>();
    task.mode = json.at("mode").get<std::string>();
    task.thresholds = json.value("thresholds", task.thresholds);
    task.init = json.value("init", "");
    if (json.contains("calibration")) {
      task.calibration.slope = json["calibration"].at("slope").get<std::vector<double>>();
      task.calibration.intercept = json["calibration"].at("intercept").get<std::vector<double>>();
    }
    task.confidences = json.value("confidences", task.confidences);
    const std::size_t n = task.classes.size(), lines = task.calibration.slope.size();
    const bool classes_fit = task.kind == TaskKind::kNumber       ? n == 0
                             : task.kind == TaskKind::kBinary     ? n == 2
                             : task.kind == TaskKind::kMultilabel ? n > 0 && task.thresholds.size() == n
                                                                  : n > 1;
    if (!classes_fit) throw Error(Status::kIncompatible, "{}: its task has {} classes", where, n);
    const bool lines_fit = (lines == 0 || lines == 1 || lines == task.logits()) &&
                           task.calibration.intercept.size() == lines &&
                           (task.confidences.empty() || task.confidences.size() == kQuantiles);
    if (!lines_fit) throw Error(Status::kIncompatible, "{}: the calibration of its task does not fit it", where);
    return task;
  } catch (const Json::exception& error) {
    throw Error(Status::kIncompatible, "{}: its task cannot be read: {}", where, error.what());
  } catch (const Error& error) {
    throw Error(Status::kIncompatible, "{}", error.what());
  }
}

double best_threshold(std::span<const double> scores, std::span<const int> positive) {
  std::vector<std::pair<double, int>> sorted;
  for (std::size_t i = 0; i < scores.size(); ++i) sorted.emplace_back(scores[i], positive[i]);
  std::sort(sorted.begin(), sorted.end());
  const auto positives = static_cast<double>(std::count(positive.begin(), positive.end(), 1));
  const double negatives = static_cast<double>(positive.size()) - positives;
  if (positives == 0 || negatives == 0) return 0.5;
  double best = 0.5, best_gain = -1, below_positive = 0, below_negative = 0;
  for (std::size_t i = 0; i + 1 < sorted.size(); ++i) {
    (sorted[i].second == 1 ? below_positive : below_negative) += 1;
    if (sorted[i].first == sorted[i + 1].first) continue;
    const double gain = 1 - below_positive / positives + below_negative / negatives;
    const double threshold = (sorted[i].first + sorted[i + 1].first) / 2;
    const bool nearer = std::abs(threshold - 0.5) < std::abs(best - 0.5);
    if (gain > best_gain + 1e-12 || (gain > best_gain - 1e-12 && nearer)) {
      best = threshold;
      best_gain = std::max(gain, best_gain);
    }
  }
  return best;
}

}  // namespace cfm::train
