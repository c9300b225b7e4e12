#include "eval/waveform_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>

#include "base/error.h"
#include "eval/figures.h"

namespace cfm::eval {
namespace {

using stream::Json;
using Item = WaveformLog::Item;
using Rivals = std::vector<std::pair<std::string, const WaveformLog*>>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const std::array<std::pair<const char*, double Item::*>, 5> kMetrics = {{{"mae", &Item::mae},
                                                                         {"rmse", &Item::rmse},
                                                                         {"pearson", &Item::pearson},
                                                                         {"bias", &Item::bias},
                                                                         {"sd", &Item::sd}}};
// Whether more is better: 1, less: -1, neither: 0.
int sign_of(const std::string& metric) { return metric == "pearson" ? 1 : metric == "bias" ? 0 : -1; }

// The means that a subject's are predicted by: over the others' means.
std::vector<double> means_of_others(std::span<const double> values, std::span<const std::size_t> subject,
                                    std::size_t subjects) {
  std::vector<double> sum(subjects), count(subjects);
  for (std::size_t i = 0; i < values.size(); ++i) sum[subject[i]] += values[i], count[subject[i]] += 1;
  double all = 0;
  for (std::size_t s = 0; s < subjects; ++s) all += sum[s] / count[s];
  std::vector<double> means;
  for (std::size_t s = 0; s < subjects; ++s) {
    means.push_back((all - sum[s] / count[s]) / static_cast<double>(subjects - 1));
  }
  return means;
}

// The segments that all systems have, in one order.
struct Compared {
  std::vector<std::string> names;            // of systems, the model first
  std::vector<std::vector<const Item*>> of;  // [systems, segments]
  std::vector<std::string> subjects;         // [segments]
  std::vector<std::size_t> subject;          // [segments], from 0
  std::map<std::string, std::uint64_t> excluded;
};

Compared compared_of(const WaveformLog& log, const std::string& of, const Rivals& rivals) {
  Compared compared;
  if (const auto at = log.excluded().find(of); at != log.excluded().end()) compared.excluded = at->second;
  std::vector<std::map<std::string, const Item*>> there(rivals.size());
  compared.names = {"model"};
  for (std::size_t r = 0; r < rivals.size(); ++r) {
    if (std::ranges::find(compared.names, rivals[r].first) != compared.names.end() || rivals[r].first == "mean") {
      throw Error(Status::kUsage, "two systems are called '{}': give --against files of different names",
                  rivals[r].first);
    }
    compared.names.push_back(rivals[r].first);
    const auto at = rivals[r].second->items().find(of);
    if (at == rivals[r].second->items().end()) {
      throw Error(Status::kUsage, "{}: no segment has a waveform predicted of '{}'", rivals[r].first, of);
    }
    for (const Item& item : at->second) there[r].emplace(item.id, &item);
  }
  compared.of.resize(rivals.size() + 1);
  for (const Item& item : log.items().at(of)) {
    const auto lacks = std::ranges::find_if(there, [&](const auto& items) { return !items.contains(item.id); });
    if (lacks != there.end()) {
      ++compared.excluded[fmt::format("not in {}", rivals[static_cast<std::size_t>(lacks - there.begin())].first)];
      continue;
    }
    compared.of[0].push_back(&item);
    for (std::size_t r = 0; r < there.size(); ++r) compared.of[r + 1].push_back(there[r].at(item.id));
    compared.subjects.push_back(item.subject);
  }
  if (compared.subjects.empty()) {
    throw Error(Status::kUsage, "no segment with a waveform predicted of '{}' can be compared ({})", of,
                compared.excluded.empty()
                    ? std::string("none there")
                    : fmt::format("{} {}", compared.excluded.begin()->second, compared.excluded.begin()->first));
  }
  compared.subject = numbered(compared.subjects);
  return compared;
}

void look_at_seen(Context& context, const Compared& compared, bool allow) {
  for (std::size_t s = 0; s < compared.of.size(); ++s) {
    std::set<std::string> labels, pretraining;
    std::map<std::string, std::string> fold_of;
    for (const Item* item : compared.of[s]) {
      const std::string& fold = fold_of.emplace(item->subject, item->fold).first->second;
      if (fold != item->fold) {
        throw Error(Status::kUsage,
                    "subject '{}' is predicted in fold {} and in fold {}: one of the two was fitted to it",
                    item->subject, fold.empty() ? "(none)" : fold, item->fold.empty() ? "(none)" : item->fold);
      }
      if (item->seen == "labels" && !allow) {
        throw Error(Status::kUsage,
                    "{} was fitted with the waveforms of subject '{}': its score there is no test; leave such subjects "
                    "out (cfm-predict --fold), or --allow-seen scores and marks them",
                    s == 0 ? "the model" : compared.names[s], item->subject);
      }
      if (item->seen == "labels") ++context.seen_segments, labels.insert(item->subject);
      if (item->seen == "pretraining" && s == 0) ++context.pretrained_segments, pretraining.insert(item->subject);
    }
    context.seen_subjects += labels.size();
    context.pretrained_subjects += pretraining.size();
  }
}

// Rows of a system's segments, averaged within subjects, and what is gained over it.
class Averages {
 public:
  Averages(const Compared& compared, const Bootstrap& bootstrap) : compared_(compared), bootstrap_(bootstrap) {}

