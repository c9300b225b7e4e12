#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "eval/metrics.h"
#include "report/html.h"
#include "report/sections.h"

namespace cfm::report {
namespace {

using eval::Problem;
using eval::System;
using eval::TaskKind;

std::string count_cell(double n, double share, bool right) {
  const std::string of_row = std::isnan(share) ? "" : element("small", "", fmt::format("{:.0f} %", 100 * share));
  const int shade = std::isnan(share) ? 0 : static_cast<int>(std::lround(10 * share));  // tenths
  return element("td", fmt::format("class=\"n {}{}\"", right ? "right" : "wrong", shade),
                 element("b", "", count_html(static_cast<std::uint64_t>(n))) + of_row);
}

std::string matrix_of(const Problem& problem, const System& system) {
  const std::vector<std::string>& classes = problem.task.classes;
  const eval::ClassTable table = eval::class_table(problem.labels(), system.decisions, classes.size());
  std::string head = "<th></th>", body;
  for (const std::string& name : classes) head += element("th", "scope=\"col\"", escaped(name));
  for (std::size_t t = 0; t < classes.size(); ++t) {
    std::string line = element("th", "scope=\"row\"", escaped(classes[t]));
    for (std::size_t d = 0; d < classes.size(); ++d) {
      const double n = table.counts.row(t)[d];
      line += count_cell(n, n / table.support(t), t == d);
    }
    body += element("tr", "", line) + "\n";
  }
  const std::string across =
      fmt::format("<tr><td></td><td class=\"axis\" colspan=\"{}\">decided</td></tr>", classes.size());
  return "<div class=\"box\" tabindex=\"0\"><table class=\"confusion\"><thead>" + across + element("tr", "", head) +
         "</thead>\n" + element("tbody", "", body) + "</table></div>";
}

std::string matrix_figure(const Problem& problem, const System& system) {
  std::string caption = element("b", "", escaped(system.name) + ".") + " Rows: truth, counts and their share.";
  if (!system.decided.empty()) caption += " " + escaped(system.decided) + ".";
  return figure(matrix_of(problem, system), caption);
}

// Each label by itself.
std::string label_counts(const Problem& problem, const System& system) {
  std::string body;
  for (std::size_t k = 0; k < problem.task.classes.size(); ++k) {
    const std::vector<double> truth = problem.members.column(k), said = system.members.column(k);
    const eval::Confusion table =
        eval::confusion(std::vector<int>(truth.begin(), truth.end()), std::vector<int>(said.begin(), said.end()));
    std::string line = element("th", "scope=\"row\"", escaped(problem.task.classes[k]));
    for (const double n : {table.tp, table.fn, table.fp, table.tn})
      line += element("td", "class=\"n\"", count_html(static_cast<std::uint64_t>(n)));
    body += element("tr", "", line) + "\n";
  }
  return "<div class=\"box\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">label</th><th scope=\"col\" "
         "class=\"n\">found"
         "</th><th scope=\"col\" class=\"n\">missed</th><th scope=\"col\" class=\"n\">false</th><th scope=\"col\" "
         "class=\"n\">rightly not</th></tr></thead>\n<tbody>" +
         body + "</tbody></table></div>\n";
}

}  // namespace

std::string confusion_tables(const eval::Context& context, int level) {
  if (context.scored == nullptr || context.scored->systems.empty()) return "";
  const Problem& problem = context.scored->problem;
  const std::vector<System>& systems = context.scored->systems;
  const std::string title = heading(level, "Decisions and truth");
  if (problem.task.kind == TaskKind::kMultilabel) {
    if (systems.front().members.rows == 0) return "";
    return element("section", "",
                   title + paragraph("Segments, of the model.") + label_counts(problem, systems.front()));
  }
  std::string model, others;
  for (const System& system : systems)
    if (!system.decisions.empty()) (&system == &systems.front() ? model : others) += matrix_figure(problem, system);
  if (model.empty()) return "";
  std::string html = title + figure_grid(model);
  if (!others.empty()) html += "<details><summary>Of the others</summary>" + figure_grid(others) + "</details>\n";
  return element("section", "", html);
}

}  // namespace cfm::report
