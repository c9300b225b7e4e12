#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "format/edf_header.h"
#include "format/edf_layout.h"
#include "format/edf_marks.h"
#include "format/spool.h"
#include "format/writer.h"

namespace cfm::format {
namespace {

constexpr std::int64_t kBatchBytes = 1 << 20;    // of data records put together at once
constexpr std::int64_t kMostRecords = 99999999;  // eight characters
constexpr std::size_t kMostChannels = 9998;      // four characters, and one for the annotations
constexpr double kScaleRounding = 1e-12;         // relative; scales nearer than this count as kept

struct Column {
  std::string label, unit;
  std::int64_t low = 0, high = 0;  // of the values so far
  bool any = false;
  std::vector<std::pair<std::int64_t, std::int64_t>> missing;  // first, end
  std::int64_t samples = 0;                                    // so far
  EdfRange range;
};

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text.substr(0, width));
  out.resize(width, ' ');
  return out;
}

class EdfWriter final : public RecordWriter {
 public:
  EdfWriter(const std::string& path, const RecordLayout& layout)
      : path_(path),
        layout_(layout),
        format_(path.ends_with(".bdf") ? kBdf : kEdf),
        out_(OutputFile::create(path, layout.force)),
        spool_(layout.channels) {
    if (layout_.channels.empty() || layout_.channels.size() > kMostChannels) {
      throw Error(Status::kUsage, "{}: {} channels, where {} holds 1 to {}", path_, layout_.channels.size(),
                  format_.name, kMostChannels);
    }
    std::int64_t frame_bytes = 0;
    for (const Channel& channel : layout_.channels) {
      columns_.push_back(make_column(channel));
      frame_bytes += channel.samples_per_frame * format_.bytes;
    }
    clock_ = choose_record(layout_.fs, frame_bytes);
    const double fs = static_cast<double>(clock_.frames) / clock_.duration;
    if (!(clock_.duration > 0) || !std::isfinite(fs)) {
      throw Error(Status::kUsage, "{}: {} Hz is no rate that {} holds", path_, layout_.fs, format_.name);
    }
    if (fs != layout_.fs) {
      log::warn("{}: the rate {} Hz becomes {} Hz, the nearest that {} spells in eight characters", path_, layout_.fs,
                fs, format_.name);
    }
    if (layout_.base_time) {
      start_ = parse_start(*layout_.base_time);
      if (!start_) log::warn("{}: the base time {} is no date and time; dropped", path_, in_quotes(*layout_.base_time));
    }
  }

  void write(std::span<const Samples> samples, std::int64_t frames) override {
    for (std::size_t c = 0; c < columns_.size(); ++c) look_at(c, samples[c].digital);
    spool_.append(samples, frames);
  }

  void finish(const Marks& marks) override {
    const std::int64_t records = std::max<std::int64_t>(1, (spool_.frames() + clock_.frames - 1) / clock_.frames);
    if (records > kMostRecords)
      throw Error(Status::kUsage, "{}: more data records than {} counts", path_, format_.name);
    for (std::size_t c = 0; c < columns_.size(); ++c) find_range(c);
    const double start = start_ ? start_->fraction : 0;
    AnnotationPages pages(all_marks(marks, start, records * clock_.frames), start, clock_.duration, records,
                          format_.bytes);
    out_.write(header(records, pages.width() / format_.bytes));
    write_records(records, pages);
    out_.commit();
  }

 private:
  Column make_column(const Channel& channel) const {
    if (is_real(channel.type)) {
      throw Error(Status::kUsage, "{}: channel {} holds real numbers, {} integers only", path_, channel.name,
                  format_.name);
    }
    if (!std::isfinite(channel.scale) || channel.scale == 0 || !std::isfinite(channel.offset)) {
      throw Error(Status::kUsage, "{}: channel {} has no scale", path_, channel.name);
    }
    Column column;
    column.label = trimmed(as_ascii(channel.name).substr(0, EdfWidths::label));
    column.unit = trimmed(as_ascii(channel.unit).substr(0, EdfWidths::unit));
    if (column.label != channel.name) {
      log::warn("{}: the channel '{}' is called '{}': {} holds {} ASCII characters", path_, channel.name, column.label,
                format_.name, EdfWidths::label);
    }
    if (column.unit != channel.unit && column.unit != as_ascii(channel.unit)) {
      log::warn("{}: the unit '{}' of {} becomes '{}': {} holds {} ASCII characters", path_, channel.unit, channel.name,
                column.unit, format_.name, EdfWidths::unit);
    }
    if (column.label == format_.annotation_label) {
      throw Error(Status::kUsage, "{}: a channel can't be called '{}' in {}", path_, column.label, format_.name);
    }
    return column;
  }

