#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "eval/metrics.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"

namespace cfm::report {
namespace {

using eval::Matrix;
using eval::Problem;
using eval::Scored;
using eval::System;
using eval::TaskKind;

// With fewer segments kept a risk is mostly chance.
constexpr std::size_t kLeastKept = 10;
constexpr double kTallestBar = 0.2;  // of the height of the reliability chart

// A line of the charts of two classes: a system, or one class of the model against the rest.
struct Curve {
  std::string name, css;
  std::vector<int> labels;
  std::vector<double> scores;
  std::vector<int> decided;
};

std::vector<int> as_labels(const std::vector<double>& values) { return {values.begin(), values.end()}; }

// Systems that rank, and those that can be drawn at all.
struct Systems {
  std::vector<std::size_t> drawn;
  std::string left_out;  // text for a caption
};
Systems systems_of(const Scored& scored) {
  Systems systems;
  for (std::size_t i = 0; i < scored.systems.size(); ++i) {
    if (eval::is_constant(scored.systems[i]))
      systems.left_out += fmt::format(" {} says the same of every segment and has no curve.", scored.systems[i].name);
    else if (systems.drawn.size() == kMostDrawn)
      systems.left_out += fmt::format(" {} is not drawn.", scored.systems[i].name);
    else
      systems.drawn.push_back(i);
  }
  return systems;
}

std::vector<Curve> curves_of_systems(const Scored& scored, const Systems& systems) {
  std::vector<Curve> curves;
  for (std::size_t i = 0; i < systems.drawn.size(); ++i) {
    const System& system = scored.systems[systems.drawn[i]];
    curves.push_back({.name = system.name,
                      .css = style_of(i),
                      .labels = scored.problem.labels(),
                      .scores = eval::ranked(system).values,
                      .decided = system.decisions});
  }
  return curves;
}

// The most frequent classes, in their order.
std::vector<std::size_t> classes_drawn(const eval::Context& context) {
  std::vector<std::size_t> classes(context.classes.size());
  std::iota(classes.begin(), classes.end(), std::size_t{0});
  if (classes.size() <= kMostDrawn) return classes;
  std::stable_sort(classes.begin(), classes.end(),
                   [&](std::size_t a, std::size_t b) { return context.class_segments[a] > context.class_segments[b]; });
  classes.resize(kMostDrawn);
  std::sort(classes.begin(), classes.end());
  return classes;
}

std::vector<Curve> curves_of_classes(const eval::Context& context, const Scored& scored) {
  const System& model = scored.systems.front();
  std::vector<Curve> curves;
  for (const std::size_t k : classes_drawn(context)) {
    const bool several = scored.problem.task.kind == TaskKind::kMultilabel;
    curves.push_back(
        {.name = context.classes[k],
         .css = style_of(curves.size()) + " even",  // none of them is what the page is about
         .labels = several ? as_labels(scored.problem.members.column(k)) : eval::is_class(scored.problem.labels(), k),
         .scores = eval::ranked(model).column(k),
         .decided = several ? as_labels(model.members.column(k)) : eval::is_class(model.decisions, k)});
  }
  return curves;
}

bool has_both(const std::vector<int>& labels) {
  return std::find(labels.begin(), labels.end(), 0) != labels.end() &&
         std::find(labels.begin(), labels.end(), 1) != labels.end();
}

std::string without_both(const std::vector<Curve>& curves) {
  std::string text;
  for (const Curve& curve : curves)
    if (!has_both(curve.labels)) text += fmt::format(" {} has no curve: there are no two classes.", curve.name);
  return text;
}

std::string roc(const std::vector<Curve>& curves, const std::string& more) {
  Chart chart({.title = "1 − specificity"}, {.title = "sensitivity"});
  chart.diagonal();
  for (auto curve = curves.rbegin(); curve != curves.rend(); ++curve) {
    if (!has_both(curve->labels)) continue;
    std::vector<Point> points;
    for (const eval::RocPoint& p : eval::Ranking(curve->labels, curve->scores).roc()) points.push_back({p.fpr, p.tpr});
    chart.line(points, curve->css);
    if (curve->decided.empty()) continue;
    const eval::Confusion at = eval::confusion(curve->labels, curve->decided);
    chart.dots(std::vector<Point>{{1 - at.specificity(), at.sensitivity()}}, curve->css);
  }
  const std::string caption = "Dots: as decided. Grey: guessing." + without_both(curves) + more;
  return figure(chart.svg("ROC", "Sensitivity over one minus specificity at every threshold."),
                "<b>ROC.</b> " + escaped(caption));
}

std::string precision_recall(const std::vector<Curve>& curves, double prevalence) {
  Chart chart({.title = "recall (sensitivity)"}, {.title = "precision (PPV)"});
  if (std::isfinite(prevalence)) chart.level(prevalence, "guessing " + percent_html(prevalence), "guide");
  for (auto curve = curves.rbegin(); curve != curves.rend(); ++curve) {
    if (!has_both(curve->labels)) continue;
    std::vector<Point> points;
    for (const eval::PrPoint& p : eval::Ranking(curve->labels, curve->scores).pr())
      points.push_back({p.recall, p.precision});
    chart.line(points, curve->css);
  }
  return figure(chart.svg("Precision and recall", "Precision over recall at every threshold."),
                "<b>Precision and recall.</b> Every threshold, from the highest score down.");
}

bool are_probabilities(const Matrix& scores) {
  return std::all_of(scores.values.begin(), scores.values.end(), [](double p) { return p >= 0 && p <= 1; });
}

eval::Calibration calibration_of(const Problem& problem, const System& system) {
  if (problem.task.several_classes()) return eval::calibration_top(problem.labels(), system.scores);
  const bool several = problem.task.kind == TaskKind::kMultilabel;
  return eval::calibration(several ? as_labels(problem.members.values) : problem.labels(), system.scores.values);
}

std::string reliability(const Scored& scored, const Systems& systems) {
  const bool top = scored.problem.task.several_classes();
  Chart chart({.title = top ? "probability of the class decided" : "probability said"},
              {.title = top ? "share decided right" : "share that is positive"});
  chart.diagonal();
  std::string refused, bars;
  for (std::size_t i = systems.drawn.size(); i-- > 0;) {
    const System& system = scored.systems[systems.drawn[i]];
    if (!are_probabilities(system.scores)) {
      refused += fmt::format(" The scores of {} are no probabilities.", system.name);
      continue;
    }
    std::vector<Point> points;
    double tallest = 0, total = 0;
    const std::vector<eval::ReliabilityBin> bins = calibration_of(scored.problem, system).bins;
    for (const eval::ReliabilityBin& bin : bins) {
      points.push_back({bin.mean_score, bin.frequency});
      tallest = std::max(tallest, bin.n);
      total += bin.n;
    }
    chart.line(points, style_of(i));
    chart.dots(points, style_of(i));
    if (systems.drawn[i] != 0 || tallest == 0) continue;
    for (const eval::ReliabilityBin& bin : bins)
      chart.bar(bin.bin / 10.0, (bin.bin + 1) / 10.0, kTallestBar * bin.n / tallest);
    bars = fmt::format(" Bars: how often the model says so, the tallest {:.0f} %.", 100 * tallest / total);
  }
  const std::string caption = "Ten bins; on the diagonal probabilities are what they say.";
  return figure(chart.svg("Reliability", "Frequency seen over the probability said, in ten bins."),
                "<b>Reliability.</b> " + escaped(caption + bars + refused));
}

std::string risk_coverage(const Scored& scored, const Systems& systems) {
  std::vector<std::pair<std::string, std::vector<Point>>> lines;
  std::vector<double> risks = {0};
  const auto n = static_cast<double>(scored.problem.size());
  std::string abstained;
  std::vector<Point> rest;
  for (std::size_t i = 0; i < systems.drawn.size(); ++i) {
    const System& system = scored.systems[systems.drawn[i]];
    const std::vector<double> wrong = eval::wrong_decisions(scored.problem, system);
    if (system.confidence.empty() || wrong.empty()) continue;
    std::vector<Point> points;
    for (const eval::RiskPoint& p : eval::RiskCoverage(wrong, system.confidence).curve()) {
      if (p.coverage * n < kLeastKept - 0.5) continue;
      points.push_back({p.coverage, p.risk});
      risks.push_back(p.risk);
    }
    lines.emplace_back(style_of(i), points);
    if (i > 0 || system.abstained.empty()) continue;
    std::vector<double> kept;
    for (const int silent : system.abstained) kept.push_back(silent != 0 ? 0 : 1);
    const double coverage = std::accumulate(kept.begin(), kept.end(), 0.0) / n;
    rest = {{coverage, eval::weighted_mean(wrong, kept)}};
    abstained = fmt::format(" Dot: the model abstains from {:.1f} %.", 100 * (1 - coverage));
  }
  if (lines.empty()) return "";
  Axis y = axis_over(risks, "share decided wrong");
  if (y.high <= 0) y.high = 1;
  Chart chart({.title = "coverage (share kept)"}, y);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) chart.line(line->second, line->first);
  chart.dots(rest, "s0");
  return figure(
      chart.svg("Risk and coverage", "Share decided wrong over the share kept, the surest kept longest."),
      "<b>Risk and coverage.</b> " + escaped("Errors among what is kept when the least confident are left out, from " +
                                             std::to_string(kLeastKept) + " segments on." + abstained));
}

template <typename List>
std::string legend_of(const List& curves) {
  Legend legend;
  for (const Curve& curve : curves) legend.emplace_back(curve.name, curve.css);
  return legend_html(legend);
}

}  // namespace

