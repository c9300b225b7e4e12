#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "format/edf_header.h"
#include "format/edf_marks.h"
#include "format/memory_recording.h"
#include "format/names.h"
#include "format/readers.h"

namespace cfm::format {
namespace {

constexpr double kClockRounding = 1e-3;  // s: onsets are often written to the millisecond
// Gaps that make a recording longer than this, and than so many times what it holds, are taken for damage.
constexpr double kLongGaps = 86400;  // s
constexpr double kManyGaps = 1000;

// Data records that stand at frames without a gap between them.
struct Piece {
  std::int64_t first_frame = 0;
  std::int64_t first_record = 0, records = 0;
};

struct Stretch {
  std::int64_t first = 0, end = 0;  // samples
};

std::int32_t sample_16(const std::byte* at) {
  std::int16_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::int32_t sample_24(const std::byte* at) {
  const auto bits = std::to_integer<std::uint32_t>(at[0]) << 8 | std::to_integer<std::uint32_t>(at[1]) << 16 |
                    std::to_integer<std::uint32_t>(at[2]) << 24;
  return static_cast<std::int32_t>(bits) >> 8;
}

class EdfRecording final : public Recording {
 public:
  EdfRecording(const std::string& path, std::string name, const OpenOptions& options)
      : name_(std::move(name)),
        trust_data_(options.trust_data),
        file_(map_file(path)),
        header_(parse_edf_header(file_.text(), path)) {
    for (const EdfSignal& signal : header_.signals) {
      if (!signal.is_annotations) signals_.push_back(&signal);
    }
    if (!signals_.empty()) {
      for (const EdfSignal* signal : signals_) frames_per_record_ = std::gcd(frames_per_record_, signal->samples);
      fs_ = static_cast<double>(frames_per_record_) / header_.duration;
    }
    if (!std::isfinite(fs_)) {
      throw Error(Status::kMalformed, "{}: field 'duration of a data record' at byte 244 makes no rate", path);
    }
    if (header_.is_plus) read_annotations();
    place_records();
    for (const EdfSignal* signal : signals_) channels_.push_back(make_channel(*signal));
    missing_.resize(channels_.size());
    sort_annotations();
    for (Channel& channel : channels_) channel.samples = frames_ * channel.samples_per_frame;
  }

  const std::string& name() const override { return name_; }
  double fs() const override { return fs_; }
  std::int64_t frames() const override { return frames_; }
  const std::vector<Channel>& channels() const override { return channels_; }
  std::vector<Note> notes() const override { return notes_; }

  std::vector<std::string> comments() const override {
    std::vector<std::string> all;
    for (const auto& [field, text] :
         {std::pair("patient", header_.patient), std::pair("recording", header_.recording)}) {
      if (text.find_first_not_of("X ") != std::string::npos) all.push_back(fmt::format("{}: {}", field, text));
    }
    all.insert(all.end(), comments_.begin(), comments_.end());
    return all;
  }

  std::optional<std::string> base_time() const override {
    if (!header_.start) return std::nullopt;
    const auto whole = static_cast<std::int64_t>(std::floor(start_));
    const auto time = *header_.start + std::chrono::seconds(whole);
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    std::string fraction = fmt::format("{:.6f}", start_ - static_cast<double>(whole)).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return fraction.size() > 1 ? text + fraction : text;
  }

  void read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
            std::vector<Samples>& out) const override {
    check_frames(name_, first_frame, frames, frames_);
    out.resize(channels.size());
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const std::size_t c = channels[i];
      const std::int64_t per_frame = channels_.at(c).samples_per_frame;
      out[i].real.clear();
      out[i].digital.assign(static_cast<std::size_t>(frames * per_frame), kMissing);
      read_channel(*signals_[c], per_frame, first_frame, frames, out[i].digital.data());
      const std::int64_t first = first_frame * per_frame, end = first + frames * per_frame;
      for (const Stretch& stretch : missing_[c]) {
        const std::int64_t from = std::max(stretch.first, first), to = std::min(stretch.end, end);
        if (from < to)
          std::fill(out[i].digital.begin() + (from - first), out[i].digital.begin() + (to - first), kMissing);
      }
    }
    for (const Piece& piece : pieces_) {
      const std::int64_t from = std::max(first_frame, piece.first_frame) - piece.first_frame;
      const std::int64_t to = std::min(first_frame + frames - piece.first_frame, piece.records * frames_per_record_);
      if (from >= to) continue;
      release(piece.first_record + from / frames_per_record_,
              piece.first_record + (to + frames_per_record_ - 1) / frames_per_record_);
    }
  }

 private:
  struct Annotation {
    double onset, duration;  // s after the header's start time
    std::string text;
  };

