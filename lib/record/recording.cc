#include "record/recording.h"

#include "base/error.h"
#include "base/file.h"
#include "record/wfdb_record.h"

namespace cfm::record {

std::unique_ptr<Recording> open_recording(const std::string& path, const std::string& name,
                                          const OpenOptions& options) {
  if (!is_regular_file(path)) throw Error(Status::kIo, "{}: no such record", path);
  return open_wfdb_record(path, name, options);
}

std::vector<FoundRecord> find_recordings(const std::string& input) {
  RecordWalk walk(input);
  std::vector<FoundRecord> found;
  while (auto record = walk.next()) found.push_back(std::move(*record));
  return found;
}

}  // namespace cfm::record
