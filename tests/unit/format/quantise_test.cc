#include "format/quantise.h"

#include <cmath>
#include <vector>

#include "format/writer.h"
#include "support.h"

namespace cfm::format {
namespace {

using Values = std::vector<double>;

Quantisation choose(const Values& values, int bits, bool single = false) {
  return quantisation_of(
      [&](const TakeValues& take) {
        for (std::size_t i = 0; i < values.size(); i += 7) {
          take(std::span(values).subspan(i, std::min<std::size_t>(7, values.size() - i)));
        }
      },
      {.bits = bits, .single = single});
}

double back(double value, const Quantisation& q) { return (quantised(value, q) - q.offset) * q.scale; }

TEST_CASE("decimals are exact") {
  const Values values = {0.28815, -1.5, NAN, 0.1, 0};
  const Quantisation q = choose(values, 24);
  CHECK(q.exact);
  CHECK(q.scale == 1e-5);
  CHECK(q.offset == 0);
  CHECK(quantised(0.28815, q) == 28815);
  CHECK(quantised(-1.5, q) == -150000);
  CHECK(quantised(NAN, q) == kMissing);
  CHECK(choose({1, 2, -32767}, 16).scale == 1);
}

TEST_CASE("floats are exact to their last bit") {
  Values values;
  for (int i = -2000; i < 2000; ++i) values.push_back(static_cast<float>(i * 0.005));
  const Quantisation q = choose(values, 16, true);
  CHECK(q.exact);
  CHECK(q.scale == 1e-3);
  for (const double x : values) CHECK(static_cast<float>(back(x, q)) == static_cast<float>(x));
}

TEST_CASE("an offset makes room") {
  const Quantisation q = choose({1000.0, 1000.5, 1065.2}, 12);
  CHECK(q.exact);
  CHECK(q.scale == 0.1);
  CHECK(q.offset == std::round(q.offset));
  for (const double x : {1000.0, 1000.5, 1065.2}) {
    CHECK(std::abs(quantised(x, q)) <= 2047);
    CHECK(back(x, q) == doctest::Approx(x).epsilon(1e-15));
  }
}

TEST_CASE("the step of a converter") {
  for (const double gain : {409.6, 1024.0, 3 * 200.0, 7.0}) {
    for (const bool single : {false, true}) {
      Values values;
      for (int i = -3000; i < 3000; ++i) {
        const double x = i * 31 % 2741 / gain;
        values.push_back(single ? static_cast<float>(x) : x);
      }
      values.push_back(0);
      values.push_back(1 / gain);
      const Quantisation q = choose(values, 16, single);
      INFO("gain ", gain, " single ", single);
      CHECK(q.exact);
      for (const double x : values) CHECK(back(x, q) == doctest::Approx(x).epsilon(1e-7));
    }
  }
}

TEST_CASE("what doesn't fit is rounded as finely as it can be") {
  Values values;
  for (int i = 0; i < 5000; ++i) values.push_back(std::sin(i * 0.01) * std::exp(1.0));
  const Quantisation q = choose(values, 16);
  CHECK(!q.exact);
  CHECK(q.scale == 1e-4);
  double worst = 0;
  for (const double x : values) {
    worst = std::max(worst, std::abs(back(x, q) - x));
    CHECK(std::abs(quantised(x, q)) <= 32767);
  }
  CHECK(q.worst == worst);
  CHECK(worst <= q.scale / 2 * (1 + 1e-9));
  CHECK(worst > 0);
  CHECK(choose(values, 24).scale == 5e-7);
  CHECK(choose(values, 8).scale == 0.05);
  const Quantisation huge = choose({1e12 / 3, -1e12 / 7, 5}, 16);
  CHECK(huge.scale == 1e7);
  const Quantisation far = choose({1e9 + 1.0 / 3, 1e9 + 2.0 / 3}, 16);
  CHECK(std::abs(back(1e9 + 1.0 / 3, far) - 1e9 - 1.0 / 3) <= far.worst * (1 + 1e-6));
  CHECK(std::abs(far.offset) < 0x1p31);
}

TEST_CASE("nothing, one value, infinities") {
  CHECK(choose({}, 16).exact);
  CHECK(choose({NAN}, 16).scale == 1);
  CHECK(choose({0.25}, 16).scale == 0.01);
  CHECK(choose({std::exp(1.0)}, 16).worst > 0);
  const Quantisation q = choose({1, INFINITY, -INFINITY}, 16);
  CHECK(q.infinite == 2);
  CHECK(quantised(INFINITY, q) == kMissing);
}

// Keeps what is written.
struct Kept {
  RecordLayout layout;
  std::vector<Samples> samples;
  Marks marks;
  bool finished = false;
};

class Keeper final : public RecordWriter {
 public:
  explicit Keeper(Kept& kept) : kept_(kept) { kept_.samples.resize(kept_.layout.channels.size()); }
  void write(std::span<const Samples> samples, std::int64_t frames) override {
    for (std::size_t c = 0; c < samples.size(); ++c) {
      CHECK(samples[c].real.empty());
      CHECK(samples[c].digital.size() == static_cast<std::size_t>(frames * kept_.layout.channels[c].samples_per_frame));
      kept_.samples[c].digital.insert(kept_.samples[c].digital.end(), samples[c].digital.begin(),
                                      samples[c].digital.end());
    }
  }
  void finish(const Marks& marks) override {
    kept_.marks = marks;
    kept_.finished = true;
  }

 private:
  Kept& kept_;
};

TEST_CASE("a writer of integers takes real channels") {
  RecordLayout layout{.name = "r", .fs = 250, .channels = std::vector<Channel>(3)};
  layout.channels[0].type = SampleType::kF64;
  layout.channels[1].type = SampleType::kF32;
  layout.channels[1].samples_per_frame = 2;
  layout.channels[2].offset = 3;
  Kept kept;
  const auto writer = quantised(layout, 16, [&](const RecordLayout& integers) {
    kept.layout = integers;
    return std::make_unique<Keeper>(kept);
  });
  constexpr int kFrames = 150'000;  // several blocks of the spool
  for (int at = 0; at < kFrames; at += 1000) {
    std::vector<Samples> samples(3);
    for (int i = at; i < at + 1000; ++i) {
      samples[0].real.push_back(i == 7 ? NAN : (i % 601 - 300) * 0.01);
      samples[1].real.push_back(static_cast<float>(i % 100 * 0.5));
      samples[1].real.push_back(-1);
      samples[2].digital.push_back(i == 9 ? kMissing : i % 5);
    }
    writer->write(samples, 1000);
  }
  CHECK(!kept.finished);
  writer->finish({.notes = {{.onset = 1, .text = "a"}}});
  REQUIRE(kept.finished);
  CHECK(kept.marks.notes.size() == 1);
  CHECK(kept.layout.channels[0].type == SampleType::kI16);
  CHECK(kept.layout.channels[0].scale == 0.01);
  CHECK(kept.layout.channels[1].scale == 0.1);
  CHECK(kept.layout.channels[2].offset == 3);
  std::size_t wrong = 0;
  for (int i = 0; i < kFrames; ++i) {
    const auto k = static_cast<std::size_t>(i);
    wrong += kept.samples[0].digital[k] != (i == 7 ? kMissing : i % 601 - 300);
    wrong += kept.samples[1].digital[2 * k] != i % 100 * 5;
    wrong += kept.samples[1].digital[2 * k + 1] != -10;
    wrong += kept.samples[2].digital[k] != (i == 9 ? kMissing : i % 5);
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace cfm::format
