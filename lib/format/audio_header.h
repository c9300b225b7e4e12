// What the header of a WAV, FLAC or AU file promises, and whether the file keeps it: libsndfile reads cut files
// silently.
//
//   AudioHeader header = check_audio_header(map_file("heart.wav").text(), "heart.wav");
//   header.frames;   // promised, and there: but for FLAC, whose frames have to be decoded to be counted
//
// Throws kMalformed with path, byte offset, what was found and what promised: cut chunks and headers, no data chunk, a
// rate of 0. Formats: RIFF (Microsoft 1991, and RIFX), RF64 (EBU Tech 3306), FLAC (RFC 9639), AU (Sun, audio(4)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cfm::format {

struct AudioHeader {
  double fs = 0;             // Hz
  std::int64_t frames = -1;  // -1: not said
};

AudioHeader check_audio_header(std::string_view file, const std::string& path);

}  // namespace cfm::format
