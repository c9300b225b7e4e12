// Predicted waveforms: errors whose size is known, rates, gaps, pressures, rates of beats, controls, what is refused.
#include "eval/waveform_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "messages.h"
#include "support.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using stream::Json;
using test::contains;
using test::message_of;
using test::status_of;

constexpr float kGap = std::numeric_limits<float>::quiet_NaN();

// A pressure of 75 pulses a minute: foot at 80, summit at 120, a dicrotic wave.
std::vector<float> pressure(double fs, double seconds, double level = 0) {
  std::vector<float> wave;
  for (int i = 0; i < static_cast<int>(seconds * fs); ++i) {
    const double phase = std::fmod(i / fs / 0.8, 1.0);
    const auto bump = [&](double at, double width) { return std::exp(-std::pow((phase - at) / width, 2)); };
    wave.push_back(static_cast<float>(level + 80 + 40 * bump(0.3, 0.09) + 9 * bump(0.6, 0.08)));
  }
  return wave;
}

std::vector<float> plus(std::vector<float> wave, float more) {
  for (float& value : wave) value += more;
  return wave;
}

stream::Tensor wave(const std::string& name, double fs, std::vector<float> values, Json attributes) {
  attributes["fs"] = fs;
  attributes["units"] = {"mmHg"};
  const auto n = static_cast<std::int64_t>(values.size());
  return stream::make_tensor(name, {1, n}, std::move(values), std::move(attributes));
}

struct Given {
  std::string subject;
  std::vector<float> recorded, predicted;
  double fs = 125, predicted_fs = 125;
  std::string seen = {};
  Json fold = nullptr;
};

WaveformLog log_of(const std::vector<Given>& given) {
  WaveformLog log;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const Given& g = given[i];
    stream::Segment segment;
    segment.header = {{"id", fmt::format("{}/{}", g.subject, i)}, {"record", g.subject}, {"subject", g.subject}};
    if (!g.recorded.empty()) segment.put(wave("abp", g.fs, g.recorded, {{"kind", "abp"}, {"names", {"ABP"}}}));
    if (!g.predicted.empty())
      segment.put(
          wave("predicted/abp", g.predicted_fs, g.predicted, {{"of", "abp"}, {"seen", g.seen}, {"fold", g.fold}}));
    log.add(segment, "s.cfm");
  }
  return log;
}

const Row& row(const std::vector<Context>& contexts, const std::string& label, const std::string& metric,
               const std::string& system = "model") {
  for (const Context& context : contexts)
    for (const Row& r : context.rows)
      if (r.label == label && r.metric == metric && r.system == system) return r;
  throw std::runtime_error("no row " + label + " " + metric);
}

const Context& context_of(const std::vector<Context>& contexts, const std::string& label) {
  const auto at = std::ranges::find_if(contexts, [&](const Context& c) { return c.label == label; });
  REQUIRE(at != contexts.end());
  return *at;
}

const WaveformOptions kFew{{.draws = 50}};

}  // namespace

TEST_CASE("a wave that is 3 mmHg too high") {
  const auto wave = pressure(125, 30);
  const auto found = waveform_figures(log_of({{"a", wave, plus(wave, 3)}, {"b", wave, plus(wave, 3)}}), {}, kFew);
  for (const char* metric : {"mae", "rmse", "bias"}) CHECK(row(found, "abp", metric).value == doctest::Approx(3));
  CHECK(row(found, "abp", "sd").value == doctest::Approx(0).scale(1));
  CHECK(row(found, "abp", "pearson").value == doctest::Approx(1));
  for (const char* label : {"sbp", "dbp", "map"}) {
    CHECK(row(found, label, "bias").value == doctest::Approx(3).epsilon(1e-4));
    CHECK(contains(row(found, label, "bhs5").note, "BHS grade A; AAMI 5 ± 8 mmHg kept"));
  }
  CHECK(row(found, "heart_rate", "mae").value == doctest::Approx(0).scale(1));
  CHECK(contains(row(found, "abp", "mae").note, "no interval: 2 subjects"));
}

TEST_CASE("systole and diastole are those of the wave") {
  std::vector<float> predicted = pressure(125, 30);
  for (float& value : predicted) value = 70 + (value - 80) / 2;  // 120/80 becomes 90/70
  const auto found = waveform_figures(log_of({{"a", pressure(125, 30), predicted}}), {}, kFew);
  CHECK(row(found, "sbp", "bias").value == doctest::Approx(-30).epsilon(0.01));
  CHECK(row(found, "dbp", "bias").value == doctest::Approx(-10).epsilon(0.01));
}

