// Weights of the quality scores: P(SNR >= 10 dB) = 1 / (1 + exp(-(bias + sum weight * clamp((index - mean) / sd, -3,
// 3)))), an undefined index counting as its mean. The entry without a name is the bias. Indices and SNR as in
// quality.h.
//
// How they were fitted: logistic regression by Newton's method, ridge 1 on the standardised weights, seed 1, every row
// one window with noise at an SNR drawn from U(-6, 30) dB, the label SNR >= 10 dB. ECG: MIT-BIH records 104 105 108 109
// 114 116 118 124 203 205 207 208 215 217 223, both signals, 60 windows each at random places after 5:00, alternately
// 10 and 30 s; noise from the second half of nstdb bw and ma, either channel: a quarter bw, a quarter ma, a quarter a
// mixture of both with a uniform share of the power, a quarter white Gaussian. 1 800 windows. On other records (100 101
// 106 112 115 119 122 209 220 230, signal 0, first half of the noise, 400 windows of 10 s): AUROC .99, Brier score
// .084. PPG (also used for ABP): challenge2015 records with PLETH but for every third, 24 windows each, alternately 10
// and 30 s, out of 30-s windows with nothing missing, at most 5 % flat, template_correlation >= 0.9, beat_ratio >= 16
// dB and baseline_ratio >= 8 dB; noise is white Gaussian through a Butterworth band-pass of order 2 of 0.1 to U(0.5, 8)
// Hz, 0.05 to 0.4 Hz or 0.5 to 20 Hz (a third each), half of it in one burst with a Gaussian envelope. 1 992 windows.
// On the records left out (936 windows): AUROC .945, Brier score .090.
#pragma once

#include <string_view>

namespace cfm::quality {

struct Weight {
  std::string_view index;
  double mean, sd, weight;
};

// clang-format off
inline constexpr Weight kEcgWeights[] = {
    {"", 0, 1, 0.453},
    {"noise_ratio", 7.746, 6.998, 2.244},
    {"kurtosis", 6.577, 4.081, 1.011},
    {"total_ratio", 2.383, 3.93, -1.343},
    {"beat_similarity", 0.9295, 0.1263, 0.733},
    {"qrs_power", 0.7078, 0.2089, -1.414},
    {"high_frequency", 0.1357, 0.1359, -1.862},
};

inline constexpr Weight kPpgWeights[] = {
    {"", 0, 1, -0.872},
    {"noise_ratio", 9.95, 5.291, 2.393},
    {"beat_similarity", 0.9314, 0.1177, 0.668},
    {"high_frequency", 0.06426, 0.1111, -1.518},
    {"band_power", 0.8594, 0.1512, 1.605},
};
// clang-format on

}  // namespace cfm::quality
