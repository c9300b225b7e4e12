// Scores that mean what they say: logits moved by a line that was fitted on subjects nothing else was trained on.
// Torch-free.
//
//   Calibration c = platt(logits, positive);                 // binary: slope and intercept, Platt 1999
//   Calibration t = temperature(logits, classes, 4);         // several classes: one slope 1/T, Guo et al. 2017
//   std::vector<double> p = softmax(t(row));
//
// Targets are Platt's smoothed ones, for K classes (n_c + 1) / (n_c + K) for the true class and 1 / (n_c + K) for each
// other (n_c: how many are of class c), so that a perfect separation does not end in certainty. Slopes stay between
// 1/20 and 20: order is never turned. Grades (ordinal) have K − 1 logits, of "above grade k", that do not rise with k.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cfm::train {

struct Calibration {
  std::vector<double> slope, intercept;  // one a logit, or one for all; empty: logits stay as they are

  std::vector<double> operator()(std::span<const double> logits) const;
};

std::vector<double> softmax(std::span<const double> logits);
// Probability of each of logits.size() + 1 grades.
std::vector<double> grade_probabilities(std::span<const double> logits);

// The line for one logit; positive[i] is 0 or 1, both occur.
Calibration platt(std::span<const double> logits, std::span<const int> positive);

// One slope for all. logits [n, classes] row-major; truth[i] < classes.
Calibration temperature(std::span<const double> logits, std::span<const std::size_t> truth, std::size_t classes);
// The same for grades: logits [n, grades − 1].
Calibration grade_temperature(std::span<const double> logits, std::span<const std::size_t> truth, std::size_t grades);

}  // namespace cfm::train
