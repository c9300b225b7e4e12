// The text twin: a frame as one line of JSON, and back.
//
//   std::string line = text_line(frame, Payload::kText);          // without newline
//   Frame frame = text_frame(line, max_frame);
//
// The header keeps its spelling. Numbers are shortest round-trip decimals, NaN null, infinities "inf" and "-inf". A
// tensor travels as base64 where `payload` says so, where it is BF16, and where decimals would lose bits (NaNs that are
// not the usual one, BOOLs beyond 0 and 1). Errors are status 4 and name no file.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "stream/frame.h"

namespace cfm::stream {

std::string text_line(const Frame& frame, Payload payload);
// seq and offset are the caller's. An index frame comes without its tensors: it must be made anew.
Frame text_frame(std::string_view line, std::uint64_t max_frame);

std::string base64(std::span<const std::byte> bytes);
// Status 4 for anything that is no padded base64.
std::vector<std::byte> unbase64(std::string_view text);

}  // namespace cfm::stream
