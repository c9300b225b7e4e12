// Reading the golden JSON files and comparing within their tolerance.
#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support.h"

namespace cfm::test {

using Json = nlohmann::ordered_json;

inline Json golden(const std::string& folder, const std::string& name) {
  return Json::parse(slurp(folder + "/metrics/" + name + ".json"));
}

inline double number(const Json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

inline std::vector<double> numbers(const Json& values) {
  std::vector<double> result;
  for (const Json& value : values) result.push_back(number(value));
  return result;
}

inline std::vector<int> integers(const Json& values) { return values.get<std::vector<int>>(); }

inline std::vector<double> weights_of(const Json& c) {
  return c.contains("weights") ? numbers(c["weights"]) : std::vector<double>{};
}

inline bool close(double got, double want, double relative, double absolute) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got);
  return std::abs(got - want) <= absolute + relative * std::abs(want);
}

}  // namespace cfm::test
