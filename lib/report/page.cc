#include "report/page.h"

#include <fmt/format.h>

#include <set>

#include "report/definitions.h"
#include "report/html.h"
#include "report/sections.h"
#include "report/style.h"

namespace cfm::report {
namespace {

std::string title_of(const eval::Results& results, const PageOptions& options) {
  if (!options.title.empty()) return options.title;
  std::string names;
  for (const eval::Context& context : results.labels) names += (names.empty() ? "" : ", ") + context.label;
  return names.empty() ? "Evaluation" : names;
}

std::string about(const eval::Context& context) {
  std::string text = plural_html(context.segments, context.unit) + " of " + plural_html(context.subjects, "subject");
  if (context.prevalence() >= 0)
    text += fmt::format("; {} is {}, {} of them", escaped(context.label), element("q", "", escaped(context.classes[1])),
                        percent_html(context.prevalence()));
  else if (!context.classes.empty())
    text += fmt::format("; {} classes", context.classes.size());
  return paragraph(text + ".", "about") +
         (context.protocol.empty() ? "" : paragraph(escaped(context.protocol), "about"));
}

// What is to be known first: the verdict, what speaks against it, the figure beside its controls.
std::string summary(const eval::Context& context) {
  const std::string verdict = context.verdict();
  std::string html = verdict.empty() ? "" : paragraph(escaped(verdict), "verdict");
  if (verdict.empty() && context.scored != nullptr)
    html = paragraph("Nothing stands beside the model: whether its figures are good cannot be told from them alone.",
                     "verdict");
  return html + warnings(context) + about(context) + (context.scored == nullptr ? "" : headline_chart(context));
}

std::string details(const eval::Context& context, int level) {
  if (context.scored == nullptr) return marks(context, level);
  return figure_tables(context, level) + comparison_table(context, level) + class_curves(context, level) +
         confusion_tables(context, level) + agreement(context, level) + label_fractions(context, level) +
         strata(context, level) + worst_errors(context, level);
}

std::string contents(const eval::Results& results) {
  std::string items = "<li><a href=\"#data\">Data and exclusions</a></li>";
  for (std::size_t i = 0; i < results.labels.size(); ++i)
    items += fmt::format("<li><a href=\"#label-{}\">{}</a></li>", i + 1, escaped(results.labels[i].label));
  items += "<li><a href=\"#provenance\">How it was made</a></li>";
  return "<nav aria-label=\"Contents\"><ul>" + items + "</ul></nav>\n";
}

std::set<std::string> metrics_of(const eval::Results& results) {
  std::set<std::string> metrics;
  for (const eval::Context& context : results.labels)
    for (const eval::Row& row : context.rows) metrics.insert(row.metric);
  return metrics;
}

std::string footer(const PageOptions& options) {
  return "<footer>" +
         paragraph(fmt::format("Made by cfm-eval{}{}. For research; not a medical device.",
                               options.version.empty() ? "" : " " + escaped(options.version),
                               options.made.empty() ? "" : " on " + escaped(options.made))) +
         "</footer>\n";
}

}  // namespace

std::string page(const eval::Results& results, const PageOptions& options) {
  const std::string title = escaped(title_of(results, options));
  const bool several = results.labels.size() > 1;
  std::string body = "<header>" + heading(1, title);
  if (several) body += contents(results);
  if (results.labels.size() == 1) body += summary(results.labels.front());
  body += "</header>\n<main>\n" + data_flow(results, 2);
  for (std::size_t i = 0; i < results.labels.size(); ++i) {
    const eval::Context& context = results.labels[i];
    if (several)
      body += element(
          "section", "class=\"label\"",
          heading(2, escaped(context.label), fmt::format("label-{}", i + 1)) + summary(context) + details(context, 3));
    else
      body += details(context, 2);
  }
  body += provenance(results, options, 2) +
          element("section", "", heading(2, "Definitions") + definitions(metrics_of(results)));
  body += "</main>\n" + footer(options);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n"
      "</html>\n",
      title, kStyle, body);
}

}  // namespace cfm::report
