#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/scale.h"
#include "report/html.h"
#include "report/sections.h"

namespace cfm::report {
namespace {

using eval::Example;
using eval::Preview;
using eval::Problem;
using eval::System;
using eval::TaskKind;

constexpr std::size_t kMost = 6;
constexpr std::size_t kMostChannels = 8;                     // of an example
constexpr double kTall = 200;                                // units of a trace's own drawing, stretched to its box
constexpr double kGridSeconds = 0.2, kGridMillivolts = 0.5;  // ECG paper: 5 mm at 25 mm/s and 10 mm/mV
constexpr double kMostGridSeconds = 12;  // longer strips have lines of seconds; 0.2 s would be a smear
constexpr double kMostGridMillivolts = 6;

struct Span {
  double first = 0, seconds = 1;
};

Span span_of(const Example& example) {
  double first = INFINITY, last = -INFINITY;
  for (const Preview& channel : example.channels) {
    first = std::min(first, channel.t0);
    last = std::max(last, channel.t0 + channel.seconds);
  }
  return last > first ? Span{first, last - first} : Span{};
}

struct Range {
  double low = INFINITY, high = -INFINITY;
  bool known() const { return low <= high; }
  double y(double value) const { return kTall * (high - value) / (high - low); }
};

Range range_of(const Preview& channel) {
  Range range;
  for (std::size_t i = 0; i < channel.low.size(); ++i) {
    if (!std::isfinite(channel.low[i]) || !std::isfinite(channel.high[i])) continue;
    range.low = std::min(range.low, double{channel.low[i]});
    range.high = std::max(range.high, double{channel.high[i]});
  }
  if (!range.known()) return range;
  const double height = range.high > range.low ? range.high - range.low : 1;
  return {range.low - 0.06 * height, range.high + 0.25 * height};  // the name stands above
}

// One line through every column's range, one unit of x a column, in whole units of y: from the nearer end to the other.
std::string trace_path(const Preview& channel, const Range& range) {
  std::string d;
  bool down = false;  // a pen
  int at = 0;
  for (std::size_t i = 0; i < channel.low.size(); ++i) {
    if (!std::isfinite(channel.low[i]) || !std::isfinite(channel.high[i])) {
      down = false;
      continue;
    }
    int from = static_cast<int>(std::lround(range.y(channel.high[i])));
    int to = static_cast<int>(std::lround(range.y(channel.low[i])));
    if (down && std::abs(at - to) < std::abs(at - from)) std::swap(from, to);
    d += down ? fmt::format("l1 {}", from - at) : fmt::format("M{} {}", i, from);
    if (!down && (i + 1 == channel.low.size() || !std::isfinite(channel.low[i + 1])) && from == to) d += "h1";
    if (to != from) d += fmt::format("v{}", to - from);
    at = to;
    down = true;
  }
  return d;
}

bool on_paper(const Preview& channel, const Range& range, const Span& span) {
  return channel.kind == "ecg" && channel.unit == "mV" && span.seconds <= kMostGridSeconds &&
         range.high - range.low <= kMostGridMillivolts;
}

std::string time_lines(const Span& span, double step) {
  std::string d;
  for (double k = std::ceil(span.first / step); k * step <= span.first + span.seconds; ++k)
    d += fmt::format("M{:.1f} 0v{}", 1000 * (k * step - span.first) / span.seconds, kTall);
  return d;
}

std::string grid_of(const Preview& channel, const Range& range, const Span& span, double tick) {
  const bool paper = on_paper(channel, range, span);
  std::string d = time_lines(span, paper ? kGridSeconds : tick);
  if (paper)
    for (double k = std::ceil(range.low / kGridMillivolts); k * kGridMillivolts <= range.high; ++k)
      d += fmt::format("M0 {:.1f}h1000", range.y(k * kGridMillivolts));
  return fmt::format(
      "<svg viewBox=\"0 0 1000 {}\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\"><path class=\"{}\" "
      "d=\"{}\"/></svg>",
      kTall, paper ? "paper" : "grid", d);
}

std::string scale_bar(const Preview& channel, const Range& range) {
  if (channel.unit.empty()) return "";
  const double step = nice_step((range.high - range.low) / 4);
  const double height = 100 * step / (range.high - range.low);  // percent
  return fmt::format(
      "<line class=\"scale\" x1=\"99.5%\" x2=\"99.5%\" y1=\"20%\" y2=\"{:.1f}%\"/><text class=\"halo\" x=\"99.5%\" "
      "y=\"16\" text-anchor=\"end\">{} {}</text>",
      20 + height, number_text(step, step), escaped(channel.unit));
}

std::string channel_svg(const Preview& channel, const Span& span, double tick) {
  const Range range = range_of(channel);
  const std::string label =
      channel.name + (channel.kind.empty() || channel.kind == channel.name ? "" : " · " + channel.kind);
  std::string inside;
  if (!range.known()) {
    inside = fmt::format("<text x=\"50%\" y=\"55%\" text-anchor=\"middle\">{}</text>", "no samples");
  } else {
    inside = grid_of(channel, range, span, tick) +
             fmt::format(
                 "<svg viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" x=\"{:.2f}%\" width=\"{:.2f}%\" "
                 "height=\"100%\"><path class=\"trace\" d=\"{}\"/></svg>",
                 channel.low.size(), kTall, 100 * (channel.t0 - span.first) / span.seconds,
                 100 * channel.seconds / span.seconds, trace_path(channel, range)) +
             scale_bar(channel, range);
  }
  return fmt::format(
      "<svg class=\"signal\" role=\"img\" aria-label=\"{0}\"><title>{0}</title><desc>Smallest and largest sample of "
      "each "
      "column.</desc>{1}<text class=\"halo name\" x=\"6\" y=\"16\">{0}</text></svg>\n",
      escaped(label), inside);
}

std::string time_axis(const Span& span, double step) {
  std::string text;
  for (double k = std::ceil(span.first / step - 1e-9); k * step <= span.first + span.seconds + 1e-9; ++k) {
    const double percent = 100 * (k * step - span.first) / span.seconds;
    const char* anchor = percent < 3 ? "start" : percent > 97 ? "end" : "middle";
    text += fmt::format("<text x=\"{:.2f}%\" y=\"14\" text-anchor=\"{}\">{}{}</text>", percent, anchor,
                        number_text(k * step, step), percent < 3 ? " s" : "");
  }
  return "<svg class=\"times\" aria-hidden=\"true\">" + text + "</svg>\n";
}

std::string signals(const Example& example) {
  if (example.channels.empty()) return "";
  const Span span = span_of(example);
  const double tick = nice_step(span.seconds / 10);
  std::string html;
  for (std::size_t i = 0; i < std::min(example.channels.size(), kMostChannels); ++i)
    html += channel_svg(example.channels[i], span, tick);
  html += time_axis(span, tick);
  if (example.channels.size() > kMostChannels)
    html += paragraph(fmt::format("{} more channels are not drawn.", example.channels.size() - kMostChannels), "mild");
  return html;
}

std::string members_text(std::span<const double> members, const std::vector<std::string>& classes) {
  std::string text;
  for (std::size_t k = 0; k < classes.size(); ++k)
    if (members[k] != 0) text += (text.empty() ? "" : ", ") + classes[k];
  return text.empty() ? "none" : text;
}

struct Said {
  std::string truth, model;  // text
};
Said said_of(const Problem& problem, const System& system, std::size_t i) {
  const std::vector<std::string>& classes = problem.task.classes;
  const auto scores = system.scores.row(i);
  const auto truth = static_cast<std::size_t>(problem.truth[i]);
  const auto share = [](double p) {
    return p < 0.0005 ? "< 0.001" : p >= 0.9995 ? "> 0.999" : fmt::format("{:.3f}", p);
  };
  switch (problem.task.kind) {
    case TaskKind::kNumber:
      return {fmt::format("{:.4g}", problem.truth[i]),
              fmt::format("{:.4g}, {:.3g} too {}", scores[0], std::abs(scores[0] - problem.truth[i]),
                          scores[0] > problem.truth[i] ? "high" : "low")};
    case TaskKind::kMultilabel:
      return {members_text(problem.members.row(i), classes),
              system.members.rows > 0 ? members_text(system.members.row(i), classes) : ""};
    case TaskKind::kBinary: {
      const std::string score = fmt::format("{} for {}", share(scores[0]), classes[1]);
      return {classes[truth],
              system.decisions.empty()
                  ? score
                  : fmt::format("{} ({})", classes[static_cast<std::size_t>(system.decisions[i])], score)};
    }
    default:
      break;
  }
  std::string model = fmt::format("{} for {}", share(scores[truth]), classes[truth]);
  if (!system.decisions.empty()) {
    const auto decided = static_cast<std::size_t>(system.decisions[i]);
    model = decided == truth ? fmt::format("{} ({})", classes[decided], share(scores[decided]))
                             : fmt::format("{} ({}; {})", classes[decided], share(scores[decided]), model);
  }
  return {classes[truth], model};
}

// The segments that the model is most wrong about, one a subject.
std::vector<std::size_t> worst_of(const Problem& problem, const System& system) {
  const std::vector<double> losses = eval::losses(problem, system);
  std::vector<std::size_t> order(losses.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return !std::isfinite(losses[i]) || losses[i] <= 0; });
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return losses[a] > losses[b]; });
  std::set<std::size_t> subjects;
  std::erase_if(order, [&](std::size_t i) { return !subjects.insert(problem.subject[i]).second; });
  order.resize(std::min(order.size(), kMost));
  return order;
}

