// Recordings compared with readers/expected.json, and refusals of readers/bad.json.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/recording.h"
#include "support.h"

namespace cfm::test {

using Json = nlohmann::ordered_json;

inline Json golden_row(const std::string& golden, const std::string& file) {
  const Json all = Json::parse(slurp(golden + "/readers/expected.json"));
  for (const Json& row : all["files"]) {
    if (row["file"] == file) return row;
  }
  FAIL("no row for " << file);
  return {};
}

inline std::vector<double> physical(const format::Recording& recording, std::size_t channel, std::int64_t first,
                                    std::int64_t frames) {
  std::vector<format::Samples> samples;
  recording.read(std::vector<std::size_t>{channel}, first, frames, samples);
  const format::Channel& c = recording.channels()[channel];
  std::vector<double> values;
  for (const double x : samples[0].real) values.push_back((x - c.offset) * c.scale);
  for (const std::int32_t x : samples[0].digital) {
    values.push_back(x == format::kMissing ? NAN : (x - c.offset) * c.scale);
  }
  return values;
}

// Every channel of the row: rate (where the file says one), count, names, first, last, selected, missing, sum; whole
// and in pieces. `factor`: of what is read, in the row's unit.
inline void check_golden(const format::Recording& recording, const Json& row, double relative = 0,
                         const std::vector<double>& factors = {}) {
  INFO("file ", row["file"].get<std::string>());
  REQUIRE(recording.channels().size() == row["channels"].size());
  for (std::size_t c = 0; c < recording.channels().size(); ++c) {
    const Json& want = row["channels"][c];
    const format::Channel& channel = recording.channels()[c];
    const double factor = factors.empty() ? 1 : factors[c];
    if (!want["fs"].is_null()) CHECK(channel.fs == want["fs"].get<double>());
    if (!want["name"].is_null()) CHECK(channel.name == want["name"].get<std::string>());
    REQUIRE(recording.frames() == want["samples"].get<std::int64_t>());
    CHECK(channel.samples == recording.frames());
    const std::vector<double> got = physical(recording, c, 0, recording.frames());
    const auto same = [&](std::size_t i, const Json& value) {
      if (value.is_null()) return std::isnan(got[i]);
      return std::fabs(got[i] * factor - value.get<double>()) <= relative * std::fabs(value.get<double>());
    };
    for (std::size_t i = 0; i < want["first"].size(); ++i) CHECK(same(i, want["first"][i]));
    for (std::size_t i = 0; i < want["last"].size(); ++i) {
      CHECK(same(got.size() - want["last"].size() + i, want["last"][i]));
    }
    for (const Json& pair : want["selected"]) CHECK(same(pair[0].get<std::size_t>(), pair[1]));
    double sum = 0, largest = 0;
    std::int64_t missing = 0;
    for (const double x : got) {
      if (std::isnan(x)) {
        ++missing;
      } else {
        sum += x * factor;
        largest = std::max(largest, std::fabs(x * factor));
      }
    }
    CHECK(missing == want["missing"].get<std::int64_t>());
    CHECK(std::fabs(sum - want["sum"].get<double>()) <= 1e-12 * largest * static_cast<double>(got.size()));
    std::vector<double> pieces;
    for (std::int64_t at = 0; at < recording.frames(); at += 37) {
      const auto piece = physical(recording, c, at, std::min<std::int64_t>(37, recording.frames() - at));
      pieces.insert(pieces.end(), piece.begin(), piece.end());
    }
    bool equal = pieces.size() == got.size();
    for (std::size_t i = 0; equal && i < got.size(); ++i) {
      equal = pieces[i] == got[i] || (std::isnan(pieces[i]) && std::isnan(got[i]));
    }
    CHECK(equal);
  }
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
