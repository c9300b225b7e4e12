// What a program says of itself: the one table behind the parser, -h, --help, --print-config, the man page and
// completions.
//
//   Table table{.name = "cfm-quality", .summary = "grade segments by signal quality"};
//   table.options.push_back({.flags = "-o,--output", .metavar = "FILE", .help = "write FILE"});
//   std::string page = man_page(table);
//
// Pages are plain text; man pages are in the man(7) macros.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cfm::cli {

// One option as every page shows it. Returned by Program::option to be refined.
struct Option {
  std::string flags;    // "-o,--output"; a positional has no dash: "FILE"
  std::string metavar;  // "P"; empty for a switch
  std::string help;
  std::string section;  // heading in --help; "" = the tool's own
  std::vector<std::string> choice_names;
  std::optional<double> low, high;
  std::string fallback;  // default, as shown; "" = none
  bool many = false;     // may be given several times
  bool required_ = false;
  bool brief_ = false;                                       // in -h, too
  std::vector<std::string> companions, rivals;               // of only_with(), not_with()
  std::function<void(const std::vector<std::string>&)> set;  // parses and stores; throws Error
  std::function<std::string()> get;                          // the value now, as TOML

  Option& range(double lowest, double highest);  // status 2 outside
  Option& at_least(double lowest);
  Option& choices(std::vector<std::string> names);  // status 2 for anything else
  Option& required();
  Option& brief();                                    // shown by -h as well
  Option& only_with(std::vector<std::string> flags);  // status 2 where none of them is given
  Option& not_with(std::vector<std::string> flags);   // status 2 where one of them is given, too
  Option& shown_default(std::string text);            // where the variable does not tell
};

struct Example {
  std::string command, what;
};

struct Table {
  std::string name, summary, version;
  std::vector<std::string> description;  // paragraphs
  std::vector<Example> examples;
  std::deque<Option> options;  // stable addresses
};

bool is_positional(const Option& option);
bool is_switch(const Option& option);
std::string long_name(const Option& option);         // "output" of "-o,--output"; the metavar of a positional
std::string environment_name(const Option& option);  // "CFM_OPT_OUTPUT"

std::string short_help(const Table& table);
std::string full_help(const Table& table);
std::string man_page(const Table& table);
std::string bash_completion(const Table& table);
std::string zsh_completion(const Table& table);
std::string fish_completion(const Table& table);
// TOML of every option's value now.
std::string config_text(const Table& table);

// The entry of `known` that `word` was probably meant to be, "" when nothing is near (Damerau-Levenshtein at most 2 or
// a third).
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace cfm::cli