std::string fact(const std::string& name, const std::string& value) {
  return element("div", "", element("dt", "", name) + element("dd", "", escaped(value)));
}

}  // namespace

std::string worst_errors(const eval::Context& context, int level) {
  if (context.scored == nullptr || context.scored->systems.empty()) return "";
  const eval::Scored& scored = *context.scored;
  const System& model = scored.systems.front();
  if (model.scores.rows != scored.problem.size() || scored.examples.size() != scored.problem.size()) return "";
  std::string html;
  bool drawn = false;
  for (const std::size_t i : worst_of(scored.problem, model)) {
    const Example& example = scored.examples[i];
    drawn = drawn || !example.channels.empty();
    const Said said = said_of(scored.problem, model, i);
    std::string facts = fact("segment", example.id) + fact("subject", example.subject);
    if (example.start > 0) facts += fact("from", fmt::format("{:.6g} s of the record", example.start));
    facts += fact("truth", said.truth) + fact("model", said.model);
    html += "<figure class=\"example\">" + element("figcaption", "", element("dl", "", facts)) + signals(example) +
            "</figure>\n";
  }
  if (html.empty()) return "";
  return element("section", "",
                 heading(level, "Where the model is most wrong") +
                     paragraph(std::string("The largest losses, one segment a subject at most. ") +
                               (drawn ? "ECG in millivolts is drawn on lines of 0.2 s and 0.5 mV where the strip is "
                                        "short enough."
                                      : "The samples were not there to draw.")) +
                     html);
}

}  // namespace cfm::report
