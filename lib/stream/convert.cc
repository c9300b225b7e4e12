#include "stream/convert.h"

namespace cfm::stream {

void convert(FrameReader& in, FrameWriter& out) {
  bool index = false;
  for (Frame frame; in.next(frame);) {
    switch (frame.type) {
      case 'x':
        index = true;
        break;  // made anew from the segments
      case 'E':
        out.end_part(Json::parse(frame.header), index);
        index = false;
        break;
      default:
        out.write(frame);
    }
  }
}

Counts head(Inlet& in, Outlet& out, std::uint64_t n) {
  Counts total;
  Counts part;
  for (Frame frame; total.written < n && in.next(frame);) {
    switch (frame.type) {
      case 'H':
        out.begin(Json::parse(frame.header));
        part = {};
        break;
      case 'S':
        out.write(decode_segment(frame));
        ++part.read, ++part.written, ++total.read, ++total.written;
        break;
      case 'E':
        out.end(part, Json::parse(frame.header).value("status", "ok") != "ok");
        break;
      case 'x':
        break;
      default:
        out.pass(frame);
    }
  }
  if (out.open()) out.end(part, false);
  return total;
}

}  // namespace cfm::stream
