// Streaming detectors give in chunks what they give in one piece, and again after a flush.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "base/random.h"
#include "support.h"

namespace cfm::test {

// Twice through the same detector, in chunks of up to 12 and up to 2999 samples, empty ones among them.
template <typename Detector, typename Mark>
void check_chunks(Detector& detector, const std::vector<float>& x, const std::vector<Mark>& whole, Random& random) {
  for (int turn = 0; turn < 2; ++turn) {
    std::vector<Mark> pieces;
    for (std::size_t at = 0; at < x.size();) {
      const std::size_t n = std::min<std::size_t>(random.below(turn == 0 ? 13 : 3000), x.size() - at);
      detector.process(std::span(x).subspan(at, n), pieces);
      at += n;
    }
    detector.flush(pieces);
    CHECK(pieces == whole);
  }
}

}  // namespace cfm::test
