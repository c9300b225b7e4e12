// Signals as a recording device would store them.
//
//   stream::Segment stored = converted(synthesise(options, 7));
//   stored.find("ecg")->dtype;                              // I16, with its scale, and ecg/mask where samples are
//   missing
//
// Of each signal but waveforms: 16-bit integers in steps of 1 µV, 0.0001 NU or 0.01 mmHg, ten or a hundred times
// coarser where the range asks for it; missing samples are masked. Everything else stays.
#pragma once

#include "stream/segment.h"

namespace cfm::synth {

stream::Segment converted(stream::Segment segment);

}  // namespace cfm::synth
