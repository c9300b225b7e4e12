#include "signal/resample.h"

#include <soxr.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace cfm::signal {
namespace {

constexpr double kLargestRatio = 4096;  // between the two rates, either way
constexpr std::size_t kTail = 512;      // samples at the lower rate that follow the end; the filter is shorter
constexpr std::size_t kBlock = 4096;    // output samples a call

void check(double fs_in, double fs_out) {
  for (const double fs : {fs_in, fs_out})
    if (!(fs > 0) || !std::isfinite(fs))
      throw Error(Status::kUsage, "resampling from {} Hz to {} Hz: a rate must be positive", fs_in, fs_out);
  if (std::max(fs_in / fs_out, fs_out / fs_in) > kLargestRatio)
    throw Error(Status::kUsage, "resampling from {} Hz to {} Hz: rates further apart than 1:{}", fs_in, fs_out,
                kLargestRatio);
}

}  // namespace

std::size_t resampled_size(std::size_t n, double fs_in, double fs_out) {
  check(fs_in, fs_out);
  return static_cast<std::size_t>(std::llround(static_cast<double>(n) * fs_out / fs_in));
}

struct Resampler::Impl {
  double fs_in, fs_out;
  soxr_t soxr = nullptr;
  std::uint64_t received = 0, given = 0;
  float base = 0, last = 0;  // the first value is taken off, so that the signal starts without a step
  std::vector<float> shifted;
  std::array<float, kBlock> block;

  Impl(double in, double out) : fs_in(in), fs_out(out) {
    check(in, out);
    if (in == out) return;
    const auto io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    const auto quality = soxr_quality_spec(SOXR_VHQ, 0);
    const auto runtime = soxr_runtime_spec(1);
    soxr_error_t error = nullptr;
    soxr = soxr_create(in, out, 1, &error, &io, &quality, &runtime);
    if (error != nullptr) throw Error(Status::kUsage, "resampling from {} Hz to {} Hz: {}", in, out, error);
  }
  ~Impl() { soxr_delete(soxr); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Feeds all of `in`; appends at most `limit` samples in total since the start.
  void feed(std::span<const float> in, std::vector<float>& out, std::uint64_t limit) {
    std::size_t at = 0;
    for (;;) {
      std::size_t used = 0, made = 0;
      const float* data = in.data() + at;
      const soxr_error_t error = soxr_process(soxr, data, in.size() - at, &used, block.data(), block.size(), &made);
      if (error != nullptr) throw Error(Status::kBug, "resampling from {} Hz to {} Hz: {}", fs_in, fs_out, error);
      at += used;
      const auto wanted = std::min<std::uint64_t>(made, limit - given);
      for (std::size_t i = 0; i < wanted; ++i) out.push_back(block[i] + base);
      given += wanted;
      if (at == in.size() && made < block.size()) return;
    }
  }

  void process(std::span<const float> in, std::vector<float>& out) {
    if (in.empty()) return;
    if (received == 0) base = in.front();
    received += in.size();
    last = in.back();
    if (soxr == nullptr) {
      out.insert(out.end(), in.begin(), in.end());
      return;
    }
    shifted.resize(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) shifted[i] = in[i] - base;
    feed(shifted, out, UINT64_MAX);
  }

  void flush(std::vector<float>& out) {
    if (received > 0 && soxr != nullptr) {
      const auto total = resampled_size(received, fs_in, fs_out);
      shifted.assign(static_cast<std::size_t>(static_cast<double>(kTail) * std::max(1.0, fs_in / fs_out)), last - base);
      while (given < total) feed(shifted, out, total);
    }
    if (soxr != nullptr) soxr_clear(soxr);
    received = given = 0;
  }
};

Resampler::Resampler(double fs_in, double fs_out) : impl_(std::make_unique<Impl>(fs_in, fs_out)) {}
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;
Resampler::~Resampler() = default;
void Resampler::process(std::span<const float> in, std::vector<float>& out) { impl_->process(in, out); }
void Resampler::flush(std::vector<float>& out) { impl_->flush(out); }

std::vector<float> resample(std::span<const float> in, double fs_in, double fs_out) {
  std::vector<float> out;
  out.reserve(resampled_size(in.size(), fs_in, fs_out) + kBlock);
  Resampler resampler(fs_in, fs_out);
  resampler.process(in, out);
  resampler.flush(out);
  return out;
}

}  // namespace cfm::signal
