// Segments of frames that have been checked already. Inside the stream room only.
//
//   while (reader.next(frame)) if (frame.type == 'S') Segment segment = decode_checked(frame);
//
// Of a frame as FrameReader gave it: no offset or shape is looked at again.
#pragma once

#include "stream/frame.h"

namespace cfm::stream {

Segment decode_checked(const Frame& frame);

}  // namespace cfm::stream
