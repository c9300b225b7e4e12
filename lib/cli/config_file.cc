#include "cli/config_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/error.h"
#include "base/file.h"

namespace cfm::cli {

std::map<std::string, std::vector<std::string>> read_config(const std::string& path, const std::string& program) {
  toml::table root;
  try {
    root = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    if (!is_regular_file(path)) throw io_error(path);
    throw Error(Status::kUsage, "{}: line {}: {}", path, error.source().begin.line, error.description());
  }
  std::map<std::string, std::vector<std::string>> values;
  const auto word = [&](const std::string& key, const toml::node& node) -> std::string {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
    if (const auto whole = node.value_exact<std::int64_t>()) return fmt::format("{}", *whole);
    if (const auto real = node.value_exact<double>()) return fmt::format("{}", *real);
    throw Error(Status::kUsage, "{}: {}: a text, number, truth value or list of these is needed", path, key);
  };
  const auto take = [&](const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (node.is_table()) continue;
      auto& words = values[name];
      words.clear();
      if (const toml::array* list = node.as_array()) {
        for (const toml::node& item : *list) words.push_back(word(name, item));
      } else {
        words.push_back(word(name, node));
      }
    }
  };
  take(root);
  for (const auto& [key, node] : root) {  // a section a program; those of other programs are theirs
    const std::string name(key.str());
    if (!node.is_table()) continue;
    if (name == program)
      take(*node.as_table());
    else if (!name.starts_with("cfm-"))
      throw Error(Status::kUsage, "{}: unknown section [{}]", path, name);
  }
  return values;
}

}  // namespace cfm::cli
