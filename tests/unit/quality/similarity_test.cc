#include "quality/similarity.h"

#include <cmath>
#include <vector>

#include "support.h"

using namespace cfm::quality;

TEST_CASE("a beat lasts as long at any rate") {
  for (const double fs : {50.0, 62.5, 100.0, 128.0, 360.0}) {
    CAPTURE(fs);
    std::vector<float> x(static_cast<std::size_t>(2.5 * fs));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double t = static_cast<double>(i) / fs;
      x[i] = static_cast<float>(std::exp(-std::pow((t - 0.3) / 0.03, 2)) + std::exp(-std::pow((t - 2.0) / 0.03, 2)));
    }
    const Window w(x, fs, {});
    REQUIRE(w.measurable());
    const std::vector<double> marks = {0.3 * fs, 2.0 * fs};
    // The second ends 0.35 s after its mark, with the window 0.15 s later.
    const Similarity s = beat_similarity(w, marks, 0.2, 0.35);
    CHECK(s.with_neighbour > 0.9);
    CHECK(std::isnan(beat_similarity(w, marks, 0.2, 0.6).with_neighbour));
  }
}
