#include "eval/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/csv.h"
#include "eval/gathered.h"
#include "eval/metrics.h"
#include "eval/system.h"

namespace cfm::eval {
namespace {

using stream::Json;

constexpr std::size_t kBlock = 4;        // metrics beside one another in the text table
constexpr std::size_t kCellWidth = 20;   // "100.0 [100.0, 100.0]"
constexpr double kRounding = 1e-9;       // what sums leave of a zero
constexpr double kCoverageStep = 0.005;  // between points of a risk–coverage curve
constexpr const char* kColumns =
    "system,label,class,metric,value,low,high,subjects,segments,record,lead,note,stratum,fraction";

Json number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

std::string cell(const Row& row) { return interval_text(row.value, row.low, row.high, row.metric); }

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return text;
}

std::string plural(std::size_t n, const std::string& what, const std::string& several = {}) {
  return fmt::format("{} {}", n, n == 1 ? what : several.empty() ? what + "s" : several);
}

// "+0.05 [-0.02, 0.12]"
std::string signed_text(const Comparison& c) {
  return (c.gain >= 0 ? "+" : "") + interval_text(c.gain, c.low, c.high, c.metric);
}

Json row_json(const Row& row) {
  return {{"system", row.system},       {"label", row.label},
          {"class", row.klass},         {"metric", row.metric},
          {"value", number(row.value)}, {"low", number(row.low)},
          {"high", number(row.high)},   {"subjects", row.subjects},
          {"segments", row.segments},   {"record", row.record},
          {"lead", row.lead},           {"note", row.note},
          {"stratum", row.stratum},     {"fraction", number(row.fraction)}};
}

Json comparison_json(const Comparison& c) {
  return {{"control", c.control}, {"metric", c.metric},     {"gain", number(c.gain)},
          {"low", number(c.low)}, {"high", number(c.high)}, {"probability_better", number(c.probability)},
          {"rival", c.rival},     {"note", c.why}};
}

// What the judged system's curves are drawn from.
Json curves_json(const Scored& scored) {
  Json curves = Json::object();
  const Problem& problem = scored.problem;
  const System& system = scored.systems.front();
  const auto bins_json = [](const Calibration& calibration) {
    Json bins = Json::array();
    for (const ReliabilityBin& bin : calibration.bins)
      bins.push_back({{"bin", bin.bin}, {"n", bin.n}, {"score", bin.mean_score}, {"frequency", bin.frequency}});
    return bins;
  };
  if (problem.task.kind == TaskKind::kBinary)
    curves["reliability"] = bins_json(calibration(problem.labels(), system.scores.values));
  if (problem.task.several_classes())
    curves["reliability"] = bins_json(calibration_top(problem.labels(), system.scores));
  if (!system.decisions.empty()) {
    const ClassTable table = class_table(problem.labels(), system.decisions, problem.task.classes.size());
    curves["confusion"] = Json::array();  // [truth][decision], in the order of the classes
    for (std::size_t k = 0; k < table.counts.rows; ++k)
      curves["confusion"].push_back(std::vector<double>(table.counts.row(k).begin(), table.counts.row(k).end()));
  }
  const std::vector<double> wrong = wrong_decisions(problem, system);
  if (system.confidence.empty() || wrong.empty()) return curves;
  curves["risk_coverage"] = Json::array();
  double last = 0;
  for (const RiskPoint& point : RiskCoverage(wrong, system.confidence).curve()) {
    if (point.coverage < last + kCoverageStep && point.coverage < 1) continue;
    curves["risk_coverage"].push_back({{"coverage", point.coverage}, {"risk", point.risk}});
    last = point.coverage;
  }
  return curves;
}

Json context_json(const Context& context) {
  Json json = {
      {"label", context.label}, {"system", context.system}, {"task", context.task}, {"protocol", context.protocol}};
  json["subjects"] = context.subjects;
  json["segments"] = context.segments;
  if (!context.classes.empty()) {
    json["classes"] = Json::object();
    for (std::size_t k = 0; k < context.classes.size(); ++k)
      json["classes"][context.classes[k]] = context.class_segments[k];
  }
  if (!std::isnan(context.prevalence())) {
    json["positive"] = context.classes[1];
    json["prevalence"] = context.prevalence();
  }
  json["excluded"] = context.excluded;
  if (context.seen_segments > 0)
    json["seen"] = {{"subjects", context.seen_subjects}, {"segments", context.seen_segments}};
  if (context.pretrained_segments > 0)
    json["pretrained"] = {{"subjects", context.pretrained_subjects}, {"segments", context.pretrained_segments}};
  json["comparisons"] = Json::array();
  for (const Comparison& c : context.comparisons) json["comparisons"].push_back(comparison_json(c));
  json["missing_controls"] = Json::array();
  for (const MissingControl& m : context.missing)
    json["missing_controls"].push_back({{"control", m.control}, {"add", m.add}});
  if (!context.strata.empty()) {
    json["strata"] = Json::array();
    for (const Stratum& stratum : context.strata)
      json["strata"].push_back({{"by", stratum.by},
                                {"value", stratum.value},
                                {"subjects", stratum.subjects},
                                {"segments", stratum.segments},
                                {"note", stratum.why}});
  }
  if (context.scored) json["curves"] = curves_json(*context.scored);
  json["verdict"] = context.verdict();
  json.update(context.details);
  return json;
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [reason, n] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, reason);
  return text;
}