  // Range and missing stretches of the next values.
  void look_at(std::size_t index, const std::vector<std::int32_t>& values) {
    Column& column = columns_[index];
    for (const std::int32_t value : values) {
      const std::int64_t at = column.samples++;
      if (value == kMissing) {
        if (column.missing.empty() || column.missing.back().second != at) column.missing.emplace_back(at, at);
        ++column.missing.back().second;
        continue;
      }
      if (value < format_.least || value > format_.most) {
        throw Error(Status::kUsage, "{}: channel {} holds {}, {} only {} to {}; write {}", path_,
                    layout_.channels[index].name, value, format_.name, format_.least, format_.most,
                    format_.bytes == 2 ? "a file named .bdf, which has 24 bits" : "a WFDB record");
      }
      column.low = column.any ? std::min<std::int64_t>(column.low, value) : value;
      column.high = column.any ? std::max<std::int64_t>(column.high, value) : value;
      column.any = true;
    }
  }

  void find_range(std::size_t index) {
    Column& column = columns_[index];
    const Channel& channel = layout_.channels[index];
    column.range = edf_range(channel.scale, channel.offset, column.low, column.high, format_.least, format_.most);
    if (column.range.physical_min == column.range.physical_max) {
      throw Error(Status::kUsage, "{}: the range of channel {} can't be told in numbers of eight characters", path_,
                  channel.name);
    }
    const EdfScaling kept = edf_scaling(column.range);
    const double reach = std::max(std::abs(channel.offset), static_cast<double>(format_.most));
    const double error =
        std::max(std::abs(kept.scale / channel.scale - 1), std::abs(kept.offset - channel.offset) / reach);
    if (error > kScaleRounding) {
      log::warn(
          "{}: the scale of channel {} is kept to a relative error of {:.1e}: numbers have eight characters in {}",
          path_, channel.name, error, format_.name);
    }
  }

