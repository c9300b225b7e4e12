// Quality of one channel: indices with one name each, a score, and why it is low.
//
//   Quality q = ecg_quality(x, 250);            // x: [samples], any unit, NaN = missing
//   q.score;                                    // 0 to 1: probability that the signal-to-noise ratio is at least 10 dB
//   quality_class(q.score);                     // "excellent" 0.9 "good" 0.7 "acceptable" 0.5 "poor" 0.3 "bad"
//
// Blind to rhythm: neither intervals nor their regularity nor the rate enter. Signal power is (median height of a QRS
// complex within 50 ms of its peak, or of a pulse)^2 / 8, noise power the mean square of what was added; the weights
// and the mixture of noises they were fitted to stand in quality_weights.h. The probability is that of the samples that
// are there; it is multiplied by the part of the signal that is neither missing nor flat. Fewer than 2 s of samples: 0.
//
// Indices (NaN where undefined; powers are Welch densities of 4-s segments, trapezoid):
//   missing_fraction  samples that are NaN
//   flat_fraction     present samples in runs of one value of 0.2 s and longer
//   clip_fraction     present samples in runs at the largest or smallest value
//   kurtosis skewness of the present samples, Pearson (normal = 3)
//   entropy           of a histogram of 64 bins, bits
//   noise_ratio       signal power / (sum of the variances of baseline_, quiet_ and beat_ratio), dB
//   total_ratio       signal power / variance, dB
//   baseline_ratio    signal power / variance of the medians of 0.8-s (PPG, ABP: 2-s) pieces, dB
//   quiet_ratio       signal power / lower quartile of the variance about a line of 80-ms (0.2-s) pieces, dB
//   beat_ratio        signal power / half the mean square difference of a beat and the most similar of 12 on either
//   side,
//                     median over the beats, dB
//   template_correlation  mean correlation of the beats with their mean (Orphanidou 2015)
//   beat_similarity   median correlation of a beat with the most similar of 12 on either side
// ECG: qrs_power P(5-15)/P(5-40), baseline_power 1 - P(0-1)/P(0-40) (Li 2008), high_frequency P(25-45)/P(5-45).
// PPG, ABP: band_power P(0.5-5)/P(0.1-50) (Elgendi 2016), high_frequency P(5-15)/P(0.5-15).
// PPG: perfusion, 100 (pulse height) / |mean| (needs the raw DC: NaN where the mean is smaller than a pulse).
// ABP in mmHg: limit_fraction, pulses outside the limits of Sun 2005 but for those on rate and interval.
//
// Ratios are kept within -20 and 60 dB. Throws Error (kUsage) for a rate under 50 Hz (ECG) or 20 Hz.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cfm::quality {

struct Quality {
  double score = 0;
  std::vector<std::string_view> reasons;  // flat clipped missing drift noise motion lead_off no_pulse, in this order
  std::vector<std::pair<std::string_view, double>> indices;
  double index(std::string_view name) const;  // NaN when there is none of that name
};

Quality ecg_quality(std::span<const float> x, double fs);
Quality ppg_quality(std::span<const float> x, double fs);
// mmhg: x is in mmHg, so that limits apply.
Quality abp_quality(std::span<const float> x, double fs, bool mmhg);

std::string_view quality_class(double score);
// All names, in the order of tables.
std::span<const std::string_view> quality_index_names();

}  // namespace cfm::quality
