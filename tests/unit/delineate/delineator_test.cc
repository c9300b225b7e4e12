// A record cut in any way: rows once and the same, events at the same times of the record.
#include "delineate/delineator.h"

#include <cmath>
#include <set>
#include <tuple>

#include "delineator_streams.h"
#include "support.h"

using namespace cfm;
using namespace cfm::delineate;
using namespace cfm::test;
using stream::Segment;

namespace {

struct Result {
  std::vector<std::string> rows;  // without the segment's id
  std::vector<Delineated> segments;
  std::array<std::size_t, kReasons> arrivals{};
};

Result delineated(const std::vector<Segment>& segments, const DelineateOptions& options = {}) {
  Result result;
  Delineator d(options, [&](Delineated done) {
    for (const BeatRow& row : done.rows) {
      const std::string line = row_line(done.segment, row);
      result.rows.push_back(line.substr(line.find(',')));
    }
    result.segments.push_back(std::move(done));
  });
  for (const Segment& segment : segments) d.push(segment);
  d.flush();
  result.arrivals = d.arrivals();
  return result;
}

using Place = std::tuple<std::string, std::int64_t, std::vector<double>>;  // event, µs of the record, other columns

// Rows of the event tensors on the record's clock; spans are left to spans().
std::vector<Place> events(const Segment& segment) {
  std::vector<Place> out;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (tensor.kind() != "event" || tensor.name == "rhythm") continue;
    const auto width = static_cast<std::size_t>(tensor.shape[1]);
    const stream::Tensor& of = *segment.find(tensor.attributes["of"].get<std::string>());
    const auto values = tensor.values<double>();
    for (std::size_t r = 0; r < values.size(); r += width) {
      const double seconds = segment.start() + of.t0() + values[r] / of.fs();
      std::vector<double> rest(values.begin() + static_cast<std::ptrdiff_t>(r + 1),
                               values.begin() + static_cast<std::ptrdiff_t>(r + width));
      for (double& v : rest) v = std::isnan(v) ? -1 : v;
      out.emplace_back(tensor.name, std::llround(seconds * 1e6), rest);
    }
  }
  return out;
}

std::multiset<Place> all_events(const std::vector<Delineated>& segments) {
  std::multiset<Place> out;
  for (const Delineated& d : segments)
    out.merge([&] {
      const auto some = events(d.segment);
      return std::multiset<Place>(some.begin(), some.end());
    }());
  return out;
}

// Rhythms on the record's clock, s: those that a cut has parted put together.
std::vector<std::tuple<std::string, double, double>> spans(const std::vector<Delineated>& segments) {
  std::vector<std::tuple<std::string, double, double>> out;
  for (const Delineated& d : segments) {
    const stream::Tensor* tensor = d.segment.find("rhythm");
    if (tensor == nullptr) continue;
    const auto values = tensor->values<double>();
    const double fs = d.segment.find(tensor->attributes["of"].get<std::string>())->fs();
    for (std::size_t r = 0; r < values.size(); r += 4) {
      const auto aux = tensor->attributes["aux"][static_cast<std::size_t>(values[r + 3])].get<std::string>();
      const double from = d.segment.start() + values[r] / fs, to = d.segment.start() + values[r + 1] / fs;
      CHECK(values[r + 2] == 28);
      const auto same = std::ranges::find_if(
          out, [&](const auto& span) { return std::get<0>(span) == aux && std::abs(std::get<2>(span) - from) < 1e-9; });
      if (same == out.end())
        out.emplace_back(aux, from, to);
      else
        std::get<2>(*same) = to;
    }
  }
  std::ranges::sort(out, {}, [](const auto& span) { return std::pair(std::get<1>(span), std::get<0>(span)); });
  return out;
}

std::size_t rows_of(const Segment& segment, const std::string& name) {
  const stream::Tensor* tensor = segment.find(name);
  return tensor == nullptr ? 0 : static_cast<std::size_t>(tensor->shape[0]);
}

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line.substr(1)) {
    if (c == ',')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

}  // namespace