// Of all classes, segments and labels.
bool is_summary(const Row& row) { return row.klass.empty() && row.stratum.empty() && std::isnan(row.fraction); }

// Systems as rows, `kBlock` metrics as columns, until all summary figures are shown.
void add_table(std::string& text, const std::vector<Row>& rows) {
  std::vector<std::string> systems, metrics;
  for (const Row& row : rows) {
    if (!is_summary(row)) continue;
    if (std::find(systems.begin(), systems.end(), row.system) == systems.end()) systems.push_back(row.system);
    if (std::find(metrics.begin(), metrics.end(), row.metric) == metrics.end()) metrics.push_back(row.metric);
  }
  std::size_t width = 0;
  for (const std::string& system : systems) width = std::max(width, system.size());
  for (std::size_t first = 0; first < metrics.size(); first += kBlock) {
    const std::size_t last = std::min(first + kBlock, metrics.size());
    std::string line = fmt::format("\n  {:<{}}", "", width);
    for (std::size_t m = first; m < last; ++m) line += fmt::format("  {:<{}}", metrics[m], kCellWidth);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    for (const std::string& system : systems) {
      line = fmt::format("  {:<{}}", system, width);
      for (std::size_t m = first; m < last; ++m) {
        const auto at = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
          return is_summary(row) && row.system == system && row.metric == metrics[m];
        });
        line += fmt::format("  {:<{}}", at == rows.end() ? "" : cell(*at), kCellWidth);
      }
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
  }
}

void add_classes(std::string& text, const Context& context) {
  if (context.classes.size() < 3) return;
  for (std::size_t k = 0; k < context.classes.size(); ++k) {
    text += fmt::format("  {} ({})", context.classes[k], plural(context.class_segments[k], "segment"));
    for (const Row& row : context.rows)
      if (row.system == context.system && row.klass == context.classes[k] && std::isnan(row.fraction))
        text += fmt::format("  {} {}", row.metric, cell(row));
    text += "\n";
  }
}

// How the model's figures were had, each note once with the metrics it belongs to.
void add_notes(std::string& text, const Context& context) {
  std::vector<std::pair<std::string, std::string>> notes;  // note, metrics
  for (const Row& row : context.rows) {
    if (row.system != context.system || !is_summary(row) || row.note.empty()) continue;
    const auto at = std::find_if(notes.begin(), notes.end(), [&](const auto& note) { return note.first == row.note; });
    if (at == notes.end())
      notes.emplace_back(row.note, row.metric);
    else
      at->second += ", " + row.metric;
  }
  for (const auto& [note, metrics] : notes) text += fmt::format("{}: {}\n", metrics, note);
}

// The headline of each system with fewer labels.
void add_fractions(std::string& text, const Context& context) {
  for (const Row& row : context.rows) {
    if (std::isnan(row.fraction) || !row.klass.empty() || row.metric != context.rows.front().metric) continue;
    text += fmt::format("{} with {:g} % of the labels: {} {}\n", row.system, 100 * row.fraction, row.metric, cell(row));
  }
}

