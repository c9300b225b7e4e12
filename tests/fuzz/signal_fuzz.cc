// Signal files of WFDB, every format but FLAC: the first byte chooses the format, the next three the signals.
#include <algorithm>

#include "format/wfdb_signal.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kChoices = 4;
  if (size < kChoices) return 0;
  const auto formats = cfm::format::signal_formats();
  const cfm::format::SignalFormat& format = formats[data[0] % formats.size()];
  if (format.bytes_for == nullptr) return 0;
  cfm::format::SignalFile file{.data = cfm::Bytes::own(std::vector<std::uint8_t>(data + kChoices, data + size))};
  for (int s = 0; s <= data[1] % 4; ++s) {
    file.initial.push_back(static_cast<std::int8_t>(data[3]) << s);
    file.samples_per_frame.push_back(1 + (data[2] >> (2 * s)) % 4);
  }
  const auto source = format.open(std::move(file));
  const std::int64_t n = source->values();
  if (n < 0 || format.bytes_for(n) > static_cast<std::int64_t>(size - kChoices))
    cfm::fuzz::fail("values that aren't there");
  std::vector<std::int32_t> whole(static_cast<std::size_t>(n)), part;
  source->decode(0, whole);
  const std::int64_t step = 1 + data[3] % 97;
  for (std::int64_t first = 0; first < n; first += step) {
    part.assign(static_cast<std::size_t>(std::min(step, n - first)), 0);
    source->decode(first, part);
    if (!std::equal(part.begin(), part.end(), whole.begin() + first)) cfm::fuzz::fail("values differ in pieces");
  }
  return 0;
}
