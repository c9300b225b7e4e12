// Figures of beats compared with reference beats, record by record and over all of them.
//
//   Context context = beat_figures(records, "150 ms window, from 5:00", options);
//   context.rows;       // gross, average, then each record: se, ppv, f1, … of all beats, of V and of S
//
// Gross sums the counts of all records, average is the mean over the records that have a value (sumstats of WFDB).
// Metrics: se ppv f1 tp fn fp; of V also fpr; rr_rms (ms, RMS difference of RR intervals, as bxb); of matched beats,
// ms, test − reference: bias sd median robust_sd (interquartile range / 1.35), and the last two after each record's
// median is taken off: centred_sd centred_robust_sd. Throws kUsage for no record.
#pragma once

#include <string>
#include <vector>

#include "eval/bxb.h"
#include "eval/marks.h"
#include "eval/results.h"

namespace cfm::eval {

struct BeatRecord {
  std::string record, subject;
  std::string lead = {};     // whose beats were compared; "": of all leads together
  std::size_t segments = 1;  // a file counts as one
  double rate = 0;           // Hz, of the samples in `counts`
  BeatCounts counts = {};
  std::vector<double> errors = {};  // ms, of matched beats
};

Context beat_figures(const std::vector<BeatRecord>& records, const std::string& protocol, const MarkOptions& options);

}  // namespace cfm::eval
