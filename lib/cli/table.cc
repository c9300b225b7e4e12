#include "cli/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "base/error.h"

namespace cfm::cli {
namespace {

constexpr std::size_t kColumns = 96;  // of --help
constexpr std::size_t kIndent = 26;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::string wrapped(const std::string& text, std::size_t indent) {
  std::string out, line;
  for (const std::string& word : split(text, ' ')) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > kColumns) {
      out += line + "\n" + std::string(indent, ' ');
      line.clear();
    }
    line += line.empty() ? word : " " + word;
  }
  return out + line;
}

// "-o, --output FILE", ready for a column.
std::string invocation(const Option& option) {
  std::string text = fmt::format("{}", fmt::join(split(option.flags, ','), ", "));
  if (is_positional(option)) return text + (option.many ? "…" : "");
  return option.metavar.empty() ? text : text + " " + option.metavar;
}

std::string number(double value) { return fmt::format("{}", value); }

std::string explained(const Option& option) {
  std::string text = option.help;
  if (!option.choice_names.empty()) text += fmt::format("; one of {}", fmt::join(option.choice_names, ", "));
  if (option.low && option.high)
    text += fmt::format("; {} to {}", number(*option.low), number(*option.high));
  else if (option.low)
    text += fmt::format("; at least {}", number(*option.low));
  if (option.required_)
    text += " (required)";
  else if (!option.fallback.empty())
    text += fmt::format(" (default: {})", option.fallback);
  return text;
}

std::vector<std::string> sections(const Table& table) {
  std::vector<std::string> names;
  for (const Option& option : table.options) {
    if (std::find(names.begin(), names.end(), option.section) == names.end()) names.push_back(option.section);
  }
  std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.empty() && !b.empty(); });
  return names;
}

std::string usage(const Table& table) {
  std::string line = table.name + " [OPTION]…";
  for (const Option& option : table.options) {
    if (option.required_ && !is_positional(option))
      line += fmt::format(" {} {}", split(option.flags, ',').front(), option.metavar);
  }
  for (const Option& option : table.options) {
    if (!is_positional(option)) continue;
    const std::string dots = option.many ? "…" : "";
    line += option.required_ ? fmt::format(" {}{}", option.flags, dots) : fmt::format(" [{}{}]", option.flags, dots);
  }
  return line;
}

std::string option_line(const Option& option) {
  const std::string left = "  " + invocation(option);
  const std::string gap =
      left.size() + 2 <= kIndent ? std::string(kIndent - left.size(), ' ') : "\n" + std::string(kIndent, ' ');
  return left + gap + wrapped(explained(option), kIndent) + "\n";
}

std::string heading(const std::string& section) { return section.empty() ? "Options" : section; }

std::string examples_text(const Table& table) {
  std::string out = "Examples:\n";
  for (const Example& example : table.examples) out += fmt::format("  # {}\n  {}\n", example.what, example.command);
  return out;
}

// Text for the man(7) macros: backslashes, leading dots and quotes, hyphens of options.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '.' || c == '\'') && (i == 0 || text[i - 1] == '\n')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// Text inside single quotes of a shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string function_name(const Table& table) {
  std::string name = "_" + table.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

bool takes_file(const Option& option) {
  const std::string& m = option.metavar.empty() ? option.flags : option.metavar;
  return option.choice_names.empty() && (m.find("FILE") != std::string::npos || m.find("DIR") != std::string::npos ||
                                         m.find("INPUT") != std::string::npos || m.find("MODEL") != std::string::npos ||
                                         m.find("DATA") != std::string::npos);
}

}  // namespace

Option& Option::range(double lowest, double highest) {
  low = lowest;
  high = highest;
  return *this;
}
Option& Option::at_least(double lowest) {
  low = lowest;
  return *this;
}
Option& Option::choices(std::vector<std::string> names) {
  choice_names = std::move(names);
  return *this;
}
Option& Option::required() {
  required_ = true;
  return *this;
}
Option& Option::only_with(std::vector<std::string> flags) {
  companions = std::move(flags);
  return *this;
}

