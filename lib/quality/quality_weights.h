// Weights of the quality scores, see score.h. Written by lib/quality/fit/fit.py, which says how; not to be edited.
//
// Data (seed 1), noise at an SNR of U(-6, 30) dB, the label SNR >= 10 dB. ECG: MIT-BIH Arrhythmia, LUDB, CPSC 2021,
// windows of 5, 10 and 30 s; noise a fifth each of nstdb bw and ma (second channel), their mixture, white, and motion
// of cfm-synth; and the recordings of CinC 2017, noisy or not. PPG (also used for ABP): challenge2015, clean windows of
// PLETH with band-passed noise. Out of five folds by subject:
//   mitdb: 1359 windows of 25 subjects, AUROC 0.990, Brier 0.038, ECE 0.027
//   ludb: 1000 windows of 100 subjects, AUROC 0.989, Brier 0.041, ECE 0.030
//   cpsc2021: 244 windows of 3 subjects, AUROC 0.984, Brier 0.049, ECE 0.046
//   cinc2017: 153 windows of 153 subjects, AUROC 0.956, Brier 0.119, ECE 0.140
//   challenge2015: 4038 windows of 111 subjects, AUROC 0.962, Brier 0.075, ECE 0.010
#pragma once

#include "quality/score.h"

namespace cfm::quality {

// clang-format off
inline constexpr double kEcgBias = 0.9991;
inline constexpr Weight kEcgWeights[] = {
    {"noise_ratio", false, 11.94, 7.328, 3.514},
    {"burst_ratio", false, 22.38, 9.789, 1.288},
    {"beat_similarity", true, 2.911, 1.257, 0.4411},
    {"beat_agreement", false, 0.8204, 0.2707, 0.7508},
};
inline constexpr LogitPoint kEcgCalibration[] = {
    {-12.42, -5.048},
    {-6.133, -4.419},
    {-3.474, -3.075},
    {-0.2718, -0.8094},
    {2.438, 2.931},
    {4.243, 5.481},
    {6.469, 6.536},
    {17.14, 7.603},
};

inline constexpr double kPulseBias = -0.3412;
inline constexpr Weight kPulseWeights[] = {
    {"noise_ratio", false, 9.953, 6.35, 2.005},
    {"beat_similarity", true, 3.426, 1.093, 0.5471},
    {"pulse_agreement", false, 0.8792, 0.1515, 0.1158},
    {"band_power", false, 0.8839, 0.142, 3.074},
};
inline constexpr LogitPoint kPulseCalibration[] = {
    {-15.8, -6.847},
    {-7.888, -5.301},
    {-2.744, -2.544},
    {-0.05741, -0.3347},
    {1.506, 1.511},
    {2.843, 3.116},
    {4.262, 5.487},
    {8.382, 6.128},
};
// clang-format on

}  // namespace cfm::quality
