// The sections of the page, each complete HTML with its heading at `level`; "" where there is nothing to show.
//
//   html += data_flow(results, 2) + figure_tables(context, 2) + class_curves(context, 2);
//
// Throws nothing.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eval/results.h"
#include "eval/system.h"
#include "report/page.h"

namespace cfm::report {

// The metric that systems are compared by: of the first comparison, else the model's first figure.
std::string headline_metric(const eval::Context& context);
// One grid of figures, each <figure> with its caption; "" for none.
std::string figure(const std::string& content, const std::string& caption);
std::string figure_grid(const std::string& figures);
// Name and class (s0 … s7) of what is drawn as lines, and a legend of them.
using Legend = std::vector<std::pair<std::string, std::string>>;
std::string legend_html(const Legend& legend);
inline constexpr std::size_t kMostDrawn = 8;  // lines in a chart: as many as there are styles
std::string style_of(std::size_t i);          // "s0"

std::string data_flow(const eval::Results& results, int level);
std::string warnings(const eval::Context& context);                     // callouts without a heading
std::string headline_chart(const eval::Context& context);               // without a heading
std::string figure_tables(const eval::Context& context, int level);     // all metrics, systems, classes
std::string comparison_table(const eval::Context& context, int level);  // and controls that are missing
std::string class_curves(const eval::Context& context, int level);      // ROC, precision–recall, reliability, risk
std::string confusion_tables(const eval::Context& context, int level);
std::string agreement(const eval::Context& context, int level);  // of numbers
std::string label_fractions(const eval::Context& context, int level);
std::string strata(const eval::Context& context, int level);
std::string worst_errors(const eval::Context& context, int level);
std::string marks(const eval::Context& context, int level);  // where nothing is scored segment by segment
std::string provenance(const eval::Results& results, const PageOptions& options, int level);

}  // namespace cfm::report
