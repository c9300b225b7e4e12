// A stream through a model: segments are read as they come, worked on in batches, and written in their order.
//
//   relay_batches(inlet, outlet, 16, [&](std::span<Segment> batch, std::size_t first) { embedder.embed(batch, first);
//   }); drain_batches(inlet, 16, work, [&](Segment& segment) { … });      // without an output stream
//
// The n-th segment that is worked on always has place n mod `batch`, so a result does not depend on when its segment
// arrived. work(segments, first) gets the segments of the places first … of one batch: all of it, or what there is when
// the input has nothing ready. Parts, ancillary frames, partial parts and damage are treated as stream::relay treats
// them.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "stream/pipe.h"

namespace cfm::model {

using BatchWork = std::function<void(std::span<stream::Segment> segments, std::size_t first)>;
// Why a segment is left out, before it takes a place; nothing keeps it.
using LeftOut = std::function<std::optional<std::string>(const stream::Segment& segment)>;

stream::Counts relay_batches(stream::Inlet& in, stream::Outlet& out, std::size_t batch, const BatchWork& work,
                             const LeftOut& left_out = {});
stream::Counts drain_batches(stream::Inlet& in, std::size_t batch, const BatchWork& work,
                             const std::function<void(stream::Segment&)>& consume, const LeftOut& left_out = {});

}  // namespace cfm::model
