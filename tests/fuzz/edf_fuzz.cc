// EDF, EDF+, BDF and BDF+ files: header, annotations, samples.
#include "format/readers.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cfm::fuzz::MemoryFile file(cfm::fuzz::text(data, size));
  return cfm::fuzz::expect_errors([&] { cfm::fuzz::read_through(*cfm::format::open_edf(file.path(), "r", {})); });
}
