// Signal files of WFDB in FLAC (formats 508, 516, 524): the first byte chooses the format, the second the signals.
#include <algorithm>

#include "format/wfdb_signal.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kChoices = 2;
  if (size < kChoices) return 0;
  const cfm::format::SignalFormat& format = *cfm::format::find_signal_format(508 + 8 * (data[0] % 3));
  cfm::format::SignalFile file{.data = cfm::Bytes::own(std::vector<std::uint8_t>(data + kChoices, data + size)),
                               .path = "r.dat"};
  file.initial.assign(1 + data[1] % 3, 0);
  file.samples_per_frame.assign(file.initial.size(), 1 + data[1] / 16);
  return cfm::fuzz::expect_errors([&] {
    const auto source = format.open(std::move(file));
    constexpr std::int64_t kMost = 1 << 15;
    const std::int64_t n = std::min(source->values(), kMost);
    std::vector<std::int32_t> whole(static_cast<std::size_t>(n)), part(static_cast<std::size_t>(n - n / 2));
    source->decode(0, whole);
    source->decode(n / 2, part);
    if (!std::equal(part.begin(), part.end(), whole.begin() + n / 2)) cfm::fuzz::fail("values differ in pieces");
  });
}
