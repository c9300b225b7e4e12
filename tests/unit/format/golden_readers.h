// What tests of readers share: whole channels, the rows of golden/readers/expected.json, what a refusal says.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/recording.h"
#include "support.h"

namespace cfm::test {

using Json = nlohmann::ordered_json;

inline format::Samples whole(const format::Recording& recording, std::size_t channel) {
  std::vector<format::Samples> out;
  recording.read(std::vector<std::size_t>{channel}, 0, recording.frames(), out);
  return out[0];
}

// NaN where missing.
inline std::vector<double> physical(const format::Channel& channel, const format::Samples& samples) {
  std::vector<double> out;
  for (const double value : samples.real) out.push_back((value - channel.offset) * channel.scale);
  for (const std::int32_t value : samples.digital) {
    out.push_back(value == format::kMissing ? NAN : (value - channel.offset) * channel.scale);
  }
  return out;
}

inline std::vector<double> physical(const format::Recording& recording, std::size_t channel, std::int64_t first,
                                    std::int64_t frames) {
  std::vector<format::Samples> samples;
  recording.read(std::vector<std::size_t>{channel}, first, frames, samples);
  return physical(recording.channels()[channel], samples[0]);
}

// In pieces of `step` frames, all channels at once, as in one piece.
inline void check_in_chunks(const format::Recording& recording, std::int64_t step) {
  std::vector<std::size_t> channels(recording.channels().size());
  for (std::size_t c = 0; c < channels.size(); ++c) channels[c] = channels.size() - 1 - c;
  std::vector<format::Samples> joined(channels.size()), piece;
  for (std::int64_t first = 0; first < recording.frames(); first += step) {
    recording.read(channels, first, std::min(step, recording.frames() - first), piece);
    for (std::size_t i = 0; i < channels.size(); ++i) {
      joined[i].digital.insert(joined[i].digital.end(), piece[i].digital.begin(), piece[i].digital.end());
      joined[i].real.insert(joined[i].real.end(), piece[i].real.begin(), piece[i].real.end());
    }
  }
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const format::Samples all = whole(recording, channels[i]);
    CHECK(all.digital == joined[i].digital);
    CHECK(std::ranges::equal(all.real, joined[i].real, same));
  }
}

inline Json golden_rows(const std::string& golden) {
  return Json::parse(slurp(golden + "/readers/expected.json")).at("files");
}

inline Json golden_row(const std::string& golden, const std::string& file) {
  for (const Json& row : golden_rows(golden)) {
    if (row["file"] == file) return row;
  }
  FAIL("no row for " << file);
  return {};
}

struct Tolerance {
  double relative = 0;               // of each value
  double digital = 0;                // of the largest, where the file holds integers: their scale is rounded
  std::vector<double> factors = {};  // of a channel's values, in the row's unit
};

