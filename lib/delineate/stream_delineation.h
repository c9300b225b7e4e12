// A stream through the Delineator: records in parallel, everything in order.
//
//   Delineation d({.begin = …, .write = …, .pass = …, .end = …});
//   stream::Counts counts = delineate_stream(in, options, threads, outputs, arrivals);
//
// A record whose segments fit together into 3 MB, and are all there, is work for one thread; a longer one, and what
// comes slowly, goes through as it comes, in bounded memory. The output is the same with any number of threads.
// Ancillary frames stay where they stand among the segments, and cut no signal.
#pragma once

#include <array>
#include <functional>

#include "delineate/delineator.h"
#include "stream/pipe.h"

namespace cfm::delineate {

// Where a part goes. Only `write` must be there.
struct Outputs {
  std::function<void(const stream::Json& head)> begin;
  std::function<void(const Delineated&)> write;
  std::function<void(const stream::Frame&)> pass;  // ancillary frames
  std::function<void(const stream::Counts&, bool partial)> end;
};

// arrivals: beats by what became of their arrival time, added up.
stream::Counts delineate_stream(stream::Inlet& in, const DelineateOptions& options, int threads, const Outputs& outputs,
                                std::array<std::size_t, kReasons>& arrivals);

}  // namespace cfm::delineate
