// Weights of the quality scores, see score.h. Written by lib/quality/fit/fit.py, which says how; not to be edited.
//
// Data (seed 1), noise at an SNR of U(-6, 30) dB, the label SNR >= 10 dB. ECG: MIT-BIH Arrhythmia, LUDB, CPSC 2021,
// windows of 5, 10 and 30 s; noise a fifth each of nstdb bw and ma (second channel), their mixture, white, and motion of
// cfm-synth; and the recordings of CinC 2017, noisy or not. PPG (also used for ABP): challenge2015, clean windows of
// PLETH with band-passed noise. Out of five folds by subject:
//   mitdb: 1359 windows of 25 subjects, AUROC 0.990, Brier 0.038, ECE 0.027
//   ludb: 1000 windows of 100 subjects, AUROC 0.989, Brier 0.041, ECE 0.029
//   cpsc2021: 244 windows of 3 subjects, AUROC 0.984, Brier 0.048, ECE 0.046
//   cinc2017: 153 windows of 153 subjects, AUROC 0.956, Brier 0.119, ECE 0.141
//   challenge2015: 4038 windows of 111 subjects, AUROC 0.962, Brier 0.075, ECE 0.009
#pragma once

#include "quality/score.h"

namespace cfm::quality {

// clang-format off
inline constexpr double kEcgBias = 0.9957;
inline constexpr Weight kEcgWeights[] = {
    {"noise_ratio", false, 11.95, 7.327, 3.508},
    {"burst_ratio", false, 22.43, 9.777, 1.283},
    {"beat_similarity", true, 2.911, 1.257, 0.444},
    {"beat_agreement", false, 0.8204, 0.2707, 0.7578},
};
inline constexpr LogitPoint kEcgCalibration[] = {
    {-12.44, -5.046},
    {-6.129, -4.415},
    {-3.472, -3.066},
    {-0.2626, -0.806},
    {2.425, 2.921},
    {4.234, 5.479},
    {6.453, 6.538},
    {17.12, 7.605},
};

inline constexpr double kPulseBias = -0.3502;
inline constexpr Weight kPulseWeights[] = {
    {"noise_ratio", false, 9.983, 6.353, 1.981},
    {"beat_similarity", true, 3.426, 1.093, 0.5527},
    {"pulse_agreement", false, 0.8792, 0.1515, 0.1164},
    {"band_power", false, 0.8839, 0.142, 3.098},
};
inline constexpr LogitPoint kPulseCalibration[] = {
    {-15.84, -6.863},
    {-7.912, -5.306},
    {-2.746, -2.544},
    {-0.05765, -0.3364},
    {1.508, 1.517},
    {2.833, 3.085},
    {4.245, 5.508},
    {8.312, 6.119},
};
// clang-format on

}  // namespace cfm::quality
