// Annotation files in MIT format (WFDB): beats, rhythms and notes on a record's clock.
//
//   AnnotationFile file = read_annotations("mitdb/100.atr");
//   for (const Annotation& a : file.annotations)
//     if (is_beat(a.code)) beats.push_back(a.sample);
//
//   write_annotations("out/100.atr", file);   // beside and renamed; what it reads back to is the same
//
// Samples count in the record's frames, or in 1/resolution s where the file has its own clock. The notes that set the
// clock and define codes are no annotations. Throws kMalformed for a file that is cut or runs over its end, kIo where
// there is none; writing throws kUsage for what the format can't hold. Format:
// https://physionet.org/physiotools/wag/annot-5.htm; codes: ecgcodes.h of WFDB 10.7.
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

// A code that a file gives a meaning of its own.
struct DefinedCode {
  int code = 0;
  std::string symbol, meaning;  // UTF-8; no blanks in the symbol
  bool operator==(const DefinedCode&) const = default;
};

struct AnnotationFile {
  std::vector<Annotation> annotations;    // as in the file, ascending by sample in all sound files
  double resolution = 0;                  // Hz of the file's own clock; 0: the record's
  std::vector<DefinedCode> defined = {};  // beyond annotation_codes(), or instead
  bool operator==(const AnnotationFile&) const = default;
  std::string symbol(int code) const;  // as the file itself calls it, else annotation_symbol()
};

AnnotationFile read_annotations(const std::string& path);

inline constexpr int kNoteCode = 22;               // a comment, in `aux`
inline constexpr std::size_t kMostAuxBytes = 255;  // that all tools read; the format itself ends at 1023

// code 1 … 58, sub and num -128 … 127, chan 0 … 255, aux up to 1023 bytes without NUL. An existing file is kUsage
// unless `force`.
void write_annotations(const std::string& path, const AnnotationFile& file, bool force = false);

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
