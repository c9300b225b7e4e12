// What one ECG lead says about its rhythm: intervals, P waves and what is in their place, shapes of beats, quality.
//
//   std::vector<float> out(rhythm_names().size());
//   rhythm_features(ecg_mV, 300, out);          // NaN where there is nothing to measure
//
// ecg_mV: [samples], NaN = missing; some 10 s to a minute. Under 100 Hz everything is NaN. Nearly the same for a lead
// that is upside down. Shares are of beats.
//   beats            1/min, found
//   rate … pauses    of the intervals, see rr_measures.h
//   ventricular, supraventricular   share of beats of that class (beat_class.h)
//   fibrillation     share of the time (rhythm.h of delineate/)
//   likeness, likeness_low          correlation of a beat with the median one: median, 10th percentile
//   qrs_likeness, qrs_likeness_low  the same of the QRS complexes alone
//   qrs_alike        share whose QRS correlates with the median one by more than 0.8
//   qrs_size_spread  (90th - 10th percentile) / median of the QRS complexes' heights
//   pr, qrs, qtc     ms, of the median beat (intervals.h; QTc by Fridericia)
//   p_amplitude, t_amplitude, st    of the median beat, over the height of its QRS, which points upwards
//   p_share          share with a P wave (waves.h)
//   p_to_qrs, p_to_qrs_spread       ms from the peak of P to the QRS: median, interquartile range
//   qrs_wide         ms, 90th percentile of the widths
//   p_coherence      power that the places of P have in common, over all of it: 0 by chance, 1 where all are the same
//   p_likeness       median correlation of such a place with that of the median beat
//   f_power          of what the median beat leaves, 4 to 9 Hz, dB over 1 uV^2
//   f_share          that over 1 to 30 Hz
//   quality, noise_ratio … high_frequency   of quality.h
#pragma once

#include <span>
#include <string_view>

namespace cfm::features {

std::span<const std::string_view> rhythm_names();
// out: [rhythm_names().size()].
void rhythm_features(std::span<const float> ecg_mV, double fs, std::span<float> out);

}  // namespace cfm::features
