#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/definitions.h"
#include "report/html.h"
#include "report/sections.h"
#include "report/whiskers.h"

namespace cfm::report {
namespace {

using eval::Comparison;
using eval::Context;
using eval::Row;

// Rows of all segments, all labels of the training set: what the tables are of.
bool is_plain(const Row& row) { return std::isnan(row.fraction) && row.stratum.empty() && row.record.empty(); }

template <typename Of>
std::vector<std::string> in_order(const std::vector<Row>& rows, const Of& of) {
  std::vector<std::string> values;
  for (const Row& row : rows) {
    const std::string value = of(row);
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

std::string cell(const Row* row, const Context& context, Footnotes& notes) {
  if (row == nullptr) return element("td", "class=\"n\"", "");
  std::string note = row->note;
  if (note.empty() && std::isnan(row->value)) note = "not defined on these segments";
  if (row->segments != context.segments && row->segments > 0)
    note += fmt::format("{}of {} {}s", note.empty() ? "" : "; ", row->segments, context.unit);
  std::string text = figure_html(row->value, row->metric);
  const std::string interval = interval_html(row->low, row->high, row->metric);
  if (!interval.empty()) text += " " + element("span", "class=\"ci\"", interval);
  return element("td", "class=\"n\"", text + notes.mark(note));
}

// Metrics as rows, systems as columns, of one class ("": of all).
std::string body_of(const std::vector<Row>& rows, const std::string& klass, const std::vector<std::string>& systems,
                    const Context& context, Footnotes& notes) {
  std::vector<Row> these;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(these), [&](const Row& r) { return r.klass == klass; });
  std::string body;
  for (const std::string& metric : in_order(these, [](const Row& r) { return r.metric; })) {
    std::string line = element("th", "scope=\"row\"", escaped(metric_name(metric)));
    for (const std::string& system : systems) {
      const auto at = std::find_if(these.begin(), these.end(),
                                   [&](const Row& r) { return r.metric == metric && r.system == system; });
      line += cell(at == these.end() ? nullptr : &*at, context, notes);
    }
    body += element("tr", "", line) + "\n";
  }
  return body;
}

std::string header_of(const std::string& first, const std::vector<std::string>& systems) {
  std::string line = element("th", "scope=\"col\"", first);
  for (const std::string& system : systems) line += element("th", "scope=\"col\" class=\"n\"", escaped(system));
  return element("thead", "", element("tr", "", line)) + "\n";
}

std::string boxed(const std::string& table) {
  return "<div class=\"box\" tabindex=\"0\">" + element("table", "", table) + "</div>\n";
}

std::string gain_cells(const Comparison& c) {
  std::string gain = std::isnan(c.gain) ? kNothing : gain_html(c.gain, c.metric);
  const std::string interval = interval_html(c.low, c.high, c.metric);
  return element("td", "class=\"n\"", gain) +
         element("td", "class=\"n\"", interval.empty() ? kNothing : element("span", "class=\"ci\"", interval)) +
         element("td", "class=\"n\"", std::isnan(c.probability) ? kNothing : fmt::format("{:.3f}", c.probability));
}

std::string comparison_rows(const std::vector<const Comparison*>& list, Footnotes& notes) {
  std::string body;
  for (const Comparison* c : list)
    body += element("tr", "",
                    element("th", "scope=\"row\"", escaped(c->control) + notes.mark(c->why)) +
                        element("td", "", escaped(metric_name(c->metric))) + gain_cells(*c)) +
            "\n";
  return "<thead><tr><th scope=\"col\">gain over</th><th scope=\"col\">metric</th><th scope=\"col\" "
         "class=\"n\">gain</th>"
         "<th scope=\"col\" class=\"n\">95 % interval</th><th scope=\"col\" class=\"n\">probability better</th></tr>"
         "</thead>\n<tbody>" +
         body + "</tbody>";
}

}  // namespace

std::string headline_metric(const Context& context) {
  if (!context.comparisons.empty()) return context.comparisons.front().metric;
  for (const Row& row : context.rows)
    if (row.klass.empty() && is_plain(row)) return row.metric;
  return "";
}

std::string headline_chart(const Context& context) {
  const std::string metric = headline_metric(context);
  std::vector<WhiskerLine> lines;
  for (const Row& row : context.rows) {
    if (row.metric != metric || !row.klass.empty() || !is_plain(row)) continue;
    const std::string why = std::isnan(row.low) || std::isnan(row.value) ? row.note : "";
    lines.push_back({.name = row.system,
                     .value = row.value,
                     .low = row.low,
                     .high = row.high,
                     .why = why.empty() && std::isnan(row.value) ? "not defined on these segments" : why,
                     .first = lines.empty()});
  }
  return lines.empty() ? "" : whiskers(lines, metric);
}

std::string figure_tables(const Context& context, int level) {
  std::vector<Row> rows;
  std::copy_if(context.rows.begin(), context.rows.end(), std::back_inserter(rows), is_plain);
  if (rows.empty()) return "";
  const std::vector<std::string> systems = in_order(rows, [](const Row& r) { return r.system; });
  Footnotes notes;
  const std::string body = body_of(rows, "", systems, context, notes);
  std::string html = heading(level, "All figures");
  html += paragraph(fmt::format("{} of {}; 95 % intervals in brackets.", plural_html(context.segments, context.unit),
                                plural_html(context.subjects, "subject")));
  if (!body.empty()) html += boxed(header_of("metric", systems) + element("tbody", "", body));
  html += notes.list();
  std::string classes;
  Footnotes of_classes;
  for (const std::string& klass : in_order(rows, [](const Row& r) { return r.klass; })) {
    if (klass.empty()) continue;
    classes +=
        "<tbody>" +
        element("tr", "class=\"group\"",
                element("th", fmt::format("scope=\"rowgroup\" colspan=\"{}\"", systems.size() + 1), escaped(klass))) +
        "\n" + body_of(rows, klass, systems, context, of_classes) + "</tbody>\n";
  }
  if (!classes.empty())
    html += "<details><summary>Class by class</summary>" + boxed(header_of("class, metric", systems) + classes) +
            of_classes.list() + "</details>\n";
  return element("section", "", html);
}

std::string comparison_table(const Context& context, int level) {
  if (context.comparisons.empty() && context.missing.empty()) return "";
  std::string html = heading(level, "Against controls and rivals");
  const std::string metric = headline_metric(context);
  std::vector<const Comparison*> first, others;
  for (const Comparison& c : context.comparisons) (c.metric == metric ? first : others).push_back(&c);
  Footnotes notes;
  if (!first.empty()) {
    html += paragraph(
        "The same segments and folds, paired over subjects. A gain above zero is better whatever the metric.");
    html += boxed(comparison_rows(first, notes)) + notes.list();
  }
  Footnotes more;
  if (!others.empty()) {
    const std::string table = boxed(comparison_rows(others, more));
    html += "<details><summary>By all other metrics</summary>" + table + more.list() + "</details>\n";
  }
  for (const eval::MissingControl& m : context.missing)
    html += fmt::format(
        "<div class=\"callout mild\"><p>The control <b>{}</b> is missing. It is added by:</p><pre>{}</pre></div>\n",
        escaped(m.control), escaped(m.add));
  return element("section", "", html);
}

std::string strata(const Context& context, int level) {
  if (context.strata.empty()) return "";
  const std::string metric = headline_metric(context);
  std::string html = heading(level, "By group, the worst first");
  std::vector<std::string> kinds;
  for (const eval::Stratum& s : context.strata)
    if (std::find(kinds.begin(), kinds.end(), s.by) == kinds.end()) kinds.push_back(s.by);
  for (const std::string& by : kinds) {
    std::vector<WhiskerLine> lines;
    std::vector<Row> rows;
    for (const eval::Stratum& s : context.strata) {
      if (s.by != by) continue;
      WhiskerLine line{.name = s.value,
                       .about = fmt::format("{} {}{}, {} subject{}", s.segments, context.unit,
                                            s.segments == 1 ? "" : "s", s.subjects, s.subjects == 1 ? "" : "s"),
                       .why = s.why};
      for (const Row& row : s.rows) {
        if (!row.klass.empty()) continue;
        rows.push_back(row);
        rows.back().system = s.value;
        if (row.metric != metric) continue;
        line.value = row.value;
        line.low = row.low;
        line.high = row.high;
        if (line.why.empty() && (std::isnan(row.low) || std::isnan(row.value))) line.why = row.note;
      }
      if (line.why.empty() && std::isnan(line.value)) line.why = "not defined on these segments";
      lines.push_back(line);
    }
    html += whiskers(lines, metric, by);
    if (rows.empty()) continue;
    Footnotes notes;
    const std::vector<std::string> values = in_order(rows, [](const Row& r) { return r.system; });
    Context any = context;
    any.segments = 0;
    for (Row& row : rows) row.segments = 0;
    const std::string table = header_of("metric", values) + element("tbody", "", body_of(rows, "", values, any, notes));
    html += fmt::format("<details><summary>All figures by {}</summary>{}{}</details>\n", escaped(by), boxed(table),
                        notes.list());
  }
  return element("section", "", html);
}

}  // namespace cfm::report
