#include "format/recording.h"

#include <atomic>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "format/readers.h"
#include "format/sniff.h"

namespace cfm::format {
namespace {

// What the files of a kind say themselves is not taken from a user who means others of the folder; said once a program.
OpenOptions needed_by(FileKind kind, const std::string& path, const OpenOptions& given) {
  const bool tells_all = kind == FileKind::kWfdbHeader || kind == FileKind::kEdf || kind == FileKind::kBdf;
  const bool tells_rate = tells_all || kind == FileKind::kAudio, tells_names = tells_all || kind == FileKind::kTable;
  OpenOptions options = given;
  if (tells_rate) options.fs.reset();
  if (tells_names) options.channels.clear();
  if (kind != FileKind::kMat) options.variable.clear();
  static std::atomic_flag said;
  const bool idle = (given.fs && !options.fs) || given.channels.size() > options.channels.size();
  if (idle && !said.test_and_set()) {
    log::warn("{}: {} files tell their {} themselves; --fs and --channels are for those that don't", path,
              name_of(kind),
              tells_all    ? "rates and names"
              : tells_rate ? "rate"
                           : "names");
  }
  return options;
}

}  // namespace

std::unique_ptr<Recording> open_recording(const std::string& path, const std::string& name, const OpenOptions& given) {
  if (!is_regular_file(path)) throw Error(Status::kIo, "{}: no such record", path);
  const FileKind kind = sniff(path);
  const OpenOptions options = needed_by(kind, path, given);
  switch (kind) {
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
