#include "eval/learner.h"

#include "base/error.h"
#include "eval/attentive.h"
#include "eval/forest.h"
#include "eval/probe.h"

namespace cfm::eval {
namespace {

constexpr int kTrees = 500;

ProbeKind kind_of(TaskKind kind) {
  if (kind == TaskKind::kNumber) return ProbeKind::kRidge;
  return kind == TaskKind::kBinary ? ProbeKind::kLogistic : ProbeKind::kSoftmax;
}

std::vector<double> numbers_of(const Problem& problem, std::span<const std::size_t> rows) {
  std::vector<double> truth;
  for (const std::size_t i : rows) truth.push_back(problem.truth[i]);
  return truth;
}

std::vector<int> labels_of(const Problem& problem, std::span<const std::size_t> rows) {
  const std::vector<double> truth = numbers_of(problem, rows);
  return {truth.begin(), truth.end()};
}

// Of two classes the second one's share alone.
Matrix outputs_of(Matrix shares, TaskKind kind) {
  if (kind != TaskKind::kBinary) return shares;
  Matrix one(shares.rows, 1);
  one.values = shares.column(1);
  return one;
}

}  // namespace

Learner learner_named(const std::string& name) {
  if (name == "linear") return Learner::kLinear;
  if (name == "attentive") return Learner::kAttentive;
  if (name == "forest") return Learner::kForest;
  throw Error(Status::kUsage, "'{}' is no learner; there are linear, attentive, forest", name);
}

std::vector<double> settings_of(Learner learner) {
  switch (learner) {
    case Learner::kLinear:
      return {1e4, 1e3, 1e2, 10, 1, 0.1, 0.01};
    case Learner::kAttentive:
      return {1e3, 1e2, 10, 1};
    case Learner::kForest:
      break;
  }
  return {5, 1};
}

const char* setting_name(Learner learner) { return learner == Learner::kForest ? "leaf size" : "penalty"; }

std::string method_of(Learner learner, TaskKind kind) {
  if (learner == Learner::kForest)
    return dataset::has_classes(kind) ? "random forest, classes weighing the same" : "random forest";
  static constexpr const char* kNames[] = {"ridge", "logistic", "softmax"};
  const std::string name =
      kNames[static_cast<int>(kind == TaskKind::kMultilabel ? ProbeKind::kLogistic : kind_of(kind))];
  return learner == Learner::kAttentive ? "attentive " + name : name;
}

std::vector<Matrix> learned(Learner learner, const Problem& problem, const Inputs& inputs,
                            std::span<const std::size_t> train, std::span<const std::size_t> test,
                            std::span<const double> settings, std::uint64_t seed) {
  const TaskKind kind = problem.task.kind;
  const std::size_t classes = problem.task.classes.size();
  std::vector<Matrix> results;
  if (learner == Learner::kForest) {
    for (const double leaf : settings) {
      const ForestOptions options{.trees = kTrees,
                                  .least_leaf = static_cast<int>(leaf),
                                  .balanced = problem.task.several_classes(),
                                  .seed = seed};
      const Forest forest = kind == TaskKind::kNumber
                                ? Forest::regress(inputs.values, train, numbers_of(problem, train), options)
                                : Forest::classify(inputs.values, train, labels_of(problem, train), classes, options);
      results.push_back(outputs_of(forest.predict(inputs.values, test), kind));
    }
    return results;
  }
  if (learner == Learner::kAttentive) {
    for (const double l2 : settings) {
      const AttentiveProbe probe = fit_attentive(kind_of(kind), inputs.values, inputs.tokens, train,
                                                 numbers_of(problem, train), classes, {.l2 = l2, .seed = seed});
      results.push_back(probe.predict(inputs.values, test));
    }
    return results;
  }
  const ProbeFitter fitter(inputs.values, train);
  for (const double l2 : settings) {
    const LinearProbe probe = kind == TaskKind::kNumber   ? fitter.ridge(numbers_of(problem, train), l2)
                              : kind == TaskKind::kBinary ? fitter.logistic(labels_of(problem, train), l2)
                                                          : fitter.softmax(labels_of(problem, train), classes, l2);
    results.push_back(probe.predict(inputs.values, test));
  }
  return results;
}

}  // namespace cfm::eval
