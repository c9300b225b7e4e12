#include "eval/quality_figures.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/text.h"
#include "dataset/label_kind.h"
#include "eval/metrics.h"

namespace cfm::eval {
namespace {

using stream::Json;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kBins = 10;

std::set<std::string> values_of(const std::string& text, const std::string& whole) {
  std::set<std::string> values;
  std::string::size_type begin = 0;
  while (true) {
    const auto end = std::min(text.find(',', begin), text.size());
    if (end == begin) throw Error(Status::kUsage, "--quality {}: a value is empty", whole);
    values.insert(text.substr(begin, end - begin));
    if (end == text.size()) return values;
    begin = end + 1;
  }
}

// What is compared: the segments with a class and a score.
struct Compared {
  std::vector<const QualityLog::Item*> items;
  std::vector<int> bad, good;   // [n] 1 where it is
  std::vector<double> scores;   // [n]
  std::vector<double> low;      // [n] -score: what ranks the bad high
  std::vector<double> numbers;  // [n] of a condition
  std::vector<std::size_t> subject;
  std::map<std::string, std::uint64_t> excluded;
  std::size_t bads = 0;
};

enum class Side { kBad, kGood, kNeither };

bool fulfils(double number, const QualityQuestion& question) {
  if (question.relation == "<") return number < question.level;
  if (question.relation == "<=") return number <= question.level;
  return question.relation == ">" ? number > question.level : number >= question.level;
}

Side side_of(const QualityLog::Item& item, const QualityQuestion& question) {
  if (question.is_condition())
    return std::isnan(item.number) ? Side::kNeither : fulfils(item.number, question) ? Side::kBad : Side::kGood;
  const auto any_in = [&](const std::set<std::string>& wanted) {
    return std::ranges::any_of(item.values, [&](const std::string& value) { return wanted.contains(value); });
  };
  if (any_in(question.bad)) return Side::kBad;
  return question.good.empty() || any_in(question.good) ? Side::kGood : Side::kNeither;
}

void check_values(const QualityLog& log, const QualityQuestion& question) {
  std::set<std::string> there;
  for (const QualityLog::Item& item : log.items()) there.insert(item.values.begin(), item.values.end());
  if (there.empty())
    throw Error(Status::kUsage, "no segment has a label '{}'; {}", question.label,
                log.label_names().empty() ? "there are no labels: join them with cfm-segment --labels FILE"
                                          : fmt::format("there are {}", fmt::join(log.label_names(), ", ")));
  if (question.is_condition() &&
      std::ranges::all_of(log.items(), [](const auto& item) { return std::isnan(item.number); }))
    throw Error(Status::kUsage, "label '{}' is no number in any segment; there are {}", question.label,
                fmt::join(there, ", "));
  for (const auto* wanted : {&question.bad, &question.good})
    for (const std::string& value : *wanted)
      if (!there.contains(value))
        throw Error(Status::kUsage, "no segment has the {} '{}'; there are {}", question.label, value,
                    fmt::join(there, ", "));
}

Compared compared_of(const QualityLog& log, const QualityQuestion& question) {
  check_values(log, question);
  Compared compared;
  std::vector<std::string> subjects;
  for (const QualityLog::Item& item : log.items()) {
    const Side side = side_of(item, question);
    const std::string why = item.values.empty() ? "without label"
                            : side == Side::kNeither
                                ? (question.is_condition() ? "without a number" : "of other classes")
                            : std::isnan(item.score) ? "without score"
                                                     : "";
    if (!why.empty()) {
      ++compared.excluded[why];
      continue;
    }
    compared.items.push_back(&item);
    compared.bad.push_back(side == Side::kBad);
    compared.good.push_back(side == Side::kGood);
    compared.scores.push_back(item.score);
    compared.low.push_back(-item.score);
    compared.numbers.push_back(item.number);
    compared.bads += side == Side::kBad;
    subjects.push_back(item.subject);
  }
  const std::size_t n = compared.items.size();
  if (n == 0)
    throw Error(Status::kUsage, "no segment with the label '{}' has a quality.score: cfm-quality gives one",
                question.label);
  if (compared.bads == 0 || compared.bads == n)
    throw Error(Status::kUsage, "{} of all {} segments with a score is {}: there is nothing to tell apart",
                question.label, n, compared.bads == 0 ? question.good_name() : question.bad_name());
  compared.subject = numbered(subjects);
  return compared;
}

std::size_t subjects_in(const Compared& compared, const std::vector<int>& chosen) {
  std::set<std::size_t> subjects;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i]) subjects.insert(compared.subject[i]);
  return subjects.size();
}

// ---- statistics; weights count as repetitions

