// Reading the golden files: JSON and little-endian .npy of version 1.0.
#pragma once

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support.h"

namespace cfm::test {

inline nlohmann::json read_json(const std::string& path) { return nlohmann::json::parse(slurp(path)); }

// Values of a '<f4' or '<f8' array, in C order.
inline std::vector<double> read_npy(const std::string& path) {
  const std::string file = slurp(path);
  REQUIRE(file.substr(0, 6) == "\x93NUMPY");
  std::uint16_t length = 0;
  std::memcpy(&length, file.data() + 8, 2);
  const std::string header = file.substr(10, length);
  const bool single = header.find("<f4") != std::string::npos;
  const std::size_t width = single ? 4 : 8, from = 10U + length, n = (file.size() - from) / width;
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    float narrow = 0;
    if (single) std::memcpy(&narrow, file.data() + from + i * width, width);
    if (!single) std::memcpy(&values[i], file.data() + from + i * width, width);
    if (single) values[i] = static_cast<double>(narrow);
  }
  return values;
}

inline std::vector<float> narrow(const std::vector<double>& x) { return {x.begin(), x.end()}; }

// null is NaN
inline double number(const nlohmann::json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

inline bool close(double got, double want, double relative, double absolute) {
  if (std::isnan(want)) return std::isnan(got);
  return std::abs(got - want) <= absolute + relative * std::abs(want);
}

}  // namespace cfm::test
