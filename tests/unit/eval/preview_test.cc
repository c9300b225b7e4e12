#include "eval/preview.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace cfm;

namespace {

stream::Segment segment_of(std::vector<float> samples, double fs, const std::string& kind = "ecg") {
  stream::Segment segment;
  segment.header = {{"id", "r/0"}, {"record", "r"}};
  const auto n = static_cast<std::int64_t>(samples.size());
  segment.put(stream::make_tensor(kind, {1, n}, std::move(samples),
                                  {{"kind", kind}, {"fs", fs}, {"t0", 0.5}, {"names", {"II"}}, {"units", {"mV"}}}));
  return segment;
}

}  // namespace

TEST_CASE("a preview has the range of each column") {
  const auto all = eval::previews(segment_of({1, 5, -2, 3, NAN, NAN, 4, 4, NAN, 7}, 10), 5);
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == "II");
  CHECK(all[0].kind == "ecg");
  CHECK(all[0].unit == "mV");
  CHECK(all[0].t0 == 0.5);
  CHECK(all[0].seconds == doctest::Approx(1));
  REQUIRE(all[0].low.size() == 5);
  CHECK(all[0].low[0] == 1);
  CHECK(all[0].high[0] == 5);
  CHECK(all[0].low[1] == -2);
  CHECK(std::isnan(all[0].low[2]));
  CHECK(std::isnan(all[0].high[2]));
  CHECK(all[0].low[4] == 7);
}

TEST_CASE("no column is empty, however samples and columns divide") {
  std::vector<float> samples(1001);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<float>(i);
  const auto all = eval::previews(segment_of(samples, 250), 600);
  REQUIRE(all[0].low.size() == 600);
  for (std::size_t c = 1; c < 600; ++c) CHECK(all[0].low[c] == all[0].high[c - 1] + 1);
  CHECK(all[0].high.back() == 1000);
  CHECK(eval::previews(segment_of({1, 2}, 250), 600)[0].low.size() == 2);
  CHECK(eval::previews(segment_of({}, 250), 600)[0].low.empty());
}

TEST_CASE("waveforms that were predicted are no channels of the segment") {
  CHECK(eval::previews(segment_of({1, 2}, 250, "waveform"), 600).empty());
}
