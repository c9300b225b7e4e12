// cfm-delineate: beats, waves, pulses and arrival times, as events of a stream, a table or annotation files.
#include "base/error.h"
#include "base/log.h"
#include "cli/program.h"
#include "delineate/median_rows.h"
#include "delineate/stream_delineation.h"
#include "record/annotation_sink.h"

namespace {

using namespace cfm;
using delineate::Delineated;

constexpr const char* kAnnotator = "cfa";

struct Settings {
  std::string only, t_end = "tangent", foot = "tangent", lead;
  bool median = false;

  delineate::DelineateOptions options() const {
    delineate::DelineateOptions o;
    const auto wanted = [&](const char* name) { return only.empty() || only == name; };
    o.beats = wanted("beats");
    o.waves = wanted("waves");
    o.pulses = wanted("pulses");
    o.arrivals = wanted("pat");
    o.wave.t_end = t_end == "tangent"     ? delineate::TEnd::kTangent
                   : t_end == "threshold" ? delineate::TEnd::kThreshold
                                          : delineate::TEnd::kArea;
    o.foot = foot == "tangent"      ? delineate::Foot::kTangent
             : foot == "derivative" ? delineate::Foot::kDerivative
                                    : delineate::Foot::kMidslope;
    o.lead = lead;
    return o;
  }
};

void declare(cli::Program& program, Settings& s) {
  program.description(
      "Finds beats of the ECG (all leads together) with their classes and rhythm, the waves P, QRS and T of each lead "
      "and of all, pulses of PPG and arterial pressure, and the time from each R peak to the foot of its pulse. "
      "Touching segments of a record are one signal: a beat is found once, at the record's time, however the record "
      "was cut. "
      "The events beats, rhythm, waves, pulses and arrivals in the stream replace those it came with; reference/… "
      "stays.");
  program.description(
      "--to csv: a row a beat and lead (global: all leads together), and a row a pulse and channel; times in s from "
      "the record's start, intervals in ms, amplitudes in the unit of the lead. Classes are N (normal), V "
      "(ventricular), S "
      "(supraventricular), / (paced) and Q (not to be told). A beat without a P wave has empty cells there. --to ann "
      "writes WFDB annotation files RECORD.cfa below the folder -o, on the record's own clock.");
  program.example("cfm-segment mitdb --whole | cfm-delineate --only beats --to ann -o out",
                  "annotation files, for cfm-eval --ann");
  program.example("cfm-segment ecgs/ --whole --signals ecg:all | cfm-delineate --to csv > intervals.csv",
                  "RR, PR, QRS, QT and QTc of each beat and lead");
  program.example("cfm-segment icu/ --signals ecg,ppg | cfm-quality --min 0.7 | cfm-delineate --only pat --to csv",
                  "pulse arrival times where both signals are good");
  program.reads_streams().writes_stream({"cfm", "ndjson", "csv", "ann"}).parallel();
  program.option("--only", s.only, "WHAT", "beats, waves, pulses or pat (pulse arrival times)")
      .choices({"beats", "waves", "pulses", "pat"})
      .shown_default("all")
      .brief();
  program.option("--lead", s.lead, "NAME", "only this lead; global: only all leads together").brief();
  program.flag("--median", s.median, "of --to csv: the median beat of each segment and lead, instead of each beat");
  program.option("--t-end", s.t_end, "METHOD", "end of T: by tangent, threshold or area")
      .choices({"tangent", "threshold", "area"});
  program.option("--foot", s.foot, "METHOD", "foot of a pulse: tangent, second derivative or mid-slope")
      .choices({"tangent", "derivative", "midslope"});
}

// How many arrival times there are, and why the others are none.
std::string arrivals_line(const std::array<std::size_t, delineate::kReasons>& counts) {
  std::string out;
  std::size_t rejected = 0;
  for (std::size_t k = 1; k < counts.size(); ++k) {
    rejected += counts[k];
    if (counts[k] == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", delineate::name_of(static_cast<delineate::Reason>(k)),
                       counts[k]);
  }
  return fmt::format("arrival times: {} used, {} rejected{}", counts[0], rejected, out.empty() ? "" : " (" + out + ")");
}

void run(cli::Program& program, const Settings& s) {
  delineate::DelineateOptions options = s.options();
  options.rows = program.form() == "csv" && !s.median;
  if (s.median) {
    if (program.form() != "csv") throw Error(Status::kUsage, "--median: a table, by --to csv");
    if (!s.only.empty()) throw Error(Status::kUsage, "--median and --only: choose one");
    options.waves = options.pulses = options.arrivals = false;
  }
  std::array<std::size_t, delineate::kReasons> arrivals{};
  stream::Inlet in = program.open_inlet();
  const auto through = [&](const delineate::Outputs& outputs) {
    const stream::Counts counts = delineate::delineate_stream(in, options, program.threads(), outputs, arrivals);
    if (options.arrivals) log::info("{}", arrivals_line(arrivals));
    program.finish(counts);
  };
  if (program.form() == "ann") {
    if (program.output_path().empty()) throw Error(Status::kUsage, "--to ann: needs a folder, -o DIR");
    record::AnnotationSink files(program.output_path(), kAnnotator, program.force());
    through({.write = [&](const Delineated& done) { files.write(done.segment); }});
    files.finish();
  } else if (program.form() == "csv") {
    OutputFile& out = program.open_text();
    out.write(delineate::row_header() + "\n");
    through({.write = [&](const Delineated& done) {
      for (const delineate::BeatRow& row : s.median ? delineate::median_rows(done.segment, options) : done.rows)
        out.write(delineate::row_line(done.segment, row) + "\n");
    }});
  } else {
    stream::Outlet out = program.open_outlet();
    through({.begin = [&](const stream::Json& head) { out.begin(head); },
             .write = [&](const Delineated& done) { out.write(done.segment); },
             .pass = [&](const stream::Frame& frame) { out.pass(frame); },
             .end = [&](const stream::Counts& counts, bool partial) { out.end(counts, partial); }});
  }
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-delineate", "find beats, waves, pulses and arrival times");
  Settings settings;
  declare(program, settings);
  return program.run(argc, argv, [&] { run(program, settings); });
}
