// What a TOML file says of a program's options (--config).
//
//   for (const auto& [name, words] : read_config("cfm.toml", "cfm-quality")) …   // "min": {"0.5"}
//
// Keys at the top are for every program, those of a section [cfm-NAME] for that program alone, and beat them. A list
// gives several words, all else one, as it would be typed. Status 2: no TOML, a value that is no text, number, truth
// value or list of these, a section that is no program's; 5: the file cannot be read.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace cfm::cli {

std::map<std::string, std::vector<std::string>> read_config(const std::string& path, const std::string& program);

}  // namespace cfm::cli
