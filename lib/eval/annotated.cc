#include "eval/annotated.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "format/annotation.h"
#include "format/wfdb_header.h"

namespace cfm::eval {
namespace {

namespace fs = std::filesystem;
using format::AnnotationFile;

constexpr double kLearning = 300;         // s at the beginning of a record, EC57
constexpr std::ptrdiff_t kMostNames = 5;  // in a message

struct Pair {
  std::string record, reference, test;  // name, files
};

// Names below a folder that have the suffix, without it, in byte order.
std::set<std::string> names_below(const std::string& folder, const std::string& suffix) {
  std::set<std::string> names;
  const std::string ending = "." + suffix;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::follow_directory_symlink, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (!at->path().filename().string().starts_with('.') && at->path().extension() == ending && at->is_regular_file())
      names.insert(fs::path(at->path()).lexically_relative(folder).replace_extension().generic_string());
  }
  if (error) throw Error(Status::kIo, "{}: {}", folder, error.message());
  return names;
}

// The annotation file that a record's path, its header or the file itself name.
std::string file_of(const std::string& path, const std::string& suffix) {
  const std::string stem = path.ends_with(".hea") ? path.substr(0, path.size() - 4) : path;
  if (is_regular_file(stem + "." + suffix)) return stem + "." + suffix;
  return is_regular_file(path) && !path.ends_with(".hea") ? path : "";
}

std::string listed(const std::vector<std::string>& names) {
  const std::vector<std::string> first(names.begin(),
                                       std::ssize(names) > kMostNames ? names.begin() + kMostNames : names.end());
  return fmt::format("{}{}", fmt::join(first, ", "),
                     std::ssize(names) > kMostNames ? fmt::format(" and {} more", std::ssize(names) - kMostNames) : "");
}

std::vector<Pair> pairs_of_folder(const std::string& reference, const std::string& test,
                                  const AnnotatedOptions& options, std::vector<std::string>& unreferenced) {
  const std::set<std::string> records = names_below(reference, options.reference_suffix);
  if (records.empty())
    throw Error(Status::kUsage, "{}: no record below it has a reference .{} (--ref-ext)", reference,
                options.reference_suffix);
  if (!is_directory(test))
    throw Error(Status::kUsage, "{}: {}; as {} is a folder, the test must be one, too", test,
                fs::exists(test) ? "no folder" : "no such folder", reference);
  const std::set<std::string> tested = names_below(test, options.test_suffix);
  if (tested.empty())
    throw Error(Status::kUsage, "{}: no file below it ends in .{} (--test-ext)", test, options.test_suffix);
  std::vector<std::string> missing;
  std::ranges::set_difference(records, tested, std::back_inserter(missing));
  std::ranges::set_difference(tested, records, std::back_inserter(unreferenced));
  if (missing.size() == records.size())
    throw Error(Status::kUsage, "{} and {} have no record in common: reference of {}; test of {}", reference, test,
                listed(missing), listed(unreferenced));
  if (!missing.empty())
    throw Error(Status::kUsage,
                "{}: no .{} for {}, which {} has a reference for; leaving records out would flatter: compare one at "
                "a time, or name a folder of these alone",
                test, options.test_suffix, listed(missing), reference);
  std::vector<Pair> pairs;
  for (const std::string& record : records)
    pairs.push_back({record, (fs::path(reference) / record).string() + "." + options.reference_suffix,
                     (fs::path(test) / record).string() + "." + options.test_suffix});
  return pairs;
}

Pair pair_of_record(const std::string& reference, const std::string& test, const AnnotatedOptions& options) {
  Pair pair;
  pair.reference = file_of(reference, options.reference_suffix);
  if (pair.reference.empty())
    throw Error(Status::kIo, "{}: no such folder, and no record with a reference .{} (--ref-ext)", reference,
                options.reference_suffix);
  pair.record = fs::path(pair.reference).stem().string();
  const std::string wanted = is_directory(test) ? (fs::path(test) / pair.record).string() : test;
  pair.test = file_of(wanted, options.test_suffix);
  if (pair.test.empty())
    throw Error(Status::kUsage, "{}.{}: no such file; the record to compare is {} (--test-ext)", wanted,
                options.test_suffix, pair.record);
  if (const std::string tested = fs::path(pair.test).stem().string(); tested != pair.record && pair.test != test)
    throw Error(Status::kUsage, "{} and {} are different records; name the file {} itself where that is meant",
                pair.record, tested, pair.test);
  return pair;
}

struct Clock {
  double rate = 0;                     // Hz
  std::optional<std::int64_t> length;  // samples
};

Clock clock_of(const Pair& pair, const AnnotationFile& reference) {
  const std::string header_path = fs::path(pair.reference).replace_extension(".hea").string();
  if (is_regular_file(header_path)) {
    const format::WfdbHeader header = format::read_wfdb_header(header_path);
    return {header.fs, header.frames};
  }
  if (reference.resolution > 0) return {reference.resolution, std::nullopt};
  throw Error(Status::kUsage, "{}: nothing tells its clock: there is no header {}, and the file itself names no rate",
              pair.reference, header_path);
}

// Times in samples of `rate`; as_written: without rounding.
std::vector<format::Annotation> on_clock(const AnnotationFile& file, double rate, std::vector<double>& as_written) {
  std::vector<format::Annotation> annotations = file.annotations;
  const double factor = file.resolution > 0 ? rate / file.resolution : 1;
  for (format::Annotation& a : annotations) {
    as_written.push_back(static_cast<double>(a.sample) * factor);
    a.sample = static_cast<std::int64_t>(std::floor(as_written.back() + 0.5));
  }
  return annotations;
}

BeatRecord compare(const Pair& pair, const MatchOptions& match) {
  const AnnotationFile reference_file = format::read_annotations(pair.reference);
  const AnnotationFile test_file = format::read_annotations(pair.test);
  const Clock clock = clock_of(pair, reference_file);
  const std::int64_t length = clock.length.value_or(-1);
  BeatPeriod period{.window = match.window_samples(clock.rate), .from = 0, .until = clock.length};
  period.from =
      match.from ? match.from->sample(clock.rate, length) : static_cast<std::int64_t>(kLearning * clock.rate + 0.5);
  if (match.until) period.until = match.until->sample(clock.rate, length);
  if (period.until && *period.until > 0 && *period.until < period.from)
    throw Error(Status::kUsage, "{}: {} at {:.1f} s, before the comparison begins ({:.1f} s): --from 0 compares all",
                pair.record, match.until ? "--until is" : "the record ends",
                static_cast<double>(*period.until) / clock.rate, static_cast<double>(period.from) / clock.rate);
  std::vector<double> reference_times, test_times;
  const auto reference = on_clock(reference_file, clock.rate, reference_times);
  const auto test = on_clock(test_file, clock.rate, test_times);
  BeatRecord record{.record = pair.record, .subject = pair.record, .rate = clock.rate};
  record.counts = compare_beats(reference, test, period);
  for (const auto& [r, t] : record.counts.matched)
    record.errors.push_back((test_times[t] - reference_times[r]) * 1000 / clock.rate);
  return record;
}

}  // namespace

std::int64_t MatchOptions::window_samples(double fs) const { return static_cast<std::int64_t>(window * fs + 0.5); }

AnnotatedBeats compare_annotated(const std::string& reference, const std::string& test,
                                 const AnnotatedOptions& options) {
  AnnotatedBeats found;
  const std::vector<Pair> pairs = is_directory(reference)
                                      ? pairs_of_folder(reference, test, options, found.unreferenced)
                                      : std::vector<Pair>{pair_of_record(reference, test, options)};
  for (const Pair& pair : pairs) found.records.push_back(compare(pair, options.match));
  found.protocol = fmt::format(
      "beat by beat as bxb: pairs within {:g} ms, from {} to {}; .{} against the reference .{}",
      1000 * options.match.window, options.match.from ? options.match.from->text : "5:00",
      options.match.until ? options.match.until->text : "the end", options.test_suffix, options.reference_suffix);
  return found;
}

}  // namespace cfm::eval
