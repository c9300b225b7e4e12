#include "cli/program.h"

#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <new>

#include "base/hash.h"
#include "base/log.h"
#include "base/parallel.h"
#include "cli/config_file.h"

namespace cfm::cli {
namespace {

// Thrown to show the short help on standard error and end with status 2.
struct WantsHelp {};

template <typename T>
T parsed(const std::string& flags, const std::string& text) {
  T value{};
  if constexpr (std::is_same_v<T, std::string>) {
    value = text;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (text == "true" || text == "1" || text.empty()) return true;
    if (text == "false" || text == "0") return false;
    throw Error(Status::kUsage, "{}: '{}' is neither true nor false", flags, text);
  } else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const char* wanted = std::is_floating_point_v<T> ? "a number"
                         : std::is_unsigned_v<T>     ? "a whole number from 0"
                                                     : "a whole number";
    if (error != std::errc() || end != text.data() + text.size())
      throw Error(Status::kUsage, "{}: '{}' is not {}", flags, text, wanted);
  }
  return value;
}

std::string toml_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

template <typename T>
std::string shown(const T& value) {
  if constexpr (std::is_same_v<T, std::string>)
    return toml_string(value);
  else
    return fmt::format("{}", value);
}

template <typename T>
struct Traits {
  static constexpr bool kMany = false;
  static void store(T& value, const std::string& flags, const std::vector<std::string>& words) {
    value = parsed<T>(flags, words.back());
  }
  static std::string text(const T& value) { return shown(value); }
};
template <typename T>
struct Traits<std::optional<T>> {
  static constexpr bool kMany = false;
  static void store(std::optional<T>& value, const std::string& flags, const std::vector<std::string>& words) {
    value = parsed<T>(flags, words.back());
  }
  static std::string text(const std::optional<T>& value) { return value ? shown(*value) : std::string(); }
};
template <typename T>
struct Traits<std::vector<T>> {
  static constexpr bool kMany = true;
  static void store(std::vector<T>& value, const std::string& flags, const std::vector<std::string>& words) {
    value.clear();
    for (const std::string& word : words) value.push_back(parsed<T>(flags, word));
  }
  static std::string text(const std::vector<T>& value) {
    std::vector<std::string> items;
    for (const T& item : value) items.push_back(shown(item));
    return items.empty() ? "" : fmt::format("[{}]", fmt::join(items, ", "));
  }
};

// An option bound to a variable.
template <typename T>
Option bound(std::string flags, T& value, std::string metavar, std::string help, std::string section) {
  Option option{.flags = flags, .metavar = std::move(metavar), .help = std::move(help), .section = std::move(section)};
  option.many = Traits<T>::kMany;
  option.set = [&value, flags](const std::vector<std::string>& words) { Traits<T>::store(value, flags, words); };
  option.get = [&value] { return Traits<T>::text(value); };
  if constexpr (!std::is_same_v<T, bool>) {
    option.fallback = option.get();
    if (option.fallback.starts_with('"')) option.fallback = option.fallback.substr(1, option.fallback.size() - 2);
  }
  return option;
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw io_error("standard output");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

constexpr const char* kCommon = "Common options";
constexpr const char* kStreams = "Input and output";

}  // namespace

struct Program::Impl {
  Table table;
  std::map<const Option*, std::vector<std::string>> given;  // flags, environment or file
  std::vector<std::string> words;                           // argv[1…]

  std::vector<std::string> inputs;
  bool streams = false, needs_input = false;
  std::string inputs_by, deid;
  std::vector<std::string> forms;
  std::string form, output, config, progress = "auto", prov = "base", payload = "text", on_error = "fail", shard,
                                    generate, device = "auto", precision = "auto";
  bool force = false, quiet = false, verbose = false, log_json = false, help_short = false, help_full = false,
       show_version = false, print_config = false;
  bool uses_seed = false;
  int threads = 0;
  std::uint64_t seed = 0, max_frame = stream::kDefaultMaxFrame, shard_index = 0, shard_count = 1;
  std::optional<OutputFile> file;
  Status status = Status::kOk;

  Option& add(Option option) {
    table.options.push_back(std::move(option));
    return table.options.back();
  }

