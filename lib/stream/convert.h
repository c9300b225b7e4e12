// Between the binary form and the text twin.
//
//   convert(reader, writer);             // part_id, provenance, notes and the presence of an index stay
//
// Throws as the reader and writer do; nothing that is damaged gets an end frame.
#pragma once

#include "stream/pipe.h"

namespace cfm::stream {

// add_index: each part gets an index, else those that had one.
void convert(FrameReader& in, FrameWriter& out, bool add_index = false);

}  // namespace cfm::stream
