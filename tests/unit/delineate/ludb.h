// Signals and marks of LUDB (format 16, annotations in MIT format) with nothing but the standard library; the room
// under test knows no file formats.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support.h"

namespace cfm::test {

struct LudbMark {
  double onset = NAN, peak = NAN, offset = NAN;  // samples, 500 Hz
};

struct LudbLead {
  std::vector<float> x;                        // as stored, no unit
  std::map<int, std::vector<LudbMark>> marks;  // by code of the peak: 24 P, 1 QRS, 27 T
};

inline std::uint16_t word_at(const std::string& bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) | static_cast<unsigned char>(bytes[at + 1])
                                                                                << 8);
}

// lead: 0 (I) … 11 (V6), `extension` its annotation file's.
inline LudbLead read_ludb(const std::string& record, std::size_t lead, const std::string& extension) {
  LudbLead out;
  const std::string samples = slurp(record + ".dat"), notes = slurp(record + "." + extension);
  for (std::size_t at = 2 * lead; at + 1 < samples.size(); at += 24)
    out.x.push_back(static_cast<float>(static_cast<std::int16_t>(word_at(samples, at))));
  constexpr int kSkip = 59, kNum = 60, kSub = 61, kChan = 62, kAux = 63, kOn = 39, kOff = 40;
  double now = 0, onset = NAN;
  LudbMark* last = nullptr;
  for (std::size_t at = 0; at + 1 < notes.size(); at += 2) {
    const int word = word_at(notes, at), code = word >> 10, step = word & 1023;
    if (word == 0) break;
    if (code == kSkip) {
      now += word_at(notes, at + 2) * 65536.0 + word_at(notes, at + 4);
      at += 4;
    } else if (code == kAux) {
      at += static_cast<std::size_t>(step + step % 2);
    } else if (code != kNum && code != kSub && code != kChan) {
      now += step;
      if (code == kOn) onset = now;
      if (code == kOff && last != nullptr) last->offset = now;
      if (code != kOn && code != kOff) {
        out.marks[code].push_back({.onset = onset, .peak = now});
        last = &out.marks[code].back();
      } else if (code == kOff) {
        last = nullptr;
      }
      if (code != kOn) onset = NAN;
    }
  }
  return out;
}

inline std::vector<std::string> ludb_records(const std::string& folder) {
  std::vector<std::string> records;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".hea")
      records.push_back((entry.path().parent_path() / entry.path().stem()).string());
  return records;
}

}  // namespace cfm::test
