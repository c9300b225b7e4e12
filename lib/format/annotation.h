// Annotation files in MIT format (WFDB): beats, rhythms and notes on a record's clock.
//
//   AnnotationFile file = read_annotations("mitdb/100.atr");
//   for (const Annotation& a : file.annotations)
//     if (is_beat(a.code)) beats.push_back(a.sample);
//
// Samples count in the record's frames, or in 1/resolution s where the file has its own clock. The notes that set the
// clock and define codes are no annotations. Throws kMalformed for a file that is cut or runs over its end, kIo where
// there is none. Format: https://physionet.org/physiotools/wag/annot-5.htm; codes: ecgcodes.h of WFDB 10.7.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cfm::format {

struct Annotation {
  std::int64_t sample = 0;
  int code = 0;  // 1 … 49
  int sub = 0, chan = 0, num = 0;
  std::string aux;  // UTF-8, without a final NUL: "(AFIB"
  bool operator==(const Annotation&) const = default;
};

struct AnnotationFile {
  std::vector<Annotation> annotations;  // as in the file, ascending by sample in all sound files
  double resolution = 0;                // Hz of the file's own clock; 0: the record's
};

AnnotationFile read_annotations(const std::string& path);

struct AnnotationCode {
  int code;
  std::string_view symbol;   // "N"
  std::string_view meaning;  // "normal beat"
  bool beat;                 // isqrs() of WFDB
};

// All codes that have a symbol, ascending.
std::span<const AnnotationCode> annotation_codes();
std::string annotation_symbol(int code);  // "[42]" for a code without one
std::optional<int> annotation_code(std::string_view symbol);
bool is_beat(int code);

}  // namespace cfm::format
