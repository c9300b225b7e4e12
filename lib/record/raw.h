// Samples of a device as they come: interleaved numbers on standard input, cut into segments that leave as soon as they
// are complete.
//
//   InputFile input = InputFile::open("-");
//   read_raw(input, {.type = RawType::kF32, .fs = 250, .channels = parse_channels("II,PLETH:NU")}, refine, sink);
//
// Little-endian; NaN, and -32768 of i16, are missing samples. An input that ends within a frame is kMalformed. Memory:
// one window (with --whole: the recording, at most --max-frame).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "format/recording.h"
#include "record/refinement.h"
#include "record/sink.h"
#include "stream/pipe.h"

namespace cfm::record {

enum class RawType { kF32, kI16 };

struct RawOptions {
  RawType type = RawType::kF32;
  double fs = 0;  // Hz
  std::vector<format::ChannelName> channels;
  std::string record = "stdin";
};

// Reads to the end of `input`; the sink is begun and ended. Counts: read is one recording.
stream::Counts read_raw(InputFile& input, const RawOptions& options, const Refinement& refine, Sink& sink);

// "II,PLETH:NU,ABP:0.1mmHg" → names, units and what one step of the samples is in the unit. kUsage for an empty name.
std::vector<format::ChannelName> parse_channels(const std::string& text);

}  // namespace cfm::record