Statistic mean_of(const std::vector<double>& values, const std::vector<int>& chosen) {
  return [&](Weights weights) {
    double sum = 0, n = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double w = chosen[i] * (weights.empty() ? 1 : weights[i]);
      sum += w * values[i];
      n += w;
    }
    return n > 0 ? sum / n : kNaN;
  };
}

Statistic median_statistic(const std::vector<double>& values, const std::vector<int>& chosen) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (chosen[i]) order.push_back(i);
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  return [&values, order](Weights weights) {
    const auto weight = [&](std::size_t i) { return weights.empty() ? 1 : weights[i]; };
    double all = 0;
    for (const std::size_t i : order) all += weight(i);
    if (all <= 0) return kNaN;
    // Of `all` values the lower and the upper middle one.
    double below = 0, lower = kNaN;
    for (const std::size_t i : order) {
      below += weight(i);
      if (std::isnan(lower) && below > (all - 1) / 2) lower = values[i];
      if (below > all / 2) return (lower + values[i]) / 2;
    }
    return lower;
  };
}

Statistic spearman_of(const std::vector<double>& numbers, const std::vector<double>& scores) {
  return [&](Weights weights) {
    if (weights.empty()) return spearman(numbers, scores);
    std::vector<double> x, y;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto times = static_cast<std::size_t>(weights[i]);
      x.insert(x.end(), times, numbers[i]);
      y.insert(y.end(), times, scores[i]);
    }
    return spearman(x, y);
  };
}

// The mean over subjects of each one's own Spearman.
Statistic subject_spearman(const Compared& compared) {
  std::map<std::size_t, std::vector<std::size_t>> items;
  for (std::size_t i = 0; i < compared.subject.size(); ++i) items[compared.subject[i]].push_back(i);
  std::vector<std::pair<std::size_t, double>> values;  // one of its segments, Spearman
  for (const auto& [subject, places] : items) {
    std::vector<double> x, y;
    for (const std::size_t i : places) {
      x.push_back(compared.numbers[i]);
      y.push_back(compared.scores[i]);
    }
    const double value = spearman(x, y);
    if (!std::isnan(value)) values.emplace_back(places.front(), value);
  }
  return [values](Weights weights) {
    double sum = 0, n = 0;
    for (const auto& [item, value] : values) {
      const double w = weights.empty() ? 1 : weights[item];
      sum += w * value;
      n += w;
    }
    return n > 0 ? sum / n : kNaN;
  };
}

// ---- rows

// A figure still to be had: its row and how it is made.
struct Figure {
  Row row;
  Statistic statistic;
};

std::string bin_name(int bin) { return fmt::format("{:.1f}-{:.1f}", 0.1 * bin, 0.1 * (bin + 1)); }

void add_calibration(std::vector<Figure>& figures, const Compared& compared, const Row& common,
                     std::vector<std::vector<int>>& chosen) {
  const auto add = [&](const char* metric, Statistic statistic, std::string note = {}) {
    figures.push_back({common, std::move(statistic)});
    figures.back().row.metric = metric;
    figures.back().row.note = std::move(note);
  };
  add("brier", [&](Weights weights) { return brier(compared.good, compared.scores, weights); });
  add("ece", [&](Weights weights) { return calibration(compared.good, compared.scores, weights).ece; });
  add("spearman", spearman_of(compared.numbers, compared.scores), "gross");
  add("spearman", subject_spearman(compared), "average");
  const std::vector<double> good(compared.good.begin(), compared.good.end());
  for (int b = 0; b < kBins; ++b) {
    std::vector<int>& inside = chosen[static_cast<std::size_t>(b)];
    for (const double score : compared.scores)
      inside.push_back(std::min(static_cast<int>(kBins * score), kBins - 1) == b);
    Row row = common;
    row.klass = bin_name(b);
    row.segments = static_cast<std::size_t>(std::count(inside.begin(), inside.end(), 1));
    if (row.segments == 0) continue;
    row.subjects = subjects_in(compared, inside);
    row.metric = "reliability";
    figures.push_back({row, [good, &inside](Weights weights) { return mean_of(good, inside)(weights); }});
    row.metric = "mean_score";
    figures.push_back({row, mean_of(compared.scores, inside)});
  }
}

std::vector<Row> rows_of(const std::vector<Figure>& figures, const Bootstrap& bootstrap) {
  std::vector<Statistic> statistics;
  for (const Figure& figure : figures) statistics.push_back(figure.statistic);
  const std::vector<Interval> intervals = bootstrap.intervals(statistics);
  std::vector<Row> rows;
  for (std::size_t f = 0; f < figures.size(); ++f) {
    Row row = figures[f].row;
    row.value = intervals[f].value;
    row.low = intervals[f].low;
    row.high = intervals[f].high;
    if (!intervals[f].why.empty()) row.note += (row.note.empty() ? "" : "; ") + intervals[f].why;
    rows.push_back(std::move(row));
  }
  return rows;
}

