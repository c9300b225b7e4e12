#include "synth/corrupt.h"

#include "signal/moments.h"
#include "synth/converter.h"
#include "synth_support.h"

using namespace cfm;
using namespace cfm::synth;
using namespace cfm::test;
using stream::Segment;

namespace {

Segment corrupted(Segment segment, const char* list, std::uint64_t seed = 5) {
  Corruptions corruptions(parse_corruptions(list), seed);
  corruptions.apply(segment);
  corruptions.settle();
  return segment;
}

Segment record(double duration = 20) { return synthesise(clean("II,V5,ppg,abp", duration), 3); }

bool same_bits(const Segment& a, const Segment& b, const char* name) {
  const stream::Tensor *x = a.find(name), *y = b.find(name);
  return x != nullptr && y != nullptr && x->attributes == y->attributes && x->data.text() == y->data.text();
}

// Samples [first, last) in which two signals differ, missing ones among them.
std::pair<std::size_t, std::size_t> difference(std::span<const float> a, std::span<const float> b) {
  std::size_t first = a.size(), last = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a.subspan(i, 1), b.subspan(i, 1))) first = std::min(first, i), last = i + 1;
  }
  return {first, last};
}

}  // namespace

TEST_CASE("a flat line is as long as asked for, at one time in all leads, and holds what was there") {
  const Segment before = record();
  for (const double seconds : {1.0, 3.0, 6.0}) {
    const Segment after = corrupted(before, fmt::format("ecg:flat@{}", seconds).c_str());
    std::size_t from = before.find("ecg")->samples();
    for (const std::size_t lead : {0U, 1U}) {
      const auto [first, last] = difference(samples(before, "ecg", lead), samples(after, "ecg", lead));
      from = std::min(from, first);
      CHECK(last - first <= static_cast<std::size_t>(seconds * 250));
      CHECK(last - first > static_cast<std::size_t>(seconds * 250 * 0.9));
      for (std::size_t i = first; i < last; ++i)
        REQUIRE(samples(after, "ecg", lead)[i] == samples(after, "ecg", lead)[first]);
    }
    const auto held = samples(after, "ecg", 0).subspan(from, static_cast<std::size_t>(seconds * 250) - 5);
    const auto [low, high] = signal::extremes(held);
    CHECK(low == high);
    for (const char* other : {"ppg", "abp", "reference/ecg", "reference/beats"}) CHECK(same_bits(before, after, other));
  }
}

TEST_CASE("a stretch longer than the segment is the segment") {
  const Segment after = corrupted(record(5), "ppg:dropout@60,ecg:flat@60");
  for (const float x : samples(after, "ppg")) REQUIRE(std::isnan(x));
  const auto [low, high] = signal::extremes(samples(after, "ecg", 1));
  CHECK(low == high);
}

TEST_CASE("noise has the share of the signal's SD that was asked for") {
  const Segment before = record();
  for (const char* kind : {"motion", "muscle", "baseline", "mains", "pop"}) {
    for (const double share : {0.18, 0.31, 1.3}) {
      const Segment after = corrupted(before, fmt::format("ppg:{}@{}", kind, share).c_str());
      const auto a = samples(before, "ppg"), b = samples(after, "ppg");
      std::vector<float> noise;
      for (std::size_t i = 0; i < a.size(); ++i) noise.push_back(b[i] - a[i]);
      CAPTURE(kind);
      CHECK(signal::moments(noise).sd / signal::moments(a).sd == doctest::Approx(share).epsilon(0.001));
      CHECK(same_bits(before, after, "ecg"));
    }
  }
  // Each lead has noise of its own.
  const Segment after = corrupted(before, "ecg:motion@1");
  CHECK_FALSE(same(samples(after, "ecg", 0), samples(after, "ecg", 1)));
  CHECK(samples(after, "ecg", 0)[999] - samples(before, "ecg", 0)[999] !=
        doctest::Approx(samples(after, "ecg", 1)[999] - samples(before, "ecg", 1)[999]));
}

