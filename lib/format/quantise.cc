#include "format/quantise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <vector>

#include "base/log.h"
#include "format/spool.h"
#include "format/writer.h"

namespace cfm::format {
namespace {

constexpr int kMostDecimals = 9;
constexpr double kRounding = 4 * std::numeric_limits<double>::epsilon();  // relative: a product and what was printed

// 10^n, n from 0 to 22: exact.
double power_of_ten(int n) {
  double power = 1;
  for (int i = 0; i < n; ++i) power *= 10;
  return power;
}

bool reads_back(double whole, double per_unit, double value, bool single) {
  const double back = whole / per_unit;
  return single ? static_cast<float>(back) == static_cast<float>(value)
                : std::fabs(back - value) <= kRounding * std::fabs(value);
}

// What is known of the values after one look at all of them.
struct Seen {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double nearest = std::numeric_limits<double>::infinity();  // smallest difference between neighbours that differ
  int decimals = 0;                                          // behind the point; kMostDecimals + 1: more
  std::int64_t infinite = 0;
};

Seen look(const AllValues& values, bool single) {
  Seen seen;
  double before = std::numeric_limits<double>::quiet_NaN(), power = 1;
  values([&](std::span<const double> piece) {
    for (const double x : piece) {
      if (std::isinf(x)) ++seen.infinite;
      if (!std::isfinite(x)) continue;
      seen.low = std::min(seen.low, x);
      seen.high = std::max(seen.high, x);
      const double step = std::fabs(x - before);
      if (step > 0 && step < seen.nearest) seen.nearest = step;
      before = x;
      while (seen.decimals <= kMostDecimals && !reads_back(std::round(x * power), power, x, single)) {
        power *= 10;
        ++seen.decimals;
      }
    }
  });
  return seen;
}

// The place of the values among the integers; nullopt where they don't fit.
std::optional<Quantisation> fitted(const Seen& seen, double per_unit, int bits) {
  const double most = std::ldexp(1.0, bits - 1) - 1;
  Quantisation q{.scale = 1 / per_unit, .infinite = seen.infinite};
  const double low = std::round(seen.low / q.scale), high = std::round(seen.high / q.scale);
  if (low >= -most && high <= most) return q;
  if (high - low > 2 * most) return std::nullopt;
  q.offset = -std::round((low + high) / 2);
  if (low + q.offset < -most) q.offset += 1;
  if (high + q.offset > most) q.offset -= 1;
  // Beyond 31 bits a baseline is no integer that files hold.
  return std::fabs(q.offset) <= 0x1p31 - 1 ? std::optional(q) : std::nullopt;
}

// Steps a unit that a converter may have had whose values lie `nearest` apart: rounded, since that difference is.
std::vector<double> converter_rates(double nearest) {
  std::vector<double> rates;
  for (int digits = 3; digits <= 9; ++digits) {
    const auto rounded = [digits](double x) {
      return std::strtod(fmt::format("{:.{}e}", x, digits - 1).c_str(), nullptr);
    };
    for (const double rate : {rounded(1 / nearest), 1 / rounded(nearest)}) {
      if (std::isfinite(rate) && rate > 0 && std::ranges::find(rates, rate) == rates.end()) rates.push_back(rate);
    }
  }
  return rates;
}

// The first of the rates at which all values are whole.
std::optional<double> exact_rate(const AllValues& values, std::vector<double> rates, bool single) {
  values([&](std::span<const double> piece) {
    for (const double x : piece) {
      if (!std::isfinite(x)) continue;
      std::erase_if(rates, [&](double rate) { return !reads_back(std::round(x * rate), rate, x, single); });
    }
  });
  return rates.empty() ? std::nullopt : std::optional(rates.front());
}

// With the finest step of 1, 2 or 5 times a power of ten.
Quantisation rounded_to_fit(const AllValues& values, const Seen& seen, int bits) {
  const double codes = std::ldexp(1.0, bits) - 2, largest = std::max(std::fabs(seen.low), std::fabs(seen.high));
  int exponent =
      static_cast<int>(std::floor(std::log10(std::max((seen.high - seen.low) / codes, largest / 0x1p31)))) - 1;
  exponent = std::max(exponent, -22);
  std::optional<Quantisation> q;
  for (; !q; ++exponent) {
    for (const int digit : {1, 2, 5}) {
      const double power = power_of_ten(std::abs(exponent));
      q = fitted(seen, exponent < 0 ? power / digit : 1 / (digit * power), bits);
      if (q) break;
    }
  }
  q->exact = false;
  values([&](std::span<const double> piece) {
    for (const double x : piece) {
      if (std::isfinite(x)) q->worst = std::max(q->worst, std::fabs((quantised(x, *q) - q->offset) * q->scale - x));
    }
  });
  return *q;
}

class QuantisingWriter final : public RecordWriter {
 public:
  QuantisingWriter(const RecordLayout& layout, int bits,
                   std::function<std::unique_ptr<RecordWriter>(const RecordLayout&)> create)
      : layout_(layout), bits_(bits), create_(std::move(create)), spool_(layout_.channels) {}

