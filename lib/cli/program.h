// One place that parses, documents, reports and ends: every tool is a Program. Keeps the contract every tool keeps.
//
//   int main(int argc, char** argv) {
//     cli::Program program("cfm-quality", "grade segments by signal quality");
//     double min = 0;
//     program.reads_streams().writes_stream({"cfm", "ndjson", "csv"}).parallel();
//     program.option("--min", min, "P", "keep segments whose score reaches P").range(0, 1);
//     program.example("cfm-segment icu/ | cfm-quality --min 0.5 -o icu.cfm", "keep what is acceptable or better");
//     return program.run(argc, argv, [&] { … });
//   }
//
// Values come from flags, then the environment (CFM_OPT_THREADS for --threads), then --config FILE (TOML, unknown keys
// are errors), then the defaults found in the variables. The same table makes -h, --help, --print-config, the man page
// and the completions (hidden: --generate man|bash|zsh|fish). What the body throws is printed in one line and becomes
// the status.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/table.h"
#include "stream/pipe.h"

namespace cfm::cli {

class Program {
 public:
  Program(std::string name, std::string summary);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Paragraphs of the man page and --help, after the summary. Plain text.
  Program& description(std::string text);
  Program& example(std::string command, std::string what);

  // T: bool (a switch), int, std::int64_t, std::uint64_t, double, std::string, std::optional of these, vectors of
  // strings.
  template <typename T>
  Option& option(std::string flags, T& value, std::string metavar, std::string help);
  Option& flag(std::string flags, bool& value, std::string help);
  // FILE… that are streams; none or "-" is standard input, which must not be a terminal.
  Program& reads_streams(std::string metavar = "FILE", std::string help = "streams to read (default: standard input)");
  // Where this flag is given, standard input is no input of its own accord.
  Program& inputs_also_by(std::string flag);
  // Inputs that are something else (recordings, tables): positionals without the rules of streams.
  Program& reads_inputs(std::string metavar, std::string help, bool required);
  // -o, --force, --prov, --payload, --to (its first form is the default).
  Program& writes_stream(std::vector<std::string> forms = {"cfm", "ndjson"});
  // -o and --force for a table or report; `forms` as for writes_stream, empty for no --to.
  Program& writes_text(std::vector<std::string> forms = {});
  Program& parallel();      // -j, --threads
  Program& seeded();        // --seed
  Program& on_device();     // --device
  Program& in_precision();  // --precision
  Program& sharded();       // --shard
  Program& skips_errors();  // --on-error fail|skip (reads_streams implies it)

  // Parses, runs the body, catches everything, returns the exit status.
  int run(int argc, char** argv, const std::function<void()>& body);

  // What the body uses.
  const std::vector<std::string>& inputs() const;
  const std::string& form() const;         // --to
  const std::string& output_path() const;  // -o, "" = standard output
  bool force() const;
  int threads() const;
  std::uint64_t seed() const;
  const std::string& device() const;
  const std::string& precision() const;  // "auto" "f32" "bf16"
  bool skip_errors() const;
  std::uint64_t max_frame() const;
  // True when the subject (or record) belongs to this --shard.
  bool in_shard(const std::string& subject_or_record) const;
  bool is_set(const std::string& flag) const;  // given by flag, environment or file
  // kUsage where two of the flags are given.
  void one_at_a_time(std::initializer_list<std::string> flags) const;
  stream::Provenance provenance() const;
  // "cfm-eval --probe 'a b' vt.cfm": what was typed, as a shell takes it.
  std::string command_line() const;
  // What stands on the command line may name people: provenance tells flags without their values from now on, here and
  // in what came before, and `how` as the head's `deid`.
  void deidentify(std::string_view how);

  stream::Inlet open_inlet() const;   // over inputs()
  OutputFile& open_output();          // binary to a terminal is status 2; committed by run() after the body
  OutputFile& open_text();            // the same file for text, whatever --to says
  stream::Outlet open_outlet();       // on open_output(), in the form of --to
  stream::FrameWriter open_writer();  // the same without parts and provenance of its own, for conversions
  // Puts the counts on standard error in one line and remembers status 6 where something damaged was skipped.
  void finish(const stream::Counts& counts);
  // For bodies whose inputs may be absent: standard input is about to be read; on a terminal that is the short help,
  // status 2.
  void need_standard_input() const;
  // Text to standard output (tables of --list-…), errors noticed.
  void print(std::string_view text) const;
  const std::string& progress_mode() const;  // --progress
  // The body's status when it ends without an error: kOk, kNegative, kPartial or kInterrupted.
  void set_status(Status status);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// A bar on a terminal, nothing in a log: --progress auto|on|off.
class Progress {
 public:
  // total 0: unknown. unit: "segments", "steps".
  Progress(const Program& program, std::uint64_t total, std::string unit);
  ~Progress();
  void update(std::uint64_t done, const std::string& note = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cfm::cli