TEST_CASE("the recorded wave comes to the predicted one's rate, and starts where that starts") {
  const auto found = waveform_figures(
      log_of({{.subject = "a", .recorded = pressure(250, 30), .predicted = pressure(125, 30), .fs = 250}}), {}, kFew);
  CHECK(row(found, "abp", "mae").value < 0.2);
  WaveformLog log;
  stream::Segment segment;
  segment.header = {{"id", "a/0"}, {"record", "a"}, {"subject", "a"}};
  const std::vector<float> all = pressure(125, 30);
  segment.put(wave("abp", 125, all, {{"kind", "abp"}, {"names", {"ABP"}}}));
  segment.put(wave("predicted/abp", 125, {all.begin() + 250, all.end()}, {{"of", "abp"}, {"t0", 2.0}}));
  log.add(segment, "s.cfm");
  CHECK(row(waveform_figures(log, {}, kFew), "abp", "mae").value == 0);
}

TEST_CASE("what is missing in either wave is not compared, at any rate") {
  for (const double fs : {125.0, 250.0}) {
    std::vector<float> recorded = pressure(fs, 30), predicted = pressure(125, 30);
    const auto n = static_cast<std::ptrdiff_t>(fs);
    std::fill(recorded.begin() + 5 * n, recorded.begin() + 8 * n, kGap);
    std::fill(predicted.begin() + 5 * 125 + 1, predicted.begin() + 8 * 125 - 1, 9999.0F);
    std::fill(predicted.begin(), predicted.begin() + 125, kGap);
    const auto found =
        waveform_figures(log_of({{.subject = "a", .recorded = recorded, .predicted = predicted, .fs = fs}}), {}, kFew);
    // Where a gap was bridged the resampler's ringing is felt beside it.
    CHECK(row(found, "abp", "mae").value < (fs == 125 ? 1e-9 : 0.5));
  }
  const auto nothing = [] {
    waveform_figures(log_of({{"a", std::vector<float>(3000, kGap), pressure(125, 24)}}), {}, kFew);
  };
  CHECK(status_of(nothing) == Status::kUsage);
  CHECK(contains(message_of(nothing), "less than 1 s in common"));
}

TEST_CASE("segments count within their subject, subjects alike") {
  const auto wave = pressure(125, 20);
  const auto found = waveform_figures(log_of({{"a", wave, plus(wave, 1)},
                                              {"a", wave, plus(wave, 1)},
                                              {"a", wave, plus(wave, 1)},
                                              {"b", wave, plus(wave, 5)}}),
                                      {}, kFew);
  CHECK(row(found, "abp", "mae").value == doctest::Approx(3));
  CHECK(row(found, "abp", "mae").subjects == 2);
  CHECK(row(found, "abp", "mae").segments == 4);
}

TEST_CASE("the control is the mean of the other subjects") {
  std::vector<Given> given;
  for (const double level : {0.0, 10.0, 20.0}) {
    const auto wave = pressure(125, 20, level);
    given.push_back({fmt::format("s{}", level), wave, plus(wave, 2)});
  }
  given.push_back(given.back());  // a second segment changes no mean of subjects
  const auto found = waveform_figures(log_of(given), {}, kFew);
  // Of 0, 10, 20 the others' means are 15, 10, 5 above the first level.
  CHECK(row(found, "abp", "bias", "mean").value == doctest::Approx(0).scale(1).epsilon(1e-3));
  CHECK(row(found, "sbp", "mae", "mean").value == doctest::Approx((15 + 0 + 15 + 15) / 4.0).epsilon(1e-3));
  CHECK(std::isnan(row(found, "abp", "pearson", "mean").value));
  const Comparison& gain = context_of(found, "sbp").comparisons.front();
  CHECK(gain.control == "mean");
  CHECK(gain.metric == "mae");
  CHECK(gain.gain == doctest::Approx(11.25 - 2).epsilon(1e-3));
}

TEST_CASE("a flat prediction has pressures, but no heart rate") {
  const auto wave = pressure(125, 20);
  const auto found = waveform_figures(log_of({{"a", wave, std::vector<float>(wave.size(), 90.0F)}}), {}, kFew);
  CHECK(row(found, "sbp", "bias").value == doctest::Approx(-30).epsilon(0.02));
  CHECK(std::ranges::none_of(found, [](const Context& c) { return c.label == "heart_rate"; }));
  const auto both =
      waveform_figures(log_of({{"a", wave, std::vector<float>(wave.size(), 90.0F)}, {"b", wave, wave}}), {}, kFew);
  CHECK(context_of(both, "heart_rate").segments == 1);
  CHECK(context_of(both, "heart_rate").excluded.at("without beats in the predicted wave") == 1);
}

