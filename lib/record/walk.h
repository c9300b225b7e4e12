// The records that an input names, one by one.
//
//   RecordWalk walk("challenge2015");
//   while (auto found = walk.next()) auto recording = format::open_recording(found->path, found->name, {});
//
// Throws kIo (no such record or folder), kMalformed (a file that is no recording).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cfm::record {

struct FoundRecord {
  std::string path;  // of its file: challenge2015/v100s.hea, night.edf
  std::string name;  // v100s
};

struct WalkOptions {
  // Files of folders that are recordings although their suffix doesn't say so (CSV, MAT, NPY): patterns as the shell
  // has them, of a file's name or its path below the folder.
  std::vector<std::string> include = {};
};

// The records an input names, in byte order of their names, found as they are asked for.
//
// Input is a folder, a record's file, or a WFDB record's path without suffix. A folder gives all records below it:
// every NAME.hea, .edf, .bdf, .wav, .flac and .au, and what `include` says; what begins with a dot is left out. A
// header that another header of the same folder lists as a segment is no record, nor is a file that one lists as its
// signals: for that, a folder's headers are looked at when its first record is asked for, folder by folder. A record's
// name has no suffix, unless another record of the folder would be called the same.
class RecordWalk {
 public:
  explicit RecordWalk(std::string input, WalkOptions options = {});
  ~RecordWalk();
  RecordWalk(RecordWalk&&) noexcept;
  RecordWalk& operator=(RecordWalk&&) noexcept;

  std::optional<FoundRecord> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// All of RecordWalk; empty for a folder without records.
std::vector<FoundRecord> find_recordings(const std::string& input, const WalkOptions& options = {});

}  // namespace cfm::record
