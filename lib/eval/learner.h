// What a probe learns with: a linear model, an attentive pooling over tokens before it, or a forest.
//
//   Inputs inputs{.values = x};                                   // [n, width]; with tokens [n, tokens * width]
//   auto p = learned(Learner::kLinear, problem, inputs, train, test, settings, seed);   // one table a setting
//
// A setting is the strength of a linear or attentive probe's penalty (l2, the sums of probe.h) or the least size of a
// forest's leaf. NaN is missing: the mean of the training rows to a linear probe, a side of its own to a forest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/task.h"

namespace cfm::eval {

enum class Learner { kLinear, kAttentive, kForest };
Learner learner_named(const std::string& name);  // status 2

struct Inputs {
  Matrix values;           // [n, tokens * width]
  std::size_t tokens = 1;  // rows of each segment's embedding
  std::size_t width() const { return values.columns / tokens; }
};

// Strongest first.
std::vector<double> settings_of(Learner learner);
// "logistic", "attentive softmax", "random forest"
std::string method_of(Learner learner, TaskKind kind);
const char* setting_name(Learner learner);  // "penalty", "leaf size"

// [test, outputs] a setting: probability of the positive or of each class, or the number. One class only in train is
// status 2; several labels are learned one by one (one_label()).
std::vector<Matrix> learned(Learner learner, const Problem& problem, const Inputs& inputs,
                            std::span<const std::size_t> train, std::span<const std::size_t> test,
                            std::span<const double> settings, std::uint64_t seed);

}  // namespace cfm::eval
