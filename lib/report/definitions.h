// What the page's metrics are called and what they mean.
//
//   metric_name("auroc");                    // "AUROC"; the metric itself where nothing is known
//   html += definitions({"auroc", "ece"});   // a list, folded
//
// Throws nothing.
#pragma once

#include <set>
#include <string>

namespace cfm::report {

std::string metric_name(const std::string& metric);
// What a system without any skill gets, whatever the data; NaN: it depends.
double value_of_guessing(const std::string& metric);
std::string definitions(const std::set<std::string>& metrics);

}  // namespace cfm::report
