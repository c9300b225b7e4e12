#include "eval/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/csv.h"

namespace cfm::eval {
namespace {

using stream::Json;

constexpr std::size_t kBlock = 4;       // metrics beside one another in the text table
constexpr std::size_t kCellWidth = 20;  // "100.0 [100.0, 100.0]"
constexpr const char* kColumns = "system,label,class,metric,value,low,high,subjects,segments,record,lead,note";

Json number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

std::string figure(double value, const std::string& metric) {
  if (std::isnan(value)) return "-";
  if (metric == "score2015") return fmt::format("{:.1f}", value);
  static const std::vector<std::string> in_units = {"mae", "rmse", "bias", "sd"};
  if (std::find(in_units.begin(), in_units.end(), metric) != in_units.end()) return fmt::format("{:.3g}", value);
  return fmt::format("{:.2f}", value);
}

std::string with_interval(double value, double low, double high, const std::string& metric) {
  std::string text = figure(value, metric);
  if (!std::isnan(low)) text += fmt::format(" [{}, {}]", figure(low, metric), figure(high, metric));
  return text;
}

std::string cell(const Row& row) { return with_interval(row.value, row.low, row.high, row.metric); }

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return text;
}

std::string plural(std::size_t n, const std::string& what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

// "gain over random +0.05 [-0.02, 0.12]"
std::string gain_text(const Comparison& c) {
  std::string text = fmt::format("{}{}", c.gain >= 0 ? "+" : "", with_interval(c.gain, c.low, c.high, c.metric));
  return fmt::format("over {} {}", c.control, text);
}

Json row_json(const Row& row) {
  return {{"system", row.system},     {"label", row.label},         {"class", row.klass},
          {"metric", row.metric},     {"value", number(row.value)}, {"low", number(row.low)},
          {"high", number(row.high)}, {"subjects", row.subjects},   {"segments", row.segments},
          {"record", row.record},     {"lead", row.lead},           {"note", row.note}};
}

Json context_json(const Context& context) {
  Json json = {{"label", context.label}, {"task", context.task}, {"protocol", context.protocol}};
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
  json["comparisons"] = Json::array();
  for (const Comparison& c : context.comparisons)
    json["comparisons"].push_back({{"control", c.control},
                                   {"metric", c.metric},
                                   {"gain", number(c.gain)},
                                   {"low", number(c.low)},
                                   {"high", number(c.high)},
                                   {"probability_better", number(c.probability)},
                                   {"note", c.why}});
  json["missing_controls"] = Json::array();
  for (const MissingControl& m : context.missing)
    json["missing_controls"].push_back({{"control", m.control}, {"add", m.add}});
  json["verdict"] = context.verdict();
  json.update(context.details);
  return json;
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [reason, n] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, reason);
  return text;
}

// Systems as rows, `kBlock` metrics as columns, until all summary figures are shown.
void add_table(std::string& text, const std::vector<Row>& rows) {
  std::vector<std::string> systems, metrics;
  for (const Row& row : rows) {
    if (!row.klass.empty()) continue;
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
          return row.klass.empty() && row.system == system && row.metric == metrics[m];
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
      if (row.system == "model" && row.klass == context.classes[k])
        text += fmt::format("  {} {}", row.metric, cell(row));
    text += "\n";
  }
}

// How the model's figures were had, each note once with the metrics it belongs to.
void add_notes(std::string& text, const Context& context) {
  std::vector<std::pair<std::string, std::string>> notes;  // note, metrics
  for (const Row& row : context.rows) {
    if (row.system != "model" || !row.klass.empty() || row.note.empty()) continue;
    const auto at = std::find_if(notes.begin(), notes.end(), [&](const auto& note) { return note.first == row.note; });
    if (at == notes.end())
      notes.emplace_back(row.note, row.metric);
    else
      at->second += ", " + row.metric;
  }
  for (const auto& [note, metrics] : notes) text += fmt::format("{}: {}\n", metrics, note);
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
  if (!context.text.empty()) return text + context.text;
  add_table(text, context.rows);
  if (context.classes.size() > 2) text += "\n";
  add_classes(text, context);
  text += "\n";
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
  std::string gains;
  bool unknown = false, beaten = true;
  for (const Comparison& c : comparisons) {
    unknown = unknown || std::isnan(c.low);
    beaten = beaten && c.low > 0;
    gains += (gains.empty() ? "" : ", ") + gain_text(c);
  }
  const std::string metric = upper(comparisons.front().metric);
  if (unknown)
    return fmt::format("Cannot tell whether the model beats its controls ({}): {} gain {}.", comparisons.front().why,
                       metric, gains);
  return fmt::format("The model {} its controls: {} gain {}.", beaten ? "beats" : "does not beat", metric, gains);
}

std::string Results::to_json() const {
  Json json = Json::object();
  json["rows"] = Json::array();
  json["labels"] = Json::array();
  for (const Context& context : labels) {
    for (const Row& row : context.rows) json["rows"].push_back(row_json(row));
    json["labels"].push_back(context_json(context));
  }
  json["read"] = read;
  json["partial"] = partial;
  json["upstream"] = upstream;
  json["interval"] = {{"level", 0.95}, {"draws", draws}, {"unit", "subject"}, {"seed", seed}};
  return json.dump(1) + "\n";
}

std::string Results::to_csv() const {
  std::string text = std::string(kColumns) + "\n";
  for (const Context& context : labels)
    for (const Row& row : context.rows)
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_cell(row.system), csv_cell(row.label),
                          csv_cell(row.klass), csv_cell(row.metric), csv_number(row.value), csv_number(row.low),
                          csv_number(row.high), row.subjects, row.segments, csv_cell(row.record), csv_cell(row.lead),
                          csv_cell(row.note));
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
  if (partial) text += "an input is partial: something was lost before it came here\n";
  const bool intervals = std::any_of(labels.begin(), labels.end(), [](const Context& context) {
    return std::any_of(context.rows.begin(), context.rows.end(), [](const Row& row) { return !std::isnan(row.low); });
  });
  if (intervals) text += fmt::format("[95 % intervals: {} draws over subjects]\n", draws);
  return text;
}

}  // namespace cfm::eval