Option& Option::not_with(std::vector<std::string> flags) {
  rivals = std::move(flags);
  return *this;
}

Option& Option::brief() {
  brief_ = true;
  return *this;
}
Option& Option::shown_default(std::string text) {
  fallback = std::move(text);
  return *this;
}

bool is_positional(const Option& option) { return !option.flags.starts_with('-'); }
bool is_switch(const Option& option) { return !is_positional(option) && option.metavar.empty(); }

std::string long_name(const Option& option) {
  const auto names = split(option.flags, ',');
  const std::string& last = names.back();
  return last.substr(std::min(last.find_first_not_of('-'), last.size()));
}

std::string environment_name(const Option& option) {
  std::string name = upper(long_name(option));
  std::replace(name.begin(), name.end(), '-', '_');
  return "CFM_OPT_" + name;
}

std::string short_help(const Table& table) {
  std::string out = fmt::format("{} - {}\n\nUsage: {}\n\n", table.name, table.summary, usage(table));
  if (!table.examples.empty()) out += examples_text(table) + "\n";
  for (const Option& option : table.options) {
    if (option.brief_) out += option_line(option);
  }
  return out + fmt::format("\n{} --help shows everything.\n", table.name);
}

std::string full_help(const Table& table) {
  std::string out = fmt::format("{} - {}\n\nUsage: {}\n\n", table.name, table.summary, usage(table));
  if (!table.examples.empty()) out += examples_text(table) + "\n";
  for (const std::string& paragraph : table.description) out += wrapped(paragraph, 0) + "\n\n";
  for (const std::string& section : sections(table)) {
    out += heading(section) + ":\n";
    for (const Option& option : table.options) {
      if (option.section == section) out += option_line(option);
    }
    out += "\n";
  }
  out += "Exit status:\n";
  for (const StatusMeaning& row : status_table())
    out += fmt::format("  {:>2}  {}\n", static_cast<int>(row.status), row.meaning);
  return out + fmt::format("\nFor research; not a medical device. The manual: man {}\n", table.name);
}

std::string man_page(const Table& table) {
  std::string out =
      fmt::format(".TH {} 1 {} \"cfm {}\" \"cfm manual\"\n", upper(table.name), CFM_RELEASED, table.version);
  std::string title = roff(table.name);
  out += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n{}\n", title, roff(table.summary), title,
                     roff(usage(table).substr(table.name.size() + 1)));
  out += ".SH DESCRIPTION\n";
  if (table.description.empty()) out += roff(table.summary) + "\n";
  for (std::size_t i = 0; i < table.description.size(); ++i)
    out += (i > 0 ? ".PP\n" : "") + roff(table.description[i]) + "\n";
  for (const std::string& section : sections(table)) {
    out += fmt::format(".SH {}\n", section.empty() ? "OPTIONS" : upper(section));
    for (const Option& option : table.options) {
      if (option.section == section)
        out += fmt::format(".TP\n.B {}\n{}\n", roff(invocation(option)), roff(explained(option)));
    }
  }
  out +=
      ".SH ENVIRONMENT\nEvery option can be given as CFM_OPT_NAME, in capitals and with underscores: CFM_OPT_THREADS "
      "for\n"
      ".BR \\-\\-threads .\nFlags beat the environment, which beats the file of\n.BR \\-\\-config .\n.B "
      "NO_COLOR\nturns colours off.\n";
  out += ".SH EXIT STATUS\n";
  for (const StatusMeaning& row : status_table())
    out += fmt::format(".TP\n.B {}\n{}\n", static_cast<int>(row.status), roff(row.meaning));
  if (!table.examples.empty()) {
    out += ".SH EXAMPLES\n";
    for (const Example& example : table.examples)
      out += fmt::format(".TP\n{}\n.nf\n{}\n.fi\n", roff(example.what), roff(example.command));
  }
  return out + ".SH NOTES\nFor research; not a medical device.\n";
}

