// What kind of file this is, seen by looking at its first bytes.
//
//   if (sniff("night.rec") == FileKind::kEdf) …
//
// A WFDB header is known by its name (NAME.hea), which is part of that format; all others by content. Text that is
// nothing else is a table. Throws kIo where there is no such file, kMalformed (with what it is instead) for a file that
// is none of these: empty, compressed, UTF-16, unknown bytes.
#pragma once

#include <string>
#include <string_view>

namespace cfm::format {

enum class FileKind { kWfdbHeader, kEdf, kBdf, kAudio, kMat, kNpy, kTable, kStream };

FileKind sniff(const std::string& path);

// "EDF", as messages name it.
std::string_view name_of(FileKind kind);

}  // namespace cfm::format
