#include "format/recording.h"

#include "base/error.h"
#include "base/file.h"
#include "format/sniff.h"
#include "format/readers.h"

namespace cfm::format {

std::unique_ptr<Recording> open_recording(const std::string& path, const std::string& name,
                                          const OpenOptions& options) {
  if (!is_regular_file(path)) throw Error(Status::kIo, "{}: no such record", path);
  switch (sniff(path)) {
    case FileKind::kWfdbHeader:
      return open_wfdb_record(path, name, options);
    case FileKind::kEdf:
    case FileKind::kBdf:
      return open_edf(path, name, options);
    case FileKind::kAudio:
      return open_audio(path, name, options);
    case FileKind::kMat:
      return open_mat(path, name, options);
    case FileKind::kNpy:
      return open_npy(path, name, options);
    case FileKind::kTable:
      return open_table(path, name, options);
    case FileKind::kStream:
      throw Error(Status::kUsage, "{}: a stream, not a recording; name it without records beside it", path);
  }
  throw Error(Status::kBug, "{}: a kind of file without a reader", path);
}

}  // namespace cfm::format