  void write(std::span<const Samples> samples, std::int64_t frames) override { spool_.append(samples, frames); }

  void finish(const Marks& marks) override {
    RecordLayout layout = layout_;
    std::vector<Quantisation> steps(layout.channels.size());
    for (std::size_t c = 0; c < layout.channels.size(); ++c) {
      Channel& channel = layout.channels[c];
      if (!is_real(channel.type)) continue;
      steps[c] = choose(c);
      // The channel's own scale, of the real numbers, stays on top.
      channel.offset = steps[c].offset + channel.offset / steps[c].scale;
      channel.scale *= steps[c].scale;
      channel.type = bits_ <= 16 ? SampleType::kI16 : SampleType::kI32;
    }
    const std::unique_ptr<RecordWriter> writer = create_(layout);
    std::vector<Samples> samples(layout.channels.size());
    for (std::int64_t first = 0; first < spool_.frames(); first += spool_.block_frames()) {
      const std::int64_t frames = std::min(spool_.block_frames(), spool_.frames() - first);
      for (std::size_t c = 0; c < samples.size(); ++c) {
        spool_.read(c, first, frames, samples[c]);
        if (!is_real(layout_.channels[c].type)) continue;
        samples[c].digital.clear();
        for (const double x : samples[c].real) samples[c].digital.push_back(quantised(x, steps[c]));
        samples[c].real.clear();
      }
      writer->write(samples, frames);
    }
    writer->finish(marks);
  }

 private:
  Quantisation choose(std::size_t c) {
    const Channel& channel = layout_.channels[c];
    Samples piece;
    const Quantisation q = quantisation_of(
        [&](const TakeValues& take) {
          for (std::int64_t first = 0; first < spool_.frames(); first += spool_.block_frames()) {
            spool_.read(c, first, std::min(spool_.block_frames(), spool_.frames() - first), piece);
            take(piece.real);
          }
        },
        {.bits = bits_, .single = channel.type == SampleType::kF32});
    if (!q.exact) {
      log::warn("{}: {} doesn't fit {} bits exactly: rounded to steps of {:.6g}{}, off by at most {:.3g}", layout_.name,
                channel.name, bits_, q.scale * channel.scale, channel.unit.empty() ? "" : " " + channel.unit,
                q.worst * channel.scale);
    }
    if (q.infinite > 0) {
      log::warn("{}: {}: {} infinite values are written as missing", layout_.name, channel.name, q.infinite);
    }
    return q;
  }

  RecordLayout layout_;
  int bits_;
  std::function<std::unique_ptr<RecordWriter>(const RecordLayout&)> create_;
  Spool spool_;
};

}  // namespace

Quantisation quantisation_of(const AllValues& values, const QuantiseOptions& options) {
  const Seen seen = look(values, options.single);
  if (seen.low > seen.high) return {.infinite = seen.infinite};
  if (seen.decimals <= kMostDecimals) {
    if (auto q = fitted(seen, power_of_ten(seen.decimals), options.bits)) return *q;
  }
  if (std::isfinite(seen.nearest)) {
    if (const auto rate = exact_rate(values, converter_rates(seen.nearest), options.single)) {
      if (auto q = fitted(seen, *rate, options.bits)) return *q;
    }
  }
  return rounded_to_fit(values, seen, options.bits);
}

std::int32_t quantised(double value, const Quantisation& quantisation) {
  if (!std::isfinite(value)) return kMissing;
  return static_cast<std::int32_t>(std::llround(value / quantisation.scale) + std::llround(quantisation.offset));
}

std::unique_ptr<RecordWriter> quantised(const RecordLayout& layout, int bits,
                                        std::function<std::unique_ptr<RecordWriter>(const RecordLayout&)> create) {
  return std::make_unique<QuantisingWriter>(layout, bits, std::move(create));
}

}  // namespace cfm::format
