#include "record/annotation_sink.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"

namespace cfm::record {

using stream::Json;

namespace {

constexpr double kRounding = 1e-4;  // samples

}  // namespace

AnnotationSink::AnnotationSink(const std::string& folder, std::string extension, bool force)
    : folder_(ExportForm::kWfdb, folder, force, {}), extension_(std::move(extension)), force_(force) {}

void AnnotationSink::write(const stream::Segment& segment) {
  const Json clock = segment.header.value("clock", Json());
  const double fs = clock.is_object() ? clock.value("fs", 0.0) : 0.0;
  if (path_.empty() || record_ != segment.record()) {
    finish();
    record_ = segment.record();
    const std::string path = folder_.place(record_) + "." + extension_;
    if (!force_ && is_regular_file(path)) throw Error(Status::kUsage, "{}: exists; --force replaces it", path);
    path_ = path;
    fs_ = fs;
    covered_.clear();
  }
  for (const stream::Tensor& tensor : segment.tensors) {
    if (tensor.name.starts_with("reference/")) continue;
    const auto marks = event_marks(segment, tensor);
    if (marks.empty()) continue;
    const stream::Tensor& of = *segment.find(tensor.attributes.value("of", std::string()));
    if (fs_ <= 0) fs_ = file_.resolution = of.fs();
    const auto covered = covered_.find(of.name);
    for (const EventMark& mark : marks) {
      format::Annotation annotation = mark.annotation;
      annotation.chan = std::max(0, static_cast<int>(mark.channel));
      if (mark.is_span()) {
        spans_.add(mark.seconds, mark.ends, annotation);
      } else if (covered == covered_.end() || mark.seconds >= covered->second) {
        annotation.sample = std::llround(mark.seconds * fs_);
        file_.annotations.push_back(std::move(annotation));
      }
    }
  }
  for (const stream::Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal()) continue;
    // Less than a sample's rounding, so that what begins a segment is never taken for the end of the one before.
    const double end =
        segment.start() + tensor.t0() + (static_cast<double>(tensor.samples()) - kRounding) / tensor.fs();
    double& covered = covered_[tensor.name];
    covered = std::max(covered, end);
  }
}

void AnnotationSink::finish() {
  if (path_.empty()) return;
  spans_.put(file_.annotations, fs_);
  std::ranges::stable_sort(file_.annotations, {}, &format::Annotation::sample);
  format::write_annotations(path_, file_, force_);
  path_.clear();
  file_ = {};
  spans_ = {};
}

}  // namespace cfm::record