  // A channel's label where only it has that, else its number.
  std::string key_of(std::size_t index) const {
    const std::string& label = columns_[index].label;
    const auto same =
        std::count_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.label == label; });
    return same > 1 || label.empty() || label.starts_with('#') ? fmt::format("#{}", index) : label;
  }

  std::vector<std::string> all_marks(const Marks& marks, double start, std::int64_t frames_there) const {
    std::vector<std::pair<double, std::string>> all;
    const auto add = [&](double onset, double duration, std::string_view text) {
      all.emplace_back(onset, spell_tal({start + onset, duration, {text}}));
    };
    for (const std::string& comment : layout_.comments) {
      if (!is_field(comment)) add(0, 0, fmt::format("{}{}", kCommentMark, comment));
    }
    for (const Note& note : marks.notes) {
      if (!note.text.empty()) add(note.onset, note.duration, note.text);
    }
    const double clock = marks.resolution > 0 ? marks.resolution : layout_.fs;
    for (const auto& [extension, annotations] : marks.annotations) {
      for (const Annotation& a : annotations) {
        add(static_cast<double>(a.sample) / clock, 0, a.aux.empty() ? annotation_symbol(a.code) : a.aux);
      }
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const double fs = layout_.fs * layout_.channels[c].samples_per_frame;
      for (const auto& [first, end] : columns_[c].missing) {
        add(static_cast<double>(first) / fs, static_cast<double>(end - first) / fs,
            fmt::format("{}{}", kMissingMark, key_of(c)));
      }
    }
    if (spool_.frames() < frames_there) add(static_cast<double>(spool_.frames()) / layout_.fs, 0, kEndMark);
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> tals;
    for (auto& [onset, tal] : all) tals.push_back(std::move(tal));
    return tals;
  }

  static bool is_field(const std::string& comment) {
    return comment.starts_with("patient: ") || comment.starts_with("recording: ");
  }

  // What the comments say of a field of the header.
  std::string said_of(std::string_view field) const {
    for (const std::string& comment : layout_.comments) {
      if (comment.starts_with(field)) return as_ascii(std::string_view(comment).substr(field.size()));
    }
    return "";
  }

  std::string in_field(const std::string& name, const std::string& text, std::size_t width) const {
    if (text.size() > width) log::warn("{}: the {} is cut to {} characters", path_, name, width);
    return padded(text, width);
  }

  std::string short_date() const {
    if (!start_) return "01.01.85";  // EDF+: where the date is not known
    const int year = static_cast<int>(start_->date.year());
    const std::string two_digits = year >= 1985 && year <= 2084 ? fmt::format("{:02}", year % 100) : "yy";
    return fmt::format("{:02}.{:02}.{}", static_cast<unsigned>(start_->date.day()),
                       static_cast<unsigned>(start_->date.month()), two_digits);
  }

  std::string header(std::int64_t records, std::int64_t annotation_samples) const {
    using W = EdfWidths;
    std::string out = padded(format_.version, W::version);
    out += in_field("patient field", patient_field(said_of("patient: ")), W::patient);
    out += in_field("recording field", recording_field(start_, said_of("recording: ")), W::recording);
    out += padded(short_date(), W::date) + padded(start_ ? start_->clock : "00.00.00", W::time);
    out += padded(std::to_string((columns_.size() + 2) * W::block), W::header_bytes);
    out += padded(fmt::format("{}+C", format_.name), W::reserved);
    out += padded(std::to_string(records), W::records) + padded(clock_.spelling, W::duration);
    out += padded(std::to_string(columns_.size() + 1), W::signals);
    const auto each = [&](std::size_t width, std::string_view of_annotations, auto text) {
      for (std::size_t c = 0; c < columns_.size(); ++c) out += padded(text(c), width);
      out += padded(of_annotations, width);
    };
    const auto none = [](std::size_t) { return std::string(); };
    each(W::label, format_.annotation_label, [&](std::size_t c) { return columns_[c].label; });
    each(W::transducer, "", none);
    each(W::unit, "", [&](std::size_t c) { return columns_[c].unit; });
    each(W::number, "-1", [&](std::size_t c) { return spelt_in_eight(columns_[c].range.physical_min); });
    each(W::number, "1", [&](std::size_t c) { return spelt_in_eight(columns_[c].range.physical_max); });
    each(W::number, std::to_string(format_.least),
         [&](std::size_t c) { return std::to_string(columns_[c].range.digital_min); });
    each(W::number, std::to_string(format_.most),
         [&](std::size_t c) { return std::to_string(columns_[c].range.digital_max); });
    each(W::filter, "", none);
    each(W::number, std::to_string(annotation_samples),
         [&](std::size_t c) { return std::to_string(clock_.frames * layout_.channels[c].samples_per_frame); });
    each(W::signal_reserved, "", none);
    return out;
  }

  void write_records(std::int64_t records, AnnotationPages& pages) {
    std::int64_t record_bytes = pages.width();
    for (const Channel& channel : layout_.channels) {
      record_bytes += clock_.frames * channel.samples_per_frame * format_.bytes;
    }
    const std::int64_t batch = std::max<std::int64_t>(1, kBatchBytes / record_bytes);
    std::vector<std::byte> bytes;
    Samples samples;
    for (std::int64_t first = 0; first < records; first += batch) {
      const std::int64_t n = std::min(batch, records - first);
      bytes.assign(static_cast<std::size_t>(n * record_bytes), {});
      std::int64_t place = 0;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        const std::int64_t first_frame = first * clock_.frames;
        spool_.read(c, first_frame, std::min(n * clock_.frames, spool_.frames() - first_frame), samples);
        const std::int64_t in_record = clock_.frames * layout_.channels[c].samples_per_frame;
        samples.digital.resize(static_cast<std::size_t>(n * in_record), kMissing);
        for (std::int64_t r = 0; r < n; ++r) {
          encode(std::span(samples.digital)
                     .subspan(static_cast<std::size_t>(r * in_record), static_cast<std::size_t>(in_record)),
                 columns_[c].range.digital_min, bytes.data() + r * record_bytes + place);
        }
        place += in_record * format_.bytes;
      }
      for (std::int64_t r = 0; r < n; ++r) {
        std::memcpy(bytes.data() + r * record_bytes + place, pages.next().data(),
                    static_cast<std::size_t>(pages.width()));
      }
      out_.write(bytes);
    }
  }

  // EDF has no sign for a missing sample: the digital minimum stands there, and an annotation says so.
  void encode(std::span<const std::int32_t> values, std::int64_t instead, std::byte* out) const {
    for (const std::int32_t value : values) {
      const auto bits = static_cast<std::uint32_t>(value == kMissing ? static_cast<std::int32_t>(instead) : value);
      for (int b = 0; b < format_.bytes; ++b) *out++ = static_cast<std::byte>(bits >> (8 * b));
    }
  }

  std::string path_;
  RecordLayout layout_;
  const EdfFormat& format_;
  OutputFile out_;
  Spool spool_;
  std::vector<Column> columns_;
  EdfClock clock_;
  std::optional<EdfStart> start_;
};

}  // namespace

std::unique_ptr<RecordWriter> create_edf(const std::string& path, const RecordLayout& layout) {
  return std::make_unique<EdfWriter>(path, layout);
}

}  // namespace cfm::format
