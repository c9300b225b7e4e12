// WFDB header files (.hea), read strictly: what each line says, and nothing that it doesn't.
//
//   WfdbHeader header = read_wfdb_header("mitdb/100.hea");
//   for (const WfdbSignal& signal : header.signals) use(signal.file, signal.format, signal.gain);
//
// Throws kMalformed with path and line: what is no number, a rate of 0 or none, a gain that is not finite, fewer signal
// lines than promised, a signal file outside the header's folder. Lengths, formats and checksums are judged by whoever
// opens the signal files. Text that is no UTF-8 is taken for Latin-1.
// Format: https://physionet.org/physiotools/wag/header-5.htm; dates also as 2014-05-08 and 05-Feb-2020, before or after
// the time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cfm::format {

struct WfdbSignal {
  std::string file;  // name within the header's folder
  int format = 0;    // 16, 212, …; 0: never recorded, and no file
  std::int64_t samples_per_frame = 1;
  std::int64_t skew = 0;      // frames
  std::int64_t offset = 0;    // bytes before the first sample
  double gain = 200;          // units of the converter a physical unit
  bool calibrated = false;    // false: gain absent or 0, and 200 assumed
  std::int64_t baseline = 0;  // value of physical 0; where absent, adc_zero
  std::string unit = "mV";
  int resolution = 0;  // bits; 0: not said
  std::int64_t adc_zero = 0;
  std::optional<std::int64_t> initial;  // first value
  std::optional<int> checksum;          // modulo 65536: 0 … 65535
  std::string name;                     // "signal 0" where absent
  int line = 0;                         // where it stands in the file, from 1
};

struct WfdbSegment {
  std::string name;  // "~": nothing was recorded
  std::int64_t frames = 0;
  int line = 0;
};

struct WfdbHeader {
  std::string path;
  std::string record;
  double fs = 0;                       // frames a second
  std::optional<std::int64_t> frames;  // nullopt: absent or 0, which is the signal files' affair
  double counter_fs = 0;               // 0: not said
  double base_counter = 0;
  std::optional<std::string> time;  // 10:23:45.5
  std::optional<std::string> date;  // 2024-03-01
  bool is_multi_segment = false;
  std::vector<WfdbSignal> signals;    // of one segment
  std::vector<WfdbSegment> segments;  // of a multi-segment record
  std::vector<std::string> comments;  // after the record line, without # and the blanks around
};

WfdbHeader parse_wfdb_header(std::string_view text, const std::string& path);
WfdbHeader read_wfdb_header(const std::string& path);

// Names of the segments that a header lists, empty when it isn't one of a multi-segment record or can't be read as
// such: cheap and lenient, for looking through folders.
std::vector<std::string> listed_segments(std::string_view text);

}  // namespace cfm::format
