// Named numbers in the order in which they are put: a feature's name stands only where it is measured.
//
//   Sheet sheet;
//   sheet.put("ecg.", "rate", rate);      // what is not finite becomes NaN: nothing to measure
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace cfm::features {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Sheet {
  std::vector<std::string> names;
  std::vector<float> values;

  void put(std::string_view of, std::string_view name, double value) {
    names.push_back(std::string(of).append(name));
    const auto number = static_cast<float>(value);
    values.push_back(std::isfinite(number) ? number : std::numeric_limits<float>::quiet_NaN());
  }
};

}  // namespace cfm::features
