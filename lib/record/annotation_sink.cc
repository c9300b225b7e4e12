#include "record/annotation_sink.h"

#include <algorithm>
#include <cmath>

#include "record/event_marks.h"

namespace cfm::record {

using stream::Json;

AnnotationSink::AnnotationSink(const std::string& folder, std::string extension, bool force)
    : folder_(ExportForm::kWfdb, folder, force, {}), extension_(std::move(extension)), force_(force) {}

void AnnotationSink::write(const stream::Segment& segment) {
  const Json clock = segment.header.value("clock", Json());
  const double fs = clock.is_object() ? clock.value("fs", 0.0) : 0.0;
  if (path_.empty() || record_ != segment.record()) {
    finish();
    record_ = segment.record();
    path_ = folder_.place(record_) + "." + extension_;
    fs_ = fs;
    covered_ = 0;
  }
  double end = covered_;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (tensor.is_signal())
      end = std::max(end, segment.start() + tensor.t0() + static_cast<double>(tensor.samples()) / tensor.fs());
    if (tensor.name.starts_with("reference/")) continue;
    const auto marks = event_marks(segment, tensor);
    if (marks.empty()) continue;
    if (fs_ <= 0) fs_ = file_.resolution = segment.find(tensor.attributes.value("of", std::string()))->fs();
    for (const EventMark& mark : marks) {
      if (mark.seconds < covered_ - 0.5 / fs_) continue;
      const int chan = std::max(0, static_cast<int>(mark.channel));
      add_mark(file_.annotations, mark, std::llround(mark.seconds * fs_), chan);
    }
  }
  covered_ = end;
}

void AnnotationSink::finish() {
  if (path_.empty()) return;
  std::ranges::stable_sort(file_.annotations, {}, &format::Annotation::sample);
  format::write_annotations(path_, file_, force_);
  path_.clear();
  file_ = {};
}

}  // namespace cfm::record