  // Data records [first, end) are not needed soon.
  void release(std::int64_t first, std::int64_t end) const {
    file_.release(static_cast<std::size_t>(header_.bytes + first * header_.record_bytes),
                  static_cast<std::size_t>((end - first) * header_.record_bytes));
  }

  std::string where(std::int64_t record) const {
    return fmt::format("{}: data record {} (byte {})", header_.path, record + 1,
                       header_.bytes + record * header_.record_bytes);
  }

  // All annotations, and the onset of each data record where it says one.
  void read_annotations() {
    const EdfSignal* first = nullptr;
    constexpr std::int64_t kBehind = 1024;  // data records that stay in memory once looked through
    for (std::int64_t record = 0; record < header_.records; ++record) {
      if (record % kBehind == 0 && record > 0) release(record - kBehind, record);
      for (const EdfSignal& signal : header_.signals) {
        if (!signal.is_annotations) continue;
        if (first == nullptr) first = &signal;
        const auto at = static_cast<std::size_t>(header_.bytes + record * header_.record_bytes + signal.place);
        const auto size = static_cast<std::size_t>(signal.samples * header_.format->bytes);
        try {
          add_annotations(parse_tals(file_.text().substr(at, size), where(record)), record, &signal == first);
        } catch (const Error&) {
          if (!trust_data_) throw;
        }
      }
    }
    if (header_.is_discontinuous && static_cast<std::int64_t>(onsets_.size()) != header_.records) {
      throw Error(Status::kMalformed, "{} says no onset, which it must in a discontinuous file",
                  where(static_cast<std::int64_t>(onsets_.size())));
    }
    if (!onsets_.empty()) start_ = onsets_.front();
  }

  void add_annotations(const std::vector<Tal>& tals, std::int64_t record, bool keeps_time) {
    for (const Tal& tal : tals) {
      const bool is_time = keeps_time && &tal == &tals.front() && !tal.texts.empty() && tal.texts.front().empty();
      if (is_time && static_cast<std::int64_t>(onsets_.size()) == record) onsets_.push_back(tal.onset);
      for (const std::string_view text : tal.texts) {
        if (!text.empty()) annotations_.push_back({tal.onset, tal.duration, as_utf8(text)});
      }
    }
  }

  void place_records() {
    if (signals_.empty()) return;
    pieces_ = {{0, 0, header_.records}};
    frames_ = header_.records * frames_per_record_;
    if (static_cast<std::int64_t>(onsets_.size()) != header_.records) return;
    if (header_.is_discontinuous) {
      place_by_onset();
    } else if (!trust_data_) {
      check_continuity();
    }
  }

  void check_continuity() const {
    const double tolerance = std::max(kClockRounding, 1 / fs_);
    for (std::size_t r = 1; r < onsets_.size(); ++r) {
      if (std::abs(onsets_[r] - onsets_[r - 1] - header_.duration) <= tolerance) continue;
      throw Error(Status::kMalformed,
                  "{} starts {:.9g} s after the one before, which lasts {:.9g} s, in a file that says it is continuous "
                  "({}+C); --trust-data joins them",
                  where(static_cast<std::int64_t>(r)), onsets_[r] - onsets_[r - 1], header_.duration,
                  header_.format->name);
    }
  }

  void place_by_onset() {
    const double half_frame = 0.5 / fs_, recorded = static_cast<double>(header_.records) * header_.duration;
    double most_moved = 0;
    pieces_.clear();
    frames_ = 0;
    for (std::size_t r = 0; r < onsets_.size(); ++r) {
      const auto record = static_cast<std::int64_t>(r);
      const double onset = onsets_[r] - start_;
      const double gap = r == 0 ? 0 : onsets_[r] - onsets_[r - 1] - header_.duration;
      if (gap < -std::max(half_frame, kClockRounding)) {
        throw Error(Status::kMalformed, "{} starts at {:.9g} s, before the end of the one before", where(record),
                    onsets_[r]);
      }
      if (onset > kLongGaps && onset > kManyGaps * recorded) {
        throw Error(Status::kMalformed, "{} starts at {:.9g} s in a file that holds {:.9g} s: too long a gap",
                    where(record), onsets_[r], recorded);
      }
      if (pieces_.empty() || gap > half_frame) {
        const std::int64_t frame = std::max<std::int64_t>(frames_, std::llround(onset * fs_));
        most_moved = std::max(most_moved, std::abs(static_cast<double>(frame) / fs_ - onset));
        pieces_.push_back({frame, record, 0});
        frames_ = frame;
      }
      ++pieces_.back().records;
      frames_ += frames_per_record_;
    }
    std::int64_t fastest = 1;
    for (const EdfSignal* signal : signals_) fastest = std::max(fastest, signal->samples / frames_per_record_);
    if (most_moved > 1 / (fs_ * static_cast<double>(fastest))) {
      log::warn("{}: data records after gaps are moved by up to {:.3g} s, to whole frames of {:.3g} s", header_.path,
                most_moved, 1 / fs_);
    }
  }

