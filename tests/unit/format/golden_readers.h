// What tests of readers share: whole channels, messages of refusals, the rows of golden/readers/expected.json.
#pragma once

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "format/recording.h"
#include "support.h"

namespace cfm::test {

inline format::Samples whole(const format::Recording& recording, std::size_t channel) {
  std::vector<format::Samples> out;
  recording.read(std::vector<std::size_t>{channel}, 0, recording.frames(), out);
  return out[0];
}

// What `action` says when it refuses something malformed; "" when it doesn't.
inline std::string refusal_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.status() == Status::kMalformed);
    return error.what();
  }
  return "";
}

inline std::vector<double> physical(const format::Channel& channel, const format::Samples& samples) {
  std::vector<double> out = samples.real;
  for (const std::int32_t value : samples.digital) {
    out.push_back(value == format::kMissing ? NAN : (value - channel.offset) * channel.scale);
  }
  return out;
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
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const format::Samples all = whole(recording, channels[i]);
    CHECK(all.digital == joined[i].digital);
    CHECK(all.real == joined[i].real);
  }
}

// Every row whose file begins with `folder`; `also` looks at what is particular to the format. Missing samples of gaps
// are left out, as the rows do.
inline void check_golden_readers(const std::string& golden, const std::string& folder,
                                 const std::function<void(const nlohmann::json&, const format::Recording&)>& also) {
  const auto rows = nlohmann::json::parse(slurp(golden + "/readers/expected.json")).at("files");
  std::size_t seen = 0;
  for (const auto& row : rows) {
    const auto file = row.at("file").get<std::string>();
    if (!file.starts_with(folder)) continue;
    CAPTURE(file);
    ++seen;
    const auto recording = format::open_recording(golden + "/readers/" + file, file, {});
    recording->verify();
    REQUIRE(recording->channels().size() == row.at("channels").size());
    for (std::size_t c = 0; c < recording->channels().size(); ++c) {
      const auto& want = row.at("channels")[c];
      const format::Channel& channel = recording->channels()[c];
      CAPTURE(c);
      if (!want.at("name").is_null()) CHECK(channel.name == want.at("name"));
      if (!want.at("unit").is_null()) CHECK(channel.unit == want.at("unit"));
      CHECK(channel.fs == want.at("fs"));
      CHECK(channel.fs == recording->fs() * channel.samples_per_frame);
      format::Samples samples = whole(*recording, c);
      CHECK(channel.samples == static_cast<std::int64_t>(samples.digital.size() + samples.real.size()));
      std::erase(samples.digital, format::kMissing);
      std::vector<double> digital(samples.digital.begin(), samples.digital.end());
      const std::vector<double> values = physical(channel, samples);
      REQUIRE(values.size() == want.at("samples"));
      const double largest = std::abs(*std::max_element(values.begin(), values.end(),
                                                        [](double a, double b) { return std::abs(a) < std::abs(b); }));
      const auto check = [&](const std::vector<double>& got, const std::string& prefix, double tolerance) {
        const auto near = [&](double value, double target, double slack) { CHECK(std::abs(value - target) <= slack); };
        for (std::size_t i = 0; i < 5; ++i) {
          near(got[i], want.at(prefix + "first")[i], tolerance);
          near(got[got.size() - 5 + i], want.at(prefix + "last")[i], tolerance);
        }
        double sum = 0;
        for (const double value : got) sum += value;
        near(sum, want.at(prefix + "sum"), std::max(tolerance, largest * 1e-14) * static_cast<double>(got.size()));
        for (const auto& pair : want.at(prefix + "selected")) {
          near(got[pair[0].get<std::size_t>()], pair[1], tolerance);
        }
      };
      check(values, "", format::is_real(channel.type) ? 0 : largest * 2e-12);
      if (want.contains("digital_first")) check(digital, "digital_", 0);
    }
    check_in_chunks(*recording, 37);
    also(row, *recording);
  }
  CHECK(seen > 0);
}

}  // namespace cfm::test
