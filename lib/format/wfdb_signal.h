// Signal files of WFDB records: one decoder a storage format, behind one interface.
//
//   const SignalFormat* format = find_signal_format(212);
//   auto samples = format->open({.data = map_file(path), .initial = {995, 1011}, .samples_per_frame = {1, 1}});
//   samples->decode(0, values);   // the values of all signals of the file, interleaved frame by frame
//
// A further format is one more row of the table. Nothing here judges lengths: decode() beyond values() is undefined.
// FLAC throws kMalformed for a file that is none, is damaged or holds something else than the header says.
// Formats: https://physionet.org/physiotools/wag/signal-5.htm
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace cfm::format {

struct SignalFile {
  Bytes data;                                   // from the first sample to the end of the file
  std::vector<std::int64_t> initial;            // first value of each signal in the file: where differences start
  std::vector<std::int64_t> samples_per_frame;  // of each signal in the file
  std::string path = {};                        // for messages
};

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  // Whole values in the file; where it may be filled up at its end, that counts.
  virtual std::int64_t values() const = 0;
  // values[i] is the value number first + i, the format's mark for a missing sample included. Thread-safe.
  virtual void decode(std::int64_t first, std::span<std::int32_t> values) const = 0;
};

// Marks nothing: of formats in which every value is a sample.
inline constexpr std::int32_t kNoMark = std::numeric_limits<std::int32_t>::min();

struct SignalFormat {
  int code;                                   // in the header
  int bits;                                   // of a value
  std::int32_t missing;                       // stored where no sample was taken
  std::int64_t (*bytes_for)(std::int64_t n);  // that n values take, n at most 2^60; nullptr: compressed, nobody knows
  std::int64_t block;                         // bytes to which a file may be filled up at its end
  std::unique_ptr<SampleSource> (*open)(SignalFile file);
};

// All formats, ascending by code.
std::span<const SignalFormat> signal_formats();
const SignalFormat* find_signal_format(int code);  // nullptr: unknown

// Format 8, first differences; formats 508, 516 and 524, FLAC of 8, 16 and 24 bits.
std::unique_ptr<SampleSource> open_differences(SignalFile file);
std::unique_ptr<SampleSource> open_flac(SignalFile file, int bits);

}  // namespace cfm::format
