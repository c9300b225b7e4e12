// The two kinds of WFDB records behind open_wfdb_record(): signals in files, and lists of such records.
//
//   WfdbHeader header = read_wfdb_header(path);
//   auto record = header.is_multi_segment ? open_wfdb_segments(std::move(header), name, options)
//                                         : open_wfdb_signals(std::move(header), name, options);
//
// Contract and errors: recording.h.
#pragma once

#include <memory>
#include <string>

#include "format/recording.h"
#include "format/wfdb_header.h"

namespace cfm::format {

std::unique_ptr<Recording> open_wfdb_signals(WfdbHeader header, std::string name, const OpenOptions& options);

// Segments are opened when they are read, and few stay open. A signal that a segment lacks is missing there; values
// of a segment with another gain or baseline are re-scaled to those of the layout, or of the first segment where there
// is no layout. A list that names a list is refused.
std::unique_ptr<Recording> open_wfdb_segments(WfdbHeader header, std::string name, const OpenOptions& options);

// Where a file that a header names is: in the header's folder.
std::string beside(const std::string& header_path, const std::string& file);

Channel wfdb_channel(const WfdbSignal& signal, double frames_a_second, std::int64_t frames);

// 2024-03-01T10:23:45.5
std::optional<std::string> wfdb_base_time(const WfdbHeader& header);

}  // namespace cfm::format
