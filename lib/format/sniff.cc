#include "format/sniff.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/error.h"
#include "base/file.h"

namespace cfm::format {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kEnough =
    512;  // bytes: past the signature of a MAT file of version 7.3, which stands at 512 or 0

struct Signature {
  std::string_view bytes;
  FileKind kind;
};
constexpr std::array kSignatures = {
    Signature{"\x89"
              "CFM\r\n\x1a\n"sv,
              FileKind::kStream},
    Signature{"0       "sv, FileKind::kEdf},
    Signature{"\xff"
              "BIOSEMI"sv,
              FileKind::kBdf},
    Signature{"RIFF"sv, FileKind::kAudio},
    Signature{"RIFX"sv, FileKind::kAudio},
    Signature{"RF64"sv, FileKind::kAudio},
    Signature{"fLaC"sv, FileKind::kAudio},
    Signature{".snd"sv, FileKind::kAudio},
    Signature{"MATLAB "sv, FileKind::kMat},
    Signature{"\x89HDF\r\n\x1a\n"sv, FileKind::kMat},
    Signature{"\x93NUMPY"sv, FileKind::kNpy},
    Signature{"{\"type\":\"head\""sv, FileKind::kStream},
};

// Signatures of what is not read, and what to do.
struct Refused {
  std::string_view bytes, what;
};
constexpr std::array kRefused = {
    Refused{"\x1f\x8b"sv, "compressed with gzip; unpack it first (gunzip)"},
    Refused{"\x28\xb5\x2f\xfd"sv, "compressed with zstd; unpack it first (unzstd)"},
    Refused{"PK\x03\x04"sv, "a zip archive; unpack it first (unzip)"},
    Refused{"\xff\xfe"sv, "text in UTF-16; convert it first (iconv -f UTF-16 -t UTF-8)"},
    Refused{"\xfe\xff"sv, "text in UTF-16; convert it first (iconv -f UTF-16 -t UTF-8)"},
    Refused{"%PDF"sv, "a PDF document"},
};

// MATLAB version 4 has no signature: a type number MOPT (little-endian: 0, O = 0, P 0 … 5, T 0 … 2), rows, columns,
// whether imaginary (0, 1) and the length of the name, each of four bytes. MAT-File Format, The MathWorks, level 4.
bool is_mat_4(std::string_view head) {
  if (head.size() < 20) return false;
  const auto word = [&](std::size_t i) {
    std::uint32_t value = 0;
    for (std::size_t k = 4; k-- > 0;) value = value << 8 | static_cast<std::uint8_t>(head[4 * i + k]);
    return value;
  };
  const std::uint32_t type = word(0), name = word(4);
  return type < 53 && type % 10 <= 2 && type / 10 % 10 <= 5 && word(3) <= 1 && name >= 2 && name <= 64;
}

}  // namespace

std::string_view name_of(FileKind kind) {
  static constexpr std::array names = {"WFDB"sv, "EDF"sv, "BDF"sv, "audio"sv, "MAT"sv, "NPY"sv, "table"sv, "stream"sv};
  return names[static_cast<std::size_t>(kind)];
}

FileKind sniff(const std::string& path) {
  if (path.ends_with(".hea")) return FileKind::kWfdbHeader;
  std::string head(kEnough, '\0');
  head.resize(InputFile::open(path).read(std::as_writable_bytes(std::span(head))));
  if (head.empty()) throw Error(Status::kMalformed, "{}: an empty file", path);
  for (const Refused& refused : kRefused) {
    if (head.starts_with(refused.bytes)) throw Error(Status::kMalformed, "{}: {}", path, refused.what);
  }
  for (const Signature& signature : kSignatures) {
    if (head.starts_with(signature.bytes)) return signature.kind;
  }
  if (is_mat_4(head)) return FileKind::kMat;
  const bool is_text = std::ranges::none_of(
      head.substr(0, head.find('\n')), [](unsigned char c) { return c < ' ' && c != '\t' && c != '\r' && c != '\f'; });
  if (is_text) return FileKind::kTable;
  throw Error(Status::kMalformed, "{}: not a recording: neither WFDB, EDF, BDF, WAV, FLAC, AU, MAT, NPY nor text",
              path);
}

}  // namespace cfm::format
