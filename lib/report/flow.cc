#include <fmt/format.h>

#include <algorithm>

#include "report/html.h"
#include "report/sections.h"

namespace cfm::report {
namespace {

using stream::Json;

struct Step {
  std::string tool;
  std::uint64_t read = 0, written = 0;
  std::map<std::string, std::uint64_t> skipped;
};

std::uint64_t count_at(const Json& note, const char* key) {
  const auto at = note.find(key);
  return at != note.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

Step step_of(const Json& note) {
  Step step;
  if (!note.is_object()) return step;
  const auto tool = note.find("tool");
  step.tool = tool != note.end() && tool->is_string() ? tool->get<std::string>() : "a program";
  step.read = count_at(note, "read");
  step.written = count_at(note, "written");
  const auto skipped = note.find("skipped");
  if (skipped != note.end() && skipped->is_object())
    for (const auto& [reason, n] : skipped->items())
      if (n.is_number_unsigned()) step.skipped[reason] += n.get<std::uint64_t>();
  return step;
}

// The programs in order; those of several inputs are summed by their names.
std::vector<Step> steps_of(const eval::Results& results) {
  std::vector<Step> steps;
  for (const Json& note : results.upstream) {
    const Step step = step_of(note);
    const auto at = std::find_if(steps.begin(), steps.end(), [&](const Step& s) { return s.tool == step.tool; });
    if (results.provenance.size() < 2 || at == steps.end()) {
      steps.push_back(step);
      continue;
    }
    at->read += step.read;
    at->written += step.written;
    for (const auto& [reason, n] : step.skipped) at->skipped[reason] += n;
  }
  return steps;
}

std::string left_out(const std::map<std::string, std::uint64_t>& counts) {
  std::string items;
  for (const auto& [reason, n] : counts)
    items += element("li", "", element("b", "", "− " + count_html(n)) + " " + escaped(reason));
  return items.empty() ? "" : element("ul", "class=\"out\"", items);
}

std::string box(std::uint64_t n, const std::string& what, const std::string& beside) {
  return element("li", "", fmt::format("<div><b>{}</b> {}</div>{}", count_html(n), what, beside)) + "\n";
}

std::string classes_html(const eval::Context& context) {
  std::string text;
  for (std::size_t k = 0; k < context.classes.size() && k < context.class_segments.size(); ++k)
    text += fmt::format("{}{} {}", text.empty() ? "" : " · ", count_html(context.class_segments[k]),
                        element("q", "", escaped(context.classes[k])));
  return text;
}

std::string scored_box(const eval::Context& context, bool named) {
  std::string what = fmt::format("{}{} scored, of {}", escaped(context.unit), context.segments == 1 ? "" : "s",
                                 plural_html(context.subjects, "subject"));
  if (named) what = element("strong", "", escaped(context.label)) + ": " + what;
  if (context.prevalence() >= 0)
    what += fmt::format("; {} {} ({})", count_html(context.class_segments[1]), "positive",
                        percent_html(context.prevalence()));
  const std::string classes = classes_html(context);
  if (!classes.empty()) what += element("small", "", classes);
  return box(context.segments, what, left_out(context.excluded));
}

std::string repeats_html(const std::vector<eval::Repeat>& repeats) {
  constexpr std::size_t kShown = 20;
  std::string items;
  for (std::size_t i = 0; i < std::min(repeats.size(), kShown); ++i)
    items += element("li", "",
                     fmt::format("<code>{}</code> = <code>{}</code>{}", escaped(repeats[i].first),
                                 escaped(repeats[i].again), repeats[i].two_subjects ? ", of two subjects" : ""));
  if (repeats.size() > kShown) items += element("li", "", fmt::format("and {} more", repeats.size() - kShown));
  return fmt::format(
      "<details class=\"callout\"{}><summary>{} the same samples as another one under a different name</summary>"
      "<ul>{}</ul></details>\n",
      repeats.size() <= 5 ? " open" : "",
      repeats.size() == 1 ? "1 segment holds" : plural_html(repeats.size(), "segment") + " hold", items);
}

}  // namespace

std::string data_flow(const eval::Results& results, int level) {
  std::string boxes;
  for (const Step& step : steps_of(results))
    boxes += box(step.written,
                 fmt::format("written by <code>{}</code> of {} read", escaped(step.tool), count_html(step.read)),
                 left_out(step.skipped));
  boxes += box(results.read, "read by this program", "");
  for (const eval::Context& context : results.labels) boxes += scored_box(context, results.labels.size() > 1);
  std::string html = heading(level, "Data and exclusions", "data") + element("ol", "class=\"flow\"", boxes) + "\n";
  if (results.partial)
    html += paragraph("<strong>An input is partial:</strong> something was lost before it came here.", "callout");
  if (!results.repeats.empty()) html += repeats_html(results.repeats);
  return element("section", "", html);
}

std::string warnings(const eval::Context& context) {
  std::string html;
  const auto whose = [&](std::size_t segments, std::size_t subjects) {
    return plural_html(segments, context.unit) + " of " + plural_html(subjects, "subject");
  };
  if (context.seen_segments > 0)
    html +=
        paragraph(fmt::format("<strong>These figures are no test:</strong> the model was fitted with the labels of {}.",
                              whose(context.seen_segments, context.seen_subjects)),
                  "callout");
  if (context.pretrained_segments > 0)
    html += paragraph(fmt::format("The model has seen {} in pre-training, without their labels.",
                                  whose(context.pretrained_segments, context.pretrained_subjects)),
                      "callout mild");
  return html;
}

}  // namespace cfm::report
