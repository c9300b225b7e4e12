// Signal files of WFDB records: one decoder a storage format, behind one interface.
//
//   const SignalFormat* format = find_signal_format(212);
//   auto samples = format->open({.data = map_file(path), .initial = {995, 1011}});
//   samples->decode(0, values);   // the values of all signals of the file, interleaved as stored
//
// A further format is one more class and one more row of the table. Nothing here judges lengths: decode() beyond the
// file is undefined, bytes_for() tells. Formats: https://physionet.org/physiotools/wag/signal-5.htm
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/file.h"

namespace cfm::format {

struct SignalFile {
  Bytes data;                         // from the first sample to the end of the file
  std::vector<std::int64_t> initial;  // first value of each signal in the file, for formats that store differences
};

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  // values[i] is the stored value number first + i, the format's mark for a missing sample included. Thread-safe.
  virtual void decode(std::int64_t first, std::span<std::int32_t> values) const = 0;
};

struct SignalFormat {
  int code;                                   // in the header
  int bits;                                   // of a value
  std::int32_t missing;                       // stored where no sample was taken
  std::int64_t (*bytes_for)(std::int64_t n);  // that n values take; n at most 2^60
  std::int64_t (*values_in)(std::int64_t n);  // whole values in n bytes
  std::int64_t block;                         // bytes to which a file may be filled up at its end
  std::unique_ptr<SampleSource> (*open)(SignalFile file);
};

// All formats, ascending by code.
std::span<const SignalFormat> signal_formats();
const SignalFormat* find_signal_format(int code);  // nullptr: unknown

}  // namespace cfm::format