TEST_CASE("what is missing leaves its channel, without samples") {
  const Segment before = record(), after = corrupted(before, "ppg:missing");
  const stream::Tensor* ppg = after.find("ppg");
  REQUIRE(ppg != nullptr);
  CHECK(ppg->shape == before.find("ppg")->shape);
  CHECK(ppg->names() == before.find("ppg")->names());
  for (const float x : samples(after, "ppg")) REQUIRE(std::isnan(x));
  CHECK(same_bits(before, after, "ecg"));
}

TEST_CASE("the same bits for the same seed, in any order; others for another") {
  const char* list = "ecg:flat@3,ppg:motion@0.5";
  Segment a = synthesise(clean("ecg,ppg", 20), 1), b = synthesise(clean("ecg,ppg", 20), 2);
  const Segment alone = corrupted(b, list);
  Corruptions corruptions(parse_corruptions(list), 5);
  corruptions.apply(a);
  corruptions.apply(b);
  CHECK(same(alone, b));
  CHECK_FALSE(same(samples(corrupted(record(), list, 6), "ppg"), samples(corrupted(record(), list), "ppg")));
  CHECK_FALSE(same(samples(corrupted(record(), list, 6), "ecg"), samples(corrupted(record(), list), "ecg")));
}

TEST_CASE("integers with a mask become numbers in their unit; missing samples stay missing") {
  SynthOptions options = clean("ecg,ppg", 30);
  options.noise = parse_noise("dropout@0.2");
  const Segment before = converted(synthesise(options, 2));
  REQUIRE(before.find("ecg/mask") != nullptr);
  const Segment after = corrupted(before, "ecg:motion@0.1");
  CHECK(after.find("ecg/mask") == nullptr);
  CHECK(same_bits(before, after, "ppg/mask"));
  CHECK_FALSE(after.find("ecg")->attributes.contains("mask"));
  const auto was = stream::physical(before, *before.find("ecg"), 0);
  const auto is = stream::physical(after, *after.find("ecg"), 0);
  std::size_t missing = 0;
  for (std::size_t i = 0; i < is.size(); ++i) {
    REQUIRE(std::isnan(was[i]) == std::isnan(is[i]));
    missing += std::isnan(is[i]);
    if (!std::isnan(is[i])) REQUIRE(std::abs(is[i] - was[i]) < 0.5F);
  }
  CHECK(missing == 1500);
}

TEST_CASE("what was told of the signals goes, the truth stays") {
  Segment segment = record();
  segment.header["quality"] = {{"score", 0.9}};
  segment.header["predictions"] = {{"x", 1}};
  segment.put(stream::make_tensor("embedding", {2}, std::vector<float>{1, 2}, {{"kind", "embedding"}}));
  const auto labels = segment.header["labels"];
  const Segment after = corrupted(segment, "abp:missing");
  CHECK_FALSE(after.header.contains("quality"));
  CHECK_FALSE(after.header.contains("predictions"));
  CHECK(after.find("embedding") == nullptr);
  CHECK(after.header["labels"] == labels);
  CHECK(after.find("reference/pulses") != nullptr);
}

TEST_CASE("what cannot be asked for is refused") {
  for (const char* list : {"", "ecg", ":flat@3", "ecg:", "ecg:flat", "ecg:flat@", "ecg:flat@0", "ecg:flat@-1",
                           "ecg:flat@x", "ecg:flat@inf", "ecg:thunder@3", "ecg:clip@0.1", "ppg:missing@1", "ppg:motion",
                           "ppg:motion@1e9", "ecg:flat@1,", "ecg:flat@1,ecg:flat@2", "ppg:missing,ppg:missing"}) {
    CAPTURE(list);
    CHECK(status_of([&] { parse_corruptions(list); }) == Status::kUsage);
  }
  CHECK(parse_corruptions("ecg:flat@1,ppg:flat@2,ecg:motion@1,ecg:muscle@1").size() == 4);
  CHECK(status_of([] { corrupted(synthesise(clean("ecg", 5), 1), "ecg:flat@1,ppg:missing"); }) == Status::kUsage);
}
