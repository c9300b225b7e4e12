// cfm-quality: grade segments by signal quality; keep, sort out or tabulate them.
#include <algorithm>
#include <map>
#include <sstream>

#include "base/csv.h"
#include "base/error.h"
#include "cli/program.h"
#include "quality/grade.h"
#include "quality/quality.h"

using namespace cfm;
using stream::Json;

namespace {

std::string text(const Json& object, std::string_view key) {
  const auto at = object.find(key);
  return at == object.end() || !at->is_string() ? "" : at->get<std::string>();
}

std::string joined(const Json& object, std::string_view key) {
  std::string all;
  const Json reasons = object.value(key, Json::array());
  for (const Json& reason : reasons) all += (all.empty() ? "" : " ") + reason.get<std::string>();
  return all;
}

// One row a channel, after one of the segment.
std::string rows(const stream::Segment& segment, std::span<const std::string> indices) {
  const auto at = segment.header.find("quality");
  if (at == segment.header.end()) return "";
  std::string out;
  const auto row = [&](const std::string& channel, const Json& graded) {
    out += csv_cell(segment.id()) + "," + csv_cell(segment.record()) + "," + csv_cell(segment.subject()) + "," +
           csv_number(segment.start()) + "," + csv_cell(channel) + "," + csv_cell(text(graded, "kind")) + "," +
           csv_number(graded.value("score", std::nan(""))) + "," + csv_cell(text(graded, "class")) + "," +
           csv_cell(joined(graded, "reasons"));
    const Json values = graded.value("indices", Json::object());
    for (const std::string& name : indices) {
      const auto value = values.find(name);
      out += "," + (value != values.end() && value->is_number() ? csv_number(value->get<double>()) : std::string());
    }
    out += "\n";
  };
  row("*", *at);
  const Json channels = at->value("per_channel", Json::object());
  for (const auto& [name, graded] : channels.items()) row(name, graded);
  return out;
}

// How many segments and channels are of each class.
struct Summary {
  std::map<std::string, std::map<std::string, int>> counts;  // kind ("*" = segment) → class
  void add(const stream::Segment& segment) {
    const auto at = segment.header.find("quality");
    if (at == segment.header.end()) return;
    ++counts["*"][text(*at, "class")];
    const Json channels = at->value("per_channel", Json::object());
    for (const Json& graded : channels) ++counts[text(graded, "kind")][text(graded, "class")];
  }
  std::string table() const {
    std::string out = fmt::format("{:8}", "kind");
    for (const auto name : stream::kQualityClasses) out += fmt::format("{:>12}", name);
    for (const auto& [kind, classes] : counts) {
      out += fmt::format("\n{:8}", kind == "*" ? "segment" : kind);
      for (const auto name : stream::kQualityClasses) {
        const auto at = classes.find(std::string(name));
        out += fmt::format("{:>12}", at == classes.end() ? 0 : at->second);
      }
    }
    return out + "\n";
  }
};

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-quality", "grade segments by signal quality");
  std::optional<double> min;
  std::string only, list;
  bool summary = false, exit_status = false, recompute = false;
  program.reads_streams().writes_stream({"cfm", "ndjson", "csv"}).parallel();
  program.option("--min", min, "P", "keep the segments whose score reaches P").range(0, 1).brief();
  program.option("--only", only, "CLASS", "keep the segments of one class")
      .choices({stream::kQualityClasses.begin(), stream::kQualityClasses.end()})
      .brief();
  program.option("--indices", list, "LIST", "indices to write, separated by commas").shown_default("all");
  program.flag("--summary", summary, "a table of classes on standard error");
  program.flag("--exit-status", exit_status, "status 1 when no segment is left");
  program.flag("--recompute", recompute, "measure segments again that are graded already");
  program.description(
      "The score of a channel is the probability that its signal-to-noise ratio is at least 10 dB; that of a segment "
      "is its "
      "worst channel's. It is blind to rhythm. Classes are excellent, good, acceptable, poor and bad, from 0.9, 0.7, "
      "0.5, 0.3 "
      "and 0 up. Channels of the kinds ecg, ppg and abp are graded; a segment with none of them has no score and is "
      "left out by "
      "--min and --only.");
  program.example("cfm-segment icu/ | cfm-quality --min 0.5 -o icu.cfm", "keep what is acceptable or better");
  program.example("cfm-quality --to csv icu.cfm", "scores, reasons and indices as a table");
  return program.run(argc, argv, [&] {
    quality::QualityOptions options;
    std::istringstream names(list);
    for (std::string name; std::getline(names, name, ',');) options.indices.push_back(name);
    quality::check_indices(options.indices);
    const auto graded = [&](stream::Segment& segment) -> std::optional<std::string> {
      if (recompute || !segment.score()) quality::grade(segment, options);
      const auto score = segment.score();
      if (min && score.value_or(-1) < *min) return "low_quality";
      if (!only.empty() && (!score || quality::quality_class(*score) != only)) return "other_class";
      return std::nullopt;
    };
    Summary seen;
    std::uint64_t left = 0;
    stream::Inlet in = program.open_inlet();
    if (program.form() == "csv") {
      std::vector<std::string> columns = options.indices;
      if (columns.empty()) columns.assign(quality::quality_index_names().begin(), quality::quality_index_names().end());
      OutputFile& out = program.open_text();
      std::string header = "id,record,subject,start,channel,kind,score,class,reasons";
      for (const std::string& name : columns) header += "," + name;
      out.write(header + "\n");
      program.finish(stream::drain(in, [&](stream::Segment& segment) {
        auto reason = graded(segment);
        if (reason) return reason;
        ++left;
        seen.add(segment);
        out.write(rows(segment, columns));
        return reason;
      }));
    } else {
      stream::Outlet out = program.open_outlet();
      std::mutex mutex;
      program.finish(stream::relay(in, out, program.threads(), [&](stream::Segment& segment) {
        auto reason = graded(segment);
        const std::lock_guard lock(mutex);
        if (!reason) seen.add(segment);
        return reason;
      }));
      left = out.written();
    }
    if (summary) fmt::print(stderr, "{}", seen.table());
    if (exit_status && left == 0) program.set_status(Status::kNegative);
  });
}