// auroc of a low value for the bad, of each index and kind of channel.
std::vector<Row> index_rows(const QualityLog& log, const Compared& compared, Row common, const MarkOptions& options) {
  std::vector<Row> rows;
  for (std::size_t k = 0; k < log.index_names().size(); ++k) {
    std::vector<int> bad;
    std::vector<double> low;
    std::vector<std::string> subjects;
    for (std::size_t i = 0; i < compared.items.size(); ++i)
      for (const QualityLog::Value& v : compared.items[i]->indices) {
        if (v.index != k) continue;
        bad.push_back(compared.bad[i]);
        low.push_back(-v.value);
        subjects.push_back(compared.items[i]->subject);
      }
    if (low.empty()) continue;
    const Bootstrap bootstrap(numbered(subjects),
                              {.draws = options.draws, .seed = options.seed, .threads = options.threads});
    const Ranking ranking(bad, low);
    common.lead = log.index_names()[k].first;
    common.system = log.index_names()[k].second;
    common.metric = "auroc";
    common.subjects = bootstrap.subjects();
    common.segments = low.size();
    const std::vector<Figure> figure = {{common, [&](Weights weights) { return ranking.auroc(weights); }}};
    rows.push_back(rows_of(figure, bootstrap).front());
  }
  std::ranges::stable_sort(rows, {}, [](const Row& row) { return std::pair(row.lead, -std::abs(row.value - 0.5)); });
  return rows;
}

// ---- for people

std::string cell(const Row& row) {
  if (std::isnan(row.value)) return "-";
  if (std::isnan(row.low)) return fmt::format("{:.3f}", row.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", row.value, row.low, row.high);
}

std::string text_of(const std::vector<Row>& rows) {
  std::string text = "\n", bins, indices;
  for (const Row& row : rows) {
    if (row.system != "model") {
      indices += fmt::format("  {:<4} {:<24} {:<24} {:>8}\n", row.lead, row.system, cell(row), row.segments);
    } else if (row.metric == "reliability") {
      bins += fmt::format("  {:<10} {:>8}  {:<24}", row.klass, row.segments, cell(row));
    } else if (row.metric == "mean_score") {
      bins += fmt::format(" {:.3f}\n", row.value);
    } else {
      const std::string what =
          row.metric == "spearman" && row.note.starts_with("average") ? "spearman, subjects" : row.metric;
      text += fmt::format("  {:<20} {:<20} {}\n", what, row.klass, cell(row));
    }
  }
  if (!bins.empty())
    text += fmt::format("\n  {:<10} {:>8}  {:<24} {}\n", "score", "segments", "good", "mean score") + bins;
  if (!indices.empty())
    text += fmt::format("\n  {:<29} {:<24} {:>8}\n", "index", "auroc, low for bad", "channels") + indices;
  if (!rows.front().note.empty()) text += "\n" + rows.front().note + "\n";
  return text;
}

}  // namespace

QualityQuestion QualityQuestion::of(const std::string& text) {
  const auto at = text.find_first_of("=<>");
  if (at == std::string::npos || at == 0)
    throw Error(Status::kUsage, "--quality needs LABEL=BAD[:GOOD] or LABEL<NUMBER, not '{}'", text);
  QualityQuestion question{.label = text.substr(0, at), .relation = text.substr(at, 1), .bad = {}, .good = {}};
  std::string rest = text.substr(at + 1);
  if (question.is_condition()) {
    if (rest.starts_with('=')) {
      question.relation += '=';
      rest.erase(0, 1);
    }
    const auto level = whole_number<double>(rest);
    if (!level || !std::isfinite(*level)) throw Error(Status::kUsage, "--quality {}: '{}' is no number", text, rest);
    question.level = *level;
    return question;
  }
  const auto colon = rest.find(':');
  question.bad = values_of(rest.substr(0, colon), text);
  if (colon != std::string::npos) question.good = values_of(rest.substr(colon + 1), text);
  for (const std::string& value : question.bad)
    if (question.good.contains(value))
      throw Error(Status::kUsage, "--quality {}: '{}' is both bad and good", text, value);
  return question;
}

std::string QualityQuestion::bad_name() const {
  return is_condition() ? fmt::format("{}{:g}", relation, level) : fmt::format("{}", fmt::join(bad, ","));
}

