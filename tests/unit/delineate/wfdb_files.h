// Beats and signals of MIT-BIH records with nothing but the standard library; the room under test knows no file
// formats.
#pragma once

#include <string>
#include <vector>

#include "ludb.h"

namespace cfm::test {

struct BeatMark {
  double sample = 0;
  int code = 0;
};

// Beats of an annotation file in MIT format.
inline std::vector<BeatMark> read_beats(const std::string& path) {
  const std::string notes = slurp(path);
  constexpr int kSkip = 59, kNum = 60, kSub = 61, kChan = 62, kAux = 63;
  std::vector<BeatMark> beats;
  double now = 0;
  for (std::size_t at = 0; at + 1 < notes.size(); at += 2) {
    const int word = word_at(notes, at), code = word >> 10, step = word & 1023;
    if (word == 0) break;
    if (code == kSkip) {
      now += static_cast<std::int32_t>(word_at(notes, at + 2) * 65536U + word_at(notes, at + 4));
      at += 4;
    } else if (code == kAux) {
      at += static_cast<std::size_t>(step + step % 2);
    } else if (code != kNum && code != kSub && code != kChan) {
      now += step;
      if ((code >= 1 && code <= 13) || code == 25 || code == 30 || code == 34 || code == 35 || code == 38 || code == 41)
        beats.push_back({now, code});
    }
  }
  return beats;
}

// First signal of a record of two in format 212, mV at the usual gain of 200.
inline std::vector<float> read_mitdb(const std::string& record) {
  const std::string bytes = slurp(record + ".dat");
  std::vector<float> x;
  for (std::size_t at = 0; at + 2 < bytes.size(); at += 3) {
    const int value = word_at(bytes, at) & 0xFFF;
    x.push_back(static_cast<float>((value > 2047 ? value - 4096 : value) - 1024) / 200);
  }
  return x;
}

}  // namespace cfm::test
