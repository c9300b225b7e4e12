#include "record/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "record/annotate.h"
#include "record/event_marks.h"
#include "record/selection.h"
#include "stream/convert.h"

namespace cfm::record {
namespace {

using format::Samples;
using stream::Json;
using stream::Segment;
using stream::Tensor;

constexpr std::int64_t kFramesAtOnce = 1 << 16;

// The rate of frames of which every channel's is a whole multiple: the record's clock where that is one.
double frame_rate(const std::vector<double>& rates, double clock) {
  const auto divides = [&](double fs) {
    return std::ranges::all_of(rates, [&](double rate) {
      const double n = rate / fs;
      return n > 0.5 && std::abs(n - std::round(n)) < 1e-9 * n;
    });
  };
  if (clock > 0 && divides(clock)) return clock;
  constexpr double kGrain = 1000;  // rates in mHz
  std::int64_t common = 0;
  for (const double rate : rates) common = std::gcd(common, std::llround(rate * kGrain));
  const double fs = static_cast<double>(common) / kGrain;
  if (!divides(fs)) throw Error(Status::kUsage, "rates that have no common clock; choose with cfm-segment --signals");
  return fs;
}

format::SampleType type_of(stream::Dtype dtype) {
  switch (dtype) {
    case stream::Dtype::kI16:
      return format::SampleType::kI16;
    case stream::Dtype::kI32:
      return format::SampleType::kI32;
    case stream::Dtype::kF64:
      return format::SampleType::kF64;
    default:
      return format::SampleType::kF32;
  }
}

// Samples [from, to) of a channel, as stored.
Samples samples_of(const Segment& segment, const Tensor& tensor, std::size_t channel, std::size_t from,
                   std::size_t to) {
  Samples out;
  const std::size_t base = channel * tensor.samples();
  const auto integers = [&](auto values) {
    for (std::size_t i = base + from; i < base + to; ++i) out.digital.push_back(values[i]);
  };
  if (tensor.dtype == stream::Dtype::kI16) {
    integers(tensor.values<std::int16_t>());
  } else if (tensor.dtype == stream::Dtype::kI32) {
    integers(tensor.values<std::int32_t>());
  } else if (tensor.dtype == stream::Dtype::kF64) {
    const auto values = tensor.values<double>().subspan(base + from, to - from);
    out.real.assign(values.begin(), values.end());
  } else {
    const auto values = physical(segment, tensor, channel);
    const double scale = tensor.scale(channel), offset = tensor.offset(channel);
    for (std::size_t i = from; i < to; ++i) out.real.push_back(static_cast<double>(values[i]) / scale + offset);
  }
  if (!out.digital.empty() && tensor.attributes.contains("mask")) {
    const Tensor* mask = segment.find(tensor.attributes["mask"].get<std::string>());
    for (std::size_t i = from; mask != nullptr && i < to; ++i) {
      if (mask->values<std::uint8_t>()[base + i] == 0) out.digital[i - from] = format::kMissing;
    }
  }
  return out;
}

Samples missing_samples(format::SampleType type, std::size_t n) {
  Samples out;
  if (format::is_real(type)) {
    out.real.assign(n, std::numeric_limits<double>::quiet_NaN());
  } else {
    out.digital.assign(n, format::kMissing);
  }
  return out;
}

}  // namespace

void export_recording(const format::Recording& recording, const std::vector<std::size_t>& channels, std::int64_t first,
                      std::int64_t last, const format::Marks& marks, Destination& destination) {
  format::RecordLayout layout{.name = recording.name(), .fs = recording.fs(), .comments = recording.comments()};
  for (const std::size_t c : channels) layout.channels.push_back(recording.channels().at(c));
  const double start = static_cast<double>(first) / recording.fs();
  if (const auto time = recording.base_time()) {
    const Json moved = later(*time, start);
    layout.base_time = moved.is_string() ? moved.get<std::string>() : *time;
  }
  const auto writer = destination.open(recording.name(), std::move(layout));
  std::vector<Samples> samples;
  for (std::int64_t at = first; at < last; at += kFramesAtOnce) {
    const std::int64_t n = std::min(kFramesAtOnce, last - at);
    recording.read(channels, at, n, samples);
    writer->write(samples, n);
  }
  format::Marks moved;
  for (const auto& [extension, annotations] : marks.annotations) {
    for (format::Annotation annotation : annotations) {
      annotation.sample -= first;
      if (annotation.sample >= 0 && annotation.sample < last - first)
        moved.annotations[extension].push_back(annotation);
    }
  }
  for (format::Note note : marks.notes) {
    note.onset -= start;
    if (note.onset + note.duration >= 0 && note.onset < static_cast<double>(last - first) / recording.fs()) {
      moved.notes.push_back(note);
    }
  }
  writer->finish(moved);
}

stream::Counts export_recordings(const std::vector<std::string>& inputs, const ExportOptions& options,
                                 Destination& destination) {
  stream::Counts counts;
  const auto convert = [&](const FoundRecord& found) {
    const auto recording = format::open_recording(found.path, found.name, options.open);
    const auto choice = options.selection.choose(labels_of(*recording));
    if (!choice.reason.empty()) {
      ++counts.skipped[choice.reason];
      return;
    }
    if (!options.open.trust_data) recording->verify();
    const Grid grid =
        grid_of({.whole = true, .from = options.from, .until = options.until}, recording->fs(), recording->frames());
    const std::int64_t last = std::min(grid.limit, recording->frames());
    if (grid.first >= last) {
      ++counts.skipped["outside"];
      return;
    }
    format::Marks marks{.annotations = {}, .notes = recording->notes()};
    const std::string file = std::filesystem::path(found.path).replace_extension(options.annotator).string();
    if (is_regular_file(file)) {
      format::AnnotationFile read = format::read_annotations(file);
      const double factor = read.resolution > 0 ? recording->fs() / read.resolution : 1;
      for (format::Annotation& a : read.annotations) {
        a.sample = std::llround(static_cast<double>(a.sample) * factor);
      }
      marks.annotations[options.annotator] = std::move(read.annotations);
    }
    export_recording(*recording, choice.channels, grid.first, last, marks, destination);
    ++counts.written;
  };
  for (const std::string& input : inputs) {
    RecordWalk walk(input, options.walk);
    while (const auto found = walk.next()) {
      ++counts.read;
      try {
        convert(*found);
      } catch (const Error& error) {
        if (!options.skip_errors || error.status() != Status::kMalformed) throw;
        ++counts.damaged;
        log::warn("left out: {}", error.what());
      }
    }
  }
  if (counts.read == 0) throw Error(Status::kIo, "{}: no records in there", inputs.empty() ? "-" : inputs.front());
  return counts;
}

void index_files(const std::vector<std::string>& paths, std::uint64_t max_frame) {
  if (paths.empty()) throw Error(Status::kUsage, "--index: name the files that get one");
  for (const std::string& path : paths) {
    if (!is_regular_file(path)) throw Error(Status::kUsage, "--index: {} is no file", path);
    OutputFile file = OutputFile::create(path, true);
    stream::FrameReader reader = stream::FrameReader::open(path, {.max_frame = max_frame});
    stream::FrameWriter writer(file, {.form = reader.form()});
    stream::convert(reader, writer, true);
    file.commit();
  }
}

Status convert_streams(const std::vector<std::string>& paths, const stream::ReadOptions& options,
                       stream::FrameWriter& writer) {
  Status status = Status::kOk;
  for (const std::string& path : paths.empty() ? std::vector<std::string>{"-"} : paths) {
    stream::FrameReader reader = stream::FrameReader::open(path, options);
    stream::convert(reader, writer);
    if (reader.lost_pieces() > 0) status = Status::kPartial;
  }
  return status;
}

// A record being written.
struct ExportSink::Open {
  std::string record;
  const ExportStyle& style;
  double fs = 0, start = 0;  // Hz of frames; s of the first
  std::int64_t frames = 0;   // written
  format::RecordLayout layout;
  format::Marks marks;
  std::map<std::string, SpanMarks> spans;  // by extension, in s from `start`
  std::unique_ptr<format::RecordWriter> writer;