std::string QualityQuestion::good_name() const {
  if (!is_condition()) return good.empty() ? "others" : fmt::format("{}", fmt::join(good, ","));
  const char* opposite = relation == "<" ? ">=" : relation == "<=" ? ">" : relation == ">" ? "<=" : "<";
  return fmt::format("{}{:g}", opposite, level);
}

void QualityLog::add_indices(Item& item, const std::string& kind, const Json& indices) {
  for (const auto& [name, value] : indices.items()) {
    if (!value.is_number()) continue;
    const auto [at, fresh] = index_of_.emplace(std::pair(kind, name), static_cast<std::uint32_t>(index_names_.size()));
    if (fresh) index_names_.emplace_back(kind, name);
    item.indices.push_back({at->second, value.get<double>()});
  }
}

void QualityLog::add(const stream::Segment& segment, const std::string& source) {
  count_once(segment.id(), fmt::format("segment '{}' is there twice", segment.id()), source);
  Item item{.subject = segment.subject_or_record(), .values = {}, .number = kNaN, .score = kNaN, .indices = {}};
  const Json labels = object_at(segment.header, "labels"), quality = object_at(segment.header, "quality");
  for (const auto& [name, value] : labels.items()) {
    if (!value.is_null()) label_names_.insert(name);
    if (name != question_.label || value.is_null()) continue;
    if (value.is_array())
      for (const Json& each : value) item.values.push_back(dataset::label_text(each));
    else
      item.values.push_back(dataset::label_text(value));
    if (value.is_number()) item.number = value.get<double>();
  }
  const Json score = quality.value("score", Json());
  if (score.is_number()) item.score = score.get<double>();
  if (item.score < 0 || item.score > 1)
    throw Error(Status::kMalformed, "{}: segment '{}': a quality.score of {}, which is no probability", source,
                segment.id(), item.score);
  add_indices(item, "", object_at(quality, "indices"));
  const Json channels = object_at(quality, "per_channel");
  for (const auto& [name, channel] : channels.items()) {
    const std::string kind = channel.value("kind", "");
    add_indices(item, kind, {{"score", channel.value("score", Json())}});
    add_indices(item, kind, object_at(channel, "indices"));
  }
  items_.push_back(std::move(item));
}

Context quality_figures(const QualityLog& log, const MarkOptions& options) {
  const QualityQuestion& question = log.question();
  const Compared compared = compared_of(log, question);
  const Bootstrap bootstrap(compared.subject,
                            {.draws = options.draws, .seed = options.seed, .threads = options.threads});
  const Ranking ranking(compared.bad, compared.low);
  const std::string bad = question.bad_name(), good = question.good_name();
  const Row common{
      .system = "model", .label = question.label, .subjects = bootstrap.subjects(), .segments = compared.items.size()};

  std::vector<Figure> figures;
  const auto add = [&](const char* metric, Statistic statistic) {
    figures.push_back({common, std::move(statistic)});
    figures.back().row.metric = metric;
  };
  const auto add_class = [&](const char* metric, bool of_bad, Statistic statistic) {
    add(metric, std::move(statistic));
    Row& row = figures.back().row;
    row.klass = of_bad ? bad : good;
    row.segments = of_bad ? compared.bads : compared.items.size() - compared.bads;
    row.subjects = subjects_in(compared, of_bad ? compared.bad : compared.good);
  };
  const Statistic mean_bad = mean_of(compared.scores, compared.bad),
                  mean_good = mean_of(compared.scores, compared.good);
  add("auroc", [&](Weights weights) { return ranking.auroc(weights); });
  add("auprc", [&](Weights weights) { return ranking.average_precision(weights); });
  add("mean_difference", [&](Weights weights) { return mean_good(weights) - mean_bad(weights); });
  std::vector<std::vector<int>> chosen(kBins);
  if (question.is_condition()) add_calibration(figures, compared, common, chosen);
  add_class("mean", true, mean_bad);
  add_class("mean", false, mean_good);
  add_class("median", true, median_statistic(compared.scores, compared.bad));
  add_class("median", false, median_statistic(compared.scores, compared.good));

  Context context;
  context.label = question.label;
  context.task = "quality";
  context.protocol =
      fmt::format("quality.score, which is low for {}: auroc is the chance that it is lower than of {}", bad, good);
  context.classes = {good, bad};
  context.class_segments = {compared.items.size() - compared.bads, compared.bads};
  context.subjects = bootstrap.subjects();
  context.segments = compared.items.size();
  context.excluded = compared.excluded;
  context.rows = rows_of(figures, bootstrap);
  const std::vector<Row> indices = index_rows(log, compared, common, options);
  context.rows.insert(context.rows.end(), indices.begin(), indices.end());
  context.text = text_of(context.rows);
  return context;
}

}  // namespace cfm::eval