  void parse(int argc, char** argv);
  void apply(const Option& option, const std::vector<std::string>& values, const std::string& where);
  void parse_shard();
  stream::WriteOptions write_options() const;
};

// CLI11 only cuts the command line into options and words: precedence, checks and messages are ours, since by default
// it ignores unknown configuration keys, lets a file beat the environment and exits with statuses above 100.
void Program::Impl::parse(int argc, char** argv) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras(false);
  std::map<const Option*, CLI::Option*> handles;
  std::deque<std::vector<std::string>> results;
  std::vector<std::string> known;
  for (const Option& option : table.options) {
    results.emplace_back();
    CLI::Option* handle = nullptr;
    if (is_switch(option)) {
      handle = app.add_flag(option.flags);
      handle->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    } else {
      handle = app.add_option(option.flags, results.back());
      if (is_positional(option))
        handle->expected(0, option.many ? CLI::detail::expected_max_vector_size : 1);
      else if (option.many)
        handle->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      else
        handle->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
    handles[&option] = handle;
    std::string_view flags = option.flags;
    while (!is_positional(option) && !flags.empty()) {
      const std::size_t comma = std::min(flags.find(','), flags.size());
      known.emplace_back(flags.substr(0, comma));
      flags.remove_prefix(std::min(comma + 1, flags.size()));
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    std::string word = app.remaining().empty() ? "" : app.remaining().front();
    word = word.substr(0, word.find('='));
    const std::string guess = word.starts_with('-') ? nearest(word, known) : "";
    throw Error(Status::kUsage, "{} '{}'{}; --help lists the options",
                word.starts_with('-') ? "unknown option" : "unexpected argument", word,
                guess.empty() ? "" : fmt::format("; did you mean {}?", guess));
  } catch (const CLI::ParseError& error) {
    throw Error(Status::kUsage, "{}", error.what());
  }
  for (const Option& option : table.options) {
    if (handles[&option]->count() > 0) apply(option, handles[&option]->results(), option.flags);
  }
  for (const Option& option : table.options) {
    const char* value = is_positional(option) ? nullptr : std::getenv(environment_name(option).c_str());
    if (value != nullptr && !given.contains(&option)) apply(option, {value}, environment_name(option));
  }
  if (config.empty()) return;
  for (const auto& [key, values] : read_config(config, table.name)) {
    const auto option = std::find_if(table.options.begin(), table.options.end(),
                                     [&](const Option& o) { return !is_positional(o) && long_name(o) == key; });
    if (option == table.options.end()) {
      std::vector<std::string> names;
      for (const Option& o : table.options) names.push_back(long_name(o));
      const std::string guess = nearest(key, names);
      throw Error(Status::kUsage, "{}: unknown key '{}'{}", config, key,
                  guess.empty() ? "" : fmt::format("; did you mean {}?", guess));
    }
    if (values.empty() || given.contains(&*option)) continue;
    if (values.size() > 1 && !option->many) throw Error(Status::kUsage, "{}: {}: one value, not a list", config, key);
    apply(*option, values, config + ": " + key);
  }
}

void Program::Impl::apply(const Option& option, const std::vector<std::string>& values, const std::string& where) {
  for (const std::string& value : values) {
    if (!option.choice_names.empty() &&
        std::find(option.choice_names.begin(), option.choice_names.end(), value) == option.choice_names.end()) {
      const std::string guess = nearest(value, option.choice_names);
      throw Error(Status::kUsage, "{}: '{}' is not one of {}{}", where, value, fmt::join(option.choice_names, ", "),
                  guess.empty() ? "" : fmt::format("; did you mean {}?", guess));
    }
    if (!option.low && !option.high) continue;
    const double number = parsed<double>(where, value);
    if ((option.low && !(number >= *option.low)) || (option.high && !(number <= *option.high))) {
      throw Error(Status::kUsage, "{}: {} is outside {} … {}", where, value,
                  option.low ? fmt::format("{}", *option.low) : "", option.high ? fmt::format("{}", *option.high) : "");
    }
  }
  option.set(values);
  given[&option] = values;
}

void Program::Impl::parse_shard() {
  if (shard.empty()) return;
  const auto environment = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (shard == "auto") {
    const std::string id = environment("SLURM_ARRAY_TASK_ID"), count = environment("SLURM_ARRAY_TASK_COUNT"),
                      first = environment("SLURM_ARRAY_TASK_MIN");
    if (id.empty() || count.empty())
      throw Error(Status::kUsage, "--shard auto: SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT are not set");
    shard_index = parsed<std::uint64_t>("SLURM_ARRAY_TASK_ID", id) -
                  (first.empty() ? 0 : parsed<std::uint64_t>("SLURM_ARRAY_TASK_MIN", first));
    shard_count = parsed<std::uint64_t>("SLURM_ARRAY_TASK_COUNT", count);
  } else {
    const std::size_t slash = shard.find('/');
    if (slash == std::string::npos) throw Error(Status::kUsage, "--shard: '{}' is not I/N", shard);
    shard_index = parsed<std::uint64_t>("--shard", shard.substr(0, slash));
    shard_count = parsed<std::uint64_t>("--shard", shard.substr(slash + 1));
  }
  if (shard_count == 0 || shard_index >= shard_count) {
    throw Error(Status::kUsage, "--shard: {}/{}: I runs from 0 to N - 1", shard_index, shard_count);
  }
}

Program::Program(std::string name, std::string summary) : impl_(std::make_unique<Impl>()) {
  Impl& p = *impl_;
  p.table.name = std::move(name);
  p.table.summary = std::move(summary);
  p.table.version = CFM_VERSION;
  p.add(bound("-h", p.help_short, "", "short help", kCommon)).brief();
  p.add(bound("--help", p.help_full, "", "this page", kCommon)).brief();
  p.add(bound("--version", p.show_version, "", "name and version", kCommon)).brief();
  p.add(bound("-q,--quiet", p.quiet, "", "only errors on standard error", kCommon));
  p.add(bound("-v,--verbose", p.verbose, "", "details on standard error", kCommon));
  p.add(bound("--log-json", p.log_json, "", "messages as JSON lines", kCommon));
  p.add(bound("--progress", p.progress, "WHEN", "a bar on a terminal", kCommon)).choices({"auto", "on", "off"});
  p.add(bound("--config", p.config, "FILE", "options from a TOML file; flags and environment beat it", kCommon));
  p.add(bound("--print-config", p.print_config, "", "print every option's value as TOML and end", kCommon));
}

Program::~Program() = default;

Program& Program::description(std::string text) {
  impl_->table.description.push_back(std::move(text));
  return *this;
}

Program& Program::example(std::string command, std::string what) {
  impl_->table.examples.push_back({std::move(command), std::move(what)});
  return *this;
}

template <typename T>
Option& Program::option(std::string flags, T& value, std::string metavar, std::string help) {
  return impl_->add(bound(std::move(flags), value, std::move(metavar), std::move(help), ""));
}
template Option& Program::option(std::string, int&, std::string, std::string);
template Option& Program::option(std::string, std::int64_t&, std::string, std::string);
template Option& Program::option(std::string, std::uint64_t&, std::string, std::string);
template Option& Program::option(std::string, double&, std::string, std::string);
template Option& Program::option(std::string, std::string&, std::string, std::string);
template Option& Program::option(std::string, std::optional<int>&, std::string, std::string);
template Option& Program::option(std::string, std::optional<std::int64_t>&, std::string, std::string);
template Option& Program::option(std::string, std::optional<std::uint64_t>&, std::string, std::string);
template Option& Program::option(std::string, std::optional<double>&, std::string, std::string);
template Option& Program::option(std::string, std::optional<std::string>&, std::string, std::string);
template Option& Program::option(std::string, std::vector<std::string>&, std::string, std::string);

Option& Program::flag(std::string flags, bool& value, std::string help) {
  return impl_->add(bound(std::move(flags), value, "", std::move(help), ""));
}

Program& Program::reads_streams(std::string metavar, std::string help) {
  Impl& p = *impl_;
  p.streams = true;
  p.add(bound(std::move(metavar), p.inputs, "", std::move(help), kStreams)).brief();
  p.add(bound("--max-frame", p.max_frame, "BYTES", "largest payload of a frame that is accepted", kStreams))
      .at_least(64);
  return skips_errors();
}

Program& Program::inputs_also_by(std::string flag) {
  impl_->inputs_by = std::move(flag);
  return *this;
}

Program& Program::reads_inputs(std::string metavar, std::string help, bool required) {
  Impl& p = *impl_;
  p.needs_input = required;
  p.add(bound(std::move(metavar), p.inputs, "", std::move(help), kStreams)).brief();
  return *this;
}

Program& Program::writes_text(std::vector<std::string> forms) {
  Impl& p = *impl_;
  p.add(bound("-o,--output", p.output, "FILE", "write FILE instead of standard output", kStreams)).brief();
  p.add(bound("--force", p.force, "", "replace an existing FILE", kStreams));
  if (!forms.empty()) {
    p.forms = std::move(forms);
    p.form = p.forms.front();
    p.add(bound("--to", p.form, "FORM", "form of the result", kStreams)).choices(p.forms).brief();
  }
  return *this;
}

Program& Program::writes_stream(std::vector<std::string> forms) {
  Impl& p = *impl_;
  writes_text(std::move(forms));
  p.add(bound("--payload", p.payload, "KIND", "samples in --to ndjson", kStreams)).choices({"text", "base64", "none"});
  p.add(bound("--prov", p.prov, "KIND", "provenance: arguments as base names, in full, or nothing (byte-reproducible)",
              kStreams))
      .choices({"base", "full", "none"});
  return *this;
}

Program& Program::parallel() {
  impl_->threads = available_processors();
  impl_->add(bound("-j,--threads", impl_->threads, "N", "threads", kCommon))
      .range(1, 4096)
      .shown_default("the processors this process may use");
  return *this;
}

Program& Program::seeded() {
  impl_->uses_seed = true;
  impl_->add(bound("--seed", impl_->seed, "N", "seed of every random draw", kCommon));
  return *this;
}

Program& Program::on_device() {
  impl_->add(bound("--device", impl_->device, "DEVICE", "where to compute: auto or cpu", kCommon));
  return *this;
}

Program& Program::in_precision() {
  impl_
      ->add(
          bound("--precision", impl_->precision, "TYPE",
                "bf16: matrix products and convolutions in bfloat16, which is faster on processors that have it; auto: "
                "as the model's configuration says, where a model is trained, else f32",
                kCommon))
      .choices({"auto", "f32", "bf16"});
  return *this;
}

Program& Program::sharded() {
  impl_->add(bound("--shard", impl_->shard, "I/N", "only subjects of shard I (from 0) of N; auto: from a SLURM array",
                   kCommon));
  return *this;
}

Program& Program::skips_errors() {
  impl_->add(bound("--on-error", impl_->on_error, "WHAT", "what to do with damaged input", kStreams))
      .choices({"fail", "skip"});
  return *this;
}

int Program::run(int argc, char** argv, const std::function<void()>& body) {
  Impl& p = *impl_;
  log::configure({.program = p.table.name});
  // Hidden: how the committed pages are made.
  if (argc == 3 && std::string_view(argv[1]) == "--generate") p.generate = argv[2];
  try {
    const std::map<std::string, std::string (*)(const Table&)> pages = {
        {"man", man_page}, {"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}};
    if (!p.generate.empty()) {
      const auto page = pages.find(p.generate);
      if (page == pages.end())
        throw Error(Status::kUsage, "--generate: '{}' is not one of man, bash, zsh, fish", p.generate);
      write_all(STDOUT_FILENO, page->second(p.table));
      return 0;
    }
    p.words.assign(argv + 1, argv + argc);
    p.parse(argc, argv);
    log::configure({.program = p.table.name,
                    .level = p.quiet     ? log::Level::kError
                             : p.verbose ? log::Level::kDebug
                                         : log::Level::kInfo,
                    .json = p.log_json});
    if (p.help_full || p.help_short) {
      write_all(STDOUT_FILENO, p.help_full ? full_help(p.table) : short_help(p.table));
      return 0;
    }
    if (p.show_version) {
      write_all(STDOUT_FILENO, fmt::format("{} {}\n", p.table.name, p.table.version));
      return 0;
    }
    if (p.print_config) {
      write_all(STDOUT_FILENO, config_text(p.table));
      return 0;
    }
    p.parse_shard();
    if (p.streams) need_standard_input();
    if (p.needs_input && p.inputs.empty()) throw WantsHelp();
    for (const Option& option : p.table.options) {
      if (option.required_ && !p.given.contains(&option)) throw Error(Status::kUsage, "{} is needed", option.flags);
      if (!p.given.contains(&option)) continue;
      const auto given = [&](const std::string& flag) { return is_set(flag); };
      if (!option.companions.empty() && std::ranges::none_of(option.companions, given))
        throw Error(Status::kUsage, "--{} is for {}", long_name(option), fmt::join(option.companions, " and "));
      const auto rival = std::ranges::find_if(option.rivals, given);
      if (rival != option.rivals.end())
        throw Error(Status::kUsage, "--{} and {}: one at a time", long_name(option), *rival);
    }
    body();
    if (p.file) p.file->commit();
    return static_cast<int>(p.status);
  } catch (const WantsHelp&) {
    const std::string text = short_help(p.table);
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, text.data(), text.size());
    return static_cast<int>(Status::kUsage);
  } catch (const Error& error) {
    log::error("{}", error.what());
    p.file.reset();
    return static_cast<int>(error.status());
  } catch (const std::bad_alloc&) {
    log::error("out of memory");
    p.file.reset();
    return static_cast<int>(Status::kDevice);
  } catch (const std::exception& error) {
    log::error("internal error: {} (a bug; please report it with the command line)", error.what());
    p.file.reset();
    return static_cast<int>(Status::kBug);
  }
}

const std::vector<std::string>& Program::inputs() const { return impl_->inputs; }
const std::string& Program::form() const { return impl_->form; }
const std::string& Program::output_path() const { return impl_->output; }
bool Program::force() const { return impl_->force; }
int Program::threads() const { return std::max(1, impl_->threads); }
std::uint64_t Program::seed() const { return impl_->seed; }
const std::string& Program::device() const { return impl_->device; }
const std::string& Program::precision() const { return impl_->precision; }
bool Program::skip_errors() const { return impl_->on_error == "skip"; }
std::uint64_t Program::max_frame() const { return impl_->max_frame; }

bool Program::in_shard(const std::string& subject_or_record) const {
  return impl_->shard_count == 1 || fnv1a64(subject_or_record) % impl_->shard_count == impl_->shard_index;
}

bool Program::is_set(const std::string& flag) const {
  return std::any_of(impl_->given.begin(), impl_->given.end(), [&](const auto& entry) {
    const std::string& flags = entry.first->flags;
    return ("," + flags + ",").find("," + flag + ",") != std::string::npos;
  });
}

void Program::one_at_a_time(std::initializer_list<std::string> flags) const {
  std::string given;
  for (const std::string& flag : flags) {
    if (!is_set(flag) || flag == given) continue;
    if (!given.empty()) throw Error(Status::kUsage, "{} and {}: one at a time", given, flag);
    given = flag;
  }
}

std::string Program::command_line() const {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:@%+";
  std::string line = impl_->table.name;
  for (const std::string& word : impl_->words) {
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += " " + word;
      continue;
    }
    line += " '";
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "'";
  }
  return line;
}

stream::Provenance Program::provenance() const {
  const Impl& p = *impl_;
  stream::Provenance provenance{.tool = p.table.name, .version = p.table.version, .args = p.words};
  if (p.uses_seed) provenance.seed = p.seed;
  provenance.deid = p.deid;
  provenance.mode = p.prov == "none"   ? stream::Prov::kNone
                    : p.prov == "full" ? stream::Prov::kFull
                                       : stream::Prov::kBase;
  return provenance;
}

void Program::deidentify(std::string_view how) { impl_->deid = how; }

void Program::need_standard_input() const {
  const auto& inputs = impl_->inputs;
  const bool elsewhere = !impl_->inputs_by.empty() && is_set(impl_->inputs_by);
  const bool standard_input =
      (inputs.empty() && !elsewhere) || std::find(inputs.begin(), inputs.end(), "-") != inputs.end();
  if (standard_input && ::isatty(STDIN_FILENO) == 1) throw WantsHelp();
}

stream::Inlet Program::open_inlet() const {
  need_standard_input();
  return stream::Inlet(impl_->inputs, {.max_frame = impl_->max_frame, .skip_damaged = skip_errors()});
}

OutputFile& Program::open_text() {
  Impl& p = *impl_;
  if (!p.file) p.file.emplace(OutputFile::create(p.output, p.force));
  return *p.file;
}

OutputFile& Program::open_output() {
  OutputFile& file = open_text();
  const std::string& form = impl_->form;
  if ((form == "cfm" || form == "npy" || form == "safetensors") && file.is_terminal()) {
    impl_->file.reset();
    throw Error(Status::kUsage, "binary output does not go to a terminal; use -o FILE, a pipe or --to ndjson");
  }
  return file;
}

stream::WriteOptions Program::Impl::write_options() const {
  return {.form = form == "ndjson" ? stream::Form::kText : stream::Form::kBinary,
          .payload = payload == "base64" ? stream::Payload::kBase64
                     : payload == "none" ? stream::Payload::kNone
                                         : stream::Payload::kText};
}

stream::Outlet Program::open_outlet() { return {open_output(), impl_->write_options(), provenance()}; }

stream::FrameWriter Program::open_writer() {
  stream::WriteOptions options = impl_->write_options();
  options.index_pipes = true;
  return {open_output(), options};
}

void Program::finish(const stream::Counts& counts) {
  log::info("{}", counts.line());
  if (counts.damaged > 0) set_status(Status::kPartial);
}

void Program::print(std::string_view text) const { write_all(STDOUT_FILENO, text); }
void Program::set_status(Status status) { impl_->status = status; }

const std::string& Program::progress_mode() const { return impl_->progress; }

}  // namespace cfm::cli
