// A single-segment WFDB record as a Recording; see recording.h for the contract.
//
//   auto recording = open_wfdb_record("mitdb/100.hea", "100", {});
//
// Signal files are mapped. Files shorter than the header promises, unknown formats, skew and several segments are
// kMalformed.
#pragma once

#include <memory>
#include <string>

#include "record/recording.h"

namespace cfm::record {

std::unique_ptr<Recording> open_wfdb_record(const std::string& path, const std::string& name,
                                            const OpenOptions& options);

}  // namespace cfm::record
