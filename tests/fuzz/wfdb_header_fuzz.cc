// WFDB headers as text, and the lenient look at lists of segments.
#include "format/wfdb_header.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);
  const std::string_view text(copy.data(), copy.size());
  cfm::format::listed_segments(text);
  return cfm::fuzz::expect_errors([&] {
    const cfm::format::WfdbHeader header = cfm::format::parse_wfdb_header(text, "r.hea");
    for (const auto& signal : header.signals) {
      if (signal.file.find('/') != std::string::npos) cfm::fuzz::fail("a signal file in another folder");
    }
    for (const auto& segment : header.segments) {
      if (segment.name.find('/') != std::string::npos) cfm::fuzz::fail("a segment in another folder");
    }
  });
}
