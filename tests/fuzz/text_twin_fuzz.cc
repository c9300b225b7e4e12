// The text twin: lines as a file, and each frame as text and back.
#include <algorithm>

#include "fuzz.h"
#include "stream/frame.h"
#include "stream/text_twin.h"

namespace stream = cfm::stream;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = cfm::fuzz::text(data, size);
  const cfm::fuzz::MemoryFile file(text);
  for (const bool skip : {false, true}) {
    cfm::fuzz::completes([&] {
      stream::FrameReader reader = stream::FrameReader::open(file.path(), {.skip_damaged = skip});
      for (stream::Frame frame; reader.next(frame);) {
        if (frame.type == 'S') cfm::fuzz::completes([&] { stream::decode_segment(frame); });
      }
    });
  }
  const std::string line(text.substr(0, text.find('\n')));
  cfm::fuzz::completes([&] { stream::unbase64(line); });
  return cfm::fuzz::expect_errors([&] {
    const stream::Frame frame = stream::text_frame(line, 1 << 20);
    if (frame.type == 'x') return;  // comes without its tensors
    for (const stream::Payload payload : {stream::Payload::kText, stream::Payload::kBase64}) {
      const stream::Frame again = stream::text_frame(stream::text_line(frame, payload), 1 << 20);
      if (again.type != frame.type || again.crc != frame.crc || again.header != frame.header ||
          !std::ranges::equal(again.payload.span(), frame.payload.span())) {
        cfm::fuzz::fail("a frame changes in its text twin");
      }
    }
  });
}
