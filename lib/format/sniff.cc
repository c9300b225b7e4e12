#include "format/sniff.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "format/mat_layout.h"

namespace cfm::format {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kEnough = 512;  // bytes: past all signatures, and of a first line

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
    Refused{"BZh"sv, "compressed with bzip2; unpack it first (bunzip2)"},
    Refused{"\xfd"
            "7zXZ"sv,
            "compressed with xz; unpack it first (unxz)"},
    Refused{"\x89HDF\r\n\x1a\n"sv, "an HDF5 file without the header of a MAT file"},
    Refused{"\x89PNG"sv, "an image"},
    Refused{"\xff\xd8\xff"sv, "an image"},
    Refused{"%PDF"sv, "a PDF document"},
    Refused{"<!DOCTYPE"sv, "a web page"},
    Refused{"<html"sv, "a web page"},
    Refused{"<?xml"sv, "XML"},
};

// Whether the version number of a MAT file of version 5 or 7.3 stands where it must; the text before it is free.
bool is_mat(std::string_view head) {
  constexpr std::size_t kVersionAt = 124;  // MAT-File Format, The MathWorks, 2023
  if (head.size() < kVersionAt + 4) return false;
  const std::string_view version = head.substr(kVersionAt, 4);
  return version == "\x00\x01IM"sv || version == "\x01\x00MI"sv || version == "\x00\x02IM"sv ||
         version == "\x02\x00MI"sv;
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
  if (is_mat(head) || is_mat_4(head)) return FileKind::kMat;
  const bool is_text = std::ranges::none_of(
      head.substr(0, head.find('\n')), [](unsigned char c) { return c < ' ' && c != '\t' && c != '\r' && c != '\f'; });
  if (is_text) return FileKind::kTable;
  throw Error(Status::kMalformed, "{}: not a recording: neither WFDB, EDF, BDF, WAV, FLAC, AU, MAT, NPY nor text",
              path);
}

}  // namespace cfm::format
