// Quality of one channel: indices with one name each, a score, and why it is low.
//
//   Quality q = ecg_quality(x, 250);            // x: [samples], any unit, NaN = missing
//   q.score;                                    // 0 to 1: probability that the signal-to-noise ratio is at least 10 dB
//   quality_class(q.score);                     // "excellent" 0.9 "good" 0.7 "acceptable" 0.5 "poor" 0.3 "bad"
//
// Blind to rhythm: neither intervals nor their regularity nor the rate enter. Signal power is (median height of a QRS
// complex within 50 ms of its peak, or of a pulse)^2 / 8, noise power the mean square of what was added; the mixture of
// noises under which the score is a probability stands in quality_weights.h. It is that of the samples that are there,
// times the part of the signal that is neither missing nor flat nor impossible (range_fraction, limit_fraction). Fewer
// than 2 s of samples, no pulse, or flat for nine tenths: 0. Without two whole beats: that of an average signal.
//
// Indices (NaN where undefined: also where the rate is too low for a band; powers are Welch densities of 4-s segments,
// trapezoid, a reference band ends at half the rate at the latest):
//   missing_fraction  samples that are NaN
//   flat_fraction     present samples in runs of one value of 0.2 s and longer
//   clip_fraction     present samples in runs at the largest or smallest value of 20 ms (PPG, ABP: 80 ms) and longer
//   kurtosis skewness of the present samples, Pearson (normal = 3; Li 2008, Elgendi 2016)
//   entropy           of a histogram of 64 bins, bits (Selvaraj 2011)
//   noise_ratio       signal power / (sum of the variances of baseline_, quiet_ and beat_ratio), dB
//   total_ratio       signal power / variance, dB
//   baseline_ratio    signal power / variance of the beats' means, dB
//   quiet_ratio       signal power / variance about a line of 40-ms (0.1-s) pieces: lower quartile of each second,
//   mean,
//                     dB
//   burst_ratio       the same of the loudest second
//   beat_ratio        signal power / half the mean square difference of a beat and the most similar of 12 on either
//                     side, median over the beats, dB
//   template_correlation  mean correlation of the beats with their mean (Orphanidou 2015: .66 ECG, .86 PPG)
//   beat_similarity   median correlation of a beat with the most similar of 12 on either side
//   beat_agreement    ECG: beats that a second detector finds too within 150 ms, over those of either (Li 2008);
//                     NaN where the first finds fewer than 20 a minute: the second takes its place then
//   pulse_agreement   the same of pulses (PPG, ABP)
//   lead_agreement    ECG: the same with the beats of the other leads, mean over them; by grade()
//   range_fraction    samples that cannot be: ECG beyond 7 mV of the mean, ABP outside 0-300 mmHg (Plesinger 2015);
//                     where the unit is known and its amplitudes are possible
// A beat is compared from 0.2 s before its mark to 0.35 s after it (PPG, ABP: 0.1 and 0.4 s about its rise).
// ECG: qrs_power P(5-15)/P(5-40), baseline_power 1 - P(0-1)/P(0-40) (Li 2008), high_frequency P(25-45)/P(5-45).
// PPG, ABP: band_power P(0.5-5)/P(0.1-50) (Elgendi 2016), high_frequency P(5-15)/P(0.5-15).
// PPG: perfusion, 100 (pulse height) / |mean| (needs the raw DC: NaN where the mean is smaller than a pulse).
// ABP in mmHg: limit_fraction, pulses outside the limits of Sun 2005 but for those on rate and interval; jump_fraction,
// pulses whose systolic or diastolic pressure is more than 20 mmHg from the one before (Sun 2005).
// The segment: rate_agreement, the lower of the rates of ECG and PPG (or ABP) over the higher; by grade().
//
// Ratios are kept within -20 and 60 dB. Throws Error (kUsage) for a rate under 50 Hz (ECG) or 20 Hz.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cfm::quality {

struct Quality {
  double score = 0;
  std::vector<std::string_view> reasons;  // flat clipped missing drift noise motion lead_off no_pulse units,
                                          // in this order
  std::vector<std::pair<std::string_view, double>> indices;
  std::vector<double> marks;                  // s, of the beats or the tops of the pulses
  double index(std::string_view name) const;  // NaN when there is none of that name
};

// What one mV is in that unit (mV, uV, µV, V); NaN for any other.
double millivolt_in(std::string_view unit);

// millivolt: what one mV is in the unit of x; NaN where that is not known.
Quality ecg_quality(std::span<const float> x, double fs, double millivolt = std::numeric_limits<double>::quiet_NaN());
Quality ppg_quality(std::span<const float> x, double fs);
// mmhg: x is in mmHg, so that limits apply.
Quality abp_quality(std::span<const float> x, double fs, bool mmhg);

std::string_view quality_class(double score);
// All names, in the order of tables.
std::span<const std::string_view> quality_index_names();

}  // namespace cfm::quality
