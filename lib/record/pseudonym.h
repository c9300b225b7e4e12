// De-identification of segments: names become keyed hashes, dates shift, free text goes.
//
//   Pseudonymiser pseudonymiser("key.bin");
//   pseudonymiser.apply(segment);      // record "ward/smith_1" → "r4f0c…", id, subject, source, t_abs
//
// Names are BLAKE2b keyed with the file's content (libsodium, RFC 7693), 80 bits in hex: the same name gives the same
// pseudonym with the same key, and nothing without it. The times of a subject all move back by the same 1 to 520 whole
// weeks (so the hour and the day of the week stay). An age above 89 years becomes 90 (45 CFR 164.514(b)(2)). Remarks,
// reports and private keys are dropped. Throws kUsage for a key file of less than 16 bytes, kIo.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "stream/segment.h"

namespace cfm::record {

class Pseudonymiser {
 public:
  explicit Pseudonymiser(const std::string& key_file);
  void apply(stream::Segment& segment) const;

  std::string record(std::string_view name) const;   // "r" and 20 hexadecimal digits
  std::string subject(std::string_view name) const;  // "s" …
  int weeks(std::string_view subject) const;         // by which the subject's times move back

  // How the head of a stream tells it.
  static constexpr std::string_view kMethod =
      "record, subject and source by keyed BLAKE2b; times moved by whole weeks a subject; remarks and text dropped";

 private:
  using Digest = std::array<unsigned char, 16>;
  Digest digest(char purpose, std::string_view text) const;
  std::string name(char purpose, std::string_view text) const;
  std::array<unsigned char, 32> key_{};
};

}  // namespace cfm::record
