#include "eval/calibrate.h"

#include <map>

#include "base/error.h"

namespace cfm::eval {

std::vector<std::size_t> calibrate(Problem& problem, std::vector<System>& systems, Items items, double seconds) {
  if (problem.task.kind != TaskKind::kNumber)
    throw Error(Status::kUsage, "label '{}' is no number: only an offset of numbers can be calibrated",
                problem.task.label);
  std::map<std::string, double> begins;
  for (const Item* item : items) {
    const auto [at, fresh] = begins.emplace(item->record, item->start);
    if (!fresh) at->second = std::min(at->second, item->start);
  }
  std::vector<std::size_t> later;
  std::map<std::string, std::vector<std::size_t>> first;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i]->start < begins[items[i]->record] + seconds)
      first[items[i]->record].push_back(i);
    else
      later.push_back(i);
  }
  if (later.empty())
    throw Error(Status::kUsage, "no record goes on after its first {:g} s: nothing is left to score", seconds);
  for (System& system : systems) {
    for (const auto& [record, rows] : first) {
      double offset = 0;
      for (const std::size_t i : rows)
        offset += (problem.truth[i] - system.scores.values[i]) / static_cast<double>(rows.size());
      for (const std::size_t i : later)
        if (items[i]->record == record) system.scores.values[i] += offset;
    }
    system = subset(system, later);
    if (system.name == "mean") system.ranking = {};  // it is a constant no longer
  }
  problem = subset(problem, later);
  return later;
}

}  // namespace cfm::eval
