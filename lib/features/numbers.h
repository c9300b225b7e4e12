// Small statistics of lists in which NaN is nothing.
//
//   double m = median(each(beats, &BeatShape::width));      // NaN of an empty list, as all of them
#pragma once

#include <functional>
#include <ranges>
#include <span>
#include <vector>

#include "features/sheet.h"

namespace cfm::features {

double lowest(std::span<const double> x);
double highest(std::span<const double> x);
double median(std::span<const double> x);
double quantile(std::span<const double> x, double q);                    // q in [0, 1]
double variation(std::span<const double> x);                             // SD over mean, of two values at least
std::vector<double> differences(std::span<const double> x);              // of each and the one before
double typical_step(std::span<const double> x);                          // median of their |differences|
std::vector<double> rates_of_five(std::span<const double> times);        // s; 1/min, of every five in a row
double correlation(std::span<const float> a, std::span<const float> b);  // NaN where one is constant
inline double ratio(double a, double b) { return b != 0 ? a / b : kNaN; }

// One member of every entry.
template <typename List, typename Member>
std::vector<double> each(const List& list, Member member) {
  std::vector<double> out;
  for (const auto& entry : list) out.push_back(std::invoke(member, entry));
  return out;
}

}  // namespace cfm::features
