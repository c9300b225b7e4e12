#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "eval/metrics.h"
#include "report/chart.h"
#include "report/definitions.h"
#include "report/html.h"
#include "report/sections.h"

namespace cfm::report {
namespace {

using eval::Row;

constexpr double kBeside = 0.03;           // decades between whiskers of the same share
constexpr std::size_t kMostPoints = 2000;  // a page stays small, and more dots show no more

std::string bland_altman(std::span<const double> truth, std::span<const double> estimate,
                         std::span<const std::size_t> shown, const std::string& thinned) {
  const eval::Regression r = eval::regression(truth, estimate);
  std::vector<Point> points;
  std::vector<double> means, errors = {r.loa_low, r.loa_high, 0};
  for (const std::size_t i : shown) {
    points.push_back({(truth[i] + estimate[i]) / 2, estimate[i] - truth[i]});
    means.push_back(points.back().x);
    errors.push_back(points.back().y);
  }
  Chart chart(axis_over(means, "mean of truth and estimate"), axis_over(errors, "estimate − truth"));
  chart.cloud(points);
  chart.level(r.bias, "bias " + figure_html(r.bias, "bias"), "level");
  chart.level(r.loa_high, "+1.96 SD " + figure_html(r.loa_high, "loa_high"), "guide");
  chart.level(r.loa_low, "−1.96 SD " + figure_html(r.loa_low, "loa_low"), "guide");
  return figure(chart.svg("Bland–Altman", "Error of the estimate over the mean of truth and estimate."),
                "<b>Bland–Altman.</b> Bias and limits of agreement, over all segments." + thinned);
}

std::string scatter(std::span<const double> truth, std::span<const double> estimate, std::span<const std::size_t> shown,
                    const std::string& thinned) {
  std::vector<Point> points;
  std::vector<double> values;
  for (const std::size_t i : shown) {
    points.push_back({truth[i], estimate[i]});
    values.insert(values.end(), {truth[i], estimate[i]});
  }
  Axis x = axis_over(values, "truth"), y = x;
  y.title = "estimate";
  Chart chart(x, y);
  chart.diagonal();
  chart.cloud(points);
  return figure(chart.svg("Truth and estimate", "Estimate over truth; the diagonal is perfect."),
                "<b>Truth and estimate.</b> On the diagonal they are the same." + thinned);
}

}  // namespace

std::string agreement(const eval::Context& context, int level) {
  if (context.scored == nullptr || context.scored->systems.empty()) return "";
  const eval::Problem& problem = context.scored->problem;
  const eval::System& model = context.scored->systems.front();
  if (problem.task.kind != eval::TaskKind::kNumber || model.scores.values.size() != problem.size()) return "";
  const std::vector<std::size_t> shown = every_kth(problem.size(), kMostPoints);
  const std::string thinned =
      shown.size() == problem.size()
          ? ""
          : fmt::format(" {} of {} points are drawn.", count_html(shown.size()), count_html(problem.size()));
  return element(
      "section", "",
      heading(level, "Agreement") + figure_grid(bland_altman(problem.truth, model.scores.values, shown, thinned) +
                                                scatter(problem.truth, model.scores.values, shown, thinned)));
}

std::string label_fractions(const eval::Context& context, int level) {
  const std::string metric = headline_metric(context);
  std::vector<std::string> systems;
  std::map<std::string, std::vector<const Row*>> rows;
  std::vector<double> values;
  bool any = false;
  for (const Row& row : context.rows) {
    if (row.metric != metric || !row.klass.empty() || !row.stratum.empty() || !row.record.empty()) continue;
    if (!rows.contains(row.system)) systems.push_back(row.system);
    rows[row.system].push_back(&row);
    any = any || std::isfinite(row.fraction);
  }
  if (!any) return "";
  const auto share = [](const Row& row) { return std::isnan(row.fraction) ? 1 : row.fraction; };
  Axis x{.low = 0, .high = 0, .title = "share of the training subjects’ labels"};
  std::erase_if(systems, [&](const std::string& s) { return rows[s].size() < 2; });
  if (systems.size() > kMostDrawn) systems.resize(kMostDrawn);
  for (const std::string& system : systems) {
    for (const Row* row : rows[system]) {
      if (!(share(*row) > 0)) continue;
      values.insert(values.end(), {row->value, row->low, row->high});
      const double at = std::log10(share(*row));
      x.low = std::min(x.low, at);
      const std::string text = fmt::format("{:g} %", 100 * share(*row));
      if (std::none_of(x.ticks.begin(), x.ticks.end(), [&](const auto& tick) { return tick.second == text; }))
        x.ticks.emplace_back(at, text);
    }
  }
  x.low -= 0.08;
  x.high += 0.12;
  Chart chart(x, axis_over(values, metric_name(metric)), 220);
  Legend legend;
  for (std::size_t i = 0; i < systems.size(); ++i) {
    std::vector<Point> points;
    for (const Row* row : rows[systems[i]]) {
      if (!(share(*row) > 0)) continue;
      const double at = std::log10(share(*row)) + kBeside * static_cast<double>(i);
      points.push_back({at, row->value});
      chart.whisker(at, row->low, row->high, style_of(i));
    }
    std::sort(points.begin(), points.end(), [](Point a, Point b) { return a.x < b.x; });
    chart.line(points, style_of(i));
    chart.dots(points, style_of(i));
    legend.emplace_back(systems[i], style_of(i));
  }
  return element(
      "section", "",
      heading(level, "With fewer labels") + legend_html(legend) +
          figure_grid(figure(chart.svg("Learning curve", metric_name(metric) + " over the share of labels."),
                             "<b>Learning curve.</b> " + escaped(metric_name(metric)) +
                                 " when only a share of the training subjects has labels; 95 % intervals.")));
}

}  // namespace cfm::report
