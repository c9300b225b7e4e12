// Segments that are whole records, written as files with their labels and their truth.
//
//   LabelledRecords records(ExportForm::kWfdb, "synth/", force, true, true);
//   for (const stream::Segment& segment : segments) records.write(segment);
//   records.finish();                                     // synth/0000.hea … synth/labels.csv
//
// A record's file is named after the last part of its name. Signals of a kind of their own are written, waveforms and
// what is predicted are not. Labels stand in the header's comments, and for a folder in its labels.csv: `record`, then
// a column a label. reference/beats, rhythm and notes go to the annotations `atr`; of WFDB, waves and pulses to a file
// named after their channel in lower case ("ii", "abp"), as cfm-segment --ann @lead reads them. Annotation files count
// in ms. Throws as Destination does, and kUsage for a labels.csv that exists without `force`.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "record/export.h"

namespace cfm::record {

class LabelledRecords {
 public:
  // several: of EDF, into a folder whatever `path` is. table: whether a folder gets labels.csv.
  LabelledRecords(ExportForm form, const std::string& path, bool force, bool several, bool table);
  void write(stream::Segment segment);
  void finish();

 private:
  Destination files_;
  ExportSink sink_;
  std::optional<OutputFile> table_;
  std::vector<std::pair<std::string, stream::Json>> labels_;  // of a record
};

}  // namespace cfm::record
