// Annotation files against reference annotation files: records found in both, compared as bxb does.
//
//   AnnotatedBeats found = compare_annotated("mitdb", "out", {.reference_suffix = "atr", .test_suffix = "cfa"});
//   Context context = beat_figures(found.records, found.protocol, {});
//
// reference: a folder (every record below it that has such a file), a record's path without suffix, or a file; test: a
// folder in which the same relative paths are looked up, a record's path, or a file. The clock is that of the record's
// header beside the reference, or of the reference file itself; times of files with another clock are converted and
// rounded as the WFDB library does, errors of marks are told without that rounding. Throws kIo (no such folder), kUsage
// (nothing to compare, no file for a record, a record that ends before the comparison begins), kMalformed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "eval/beat_figures.h"

namespace cfm::eval {

// A time as somebody wrote it ("5:00"): the sample it is in a record of `length` samples (-1: not known) at `fs` Hz.
struct Moment {
  std::string text;
  std::function<std::int64_t(double fs, std::int64_t length)> sample;
};

struct MatchOptions {
  double window = 0.15;                        // s
  std::optional<Moment> from = std::nullopt;   // nullopt: 5:00 of files, the beginning of streams
  std::optional<Moment> until = std::nullopt;  // nullopt: the end

  std::int64_t window_samples(double fs) const;  // to the nearest, halves up, as strtim()
};

struct AnnotatedOptions {
  std::string reference_suffix = "atr", test_suffix = "cfa";
  MatchOptions match = {};
};

struct AnnotatedBeats {
  std::vector<BeatRecord> records;        // in byte order of their names
  std::vector<std::string> unreferenced;  // records with a test file only
  std::string protocol;
};

AnnotatedBeats compare_annotated(const std::string& reference, const std::string& test,
                                 const AnnotatedOptions& options);

}  // namespace cfm::eval