  Channel make_channel(const EdfSignal& signal) const {
    Channel channel;
    channel.name = signal.label;
    channel.unit = signal.unit;
    channel.kind = kind_of(channel.name, channel.unit);
    channel.samples_per_frame = static_cast<int>(signal.samples / frames_per_record_);
    channel.fs = static_cast<double>(signal.samples) / header_.duration;
    const EdfScaling scaling = edf_scaling(signal.range);
    channel.scale = scaling.scale;
    channel.offset = scaling.offset;
    channel.type = header_.format->bytes == 2 ? SampleType::kI16 : SampleType::kI32;
    return channel;
  }

  // What of the annotations is a remark, what a mark of ours.
  void sort_annotations() {
    for (Annotation& annotation : annotations_) {
      const double onset = annotation.onset - start_;
      if (annotation.text == kEndMark && !signals_.empty()) {
        const std::int64_t end = std::llround(onset * fs_);
        if (end < 0 || end > frames_) {
          throw Error(Status::kMalformed, "{}: the mark '{}' stands at {:.9g} s, beyond the samples", header_.path,
                      kEndMark, annotation.onset);
        }
        frames_ = end;
      } else if (annotation.text.starts_with(kMissingMark)) {
        add_missing(annotation, onset);
      } else if (annotation.text.starts_with(kCommentMark)) {
        comments_.push_back(annotation.text.substr(kCommentMark.size()));
      } else {
        notes_.push_back({onset, annotation.duration, std::move(annotation.text)});
      }
    }
    annotations_.clear();
    std::stable_sort(notes_.begin(), notes_.end(), [](const Note& a, const Note& b) { return a.onset < b.onset; });
  }

  void add_missing(const Annotation& annotation, double onset) {
    const std::string_view label = std::string_view(annotation.text).substr(kMissingMark.size());
    const auto number = label.starts_with('#') ? whole_number<std::size_t>(label.substr(1)) : std::nullopt;
    auto channel = static_cast<std::size_t>(
        std::find_if(channels_.begin(), channels_.end(), [&](const Channel& c) { return c.name == label; }) -
        channels_.begin());
    if (number) channel = *number;
    if (channel >= channels_.size()) {
      throw Error(Status::kMalformed, "{}: samples of {} are marked as missing, and there is no such signal",
                  header_.path, in_quotes(label));
    }
    const double fs = channels_[channel].fs;
    const std::int64_t first = std::llround(onset * fs);
    missing_[channel].push_back({first, first + std::llround(annotation.duration * fs)});
  }

  void read_channel(const EdfSignal& signal, std::int64_t per_frame, std::int64_t first, std::int64_t frames,
                    std::int32_t* out) const {
    const std::int64_t bytes = header_.format->bytes, end = first + frames;
    auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), first,
                                  [](std::int64_t frame, const Piece& p) { return frame < p.first_frame; });
    if (piece != pieces_.begin()) --piece;
    for (; piece != pieces_.end() && piece->first_frame < end; ++piece) {
      const std::int64_t piece_end = std::min(end, piece->first_frame + piece->records * frames_per_record_);
      for (std::int64_t frame = std::max(first, piece->first_frame); frame < piece_end;) {
        const std::int64_t within = frame - piece->first_frame;
        const std::int64_t record = within / frames_per_record_, skip = within % frames_per_record_;
        const std::int64_t n = std::min(frames_per_record_ - skip, piece_end - frame);
        const std::byte* from = file_.data() + header_.bytes + (piece->first_record + record) * header_.record_bytes +
                                signal.place + skip * per_frame * bytes;
        std::int32_t* to = out + (frame - first) * per_frame;
        for (std::int64_t i = 0; i < n * per_frame; ++i)
          to[i] = bytes == 2 ? sample_16(from + 2 * i) : sample_24(from + 3 * i);
        frame += n;
      }
    }
  }

  std::string name_;
  bool trust_data_;
  Bytes file_;
  EdfHeader header_;
  std::vector<const EdfSignal*> signals_;  // those that are channels
  std::int64_t frames_per_record_ = 0;
  double fs_ = 1;     // a file of annotations only has no frames
  double start_ = 0;  // onset of frame 0, s after the header's start time
  std::int64_t frames_ = 0;
  std::vector<double> onsets_;  // of the data records
  std::vector<Annotation> annotations_;
  std::vector<Piece> pieces_;
  std::vector<Channel> channels_;
  std::vector<std::vector<Stretch>> missing_;  // of each channel
  std::vector<Note> notes_;
  std::vector<std::string> comments_;
};

}  // namespace

std::unique_ptr<Recording> open_edf(const std::string& path, const std::string& name, const OpenOptions& options) {
  return std::make_unique<EdfRecording>(path, name, options);
}

}  // namespace cfm::format