  // One a subject: what a bootstrap over subjects draws from.
  std::vector<double> by_subject(const std::vector<Item>& items, double Item::*metric) const {
    std::vector<double> sum(bootstrap_.subjects()), count(bootstrap_.subjects());
    for (std::size_t i = 0; i < items.size(); ++i) {
      const double value = items[i].*metric;
      if (std::isnan(value)) continue;
      sum[compared_.subject[i]] += value;
      count[compared_.subject[i]] += 1;
    }
    for (std::size_t s = 0; s < sum.size(); ++s) sum[s] /= count[s];  // NaN where there is none
    return sum;
  }

  static Statistic mean_of(std::vector<double> values) {
    return [values = std::move(values)](Weights weights) {
      double sum = 0, n = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i])) continue;
        const double weight = weights.empty() ? 1 : weights[i];
        sum += weight * values[i], n += weight;
      }
      return n > 0 ? sum / n : kNaN;
    };
  }

  void add(Context& context, const std::string& name, const std::vector<Item>& items, const std::string& note) const {
    std::vector<Statistic> statistics;
    for (const auto& [metric, member] : kMetrics) statistics.push_back(mean_of(by_subject(items, member)));
    const std::vector<Interval> intervals = bootstrap_.intervals(statistics);
    for (std::size_t m = 0; m < kMetrics.size(); ++m) {
      Row row{.system = name, .label = context.label, .metric = kMetrics[m].first};
      row.value = intervals[m].value, row.low = intervals[m].low, row.high = intervals[m].high;
      row.subjects = context.subjects, row.segments = context.segments;
      row.note = note;
      if (!intervals[m].why.empty()) row.note += (note.empty() ? "" : "; ") + intervals[m].why;
      context.rows.push_back(std::move(row));
    }
  }

  // Over the control; positive is better for the model.
  void compare(Context& context, const std::string& name, const std::vector<Item>& model,
               const std::vector<Item>& control, bool rival) const {
    for (const auto& [metric, member] : kMetrics) {
      const int sign = sign_of(metric);
      if (sign == 0) continue;
      const Statistic of_model = mean_of(by_subject(model, member)), of_control = mean_of(by_subject(control, member));
      if (std::isnan(of_control({}))) continue;
      const Paired paired =
          sign > 0 ? bootstrap_.paired(of_control, of_model) : bootstrap_.paired(of_model, of_control);
      context.comparisons.push_back({.control = name,
                                     .metric = metric,
                                     .gain = paired.difference.value,
                                     .low = paired.difference.low,
                                     .high = paired.difference.high,
                                     .probability = paired.probability_better,
                                     .why = paired.difference.why,
                                     .rival = rival});
    }
  }

 private:
  const Compared& compared_;
  const Bootstrap& bootstrap_;
};

