#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/definitions.h"
#include "report/html.h"
#include "report/sections.h"

namespace cfm::report {
namespace {

using eval::Row;
using stream::Json;

constexpr std::size_t kMostRows = 500;  // of a table; the CSV has them all

// What tells rows apart; columns that are empty in all rows are left out.
struct Column {
  const char* name;
  std::string Row::*of;
};
constexpr Column kColumns[] = {
    {"system", &Row::system}, {"record", &Row::record}, {"lead", &Row::lead}, {"class", &Row::klass}};

std::vector<Column> columns_of(const std::vector<const Row*>& rows) {
  std::vector<Column> used;
  for (const Column& column : kColumns)
    if (std::any_of(rows.begin(), rows.end(), [&](const Row* row) { return !(row->*column.of).empty(); }))
      used.push_back(column);
  return used;
}

// Shares of marks are near 1 and need more digits than those of segments.
std::string number_html(double value) {
  if (!std::isfinite(value)) return kNothing;
  const std::string text = fmt::format("{:.4g}", std::abs(value));
  return (value < 0 ? "−" : "") + text;
}

std::string row_html(const Row& row, const std::vector<Column>& columns, Footnotes& notes) {
  const std::string mark =
      notes.mark(row.note.empty() && std::isnan(row.value) ? "not defined on these marks" : row.note);
  const std::string interval =
      std::isfinite(row.low) ? fmt::format("[{}, {}]", number_html(row.low), number_html(row.high)) : "";
  std::string line;
  for (const Column& column : columns) line += element("td", "", escaped(row.*column.of));
  return element("tr", "",
                 line + element("th", "scope=\"row\"", escaped(metric_name(row.metric))) +
                     element("td", "class=\"n\"", number_html(row.value) + mark) +
                     element("td", "class=\"n\"", element("span", "class=\"ci\"", interval)) +
                     element("td", "class=\"n\"", row.segments > 0 ? count_html(row.segments) : "")) +
         "\n";
}

std::string rows_table(const std::vector<const Row*>& rows) {
  Footnotes notes;
  const std::vector<Column> columns = columns_of(rows);
  std::string head, body;
  for (const Column& column : columns) head += element("th", "scope=\"col\"", column.name);
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) body += row_html(*rows[i], columns, notes);
  std::string html = "<div class=\"box\" tabindex=\"0\"><table><thead><tr>" + head +
                     "<th scope=\"col\">metric</th><th scope=\"col\" class=\"n\">figure</th><th scope=\"col\" "
                     "class=\"n\">95 % interval</th><th scope=\"col\" class=\"n\">n</th></tr></thead>\n"
                     "<tbody>" +
                     body + "</tbody></table></div>\n" + notes.list();
  if (rows.size() > kMostRows)
    html +=
        paragraph(fmt::format("{} of {} rows; <code>--to csv</code> has them all.", kMostRows, rows.size()), "mild");
  return html;
}

std::string scalar_html(const Json& value) {
  if (value.is_null()) return kNothing;
  if (value.is_string()) return escaped(value.get<std::string>());
  if (value.is_number_float()) return number_html(value.get<double>());
  return escaped(value.dump());
}

bool all_of(const Json& object, bool (*holds)(const Json&)) {
  return !object.empty() && std::all_of(object.begin(), object.end(), holds);
}

// {"N": {"n": 1, …}, …} as a table; "" for anything else.
std::string matrix_html(const Json& value) {
  const auto flat = [](const Json& row) {
    return row.is_object() && all_of(row, [](const Json& cell) { return cell.is_number() || cell.is_null(); });
  };
  if (!value.is_object() || value.empty() || !all_of(value, flat)) return "";
  std::string head = "<td></td>", body;
  for (const auto& [name, cell] : value.front().items())
    head += element("th", "scope=\"col\" class=\"n\"", escaped(name));
  for (const auto& [name, cells] : value.items()) {
    std::string line = element("th", "scope=\"row\"", escaped(name));
    for (const Json& cell : cells) line += element("td", "class=\"n\"", scalar_html(cell));
    body += element("tr", "", line);
  }
  return "<div class=\"box\" tabindex=\"0\">" +
         element("table", "", element("thead", "", element("tr", "", head)) + element("tbody", "", body)) + "</div>\n";
}

std::string details_html(const Json& details, int level) {
  std::string scalars, matrices;
  if (details.is_object())
    for (const auto& [name, value] : details.items()) {
      if (value.is_primitive()) scalars += element("dt", "", escaped(name)) + element("dd", "", scalar_html(value));
      const std::string matrix = matrix_html(value);
      if (!matrix.empty()) matrices += heading(level, escaped(name)) + matrix;
    }
  return (scalars.empty() ? "" : element("dl", "class=\"facts\"", scalars)) + matrices;
}

}  // namespace

std::string marks(const eval::Context& context, int level) {
  if (context.scored != nullptr) return "";
  std::string html;
  if (!context.text.empty())
    html += heading(level, "Summary") + "<pre class=\"box\" tabindex=\"0\">" + escaped(context.text) + "</pre>\n";
  std::vector<const Row*> all, of_records;
  for (const Row& row : context.rows) (row.record.empty() ? all : of_records).push_back(&row);
  if (!all.empty()) html += heading(level, "Figures") + rows_table(all);
  if (!of_records.empty())
    html += "<details><summary>Record by record</summary>" + rows_table(of_records) + "</details>\n";
  html += details_html(context.details, level + 1);
  return html.empty() ? "" : element("section", "", html);
}

}  // namespace cfm::report
