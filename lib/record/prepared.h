// A cut whose signals go through a preparation profile before it leaves.
//
//   const prepare::Preparer preparer(prepare::Profile::open("csfm"));
//   refine.prepare = [&](Cut& cut) { prepare_cut(cut, preparer); };
//
// The profile's channels become F32 tensors, one a kind, in the order of the profile, at its rate and length, scale 1
// and offset 0, with the attribute `profile` (name, hash); units stay where nothing scales (mV), else they are NU.
// Missing samples are filled as the profile says, so that there is no mask. Other channels of the tensors they come
// from are dropped, signals that the profile doesn't name stay as recorded. Events that count samples of a replaced
// tensor count those of the new one. A cut that went through the same profile is left alone. Throws what Preparer
// throws, and kIncompatible where none of the profile's channels is there.
#pragma once

#include "prepare/prepare.h"
#include "record/segmenter.h"

namespace cfm::record {

void prepare_cut(Cut& cut, const prepare::Preparer& preparer);

// The length of the profile where none is asked for: its seconds, or the whole record.
void take_length(CutOptions& options, const prepare::Profile& profile);

}  // namespace cfm::record