void add_strata(std::string& text, const Context& context) {
  std::size_t width = 0;
  for (const Stratum& stratum : context.strata) width = std::max(width, stratum.value.size());
  std::string by;
  for (const Stratum& stratum : context.strata) {
    if (stratum.by != by) text += fmt::format("\nby {}, the worst first\n", by = stratum.by);
    std::string line = fmt::format("  {:<{}}  {:<16}", stratum.value, width,
                                   fmt::format("{}/{}", stratum.segments, plural(stratum.subjects, "subject")));
    std::size_t shown = 0;
    for (const Row& row : stratum.rows)
      if (row.klass.empty() && shown++ < kBlock - 1) line += fmt::format("  {} {}", row.metric, cell(row));
    text += line + "\n";
  }
}

// Rows of all segments, of strata, and what is gained over controls (the headline) and rivals: metric "gain_auroc".
std::vector<Row> all_rows(const Context& context) {
  std::vector<Row> rows = context.rows;
  for (const Stratum& stratum : context.strata) rows.insert(rows.end(), stratum.rows.begin(), stratum.rows.end());
  for (const Comparison& c : context.comparisons) {
    if (!c.rival && c.metric != context.comparisons.front().metric) continue;
    Row row{.system = c.control, .label = context.label, .metric = "gain_" + c.metric};
    row.value = c.gain;
    row.low = c.low;
    row.high = c.high;
    row.subjects = context.subjects;
    row.segments = context.segments;
    row.note = std::isnan(c.probability) ? c.why : fmt::format("better in {:.1f} % of draws", 100 * c.probability);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string context_text(const Context& context) {
  std::string text = context.label;
  if (context.classes.size() == 2) text += fmt::format(" = {}", context.classes[1]);
  text += fmt::format(": {} of {}", plural(context.segments, context.unit), plural(context.subjects, "subject"));
  if (!std::isnan(context.prevalence()))
    text += fmt::format(", {} positive ({:.1f} %)", context.class_segments[1], 100 * context.prevalence());
  text += "\n" + context.protocol + "\n";
  if (!context.excluded.empty()) text += fmt::format("left out: {}\n", counts_text(context.excluded));
  if (context.seen_segments > 0)
    text += fmt::format("{} of {} were seen in training with their labels: these figures are no test\n",
                        plural(context.seen_segments, "segment"), plural(context.seen_subjects, "subject"));
  if (context.pretrained_segments > 0)
    text += fmt::format("{} of {} were in the model's pre-training, without their labels\n",
                        plural(context.pretrained_segments, "segment"), plural(context.pretrained_subjects, "subject"));
  if (!context.text.empty()) return text + context.text;
  add_table(text, context.rows);
  if (context.classes.size() > 2) text += "\n";
  add_classes(text, context);
  add_strata(text, context);
  text += "\n";
  add_fractions(text, context);
  add_notes(text, context);
  for (const MissingControl& m : context.missing)
    text += fmt::format("control '{}' is missing; add it with: {}\n", m.control, m.add);
  const std::string verdict = context.verdict();
  if (!verdict.empty()) text += verdict + "\n";
  return text;
}

}  // namespace

double Context::prevalence() const {
  if (classes.size() != 2 || segments == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(class_segments[1]) / static_cast<double>(segments);
}

std::string Context::verdict() const {
  if (comparisons.empty()) return "";
  const std::string& metric = comparisons.front().metric;
  std::string gains, unknown, against;
  bool beaten = true;
  for (const Comparison& c : comparisons) {
    if (c.metric != metric) continue;
    if (c.rival) {
      against +=
          fmt::format(" Against {}: {} gain {}{}.", c.control, upper(metric), signed_text(c),
                      std::isnan(c.probability) ? fmt::format(" ({})", c.why)
                                                : fmt::format(", better in {:.0f} % of draws", 100 * c.probability));
      continue;
    }
    if (std::isnan(c.low)) unknown = c.why;
    beaten = beaten && c.low > 0;
    gains += fmt::format("{}over {} {}", gains.empty() ? "" : ", ", c.control, signed_text(c));
  }
  const std::string what = system == "model" ? "The model" : fmt::format("'{}'", system);
  std::string text;
  if (!unknown.empty())
    text = fmt::format("Cannot tell whether {} beats its controls ({}): {} gain {}.",
                       system == "model" ? "the model" : what, unknown, upper(metric), gains);
  else if (!gains.empty())
    text =
        fmt::format("{} {} its controls: {} gain {}.", what, beaten ? "beats" : "does not beat", upper(metric), gains);
  return text.empty() && !against.empty() ? against.substr(1) : text + against;
}

std::string figure_text(double value, const std::string& metric) {
  if (std::isnan(value)) return "-";
  if (std::abs(value) < kRounding) value = 0;
  if (metric == "score2015") return fmt::format("{:.1f}", value);
  static const std::set<std::string> in_units = {"mae", "rmse", "bias", "sd", "loa_low", "loa_high", "label_coverage"};
  if (in_units.contains(metric)) return fmt::format("{:.3g}", value);
  return fmt::format("{:.2f}", value);
}

std::string interval_text(double value, double low, double high, const std::string& metric) {
  std::string text = figure_text(value, metric);
  if (!std::isnan(low)) text += fmt::format(" [{}, {}]", figure_text(low, metric), figure_text(high, metric));
  return text;
}

Results results_of(const Gathered& gathered, std::uint64_t seed, int draws) {
  Results results;
  results.read = gathered.read_count();
  results.partial = gathered.partial();
  results.upstream = gathered.notes();
  results.provenance = gathered.provenance();
  results.seed = seed;
  results.draws = draws;
  return results;
}

std::string Results::to_json() const {
  Json json = Json::object();
  json["rows"] = Json::array();
  json["labels"] = Json::array();
  for (const Context& context : labels) {
    for (const Row& row : all_rows(context)) json["rows"].push_back(row_json(row));
    json["labels"].push_back(context_json(context));
  }
  json["read"] = read;
  json["partial"] = partial;
  json["upstream"] = upstream;
  json["provenance"] = provenance;
  json["repeats"] = Json::array();
  for (const Repeat& repeat : repeats)
    json["repeats"].push_back(
        {{"first", repeat.first}, {"again", repeat.again}, {"two_subjects", repeat.two_subjects}});
  json["interval"] = {{"level", 0.95}, {"draws", draws}, {"unit", "subject"}, {"seed", seed}};
  return json.dump(1) + "\n";
}

std::string Results::to_csv() const {
  std::string text = std::string(kColumns) + "\n";
  for (const Context& context : labels)
    for (const Row& row : all_rows(context))
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_cell(row.system), csv_cell(row.label),
                          csv_cell(row.klass), csv_cell(row.metric), csv_number(row.value), csv_number(row.low),
                          csv_number(row.high), row.subjects, row.segments, csv_cell(row.record), csv_cell(row.lead),
                          csv_cell(row.note), csv_cell(row.stratum), csv_number(row.fraction));
  return text;
}

std::string Results::to_text() const {
  std::string text;
  for (const Context& context : labels) text += (text.empty() ? "" : "\n") + context_text(context);
  for (const Json& note : upstream) {
    const Json skipped = note.value("skipped", Json::object());
    if (!skipped.is_object() || skipped.empty()) continue;
    std::map<std::string, std::uint64_t> counts;
    for (const auto& [reason, n] : skipped.items())
      if (n.is_number_unsigned()) counts[reason] = n.get<std::uint64_t>();
    text += fmt::format("before: {} left out {}\n", note.value("tool", "a program"), counts_text(counts));
  }
  const auto parted = std::ranges::count_if(repeats, [](const Repeat& repeat) { return repeat.two_subjects; });
  if (!repeats.empty())
    text +=
        fmt::format("{} of another name ('{}' is '{}'){}\n",
                    plural(repeats.size(), "segment holds the signal", "segments hold the signal"),
                    repeats.front().again, repeats.front().first, parted > 0 ? "; their subjects count as one" : "");
  if (partial) text += "an input is partial: something was lost before it came here\n";
  const bool intervals = std::any_of(labels.begin(), labels.end(), [](const Context& context) {
    return std::any_of(context.rows.begin(), context.rows.end(), [](const Row& row) { return !std::isnan(row.low); });
  });
  if (intervals) text += fmt::format("[95 % intervals: {} draws over subjects]\n", draws);
  return text;
}

}  // namespace cfm::eval