std::vector<Item> held(const std::vector<const Item*>& items) {
  std::vector<Item> all;
  for (const Item* item : items) {
    Item copy = *item;
    copy.recorded.clear();
    all.push_back(std::move(copy));
  }
  return all;
}

// Each segment predicted by the constant mean of the other subjects' recorded samples.
std::vector<Item> by_mean(const Compared& compared, std::size_t subjects) {
  std::vector<double> means;
  for (const Item* item : compared.of[0]) {
    double sum = 0;
    for (const float value : item->recorded) sum += static_cast<double>(value);
    means.push_back(sum / static_cast<double>(item->recorded.size()));
  }
  const std::vector<double> constants = means_of_others(means, compared.subject, subjects);
  std::vector<Item> items(means.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::vector<float>& recorded = compared.of[0][i]->recorded;
    items[i].measure(std::vector<double>(recorded.begin(), recorded.end()),
                     std::vector<double>(recorded.size(), constants[compared.subject[i]]));
    items[i].pearson = kNaN;  // a constant has none
  }
  return items;
}

void set_counts(Context& context, const Compared& compared, std::size_t subjects) {
  context.subjects = subjects;
  context.segments = compared.subjects.size();
  context.excluded = compared.excluded;
}

Context waveform_context(const std::string& of, const Compared& compared, const WaveformOptions& options) {
  // One entry a subject, each its own.
  const std::size_t subjects = 1 + *std::ranges::max_element(compared.subject);
  std::vector<std::size_t> each(subjects);
  for (std::size_t s = 0; s < subjects; ++s) each[s] = s;
  const Bootstrap bootstrap(each, {.draws = options.draws, .seed = options.seed, .threads = options.threads});
  Context context;
  context.label = of;
  context.task = "waveform";
  context.protocol = fmt::format(
      "predicted/{} against the recorded {}, sample by sample; means of segments within subjects, then over subjects",
      of, of);
  set_counts(context, compared, subjects);
  look_at_seen(context, compared, options.allow_seen);
  const std::string note =
      context.seen_segments > 0 ? fmt::format("{} segments seen in training", context.seen_segments) : "";
  const Averages averages(compared, bootstrap);
  const std::vector<Item> model = held(compared.of[0]);
  averages.add(context, "model", model, note);
  if (subjects > 1) {
    const std::vector<Item> mean = by_mean(compared, subjects);
    averages.add(context, "mean", mean, "");
    averages.compare(context, "mean", model, mean, false);
  }
  for (std::size_t s = 1; s < compared.of.size(); ++s) {
    const std::vector<Item> rival = held(compared.of[s]);
    averages.add(context, compared.names[s], rival, "");
    averages.compare(context, compared.names[s], model, rival, true);
  }
  return context;
}

