// cfm-quality: grade segments by signal quality; keep, sort out or tabulate them.
#include <sstream>

#include "base/error.h"
#include "cli/program.h"
#include "quality/grade.h"
#include "quality/quality.h"
#include "quality/quality_table.h"

using namespace cfm;

int main(int argc, char** argv) {
  cli::Program program("cfm-quality", "grade segments by signal quality");
  std::optional<double> min;
  std::string only, list, method = "sqi";
  bool summary = false, exit_status = false, recompute = false;
  program.reads_streams().writes_stream({"cfm", "ndjson", "csv"}).parallel();
  program.option("--min", min, "P", "keep the segments whose score reaches P").range(0, 1).brief();
  program.option("--only", only, "CLASS", "keep the segments of one class")
      .choices({stream::kQualityClasses.begin(), stream::kQualityClasses.end()})
      .brief();
  program
      .option("--method", method, "NAME", "sqi, or rr: the regularity of beats, as published for QualityFM, to compare")
      .choices({"sqi", "rr"});
  program.option("--indices", list, "LIST", "indices to write, separated by commas").shown_default("all");
  program.flag("--summary", summary, "a table of classes and reasons on standard error");
  program.flag("--exit-status", exit_status, "status 1 when no segment is left");
  program.flag("--recompute", recompute, "measure segments again that are graded already");
  program.description(
      "The score of a channel is the probability that its signal-to-noise ratio is at least 10 dB; that of a segment "
      "is "
      "its worst channel's. It is calibrated, and blind to rhythm: atrial fibrillation, ectopy and tachycardia with a "
      "good "
      "signal keep a good score. Classes are excellent, good, acceptable, poor and bad, from 0.9, 0.7, 0.5, 0.3 and 0 "
      "up. "
      "Channels of the kinds ecg (50 Hz and more), ppg and abp (20 Hz) are graded; a segment with none of them has no "
      "score and is left out by --min and --only.");
  program.description(
      "Reasons: flat, clipped, missing, drift (of the baseline), noise, motion (beats that differ), lead_off (flat "
      "nearly throughout), no_pulse, units (amplitudes that the channel's unit cannot have, as of raw converter counts "
      "called mV). An index is empty where it is undefined.");
  program.example("cfm-segment icu/ | cfm-quality --min 0.5 -o icu.cfm", "keep what is acceptable or better");
  program.example("cfm-quality --summary icu.cfm > /dev/null",
                  "how many are of each class, and what is wrong with them");
  program.example("cfm-quality --to csv icu.cfm", "scores, reasons and indices as a table");
  return program.run(argc, argv, [&] {
    quality::QualityOptions options;
    if (method == "rr") options.method = quality::Method::kRr;
    std::istringstream names(list);
    for (std::string name; std::getline(names, name, ',');) options.indices.push_back(name);
    quality::check_indices(options.indices);
    const auto graded = [&](stream::Segment& segment) -> std::optional<std::string> {
      if (recompute || !segment.score() || quality::graded_by(segment) != options.method)
        quality::grade(segment, options);
      const auto score = segment.score();
      if (min && score.value_or(-1) < *min) return "low_quality";
      if (!only.empty() && (!score || quality::quality_class(*score) != only)) return "other_class";
      return std::nullopt;
    };
    quality::QualitySummary seen;
    std::uint64_t left = 0;
    stream::Inlet in = program.open_inlet();
    if (program.form() == "csv") {
      std::vector<std::string> columns = options.indices;
      if (columns.empty()) columns.assign(quality::quality_index_names().begin(), quality::quality_index_names().end());
      OutputFile& out = program.open_text();
      out.write(quality::quality_header(columns));
      program.finish(stream::drain(in, [&](stream::Segment& segment) {
        auto reason = graded(segment);
        if (reason) return reason;
        ++left;
        seen.add(segment);
        out.write(quality::quality_rows(segment, columns));
        return reason;
      }));
    } else {
      stream::Outlet out = program.open_outlet();
      program.finish(stream::relay(in, out, program.threads(), [&](stream::Segment& segment) {
        auto reason = graded(segment);
        if (!reason) seen.add(segment);
        return reason;
      }));
      left = out.written();
    }
    if (summary) fmt::print(stderr, "{}", seen.table());
    if (exit_status && left == 0) program.set_status(Status::kNegative);
  });
}