// Every channel of the row: names, units and rates where the file says them; count, first, last, selected, missing,
// sum; the same of digital values; in pieces as whole. A row without missing samples leaves out those of gaps.
inline void check_golden(const format::Recording& recording, const Json& row, const Tolerance& tolerance = {}) {
  INFO("file ", row["file"].get<std::string>());
  REQUIRE(recording.channels().size() == row["channels"].size());
  for (std::size_t c = 0; c < recording.channels().size(); ++c) {
    CAPTURE(c);
    const Json& want = row["channels"][c];
    const format::Channel& channel = recording.channels()[c];
    const double factor = tolerance.factors.empty() ? 1 : tolerance.factors[c];
    if (!want["name"].is_null()) CHECK(channel.name == want["name"].get<std::string>());
    if (!want["unit"].is_null() && factor == 1) CHECK(channel.unit == want["unit"].get<std::string>());
    if (!want["fs"].is_null()) CHECK(channel.fs == want["fs"].get<double>());
    CHECK(channel.fs == recording.fs() * channel.samples_per_frame);
    format::Samples samples = whole(recording, c);
    CHECK(channel.samples == static_cast<std::int64_t>(samples.digital.size() + samples.real.size()));
    std::vector<double> got = physical(channel, samples);
    if (want["missing"] == 0) {
      std::erase_if(got, [](double x) { return std::isnan(x); });
      std::erase(samples.digital, format::kMissing);
    }
    const auto compare = [&](const std::vector<double>& values, const std::string& prefix, double slack) {
      REQUIRE(values.size() == want["samples"].get<std::size_t>());
      const auto same = [&](std::size_t i, const Json& value) {
        if (value.is_null()) return std::isnan(values[i]);
        const double target = value.get<double>();
        return std::abs(values[i] - target) <= std::max(slack, tolerance.relative * std::abs(target));
      };
      const Json &first = want[prefix + "first"], &last = want[prefix + "last"];
      for (std::size_t i = 0; i < first.size(); ++i) CHECK(same(i, first[i]));
      for (std::size_t i = 0; i < last.size(); ++i) CHECK(same(values.size() - last.size() + i, last[i]));
      for (const Json& pair : want[prefix + "selected"]) CHECK(same(pair[0].get<std::size_t>(), pair[1]));
      double sum = 0, largest = 0;
      std::size_t missing = 0;
      for (const double x : values) {
        if (std::isnan(x)) {
          ++missing;
        } else {
          sum += x;
          largest = std::max(largest, std::abs(x));
        }
      }
      CHECK(missing == want["missing"].get<std::size_t>());
      const double each = std::max({slack, tolerance.relative * largest, largest * 1e-14});
      CHECK(std::abs(sum - want[prefix + "sum"].get<double>()) <= each * static_cast<double>(values.size()));
    };
    double largest = 0;
    for (double& x : got) {
      x *= factor;
      if (!std::isnan(x)) largest = std::max(largest, std::abs(x));
    }
    compare(got, "", format::is_real(channel.type) ? 0 : largest * tolerance.digital);
    if (want.contains("digital_first")) {
      std::vector<double> digital;
      for (const std::int32_t x : samples.digital)
        digital.push_back(x == format::kMissing ? NAN : static_cast<double>(x));
      compare(digital, "digital_", 0);
    }
  }
  check_in_chunks(recording, 37);
}

// Every row whose file begins with `folder`; `also` looks at what is particular to the format.
inline void check_golden_readers(const std::string& golden, const std::string& folder, const Tolerance& tolerance,
                                 const std::function<void(const Json&, const format::Recording&)>& also) {
  std::size_t seen = 0;
  for (const Json& row : golden_rows(golden)) {
    const auto file = row.at("file").get<std::string>();
    if (!file.starts_with(folder)) continue;
    CAPTURE(file);
    ++seen;
    const auto recording = format::open_recording(golden + "/readers/" + file, file, {});
    recording->verify();
    check_golden(*recording, row, tolerance);
    also(row, *recording);
  }
  CHECK(seen > 0);
}

struct Refusal {
  Status status = Status::kOk;
  std::string text;
  bool holds(const std::string& part) const { return text.find(part) != std::string::npos; }
};

template <typename Action>
Refusal refusal_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.status(), error.what()};
  }
  return {};
}

// What `action` says when it refuses something malformed; "" when it doesn't.
template <typename Action>
std::string malformed(Action&& action) {
  const Refusal refusal = refusal_of(action);
  if (!refusal.text.empty()) CHECK(refusal.status == Status::kMalformed);
  return refusal.text;
}

// `file` is refused with the status; the message names it and holds all the parts.
inline void check_refused(const std::string& path, const format::OpenOptions& options, Status status,
                          const std::vector<std::string>& parts) {
  const Refusal refusal = refusal_of([&] { format::open_recording(path, "r", options); });
  INFO(path, ": ", refusal.text);
  CHECK(refusal.status == status);
  CHECK(refusal.text.starts_with(path + ": "));
  for (const std::string& part : parts) {
    INFO("wanted: ", part);
    CHECK(refusal.holds(part));
  }
  for (const char c : refusal.text) CHECK(static_cast<unsigned char>(c) >= ' ');
}

}  // namespace cfm::test
