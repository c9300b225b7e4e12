#include "report/whiskers.h"

#include <fmt/format.h>

#include <vector>

#include "report/chart.h"
#include "report/definitions.h"
#include "report/html.h"

namespace cfm::report {
namespace {

// Share of the strip's width, with room for a dot at both ends.
double place(const Axis& axis, double value) { return 3 + 94 * (value - axis.low) / (axis.high - axis.low); }

std::string upright(const Axis& axis, double value, const char* css) {
  return fmt::format("<line class=\"{0}\" x1=\"{1:.1f}%\" x2=\"{1:.1f}%\" y1=\"0\" y2=\"100%\"/>", css,
                     place(axis, value));
}

}  // namespace

std::string whiskers(std::span<const WhiskerLine> lines, const std::string& metric, const std::string& names) {
  const double guess = value_of_guessing(metric);
  std::vector<double> values = {guess};
  for (const WhiskerLine& line : lines) values.insert(values.end(), {line.value, line.low, line.high});
  const Axis axis = axis_over(values, "");
  std::string ruler, grid;
  for (const auto& [at, label] : ticks_of(axis)) {
    ruler += fmt::format("<text x=\"{:.1f}%\" y=\"14\" text-anchor=\"middle\">{}</text>", place(axis, at), label);
    grid += upright(axis, at, "grid");
  }
  if (std::isfinite(guess)) grid += upright(axis, guess, "guide");
  std::string body;
  for (const WhiskerLine& line : lines) {
    std::string marks;
    if (std::isfinite(line.low) && std::isfinite(line.high))
      marks += fmt::format("<line class=\"reach\" x1=\"{:.1f}%\" x2=\"{:.1f}%\" y1=\"50%\" y2=\"50%\"/>",
                           place(axis, line.low), place(axis, line.high));
    if (std::isfinite(line.value))
      marks += fmt::format("<circle class=\"spot\" cx=\"{:.1f}%\" cy=\"50%\" r=\"{}\"/>", place(axis, line.value),
                           line.first ? 5 : 4);
    std::string name = escaped(line.name);
    if (!line.about.empty()) name += element("small", "", escaped(line.about));
    std::string figure = element("b", "", figure_html(line.value, metric));
    const std::string interval = interval_html(line.low, line.high, metric);
    if (!interval.empty()) figure += " " + element("span", "class=\"ci\"", interval);
    if (interval.empty() && !line.why.empty()) figure += element("small", "", escaped(line.why));
    body += fmt::format(
        "<tr{}><th scope=\"row\">{}</th><td class=\"drawn\"><svg class=\"strip\" aria-hidden=\"true\">{}{}</svg></td>"
        "<td class=\"n\">{}</td></tr>\n",
        line.first ? " class=\"first\"" : "", name, grid, marks, figure);
  }
  return fmt::format(
      "<table class=\"whiskers\"><thead><tr><th scope=\"col\">{}</th><td class=\"drawn\"><svg class=\"ruler\" "
      "aria-hidden=\"true\">{}</svg></td><th scope=\"col\" "
      "class=\"n\">{}</th></tr></thead>\n<tbody>{}</tbody></table>\n",
      escaped(names), ruler, escaped(metric_name(metric)), body);
}

}  // namespace cfm::report