  void write_missing(std::int64_t n);
  void write(const Cut& cut, std::int64_t skip, std::int64_t n);
  // covered: frames that segments before this one told of; what lies there is not told again.
  void add_marks(const Cut& cut, std::int64_t covered);
  double clock() const { return style.resolution > 0 ? style.resolution : fs; }
};

void ExportSink::Open::write_missing(std::int64_t n) {
  for (; n > 0; n -= kFramesAtOnce) {
    const std::int64_t now = std::min(n, kFramesAtOnce);
    std::vector<Samples> samples;
    for (const format::Channel& channel : layout.channels) {
      samples.push_back(missing_samples(channel.type, static_cast<std::size_t>(now * channel.samples_per_frame)));
    }
    writer->write(samples, now);
    frames += now;
  }
}

void ExportSink::Open::write(const Cut& cut, std::int64_t skip, std::int64_t n) {
  std::vector<Samples> samples;
  for (std::size_t c = 0; c < layout.channels.size(); ++c) {
    const Tensor& tensor = cut.segment.tensors.at(cut.order[c].tensor);
    const std::int64_t per_frame = layout.channels[c].samples_per_frame;
    samples.push_back(samples_of(cut.segment, tensor, cut.order[c].channel, static_cast<std::size_t>(skip * per_frame),
                                 static_cast<std::size_t>((skip + n) * per_frame)));
  }
  writer->write(samples, n);
  frames += n;
}

void ExportSink::Open::add_marks(const Cut& cut, std::int64_t covered) {
  for (const Tensor& tensor : cut.segment.tensors) {
    for (const EventMark& mark : event_marks(cut.segment, tensor)) {
      const double seconds = mark.seconds - start;
      if (mark.annotation.code == format::kNoteCode) {
        const format::Note note{seconds, mark.lasts, mark.annotation.aux};
        if (std::ranges::find(marks.notes, note) == marks.notes.end()) marks.notes.push_back(note);
        continue;
      }
      const Tensor* of = cut.segment.find(tensor.attributes.value("of", std::string()));
      const auto of_index = static_cast<std::size_t>(of - cut.segment.tensors.data());
      const auto names = of->names();
      const bool one = mark.channel >= 0 && mark.channel < static_cast<double>(names.size());
      const std::string extension =
          style.annotator(tensor, one ? names[static_cast<std::size_t>(mark.channel)] : std::string());
      if (extension.empty()) continue;
      auto& annotations = marks.annotations[extension];
      int chan = 0;
      for (std::size_t c = 0; c < cut.order.size(); ++c) {
        const bool same = cut.order[c].tensor == of_index && static_cast<double>(cut.order[c].channel) == mark.channel;
        if (same) chan = static_cast<int>(c);
      }
      format::Annotation annotation = mark.annotation;
      annotation.chan = chan;
      if (mark.is_span()) {
        spans[extension].add(seconds, mark.ends - start, annotation);
      } else if (std::llround(seconds * fs) >= covered) {
        annotation.sample = std::llround(seconds * clock());
        annotations.push_back(std::move(annotation));
      }
    }
  }
  std::erase_if(marks.annotations, [&](const auto& e) { return e.second.empty() && !spans.contains(e.first); });
}

std::string ExportStyle::annotator_of(const Tensor& event, const std::string& channel) {
  if (event.name == "reference/waves") return channel.empty() ? "waves" : annotator_named(channel);
  return event.name.starts_with("reference/") ? "atr" : "cfa";
}

std::string ExportStyle::annotator_named(std::string channel) {
  std::ranges::transform(channel, channel.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return channel;
}

ExportSink::ExportSink(Destination& destination, ExportStyle style)
    : destination_(destination), style_(std::move(style)) {}
ExportSink::~ExportSink() = default;

void ExportSink::write(const Cut& cut) {
  const Segment& segment = cut.segment;
  if (cut.order.empty()) throw Error(Status::kUsage, "{}: has no signal to write", segment.id());
  format::RecordLayout layout;
  std::vector<double> rates;
  for (const auto& ref : cut.order) rates.push_back(segment.tensors[ref.tensor].fs());
  const Json clock = segment.header.value("clock", Json());
  layout.fs = frame_rate(rates, clock.is_object() ? clock.value("fs", 0.0) : 0.0);
  std::int64_t frames = 0;
  for (std::size_t c = 0; c < cut.order.size(); ++c) {
    const auto& [t, channel] = cut.order[c];
    const Tensor& tensor = segment.tensors[t];
    const auto flags = tensor.attributes.value("calibrated", Json::array());
    const auto per_frame = static_cast<int>(std::llround(rates[c] / layout.fs));
    layout.channels.push_back({.name = tensor.names().at(channel),
                               .unit = tensor.units().at(channel),
                               .kind = tensor.kind(),
                               .fs = rates[c],
                               .samples_per_frame = per_frame,
                               .scale = tensor.scale(channel),
                               .offset = tensor.offset(channel),
                               .calibrated = channel >= flags.size() || flags[channel] != false,
                               .type = type_of(tensor.dtype)});
    const std::int64_t there = static_cast<std::int64_t>(tensor.samples()) / per_frame;
    frames = c == 0 ? there : std::min(frames, there);
  }
  if (!open_ || open_->record != segment.record()) {
    auto next = std::make_unique<Open>(segment.record(), style_);
    next->fs = layout.fs;
    next->start = segment.start();
    const Json time = segment.header.value("t_abs", Json());
    if (time.is_string()) layout.base_time = time.get<std::string>();
    if (style_.labels) layout.comments = label_comments(segment.header.value("labels", Json::object()));
    next->layout = layout;
    // Before the last one is finished: where a second record is refused, the first one doesn't stay behind.
    next->writer = destination_.open(segment.record(), layout);
    finish();
    open_ = std::move(next);
  }
  const bool same = std::ranges::equal(layout.channels, open_->layout.channels, [](const auto& a, const auto& b) {
    return a.name == b.name && a.unit == b.unit && a.fs == b.fs && a.scale == b.scale && a.offset == b.offset &&
           a.type == b.type;
  });
  if (!same) {
    throw Error(Status::kUsage, "{}: other channels, rates or scales than before in record {}; choose with --signals",
                segment.id(), segment.record());
  }
  const std::int64_t begin = std::llround((segment.start() - open_->start) * open_->fs);
  if (begin < 0) throw Error(Status::kUsage, "{}: begins before what came before it", segment.id());
  open_->write_missing(begin - open_->frames);
  const std::int64_t skip = open_->frames - begin;
  const std::int64_t covered = skip > 0 ? open_->frames : 0;
  if (skip < frames) open_->write(cut, skip, frames - skip);
  open_->add_marks(cut, covered);
}

void ExportSink::finish() {
  if (!open_) return;
  for (auto& [extension, annotations] : open_->marks.annotations) {
    open_->spans[extension].put(annotations, open_->clock());
    std::ranges::stable_sort(annotations, {}, &format::Annotation::sample);
  }
  open_->marks.resolution = style_.resolution;
  std::ranges::stable_sort(open_->marks.notes, {}, &format::Note::onset);
  open_->writer->finish(open_->marks);
  open_.reset();
}

void ExportSink::end(const stream::Counts&, bool) { finish(); }

}  // namespace cfm::record