std::string style_of(std::size_t i) { return fmt::format("s{}", i % kMostDrawn); }

std::string figure(const std::string& content, const std::string& caption) {
  return element("figure", "", content + element("figcaption", "", caption)) + "\n";
}

std::string figure_grid(const std::string& figures) {
  return figures.empty() ? "" : element("div", "class=\"grid\"", figures) + "\n";
}

std::string legend_html(const Legend& legend) {
  std::string items;
  for (const auto& [name, css] : legend)
    items += element("li", "",
                     fmt::format("<svg class=\"key\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><path class=\"line {}\" "
                                 "d=\"M0 4H28\"/></svg>{}",
                                 css, escaped(name)));
  return element("ul", "class=\"legend\"", items) + "\n";
}

std::string class_curves(const eval::Context& context, int level) {
  if (context.scored == nullptr || context.scored->systems.empty()) return "";
  const Scored& scored = *context.scored;
  if (scored.problem.task.kind == TaskKind::kNumber) return "";
  const Systems systems = systems_of(scored);
  const std::string sure = (systems.drawn.empty() ? "" : reliability(scored, systems)) + risk_coverage(scored, systems);
  const std::vector<Curve> of_systems = curves_of_systems(scored, systems);
  std::string html = heading(level, "Curves");
  if (scored.problem.task.kind == TaskKind::kBinary) {
    if (of_systems.empty()) return "";
    html += legend_of(of_systems) +
            figure_grid(roc(of_systems, systems.left_out) + precision_recall(of_systems, context.prevalence()) + sure);
    return element("section", "", html);
  }
  const std::vector<Curve> of_classes = curves_of_classes(context, scored);
  std::string which = "The model, each class against the rest.";
  if (of_classes.size() < context.classes.size())
    which = fmt::format("The model, the {} most frequent of {} classes, each against the rest.", of_classes.size(),
                        context.classes.size());
  html +=
      paragraph(which) + legend_of(of_classes) + figure_grid(roc(of_classes, "") + precision_recall(of_classes, NAN));
  if (!sure.empty())
    html += paragraph(escaped("All systems." + systems.left_out)) + legend_of(of_systems) + figure_grid(sure);
  return element("section", "", html);
}

}  // namespace cfm::report
