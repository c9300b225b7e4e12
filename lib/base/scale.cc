#include "base/scale.h"

#include <fmt/format.h>

#include <cmath>

namespace cfm {

double nice_step(double at_least) {
  const double power = std::pow(10.0, std::floor(std::log10(at_least)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= at_least * (1 - 1e-12)) return factor * power;
  }
  return 10 * power;
}

int decimals_of(double step, int most) {
  int decimals = 0;
  while (decimals < most && std::abs(step - std::round(step)) > 1e-6 * step) step *= 10, ++decimals;
  return decimals;
}

std::string number_text(double value, double step) {
  if (step < 1e-4 || std::abs(value) >= 1e6) return fmt::format("{:.4g}", value);
  if (std::abs(value) < step / 1e6) value = 0;
  return fmt::format("{:.{}f}", value, decimals_of(step, 6));
}

}  // namespace cfm
