#include <fmt/format.h>

#include <algorithm>

#include "report/html.h"
#include "report/sections.h"

namespace cfm::report {
namespace {

using stream::Json;

constexpr std::size_t kMostChains = 6;  // of different inputs

std::string text_at(const Json& entry, const char* key) {
  if (!entry.is_object()) return "";
  const auto at = entry.find(key);
  if (at == entry.end() || at->is_null()) return "";
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::vector<std::string> args_of(const Json& entry) {
  std::vector<std::string> args;
  if (entry.is_object() && entry.contains("args") && entry.at("args").is_array())
    for (const Json& arg : entry.at("args")) args.push_back(arg.is_string() ? arg.get<std::string>() : arg.dump());
  return args;
}

std::string quoted(const std::string& arg) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_=+,./:@%").find(c) != std::string_view::npos || (static_cast<unsigned char>(c) & 0x80);
  };
  if (!arg.empty() && std::all_of(arg.begin(), arg.end(), plain)) return arg;
  std::string out = "'";
  for (const char c : arg) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string command_of(const Json& entry) {
  std::string line = text_at(entry, "tool");
  for (const std::string& arg : args_of(entry)) line += " " + quoted(arg);
  if (entry.is_object() && !entry.contains("args")) line += "  # its arguments were removed";
  return line;
}

// A program that names its output has no pipe behind it.
bool writes_a_file(const Json& entry) {
  const std::vector<std::string> args = args_of(entry);
  for (std::size_t i = 0; i < args.size(); ++i)
    if (args[i].starts_with("--output") || (args[i].starts_with("-o") && !args[i].starts_with("--")))
      return !(i + 1 < args.size() && args[i + 1] == "-");
  return false;
}

std::string commands_of(const Json& chain) {
  std::string text;
  for (const Json& entry : chain) text += command_of(entry) + (writes_a_file(entry) ? "\n" : " |\n");
  return text;
}

// Chains that differ in more than when they ran, with how many inputs have each.
std::vector<std::pair<const Json*, std::size_t>> different(const std::vector<Json>& chains) {
  std::vector<std::pair<const Json*, std::size_t>> found;
  std::vector<std::string> texts;
  for (const Json& chain : chains) {
    if (!chain.is_array()) continue;
    std::string text;
    for (const Json& entry : chain)
      text += command_of(entry) + "\n" + text_at(entry, "version") + "\n" + text_at(entry, "seed") + "\n";
    const auto at = std::find(texts.begin(), texts.end(), text);
    if (at != texts.end()) {
      ++found[static_cast<std::size_t>(at - texts.begin())].second;
      continue;
    }
    texts.push_back(text);
    found.emplace_back(&chain, 1);
  }
  return found;
}

std::string chain_table(const Json& chain) {
  std::string body;
  for (const Json& entry : chain) {
    std::string line = element("th", "scope=\"row\"", element("code", "", escaped(text_at(entry, "tool"))));
    std::string args;
    for (const std::string& arg : args_of(entry)) args += (args.empty() ? "" : " ") + quoted(arg);
    line += element("td", "", escaped(text_at(entry, "version"))) +
            element("td", "", element("code", "", escaped(args))) +
            element("td", "class=\"n\"", escaped(text_at(entry, "seed"))) +
            element("td", "", escaped(text_at(entry, "started")));
    body += element("tr", "", line) + "\n";
  }
  return "<div class=\"box\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">program</th><th "
         "scope=\"col\">version</th>"
         "<th scope=\"col\">arguments</th><th scope=\"col\" class=\"n\">seed</th><th scope=\"col\">started</th></tr>"
         "</thead>\n<tbody>" +
         body + "</tbody></table></div>\n";
}

}  // namespace

std::string provenance(const eval::Results& results, const PageOptions& options, int level) {
  const auto chains = different(results.provenance);
  std::string html = heading(level, "How it was made", "provenance"), commands;
  for (std::size_t i = 0; i < std::min(chains.size(), kMostChains); ++i) {
    if (chains[i].second > 1)
      html += paragraph(fmt::format("The same of {} inputs; times are of the first.", chains[i].second));
    html += chain_table(*chains[i].first);
    commands += commands_of(*chains[i].first);
  }
  if (chains.size() > kMostChains)
    html += paragraph(fmt::format("{} more inputs were made in other ways.", chains.size() - kMostChains), "mild");
  if (chains.empty()) html += paragraph("The inputs say nothing about how they were made.", "mild");
  if (commands.ends_with(" |\n") && (options.command.empty() || chains.size() > 1))
    commands.replace(commands.size() - 3, 3, "\n");
  commands += options.command;
  if (!commands.empty())
    html += paragraph("To repeat it (streams keep file names without their folders):") +
            "<pre class=\"box\" tabindex=\"0\">" + escaped(commands) + "</pre>\n";
  std::string facts;
  const auto fact = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts += element("dt", "", name) + element("dd", "", escaped(value));
  };
  fact("cfm-eval", options.version);
  fact("seed", std::to_string(results.seed));
  fact("draws", results.draws > 0 ? fmt::format("{} over subjects", results.draws) : "");
  fact("made", options.made);
  return element("section", "", html + element("dl", "class=\"facts\"", facts));
}

}  // namespace cfm::report
