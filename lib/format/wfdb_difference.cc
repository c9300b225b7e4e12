#include <algorithm>
#include <mutex>

#include "format/wfdb_signal.h"

namespace cfm::format {
namespace {

// Each byte is the difference to the value of the same signal before it; overflow wraps around, as in the WFDB library.
class Differences final : public SampleSource {
 public:
  explicit Differences(SignalFile file) : data_(std::move(file.data)) {
    for (std::size_t s = 0; s < file.samples_per_frame.size(); ++s) {
      values_per_frame_ += file.samples_per_frame[s];
      ends_.push_back(values_per_frame_);
      checkpoints_.push_back(static_cast<std::uint32_t>(file.initial[s]));
    }
  }

  std::int64_t values() const override { return static_cast<std::int64_t>(data_.size()); }

  void decode(std::int64_t first, std::span<std::int32_t> values) const override {
    if (values.empty()) return;
    const std::int64_t checkpoint = first / values_per_frame_ / kFrames;
    std::vector<std::uint32_t> state = state_at(checkpoint);
    const std::int64_t start = checkpoint * kFrames * values_per_frame_;
    advance(start, first, state, [](std::uint32_t) {});
    std::int32_t* to = values.data();
    advance(first, first + static_cast<std::int64_t>(values.size()), state,
            [&to](std::uint32_t value) { *to++ = static_cast<std::int32_t>(value); });
  }

 private:
  static constexpr std::int64_t kFrames = 1024;  // between two checkpoints: 4 bytes a signal for 1 KiB or more

  // The values before frame checkpoint * kFrames. Found on first demand, from the last one known.
  std::vector<std::uint32_t> state_at(std::int64_t checkpoint) const {
    const std::size_t signals = ends_.size();
    const std::lock_guard lock(mutex_);
    for (auto known = static_cast<std::int64_t>(checkpoints_.size() / signals); known <= checkpoint; ++known) {
      std::vector<std::uint32_t> state(checkpoints_.end() - static_cast<std::ptrdiff_t>(signals), checkpoints_.end());
      const std::int64_t step = kFrames * values_per_frame_;
      advance((known - 1) * step, known * step, state, [](std::uint32_t) {});
      checkpoints_.insert(checkpoints_.end(), state.begin(), state.end());
    }
    const auto from =
        checkpoints_.begin() + static_cast<std::ptrdiff_t>(checkpoint) * static_cast<std::ptrdiff_t>(signals);
    return {from, from + static_cast<std::ptrdiff_t>(signals)};
  }

  // Values first to last, `state` being what stood before them, and then what stands at their end.
  template <typename Use>
  void advance(std::int64_t first, std::int64_t last, std::vector<std::uint32_t>& state, const Use& use) const {
    const auto* bytes = reinterpret_cast<const std::int8_t*>(data_.data());
    std::int64_t place = first % values_per_frame_;
    auto signal = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), place) - ends_.begin());
    for (std::int64_t i = first; i < last;) {
      const std::int64_t n = std::min(ends_[signal] - place, last - i);
      std::uint32_t value = state[signal];
      for (const std::int64_t end = i + n; i < end; ++i) {
        value += static_cast<std::uint32_t>(static_cast<std::int32_t>(bytes[i]));
        use(value);
      }
      state[signal] = value;
      place = ends_[signal];
      if (++signal == ends_.size()) signal = 0, place = 0;
    }
  }

  Bytes data_;
  std::int64_t values_per_frame_ = 0;
  std::vector<std::int64_t> ends_;  // of each signal's values within a frame
  mutable std::mutex mutex_;
  mutable std::vector<std::uint32_t> checkpoints_;  // of all signals, one after the other, then the next checkpoint's
};

}  // namespace

std::unique_ptr<SampleSource> open_differences(SignalFile file) {
  return std::make_unique<Differences>(std::move(file));
}

}  // namespace cfm::format
