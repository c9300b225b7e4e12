// Binary streams: read in order, strictly and by skipping what is damaged, and at random. Mutations get their checksums
// mended mostly, or none would come further than those.
#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "fuzz.h"
#include "stream/frame.h"
#include "stream/preamble.h"
#include "stream/summary.h"
#include "stream/text_twin.h"

namespace stream = cfm::stream;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

template <typename T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// From one frame to the next as their preambles say, or to the next magic where they say nonsense.
void mend_checksums(std::span<std::uint8_t> bytes) {
  const auto sum = [&](std::size_t at, std::size_t n) { return cfm::crc32c(std::as_bytes(bytes.subspan(at, n))); };
  const auto* magic = reinterpret_cast<const std::uint8_t*>(stream::kMagic.data());
  for (std::size_t at = 0;;) {
    const auto found =
        std::search(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), magic, magic + stream::kMagic.size());
    at = static_cast<std::size_t>(found - bytes.begin());
    if (bytes.size() - at < stream::kPreambleBytes) return;
    std::uint8_t* front = bytes.data() + at;
    const std::uint64_t header = load<std::uint32_t>(front + 12), payload = load<std::uint64_t>(front + 16);
    const std::size_t rest = bytes.size() - at - stream::kPreambleBytes;
    const bool whole = header <= rest && payload <= rest - header;
    if (whole) {
      const std::uint32_t payload_sum = (front[10] & 1) != 0 ? sum(at + stream::kPreambleBytes + header, payload) : 0;
      const std::uint32_t header_sum = sum(at + stream::kPreambleBytes, header);
      std::memcpy(front + 40, &payload_sum, sizeof payload_sum);
      std::memcpy(front + 44, &header_sum, sizeof header_sum);
    }
    const std::uint32_t own = sum(at, 56);
    std::memcpy(front + 56, &own, sizeof own);
    at += stream::kPreambleBytes + (whole ? header + payload : 0);
  }
}

// A segment that was accepted answers everything, or says what is wrong with it.
void use(const stream::Segment& segment) {
  for (const stream::Tensor& tensor : segment.tensors) {
    if (tensor.elements() * size_of(tensor.dtype) != tensor.data.size()) cfm::fuzz::fail("a tensor of another size");
    const bool is_signal = tensor.is_signal();
    cfm::fuzz::completes([&] { tensor.fs(), tensor.t0(), tensor.kind(); });
    if (!is_signal || tensor.channels() == 0) continue;
    cfm::fuzz::completes([&] { tensor.names(), tensor.units(), tensor.scale(0), tensor.offset(0); });
    cfm::fuzz::completes([&] { physical(segment, tensor, tensor.channels() - 1); });
  }
  cfm::fuzz::completes([&] { segment.id(), segment.subject_or_record(), segment.start(); });
  cfm::fuzz::completes([&] { segment.score(); });
  cfm::fuzz::completes([&] { preferred_channel(segment, "ecg"); });
}

stream::Frame twin_of(const stream::Frame& frame) {
  return stream::text_frame(stream::text_line(frame, stream::Payload::kText), 1 << 20);
}

// The segments of the stream; what the text twin makes of each frame reads back to it.
void read_in_order(const std::string& path, bool skip, std::size_t& segments) {
  stream::FrameReader reader = stream::FrameReader::open(path, {.skip_damaged = skip});
  stream::Summary summary;
  for (stream::Frame frame; reader.next(frame);) {
    cfm::fuzz::completes([&] { summary.add(frame); });
    cfm::fuzz::completes([&] {
      if (skip || frame.type == 'x') return;  // made anew by whoever reads the text
      // A header that is no compact JSON, or doesn't begin with its type, becomes so once.
      const stream::Frame again = twin_of(frame);
      if (twin_of(again).header != again.header) cfm::fuzz::fail("a header changes in the text twin");
      if (!std::ranges::equal(again.payload.span(), frame.payload.span())) {
        cfm::fuzz::fail("a payload changes in the text twin");
      }
    });
    if (frame.type != 'S') continue;
    ++segments;
    cfm::fuzz::completes([&] { use(decode_segment(frame)); });
  }
  cfm::fuzz::completes([&] { summary.text("s", "binary", ""); });
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::size_t mutated = LLVMFuzzerMutate(data, size, most);
  if (seed % 8 != 0) mend_checksums({data, mutated});
  return mutated;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cfm::fuzz::MemoryFile file(cfm::fuzz::text(data, size));
  std::size_t strict = 0, skipped = 0;
  const bool whole = cfm::fuzz::completes([&] { read_in_order(file.path(), false, strict); });
  cfm::fuzz::completes([&] { read_in_order(file.path(), true, skipped); });
  if (skipped < strict) cfm::fuzz::fail("skipping damage loses segments that are sound");
  if (size > 0 && data[0] == '{') return 0;
  return cfm::fuzz::expect_errors([&] {
    const stream::MappedStream mapped(file.path());
    for (std::size_t i = 0; i < mapped.size(); ++i) cfm::fuzz::completes([&] { use(mapped.segment(i)); });
    if (whole && mapped.size() != strict) cfm::fuzz::fail("random access finds other segments");
  });
}
