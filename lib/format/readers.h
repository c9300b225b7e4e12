// One opener a file format; open_recording() of recording.h chooses among them. See there for the contract.
#pragma once

#include <memory>
#include <string>

#include "format/recording.h"

namespace cfm::format {

// Options that its format has no use for are not looked at.
std::unique_ptr<Recording> open_wfdb_record(const std::string& path, const std::string& name,
                                            const OpenOptions& options);
std::unique_ptr<Recording> open_edf(const std::string& path, const std::string& name, const OpenOptions& options);
std::unique_ptr<Recording> open_audio(const std::string& path, const std::string& name, const OpenOptions& options);
std::unique_ptr<Recording> open_mat(const std::string& path, const std::string& name, const OpenOptions& options);
std::unique_ptr<Recording> open_npy(const std::string& path, const std::string& name, const OpenOptions& options);
std::unique_ptr<Recording> open_table(const std::string& path, const std::string& name, const OpenOptions& options);

}  // namespace cfm::format
