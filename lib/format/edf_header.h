// Headers of EDF, EDF+, BDF and BDF+ files, read strictly.
//
//   EdfHeader header = parse_edf_header(map_file("night.edf").text(), "night.edf");
//   for (const EdfSignal& signal : header.signals) use(signal.label, signal.samples);
//
// Each error names path, field and byte offset: kMalformed for what is no number, a header or a file that is shorter
// than it says, extremes that make no gain. Sizes are compared with the file's before anybody can allocate by them.
// Format: Kemp et al., Electroencephalogr Clin Neurophysiol 1992;82:391 and www.edfplus.info; BDF: www.biosemi.com.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/edf_scaling.h"

namespace cfm::format {

// Widths of the fields in bytes, in their order; a signal's stand together for all signals, one field after the other.
struct EdfWidths {
  static constexpr std::size_t version = 8, patient = 80, recording = 80, date = 8, time = 8, header_bytes = 8,
                               reserved = 44, records = 8, duration = 8, signals = 4;
  static constexpr std::size_t label = 16, transducer = 80, unit = 8, number = 8, filter = 80, signal_reserved = 32;
  static constexpr std::size_t block = 256;  // the fields of the file, and of each signal
};

// What makes one format or the other.
struct EdfFormat {
  std::string_view name;              // "EDF"
  std::string_view version;           // first eight bytes
  std::string_view annotation_label;  // of a signal that holds annotations
  int bytes;                          // a sample, little-endian
  std::int64_t least, most;           // values of a sample
};
extern const EdfFormat kEdf, kBdf;

struct EdfSignal {
  std::string label, unit;  // UTF-8, no blanks around
  EdfRange range;
  std::int64_t samples = 0;  // in a data record
  std::int64_t place = 0;    // bytes before it in a data record
  bool is_annotations = false;
};

struct EdfHeader {
  std::string path;
  const EdfFormat* format = nullptr;
  bool is_plus = false, is_discontinuous = false;
  std::string patient, recording;  // UTF-8; `recording` without its "Startdate dd-MMM-yyyy"
  std::optional<std::chrono::local_seconds> start;
  std::int64_t bytes = 0;         // of the header
  std::int64_t records = 0;       // data records; where the header doesn't say, as many as there are
  std::int64_t record_bytes = 0;  // of a data record
  double duration = 0;            // s of a data record
  std::vector<EdfSignal> signals;
};

// `file` is the whole of it.
EdfHeader parse_edf_header(std::string_view file, const std::string& path);

// "JAN" … "DEC"
std::string_view edf_month(unsigned month);

}  // namespace cfm::format