TEST_CASE("two systems are compared on the segments that both have") {
  const auto wave = pressure(125, 20);
  std::vector<Given> worse, better;
  for (int s = 0; s < 12; ++s) {
    const std::string name = fmt::format("s{:02}", s);
    better.push_back({name, wave, plus(wave, 1)});
    worse.push_back({name, wave, plus(wave, static_cast<float>(3 + s % 3))});
  }
  better.push_back({"alone", wave, wave});
  const WaveformLog other = log_of(worse);
  const auto found = waveform_figures(log_of(better), {{"other", &other}}, kFew);
  const Context& context = context_of(found, "abp");
  CHECK(context.segments == 12);
  CHECK(context.excluded.at("not in other") == 1);
  const auto gain = std::ranges::find_if(context.comparisons,
                                         [](const Comparison& c) { return c.control == "other" && c.metric == "mae"; });
  REQUIRE(gain != context.comparisons.end());
  CHECK(gain->rival);
  CHECK(gain->gain == doctest::Approx(3));
  CHECK(gain->low > 2);
  CHECK(gain->high < 4);
  CHECK(gain->probability == 1);
  CHECK(row(found, "abp", "mae").low == doctest::Approx(1));
  CHECK(row(found, "abp", "mae", "other").high > 4);
  CHECK(status_of([&] { waveform_figures(log_of(better), {{"model", &other}}, kFew); }) == Status::kUsage);
}

TEST_CASE("a model that was fitted to the subject's waveforms is not scored there, or marked") {
  const auto wave = pressure(125, 20);
  const WaveformLog log = log_of({{.subject = "a", .recorded = wave, .predicted = wave, .seen = "labels"},
                                  {.subject = "b", .recorded = wave, .predicted = wave}});
  const auto refused = [&] { waveform_figures(log, {}, kFew); };
  CHECK(status_of(refused) == Status::kUsage);
  CHECK(contains(message_of(refused), "subject 'a'"));
  WaveformOptions allowed = kFew;
  allowed.allow_seen = true;
  const auto found = waveform_figures(log, {}, allowed);
  CHECK(context_of(found, "abp").seen_segments == 1);
  CHECK(contains(row(found, "abp", "mae").note, "1 segments seen in training"));
}

TEST_CASE("a subject of two folds was seen by the model of one of them") {
  const auto wave = pressure(125, 20);
  const auto with_folds = [&](int first, int second) {
    waveform_figures(log_of({{.subject = "a", .recorded = wave, .predicted = wave, .fold = first},
                             {.subject = "a", .recorded = wave, .predicted = wave, .fold = second}}),
                     {}, kFew);
  };
  CHECK_NOTHROW(with_folds(1, 1));
  CHECK(status_of([&] { with_folds(0, 1); }) == Status::kUsage);
}

TEST_CASE("what cannot be scored says why") {
  const auto wave_of = pressure(125, 20);
  const auto none = [&] { waveform_figures(log_of({{"a", wave_of, {}}}), {}, kFew); };
  CHECK(status_of(none) == Status::kUsage);
  CHECK(contains(message_of(none), "cfm-predict"));
  const auto unrecorded = [&] { waveform_figures(log_of({{"a", {}, wave_of}}), {}, kFew); };
  CHECK(status_of(unrecorded) == Status::kUsage);
  CHECK(contains(message_of(unrecorded), "without a recorded abp"));
  const auto add = [&](Json attributes, const char* unit) {
    WaveformLog log;
    stream::Segment segment;
    segment.header = {{"id", "a/0"}, {"record", "a"}, {"subject", "a"}};
    segment.put(wave("abp", 125, wave_of, {{"kind", "abp"}, {"names", {"ABP"}}}));
    stream::Tensor tensor = wave("predicted/abp", 125, wave_of, std::move(attributes));
    tensor.attributes["units"] = {unit};
    segment.put(std::move(tensor));
    log.add(segment, "s.cfm");
  };
  CHECK(status_of([&] { add(Json::object(), "mmHg"); }) == Status::kMalformed);
  CHECK(status_of([&] { add({{"of", "abp"}}, "kPa"); }) == Status::kUsage);
  CHECK_NOTHROW(add({{"of", "abp"}}, "mmHg"));
}