TEST_CASE("touching segments are one signal, however long") {
  const Patient patient{.seconds = 120, .leads = 2, .pressure = true};
  const Result whole = delineated(cut(patient, 120));
  const std::vector<double> beats = patient.beats();
  REQUIRE(whole.segments.size() == 1);
  // Two leads and global, PPG, pressure.
  CHECK(whole.rows.size() > 5 * beats.size() - 12);
  CHECK(whole.rows.size() <= 5 * beats.size());
  CHECK(rows_of(whole.segments[0].segment, "beats") == beats.size());
  const auto times = all_events(whole.segments);
  const auto rhythm = spans(whole.segments);
  CHECK(!rhythm.empty());
  for (const double length : {0.5, 1.0, 5.0, 10.0, 30.0}) {
    CAPTURE(length);
    const std::vector<Segment> pieces = cut(patient, length);
    const Result result = delineated(pieces);
    CHECK(result.rows == whole.rows);
    CHECK(all_events(result.segments) == times);
    CHECK(spans(result.segments) == rhythm);
    CHECK(result.arrivals == whole.arrivals);
    REQUIRE(result.segments.size() == pieces.size());
    for (std::size_t k = 0; k < pieces.size(); ++k) CHECK(result.segments[k].segment.id() == pieces[k].id());
  }
}

TEST_CASE("what rows and events say of a signal that is known") {
  const Patient patient{.seconds = 60, .leads = 1, .start = 7.5};
  const Result result = delineated(cut(patient, 10));
  const std::vector<double> beats = patient.beats();
  std::size_t n = 0;
  for (const std::string& row : result.rows) {
    const auto c = cells(row);
    CHECK(c[0] == "r");
    if (c[1] != "L0") continue;
    REQUIRE(n < beats.size());
    CHECK(c[2] == std::to_string(n));
    CHECK(c[3] == "N");
    CHECK(std::abs(std::stod(c[8]) - 7.5 - beats[n]) < 0.003);
    ++n;
  }
  CHECK(n == beats.size());
  // Each beat has an arrival or a reason, and the counts are theirs.
  std::size_t used = 0, all = 0;
  for (std::size_t k = 0; k < kReasons; ++k) all += result.arrivals[k];
  for (const Delineated& d : result.segments) {
    for (const BeatRow& row : d.rows) {
      if (row.reason == "used") {
        ++used;
        CHECK(row.arrival == doctest::Approx(1000 * (row.foot - row.r_peak)).epsilon(0.05));
      }
    }
  }
  CHECK(all == beats.size());
  CHECK(used == result.arrivals[0]);
  CHECK(used + 4 > beats.size());
}

TEST_CASE("segments that overlap: rows once, events in each that holds them") {
  const Patient patient{.seconds = 58, .leads = 1};
  const Result whole = delineated(cut(patient, 58));
  const auto times = all_events(whole.segments);
  const Result result = delineated(cut(patient, 10, 4));
  CHECK(result.rows == whole.rows);
  for (const Delineated& d : result.segments) {
    std::multiset<Place> there;
    const double from = d.segment.start(), to = from + 10;
    for (const Place& place : times) {
      const double at = static_cast<double>(std::get<1>(place)) / 1e6;
      if (at >= from - 1e-6 && at < to - 1e-6) there.insert(place);
    }
    const auto here = events(d.segment);
    CHECK(std::multiset<Place>(here.begin(), here.end()) == there);
  }
}

TEST_CASE("a gap begins anew, beats count on; another record counts from 0; so do other channels") {
  const Patient a{.seconds = 20, .leads = 1}, b{.seconds = 20, .leads = 1, .start = 30};
  Patient other = a;
  other.record = "s";
  std::vector<Segment> all = cut(a, 10);
  for (const Patient& p : {b, other})
    for (Segment& s : cut(p, 10)) all.push_back(std::move(s));
  const Result together = delineated(all);
  std::vector<std::string> expected = delineated(cut(a, 10)).rows;
  std::map<std::string, int> counted;
  for (const std::string& row : expected) ++counted[cells(row)[1]];
  for (std::string row : delineated(cut(b, 10)).rows) {
    const auto c = cells(row);
    const std::string head = ",r," + c[1] + ",";
    REQUIRE(row.starts_with(head + c[2] + ","));
    expected.push_back(head + std::to_string(std::stoi(c[2]) + counted[c[1]]) + row.substr(head.size() + c[2].size()));
  }
  for (const std::string& row : delineated(cut(other, 10)).rows) expected.push_back(row);
  CHECK(together.rows == expected);
  for (const Delineated& d : together.segments) {
    if (d.segment.start() != 0 && d.segment.start() != 30) continue;
    for (const BeatRow& row : d.rows) {
      if (row.channel == "L0") {
        CHECK(std::isnan(row.intervals.rr));  // of the first beat
        break;
      }
    }
  }

  // A second lead from the middle on.
  Patient two{.seconds = 20, .leads = 2, .start = 20};
  std::vector<Segment> mixed = cut(a, 10);
  for (Segment& s : cut(two, 10)) mixed.push_back(std::move(s));
  std::vector<std::string> rows = delineated(cut(a, 10)).rows;
  const Result result = delineated(mixed);
  REQUIRE(result.rows.size() > rows.size());
  CHECK(std::equal(rows.begin(), rows.end(), result.rows.begin()));
  CHECK(rows_of(result.segments[2].segment, "beats") > 5);
}

