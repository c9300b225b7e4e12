// A recording in memory: channel c of frame i holds a value that tells both.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "format/recording.h"

namespace cfm::test {

class FakeRecording : public format::Recording {
 public:
  FakeRecording(double fs, std::int64_t frames) : fs_(fs), frames_(frames) {}

  // Name, kind, samples a frame.
  FakeRecording& with(const std::string& name, const std::string& kind, int per_frame = 1,
                      format::SampleType type = format::SampleType::kI16) {
    channels_.push_back({.name = name,
                         .unit = "mV",
                         .kind = kind,
                         .fs = fs_ * per_frame,
                         .samples = frames_ * per_frame,
                         .samples_per_frame = per_frame,
                         .scale = 0.5,
                         .offset = 10,
                         .calibrated = true,
                         .type = type});
    return *this;
  }
  static std::int32_t value(std::size_t channel, std::int64_t sample) {
    return static_cast<std::int32_t>(sample % 3000 + 10000 * static_cast<std::int64_t>(channel));
  }

  const std::string& name() const override { return name_; }
  double fs() const override { return fs_; }
  std::int64_t frames() const override { return frames_; }
  const std::vector<format::Channel>& channels() const override { return channels_; }
  std::optional<std::string> base_time() const override { return "2024-02-29T23:59:50.5"; }
  void read(std::span<const std::size_t> wanted, std::int64_t first, std::int64_t n,
            std::vector<format::Samples>& out) const override {
    if (first < 0 || first + n > frames_) throw std::out_of_range("frames");
    out.assign(wanted.size(), {});
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const std::int64_t per_frame = channels_[wanted[i]].samples_per_frame;
      for (std::int64_t s = first * per_frame; s < (first + n) * per_frame; ++s) {
        const bool missing = wanted[i] == 0 && s >= lost.first && s < lost.second;
        out[i].digital.push_back(missing ? format::kMissing : value(wanted[i], s));
      }
    }
  }

  std::pair<std::int64_t, std::int64_t> lost = {0, 0};  // samples of channel 0 that are missing

 private:
  std::string name_ = "ward/r1";
  double fs_;
  std::int64_t frames_;
  std::vector<format::Channel> channels_;
};

}  // namespace cfm::test
