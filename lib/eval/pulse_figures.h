// Pulses of a stream against reference pulses, or against the beats of the ECG beside them.
//
//   EventLog log(kPulseEvents);                      // then log.add(frame, source) of every frame
//   Context context = pulse_figures(log, {});
//
// `pulses` (code 20 systole, 21 foot) against `reference/pulses`, each code by itself; where no record has those, feet
// (else systoles) against `beats`, moved by one lag a record: that of 0 … 1.6 s which pairs most, then the median of
// what is left. Beats are no truth about pulses: an extrasystole may have none. Pairs are one to one within 150 ms, the
// nearest first; what the ends of the record cut off (a pulse whose beat was before it, a beat whose pulse is after) is
// not counted. Rows: gross, average and median over records, then each record: se ppv f1 tp fn fp, errors in ms (test -
// reference): bias sd, or lag sd. Throws kUsage where there is nothing to compare.
#pragma once

#include <set>
#include <string>

#include "eval/events.h"
#include "eval/marks.h"
#include "eval/results.h"

namespace cfm::eval {

inline const std::set<std::string> kPulseEvents = {"pulses", "reference/pulses", "beats"};

Context pulse_figures(const EventLog& log, const MarkOptions& options);

}  // namespace cfm::eval