// One number a segment (a pressure, a rate) of all systems, scored as any number is.
std::optional<Context> value_context(const std::string& of, const std::string& value, const Compared& compared,
                                     const WaveformOptions& options) {
  const auto pair_of = [&](std::size_t s, std::size_t i) {
    const auto at = compared.of[s][i]->values.find(value);
    return at == compared.of[s][i]->values.end() ? WaveformLog::Pair{kNaN, kNaN} : at->second;
  };
  Context context;
  context.excluded = compared.excluded;
  std::vector<std::size_t> rows;
  std::vector<Json> truth;
  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < compared.subjects.size(); ++i) {
    std::string why = std::isnan(pair_of(0, i).truth) ? "without beats in the recorded wave" : "";
    for (std::size_t s = 0; s < compared.of.size() && why.empty(); ++s) {
      if (std::isnan(pair_of(s, i).estimate)) why = "without beats in the predicted wave";
    }
    if (!why.empty()) {
      ++context.excluded[why];
      continue;
    }
    rows.push_back(i);
    truth.push_back(pair_of(0, i).truth);
    subjects.push_back(compared.subjects[i]);
  }
  if (rows.empty()) return std::nullopt;
  const std::string label = of == "abp" || value == "heart_rate" ? value : of + " " + value;
  const Problem problem = make_problem({.label = label, .kind = TaskKind::kNumber, .classes = {}}, truth, subjects);
  const Bootstrap bootstrap(problem.subject,
                            {.draws = options.draws, .seed = options.seed, .threads = options.threads});
  context.label = label;
  context.task = dataset::name_of(TaskKind::kNumber);
  context.protocol = value == "heart_rate"
                         ? fmt::format("60 / median interval of the beats found in either {}, 1/min", of)
                         : fmt::format("median over the beats of the recorded {}, in either wave", of);
  context.subjects = bootstrap.subjects();
  context.segments = problem.size();
  std::vector<System> systems;
  for (std::size_t s = 0; s < compared.of.size(); ++s) {
    System system{.name = compared.names[s], .scores = Matrix(rows.size(), 1)};
    for (std::size_t i = 0; i < rows.size(); ++i) system.scores.values[i] = pair_of(s, rows[i]).estimate;
    systems.push_back(std::move(system));
  }
  if (bootstrap.subjects() > 1) {
    System mean{.name = "mean", .scores = Matrix(rows.size(), 1), .ranking = Matrix(rows.size(), 1)};
    const std::vector<double> constants = means_of_others(problem.truth, problem.subject, bootstrap.subjects());
    for (std::size_t i = 0; i < rows.size(); ++i) mean.scores.values[i] = constants[problem.subject[i]];
    systems.insert(systems.begin() + 1, std::move(mean));
  }
  const Figures model(problem, systems.front(), bootstrap);
  for (const System& system : systems) {
    const Figures figures(problem, system, bootstrap);
    const std::vector<Row> more = figures.rows();
    context.rows.insert(context.rows.end(), more.begin(), more.end());
    if (&system == &systems.front()) continue;
    for (Comparison gain : compare(model, figures, bootstrap)) {
      gain.rival = system.name != "mean";
      context.comparisons.push_back(std::move(gain));
    }
  }
  return context;
}

}  // namespace

std::vector<Context> waveform_figures(const WaveformLog& log, const Rivals& rivals, const WaveformOptions& options) {
  if (log.items().empty()) {
    throw Error(Status::kUsage,
                "no segment has a tensor predicted/…: cfm-predict writes one by a model that was fitted to a waveform");
  }
  std::vector<Context> contexts;
  for (const auto& [of, items] : log.items()) {
    const Compared compared = compared_of(log, of, rivals);
    contexts.push_back(waveform_context(of, compared, options));
    const Context waveform = contexts.back();
    for (const char* value : {"sbp", "dbp", "map", "heart_rate"}) {
      std::optional<Context> context = value_context(of, value, compared, options);
      if (!context || std::ranges::none_of(items, [&](const Item& item) { return item.values.contains(value); }))
        continue;
      context->seen_segments = waveform.seen_segments, context->seen_subjects = waveform.seen_subjects;
      context->pretrained_segments = waveform.pretrained_segments;
      context->pretrained_subjects = waveform.pretrained_subjects;
      contexts.push_back(std::move(*context));
    }
  }
  return contexts;
}

Results score_waveforms(const std::vector<std::string>& inputs, const std::vector<std::string>& against,
                        const WaveformOptions& options, const stream::ReadOptions& reading, std::uint64_t& lost) {
  WaveformLog log;
  lost += log.read(inputs, reading);
  std::vector<std::unique_ptr<WaveformLog>> others;
  Rivals rivals;
  for (const std::string& path : against) {
    others.push_back(std::make_unique<WaveformLog>());
    lost += others.back()->read({path}, reading);
    rivals.emplace_back(std::filesystem::path(path).stem().string(), others.back().get());
  }
  Results results = results_of(log, options.seed, options.draws);
  results.labels = waveform_figures(log, rivals, options);
  return results;
}

}  // namespace cfm::eval