std::string bash_completion(const Table& table) {
  std::vector<std::string> flags;
  std::string cases;
  for (const Option& option : table.options) {
    if (is_positional(option)) continue;
    const auto names = split(option.flags, ',');
    flags.insert(flags.end(), names.begin(), names.end());
    if (is_switch(option)) continue;
    if (!option.choice_names.empty()) {
      cases += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$word\"); return ;;\n",
                           fmt::join(names, "|"), fmt::join(option.choice_names, " "));
    } else if (!takes_file(option)) {
      cases += fmt::format("    {}) return ;;\n", fmt::join(names, "|"));
    } else {
      cases +=
          fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n", fmt::join(names, "|"));
    }
  }
  return fmt::format(
      "# bash completion of {0}\n{1}() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}} "
      "before=${{COMP_WORDS[COMP_CWORD-1]}}\n  COMPREPLY=()\n"
      "  case $before in\n{2}  esac\n  if [[ $word == -* ]]; then\n    mapfile -t COMPREPLY < <(compgen -W '{3}' -- "
      "\"$word\")\n"
      "  else\n    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n  fi\n}}\ncomplete -o filenames -F {1} {0}\n",
      table.name, function_name(table), cases, fmt::join(flags, " "));
}

std::string zsh_completion(const Table& table) {
  const auto bracket_safe = [](std::string text) {
    std::string out;
    for (const char c : text) {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  };
  std::string out = fmt::format("#compdef {}\n_arguments -s \\\n", table.name);
  for (const Option& option : table.options) {
    if (is_positional(option)) {
      out += fmt::format("  {} \\\n", shell_quoted(fmt::format("*:{}:_files", bracket_safe(option.flags))));
      continue;
    }
    std::string argument;
    if (!is_switch(option)) {
      argument = ":" + bracket_safe(option.metavar) + ":";
      if (!option.choice_names.empty())
        argument += fmt::format("({})", fmt::join(option.choice_names, " "));
      else if (takes_file(option))
        argument += "_files";
    }
    for (const std::string& name : split(option.flags, ',')) {
      out += fmt::format("  {} \\\n", shell_quoted(fmt::format("{}{}[{}]{}", option.many ? "*" : "", name,
                                                               bracket_safe(option.help), argument)));
    }
  }
  return out + "  && return 0\n";
}

std::string fish_completion(const Table& table) {
  std::string out = fmt::format("# fish completion of {}\n", table.name);
  for (const Option& option : table.options) {
    if (is_positional(option)) continue;
    out += "complete -c " + table.name;
    for (const std::string& name : split(option.flags, ',')) {
      out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (!option.choice_names.empty())
      out += fmt::format(" -x -a '{}'", fmt::join(option.choice_names, " "));
    else if (!is_switch(option))
      out += takes_file(option) ? " -r -F" : " -x";
    std::string help;
    for (const char c : option.help) help += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    out += fmt::format(" -d '{}'\n", help);
  }
  return out;
}

std::string config_text(const Table& table) {
  std::string out = fmt::format("# {} {}\n", table.name, table.version);
  for (const Option& option : table.options) {
    if (is_positional(option) || !option.get) continue;
    const std::string value = option.get();
    out +=
        value.empty() ? fmt::format("# {} =\n", long_name(option)) : fmt::format("{} = {}\n", long_name(option), value);
  }
  return out;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    std::vector<std::size_t> before, row(candidate.size() + 1), above(candidate.size() + 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (word[i - 1] != candidate[j - 1])});
        if (i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1])
          row[j] = std::min(row[j], before[j - 2] + 1);
      }
      before = above;
      std::swap(above, row);
    }
    if (above.back() < least) {
      least = above.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace cfm::cli
