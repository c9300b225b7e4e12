// MAT files of versions 4 and 5: our look at the lengths, then matio. Version 7.3 is HDF5: mat_hdf5_fuzz.cc.
#include "format/mat_layout.h"
#include "format/readers.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cfm::fuzz::MemoryFile file(cfm::fuzz::text(data, size));
  return cfm::fuzz::expect_errors([&] {
    const auto layout = cfm::format::check_mat_lengths(cfm::map_file(file.path()).text(), file.path());
    if (layout.version == cfm::format::MatVersion::k73) return;
    cfm::fuzz::completes([&] { cfm::fuzz::read_through(*cfm::format::open_mat(file.path(), "r", {})); });
    cfm::fuzz::read_through(*cfm::format::open_mat(file.path(), "r", {.fs = 250, .variable = "s.x"}));
  });
}