TEST_CASE("integers with a mask are what floats with NaN are") {
  const Patient patient{.seconds = 40, .leads = 1};
  std::vector<Segment> floats = cut(patient, 10), integers = floats;
  for (std::size_t k = 0; k < floats.size(); ++k) {
    stream::Tensor& ecg = *floats[k].find("ecg");
    const auto values = ecg.values<float>();
    std::vector<std::int16_t> digital;
    std::vector<std::uint8_t> mask;
    std::vector<float> back;
    for (std::size_t i = 0; i < values.size(); ++i) {
      digital.push_back(static_cast<std::int16_t>(std::lround(values[i] * 1000) + 50));
      mask.push_back(k == 1 && i > 800 && i < 1700 ? 0 : 1);
      back.push_back(0);
    }
    stream::Json about = ecg.attributes;
    about["scale"] = {0.001};
    about["offset"] = {50};
    about["mask"] = "ecg/mask";
    const auto n = std::ssize(values);
    integers[k].put(stream::make_tensor("ecg", {1, n}, digital, about));
    integers[k].put(stream::make_tensor("ecg/mask", {1, n}, mask, {{"kind", "mask"}}));
    back = stream::physical(integers[k], *integers[k].find("ecg"), 0);
    floats[k].put(stream::make_tensor("ecg", {1, n}, back, ecg.attributes));
  }
  const Result a = delineated(floats), b = delineated(integers);
  CHECK(a.rows == b.rows);
  CHECK(a.rows.size() > 70);
  for (const Delineated& d : b.segments) {
    for (const BeatRow& row : d.rows) {
      const bool in_gap = row.r_peak > 13.3 && row.r_peak < 16.7;
      CHECK_FALSE(in_gap);
    }
  }
}

TEST_CASE("one lead, or all together") {
  const Patient patient{.seconds = 30, .leads = 3, .pulses = false};
  const auto channels = [&](const std::string& lead, bool waves = true) {
    std::set<std::string> out;
    DelineateOptions options;
    options.lead = lead;
    options.waves = waves;
    for (const std::string& row : delineated(cut(patient, 10), options).rows) out.insert(cells(row)[1]);
    return out;
  };
  CHECK(channels("") == std::set<std::string>{"L0", "L1", "L2", "global"});
  CHECK(channels("L1") == std::set<std::string>{"L1"});
  CHECK(channels("global") == std::set<std::string>{"global"});
  CHECK(channels("", false) == std::set<std::string>{"global"});
  CHECK(status_of([&] { channels("V9"); }) == Status::kUsage);
  try {
    channels("V9");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("L0, L1, L2") != std::string::npos);
  }
  DelineateOptions one;
  one.lead = "L1";
  const Result result = delineated(cut(patient, 10), one);
  for (const Delineated& d : result.segments) {
    const auto values = d.segment.find("waves")->values<double>();
    for (std::size_t r = 0; r < values.size(); r += 4) CHECK(values[r + 2] == 1);
  }
  Patient pulses{.seconds = 10, .leads = 0};
  CHECK(status_of([&] { delineated(cut(pulses, 10), one); }) == Status::kUsage);
  one.beats = one.waves = one.arrivals = false;
  CHECK(delineated(cut(pulses, 10), one).rows.size() > 8);
}

