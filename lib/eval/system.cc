#include "eval/system.h"

#include <algorithm>
#include <cmath>

namespace cfm::eval {
namespace {

constexpr double kSmallestProbability = 1e-7;  // as log_loss() of metrics.h

Matrix rows_of(const Matrix& all, std::span<const std::size_t> rows) {
  if (all.rows == 0) return {};
  Matrix part(rows.size(), all.columns);
  for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(all.row(rows[i]), part.row(i).begin());
  return part;
}

template <typename T>
std::vector<T> rows_of(const std::vector<T>& all, std::span<const std::size_t> rows) {
  std::vector<T> part;
  if (!all.empty())
    for (const std::size_t i : rows) part.push_back(all[i]);
  return part;
}

double surprise(double probability) { return -std::log(std::clamp(probability, kSmallestProbability, 1.0)); }

}  // namespace

System subset(const System& system, std::span<const std::size_t> rows) {
  System part = system;
  part.scores = rows_of(system.scores, rows);
  part.members = rows_of(system.members, rows);
  part.ranking = rows_of(system.ranking, rows);
  part.decisions = rows_of(system.decisions, rows);
  part.decisions2015 = rows_of(system.decisions2015, rows);
  part.confidence = rows_of(system.confidence, rows);
  part.abstained = rows_of(system.abstained, rows);
  part.fold = rows_of(system.fold, rows);
  return part;
}

bool is_constant(const System& system) {
  return system.ranking.rows > 0 && std::all_of(system.ranking.values.begin(), system.ranking.values.end(),
                                                [&](double v) { return v == system.ranking.values.front(); });
}

const Matrix& ranked(const System& system) { return system.ranking.rows > 0 ? system.ranking : system.scores; }

std::vector<double> wrong_decisions(const Problem& problem, const System& system) {
  std::vector<double> wrong;
  for (std::size_t i = 0; i < system.members.rows; ++i)
    wrong.push_back(std::ranges::equal(problem.members.row(i), system.members.row(i)) ? 0 : 1);
  for (std::size_t i = 0; i < system.decisions.size(); ++i)
    wrong.push_back(static_cast<int>(problem.truth[i]) == system.decisions[i] ? 0 : 1);
  return wrong;
}

std::vector<double> losses(const Problem& problem, const System& system) {
  std::vector<double> result;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const auto said = system.scores.row(i);
    const auto truth = static_cast<std::size_t>(problem.truth[i]);
    double loss = 0;
    switch (problem.task.kind) {
      case TaskKind::kBinary:
        loss = surprise(truth == 1 ? said[0] : 1 - said[0]);
        break;
      case TaskKind::kClasses:
      case TaskKind::kOrdinal:
        loss = surprise(said[truth]);
        break;
      case TaskKind::kMultilabel:
        for (std::size_t k = 0; k < said.size(); ++k)
          loss += surprise(problem.members.row(i)[k] != 0 ? said[k] : 1 - said[k]) / static_cast<double>(said.size());
        break;
      case TaskKind::kNumber:
        loss = std::abs(said[0] - problem.truth[i]);
        break;
    }
    result.push_back(loss);
  }
  return result;
}

}  // namespace cfm::eval
