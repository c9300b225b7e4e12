// What one system said about the segments of a problem, and everything that figures and reports are made from.
//
//   System model{.name = "model", .scores = scores, .decisions = decisions};     // scores: [n, outputs]
//   Scored scored{.problem = problem, .systems = {model, control}, .examples = examples};
#pragma once

#include <string>
#include <vector>

#include "eval/preview.h"
#include "eval/task.h"

namespace cfm::eval {

struct System {
  std::string name = {};  // "model", the control's, or that of the system it is compared with
  // [n, outputs]: probability of the positive, of each class or of each label, or the number estimated
  Matrix scores = {};
  std::vector<int> decisions = {};      // [n] class; empty for a regression and for several labels
  Matrix members = {};                  // several labels: 0 or 1 as decided, [n, classes]
  std::vector<int> decisions2015 = {};  // [n] made for the Challenge 2015 score; empty: decisions
  Matrix ranking = {};  // [n, outputs] what auroc and auprc rank by; empty: scores; all equal: a constant predictor
  std::vector<double> confidence = {};  // [n] larger is surer; empty: none
  std::vector<int> abstained = {};      // [n] 1: it would rather not say; empty: it always said
  std::string decided = {};             // how decisions were made, for the notes
  std::string decided2015 = {};
  std::string note = {};       // of every figure of this system
  std::vector<int> fold = {};  // [n]; empty: no folds
};
System subset(const System& system, std::span<const std::size_t> rows);
bool is_constant(const System& system);  // majority, mean
// What auroc, auprc and their curves rank by: ranking where there is one, else scores.
const Matrix& ranked(const System& system);

// A segment as a person looks at it.
struct Example {
  std::string id, record, subject;
  double start = 0;               // s from the record's start
  std::vector<Preview> channels;  // none where they were not kept
};

struct Scored {
  Problem problem;
  std::vector<System> systems;    // the model first
  std::vector<Example> examples;  // [n]
};

// How wrong the system is about each segment, [n]: −log of the probability it gave to the truth (mean over several
// labels), or |error|.
std::vector<double> losses(const Problem& problem, const System& system);
// [n] 1 where the segment is decided wrong (of several labels: any of them), else 0; empty for a number.
std::vector<double> wrong_decisions(const Problem& problem, const System& system);

}  // namespace cfm::eval