TEST_CASE("events of before are replaced, the reference and the rest stay") {
  const Patient patient{.seconds = 20, .leads = 1};
  std::vector<Segment> segments = cut(patient, 10);
  const stream::Json about{{"kind", "event"}, {"columns", {"sample", "code", "channel"}}, {"of", "ecg"}};
  for (Segment& segment : segments) {
    for (const char* name : {"beats", "waves", "reference/beats", "x-mine"})
      segment.put(stream::make_tensor(name, {1, 3}, std::vector<double>{17, 5, 0}, about));
    segment.header["quality"] = {{"score", 0.5}};
  }
  const Result result = delineated(segments);
  for (std::size_t k = 0; k < segments.size(); ++k) {
    const Segment& out = result.segments[k].segment;
    CHECK(out.header == segments[k].header);
    CHECK(rows_of(out, "beats") > 8);
    CHECK(rows_of(out, "waves") > 50);
    for (const char* name : {"reference/beats", "x-mine"}) {
      REQUIRE(out.find(name) != nullptr);
      CHECK(out.find(name)->values<double>()[0] == 17);
    }
    for (const char* name : {"ecg", "ppg"}) {
      const auto before = segments[k].find(name)->values<float>(), after = out.find(name)->values<float>();
      CHECK(std::ranges::equal(before, after));
    }
  }
  CHECK(delineated([&] {
          std::vector<Segment> again;
          for (const Delineated& d : result.segments) again.push_back(d.segment);
          return again;
        }())
            .rows == result.rows);
}

TEST_CASE("no signal, no samples, no channels: it passes through") {
  Segment bare;
  bare.header = {{"id", "q/0"}, {"record", "q"}, {"start", 0}};
  bare.put(stream::make_tensor("embedding", {2}, std::vector<float>{1, 2}, {{"kind", "embedding"}}));
  Segment empty = bare, none = bare;
  const stream::Json about{{"kind", "ecg"}, {"fs", 250}, {"names", {"II"}}, {"units", {"mV"}}};
  empty.put(stream::make_tensor("ecg", {1, 0}, std::vector<float>{}, about));
  none.put(stream::make_tensor("ecg", {0, 5}, std::vector<float>{},
                               {{"kind", "ecg"}, {"fs", 250}, {"names", stream::Json::array()}}));
  std::vector<Segment> segments = {bare, empty, none, bare};
  for (Segment& s : cut({.seconds = 10, .leads = 1}, 10)) segments.push_back(std::move(s));
  segments.push_back(bare);
  const Result result = delineated(segments);
  REQUIRE(result.segments.size() == 6);
  CHECK(result.segments[0].segment.tensors.size() == 1);
  CHECK(rows_of(result.segments[4].segment, "beats") > 8);
  CHECK(result.rows == delineated(cut({.seconds = 10, .leads = 1}, 10)).rows);
}

TEST_CASE("what waits is bounded: with beats, without, and without signal") {
  const auto most_waiting = [](const Patient& patient, const DelineateOptions& options) {
    std::size_t in = 0, out = 0, most = 0;
    Delineator d(options, [&](const Delineated&) { ++out; });
    for (Segment& segment : cut(patient, 5)) {
      d.push(std::move(segment));
      most = std::max(most, ++in - out);
    }
    d.flush();
    CHECK(out == in);
    return most * 5;
  };
  DelineateOptions no_rhythm;
  no_rhythm.beats = false;
  // s
  CHECK(most_waiting({.seconds = 300, .leads = 1}, no_rhythm) <= 15);
  CHECK(most_waiting({.seconds = 300, .leads = 1}, {}) <= 60);
  CHECK(most_waiting({.seconds = 600, .leads = 1, .stops = 60}, {}) <= 85);
  CHECK(most_waiting({.seconds = 600, .leads = 1, .stops = 0}, {}) <= 15);
  CHECK(most_waiting({.seconds = 600, .leads = 1, .stops = 60, .lost = true}, {}) <= 85);
  CHECK(most_waiting({.seconds = 600, .leads = 0}, {}) <= 15);
}

TEST_CASE("a flat line has no beats, nor has what is missing") {
  for (const bool lost : {false, true}) {
    const Result result = delineated(cut({.seconds = 120, .leads = 2, .stops = 30, .lost = lost}, 10));
    for (const Delineated& d : result.segments) {
      if (d.segment.start() < 40) continue;
      CHECK(d.rows.empty());
      for (const char* name : {"beats", "waves", "pulses", "arrivals", "rhythm"}) CHECK(rows_of(d.segment, name) == 0);
    }
    CHECK(result.rows.size() > 100);
  }
}

TEST_CASE("slow rates: under 100 Hz no classes, under 50 Hz none of it") {
  const Result result = delineated(cut({.seconds = 40, .leads = 1, .fs = 80}, 10));
  std::size_t beats = 0;
  for (const std::string& row : result.rows) {
    const auto c = cells(row);
    if (c[1] != "L0") continue;
    ++beats;
    CHECK(c[3] == "Q");
  }
  CHECK(beats > 40);
  CHECK(status_of([&] { delineated(cut({.seconds = 10, .leads = 1, .fs = 40}, 10)); }) == Status::kUsage);
}
