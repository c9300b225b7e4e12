// Looking at an input: what it is, in a screen, and whether it is sound.
//
//   Sight sight = look_at_stream("icu.cfm", {});
//   Sight sight = look_at_recording({"mitdb/100.hea", "100"}, {}, true);
//   file.write(sight.text);  if (sight.status != Status::kOk) log::error("{}", sight.damage);
//
// Damage is told, not thrown; what can't be read at all (kIo) is thrown.
#pragma once

#include <string>

#include "base/error.h"
#include "format/recording.h"
#include "record/walk.h"
#include "stream/frame.h"

namespace cfm::record {

struct Sight {
  std::string text;    // a screen
  std::string line;    // "icu.cfm: whole, 1 parts, …"; empty when damaged
  std::string damage;  // the message of what is wrong; empty when sound
  Status status = Status::kOk;
};

Sight look_at_stream(const std::string& path, const stream::ReadOptions& options);
// verify: checksums, too, which reads all of it.
Sight look_at_recording(const FoundRecord& found, const format::OpenOptions& options, bool verify);

}  // namespace cfm::record
