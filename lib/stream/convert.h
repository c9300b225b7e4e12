// Between the binary form and the text twin, and the first segments of a stream.
//
//   convert(reader, writer);             // part_id, provenance, notes and the presence of an index stay
//   head(inlet, outlet, 10);
//
// Throws as the reader and writer do; nothing that is damaged gets an end frame.
#pragma once

#include "stream/pipe.h"

namespace cfm::stream {

// add_index: each part gets an index, else those that had one.
void convert(FrameReader& in, FrameWriter& out, bool add_index = false);

// The first n segments over all parts, each part ended; what follows is not read.
Counts head(Inlet& in, Outlet& out, std::uint64_t n);

}  // namespace cfm::stream
