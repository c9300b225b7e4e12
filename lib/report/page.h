// An evaluation as one HTML page that needs nothing else: no network, no script, charts as SVG in it.
//
//   out.write(report::page(results, {.title = "VT alarms", .command = "cfm-eval --probe true_alarm …"}));
#pragma once

#include <string>

#include "eval/results.h"

namespace cfm::report {

struct PageOptions {
  std::string title = {};    // "": the labels
  std::string command = {};  // this program's own command line, the last of the commands that repeat it
  std::string made = {};     // when, "2026-11-21 15:30 UTC"; "": not said
  std::string version = {};  // of the program, "0.1.0"; "": not said
};

std::string page(const eval::Results& results, const PageOptions& options);

}  // namespace cfm::report
