// The foot of a pulse between two samples, by three definitions, from a window around it.
//
//   std::optional<double> t = foot_of(x, 250, onset, systole, Foot::kTangent);   // sample positions in x
//
// x: [samples] around the pulse, at least kFootBefore before its onset and kFootAfter behind its summit, any unit, the
// rates of PulseDetector. onset and systole: those that it found. A half period of a raised cosine on a level, with a
// parabola behind its summit, is fitted to all samples at once (Levenberg-Marquardt, five parameters): no smoothing
// comes before, so none has to be corrected for, and white noise is averaged over the whole upstroke. The definitions
// are those of the fitted curve: where the tangent of its steepest point meets its level (Chiu et al. 1991), where its
// second derivative is largest, its steepest point. Nothing for a window with gaps and for an upstroke that the curve
// does not fit.
#pragma once

#include <optional>
#include <span>

namespace cfm::delineate {

enum class Foot { kTangent, kDerivative, kMidslope };

inline constexpr double kFootBefore = 0.12, kFootAfter = 0.03;  // s

std::optional<double> foot_of(std::span<const float> x, double fs, double onset, double systole,
                              Foot foot = Foot::kTangent);

}  // namespace cfm::delineate
