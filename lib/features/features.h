// Hand-crafted numbers of a segment, from its waveforms alone: what a model has to beat.
//
//   std::span<const std::string> names = features::names();
//   std::vector<float> x = features::of(segment);       // [names().size()], NaN where there is nothing to measure
//
// CHANNEL.MEASURE. Channels: `ecg` the preferred lead, `ecg2` of the others the last in the alphabet (a chest lead,
// where there is one), `ppg` and `abp` the first of their kind. That one is missing shows by NaN only. Some measures
// are told as the median over windows, and as the largest and the smallest (`_highest`, `_lowest`): an event that fills
// a part of the segment stands out in these. Of what the names mean, only what they don't say:
//
//   ecg, ecg2     rates, 1/min, highest and lowest over five beats; rr_variation SD over mean; rr_step median step from
//                 interval to interval over the median interval; ventricular share of beats, ventricular_run beats of
//                 the longest run, ventricular_rate its rate; width and rise of beats (beat_shape.h, s), highest over
//                 runs of five; run_*: of the five beats that fill most of their time; qrs, qt, pr medians, ms
//   ppg, abp      rates, 1/min; variation and step as of RR; longest_gap without a pulse, s, and gap_ratio, over the
//                 median interval; height_end: log of the last five pulses' height over that of those before
//   abp           systolic, diastolic, mean, pulse_pressure, mmHg, and their lowest
//   these four    purity … amplitude_spread (windows.h); score … band_power (quality/quality.h); missing, a share
//   leads         agreement (beats within 150 ms), rate_ratio
//   ecg_ppg, ecg_abp   of `ecg` and that pulse (pair.h)
//   rhythm        of `ecg` (rhythm.h)
#pragma once

#include <span>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::features {

// One fixed list, whatever the segment holds.
std::span<const std::string> names();
// A function of the waveforms alone: labels, events, quality and embeddings of the segment are not looked at. Throws
// what stream::physical() throws for a damaged tensor, nothing for short, flat, missing or slowly sampled signals.
std::vector<float> of(const stream::Segment& segment);

}  // namespace cfm::features
