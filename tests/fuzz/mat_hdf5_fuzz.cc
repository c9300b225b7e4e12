// MAT files of version 7.3, which is HDF5. What breaks within libhdf5 itself is not ours to mend: see run.sh.
#include "format/mat_layout.h"
#include "format/readers.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cfm::fuzz::MemoryFile file(cfm::fuzz::text(data, size));
  return cfm::fuzz::expect_errors([&] {
    const auto layout = cfm::format::check_mat_lengths(cfm::map_file(file.path()).text(), file.path());
    if (layout.version != cfm::format::MatVersion::k73) return;
    cfm::fuzz::completes([&] { cfm::fuzz::read_through(*cfm::format::open_mat(file.path(), "r", {})); });
    cfm::fuzz::read_through(*cfm::format::open_mat(file.path(), "r", {.fs = 250, .variable = "ecg"}));
  });
}
