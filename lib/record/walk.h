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
  std::string path;  // of its header file: challenge2015/v100s.hea
  std::string name;  // v100s
};

// The records an input names, in byte order of their names, found as they are asked for.
//
// Input is a folder (every NAME.hea below it; what begins with a dot is left out), a header file, or a record's path
// without suffix. A header that another header of the same folder lists as a segment is no record: for that, the first
// lines of a folder's headers are looked at when its first record is asked for, folder by folder.
class RecordWalk {
 public:
  explicit RecordWalk(std::string input);
  ~RecordWalk();
  RecordWalk(RecordWalk&&) noexcept;
  RecordWalk& operator=(RecordWalk&&) noexcept;

  std::optional<FoundRecord> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// All of RecordWalk; empty for a folder without records.
std::vector<FoundRecord> find_recordings(const std::string& input);

}  // namespace cfm::record
