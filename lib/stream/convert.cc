#include "stream/convert.h"

#include "stream/decode.h"
#include "stream/json_text.h"

namespace cfm::stream {

void convert(FrameReader& in, FrameWriter& out, bool add_index) {
  bool open = false, index = add_index;
  std::uint64_t lost_pieces = 0;
  const auto finish = [&](Json end) {
    if (in.lost_pieces() > std::exchange(lost_pieces, in.lost_pieces())) end["status"] = "partial";
    out.end_part(std::move(end), index);
    open = false;
    index = add_index;
  };
  // Without its end a part has lost something, which only a reader that skips damage lets through.
  const Json lost = {{"status", "partial"}};
  const Gathering together(out);
  for (Frame frame; in.next(frame);) {
    switch (frame.type) {
      case 'x':
        index = true;
        break;  // made anew from the segments
      case 'E':
        finish(parse_json(frame.header));
        break;
      case 'H':
        if (open) finish(lost);
        open = true;
        [[fallthrough]];
      default:
        out.write(frame);
    }
    if (!in.ready()) out.flush();
  }
  if (open) finish(lost);
  out.flush();
}

}  // namespace cfm::stream
