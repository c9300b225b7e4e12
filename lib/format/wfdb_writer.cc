#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "format/writer.h"

namespace cfm::format {
namespace {

constexpr std::int32_t kMark16 = -32768;  // of a missing sample in format 16; in format 32 it is kMissing itself
constexpr std::int32_t kMark32 = kMissing;

// Without what would end a field or a line of a header.
std::string one_line(std::string_view text) {
  std::string line(trimmed(text));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  return std::string(trimmed(line));
}

// The WFDB way: a blank ends a field.
std::string unit_field(const std::string& unit) {
  std::string field = one_line(unit);
  std::replace(field.begin(), field.end(), ' ', '_');
  return field.empty() ? "NU" : field;
}

// The shortest decimal whose inverse is `scale` again; where there is none (a scale that is no inverse of a double),
// the nearest.
std::string gain_field(double scale) {
  constexpr int kMostDigits = 17;
  for (int digits = 1; digits <= kMostDigits; ++digits) {
    const auto gain = whole_number<double>(fmt::format("{:.{}g}", 1 / scale, digits));
    if (gain && 1 / *gain == scale) return fmt::format("{}", *gain);
  }
  for (const double towards : {0.0, std::numeric_limits<double>::infinity()}) {
    const double gain = std::nextafter(1 / scale, std::copysign(towards, scale));
    if (1 / gain == scale) return fmt::format("{}", gain);
  }
  return fmt::format("{}", 1 / scale);
}

// What the header says of a signal once all is written.
struct Signal {
  Channel channel;
  std::int64_t baseline = 0;
  std::optional<std::int32_t> first;
  std::uint32_t sum = 0;
  std::int64_t clipped = 0;  // samples that are the mark of a missing one
};

class WfdbWriter final : public RecordWriter {
 public:
  WfdbWriter(const std::string& stem, const RecordLayout& layout)
      : stem_(stem),
        name_(stem.substr(stem.rfind('/') + 1)),
        layout_(layout),
        header_(OutputFile::create(stem + ".hea", layout.force)),
        data_(OutputFile::create(stem + ".dat", layout.force)) {
    if (name_.empty() || name_.find_first_of(" \t\r\n\f\v#") != std::string::npos) {
      throw Error(Status::kUsage, "{}: a WFDB record can't be called {}; use letters, digits, - and _", stem,
                  in_quotes(name_));
    }
    if (!std::isfinite(layout.fs) || layout.fs <= 0)
      throw Error(Status::kUsage, "{}: rate {} is no rate", stem, layout.fs);
    for (const Channel& channel : layout.channels) add(channel);
    if (signals_.empty()) throw Error(Status::kUsage, "{}: a WFDB record without signals", stem);
    time_ = time_fields();
  }

  void write(std::span<const Samples> samples, std::int64_t frames) override {
    if (samples.size() != signals_.size()) {
      throw Error(Status::kBug, "{}: {} channels written to {}", stem_, samples.size(), signals_.size());
    }
    for (std::size_t s = 0; s < signals_.size(); ++s) {
      const auto want = static_cast<std::size_t>(frames * signals_[s].channel.samples_per_frame);
      if (samples[s].digital.size() < want) throw Error(Status::kBug, "{}: too few samples of channel {}", stem_, s);
    }
    constexpr std::int64_t kFramesAtOnce = 4096;
    for (std::int64_t done = 0; done < frames; done += kFramesAtOnce) {
      const std::int64_t n = std::min(kFramesAtOnce, frames - done);
      if (wide_) {
        put<std::int32_t>(samples, done, n);
      } else {
        put<std::int16_t>(samples, done, n);
      }
    }
    frames_ += frames;
  }

  void finish(const Marks& marks) override {
    if (frames_ == 0) throw Error(Status::kUsage, "{}: a WFDB record without samples", stem_);
    auto annotations = marks.annotations;
    const double clock = marks.resolution > 0 ? marks.resolution : layout_.fs;
    if (!marks.notes.empty()) add_notes(marks.notes, clock, annotations["atr"]);
    for (const auto& [extension, list] : annotations) {
      write_annotations(stem_ + "." + extension, {.annotations = list, .resolution = marks.resolution}, layout_.force);
    }
    say_losses();
    header_.write(header_text());
    data_.commit();
    header_.commit();
  }

 private:
  void add(const Channel& channel) {
    if (is_real(channel.type)) {
      throw Error(Status::kUsage, "{}: channel {} holds real numbers, WFDB signal files hold integers", stem_,
                  in_quotes(channel.name));
    }
    if (!std::isfinite(channel.scale) || channel.scale == 0 || !std::isfinite(1 / channel.scale)) {
      throw Error(Status::kUsage, "{}: channel {} has a scale of {}, which is none", stem_, in_quotes(channel.name),
                  channel.scale);
    }
    constexpr double kMostBaseline = 2147483647;  // an int of the WFDB library
    if (!(std::abs(channel.offset) <= kMostBaseline)) {
      throw Error(Status::kUsage, "{}: channel {} has its zero at {}, beyond what a baseline holds", stem_,
                  in_quotes(channel.name), channel.offset);
    }
    if (channel.samples_per_frame < 1) {
      throw Error(Status::kBug, "{}: {} samples a frame of channel {}", stem_, channel.samples_per_frame,
                  in_quotes(channel.name));
    }
    const std::int64_t baseline = std::llround(channel.offset);
    if (static_cast<double>(baseline) != channel.offset) {
      log::warn("{}: channel {} has its zero at {}, WFDB baselines are whole: physical values shift by {} {}", stem_,
                channel.name, channel.offset, (channel.offset - static_cast<double>(baseline)) * channel.scale,
                channel.unit);
    }
    wide_ = wide_ || channel.type == SampleType::kI32;
    values_per_frame_ += static_cast<std::size_t>(channel.samples_per_frame);
    signals_.push_back({.channel = channel, .baseline = baseline});
  }

  template <typename Stored>
  void put(std::span<const Samples> samples, std::int64_t first, std::int64_t frames) {
    constexpr bool kNarrow = sizeof(Stored) == 2;
    constexpr std::int32_t kMark = kNarrow ? kMark16 : kMark32;
    buffer_.resize(static_cast<std::size_t>(frames) * values_per_frame_ * sizeof(Stored));
    std::size_t place = 0;
    for (std::size_t s = 0; s < signals_.size(); ++s) {
      Signal& signal = signals_[s];
      const std::int64_t per_frame = signal.channel.samples_per_frame;
      const std::int32_t* from = samples[s].digital.data() + first * per_frame;
      for (std::int64_t f = 0; f < frames; ++f) {
        for (std::int64_t k = 0; k < per_frame; ++k) {
          std::int32_t value = *from++;
          if (kNarrow && value != kMissing && (value < kMark16 || value > -kMark16 - 1)) too_wide(signal, value);
          if (value == kMissing) {
            value = kMark;
          } else if (kNarrow && value == kMark) {
            value = kMark + 1;
            ++signal.clipped;
          }
          if (!signal.first) signal.first = value;
          signal.sum += static_cast<std::uint32_t>(value);
          const auto stored = static_cast<Stored>(value);
          const std::size_t at = static_cast<std::size_t>(f) * values_per_frame_ + place + static_cast<std::size_t>(k);
          std::memcpy(buffer_.data() + at * sizeof stored, &stored, sizeof stored);
        }
      }
      place += static_cast<std::size_t>(per_frame);
    }
    data_.write(std::span<const std::byte>(buffer_));
  }

  [[noreturn]] void too_wide(const Signal& signal, std::int32_t value) const {
    throw Error(Status::kBug, "{}: {} in channel {} of 16 bits", stem_, value, in_quotes(signal.channel.name));
  }

  // A text that is too long goes on in the next note at the same place.
  void add_notes(const std::vector<Note>& notes, double clock, std::vector<Annotation>& annotations) const {
    bool lasting = false;
    for (const Note& note : notes) {
      lasting = lasting || note.duration > 0;
      const auto sample = static_cast<std::int64_t>(std::llround(note.onset * clock));
      std::string rest = one_line(note.text);
      do {
        std::size_t length = std::min(rest.size(), kMostAuxBytes);
        while (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xc0) == 0x80) --length;
        annotations.push_back({.sample = sample, .code = kNoteCode, .aux = rest.substr(0, length)});
        rest.erase(0, length);
      } while (!rest.empty());
    }
    if (lasting) log::warn("{}.atr: WFDB annotations mark a moment; durations of notes are left out", stem_);
    std::stable_sort(annotations.begin(), annotations.end(),
                     [](const Annotation& a, const Annotation& b) { return a.sample < b.sample; });
  }

  void say_losses() const {
    for (const Signal& signal : signals_) {
      if (signal.clipped == 0) continue;
      log::warn(
          "{}: {} samples of channel {} are -32768, which marks a missing sample in format 16; they are written as "
          "-32767",
          stem_, signal.clipped, signal.channel.name);
    }
  }

  // 2024-03-01T10:23:45.5 as 10:23:45.5 01/03/2024
  std::string time_fields() const {
    if (!layout_.base_time) return "";
    const std::string& text = *layout_.base_time;
    const bool good = text.size() >= 19 && text[4] == '-' && text[7] == '-' && text[10] == 'T';
    if (!good) throw Error(Status::kUsage, "{}: base time {} is none", stem_, in_quotes(text));
    return fmt::format(" {} {}/{}/{}", text.substr(11), text.substr(8, 2), text.substr(5, 2), text.substr(0, 4));
  }

  std::string header_text() const {
    std::string text = fmt::format("{} {} {} {}{}\n", name_, signals_.size(), layout_.fs, frames_, time_);
    for (const Signal& signal : signals_) {
      const Channel& channel = signal.channel;
      const std::string per_frame = channel.samples_per_frame == 1 ? "" : fmt::format("x{}", channel.samples_per_frame);
      const std::string gain = channel.calibrated ? gain_field(channel.scale) : "0";
      text += fmt::format("{}.dat {}{} {}({})/{} {} 0 {} {} 0 {}\n", name_, wide_ ? 32 : 16, per_frame, gain,
                          signal.baseline, unit_field(channel.unit), wide_ ? 32 : 16, *signal.first,
                          static_cast<std::int16_t>(signal.sum), one_line(channel.name));
    }
    for (const std::string& comment : layout_.comments) text += fmt::format("# {}\n", one_line(comment));
    return text;
  }

  std::string stem_, name_, time_;
  RecordLayout layout_;
  OutputFile header_, data_;
  std::vector<Signal> signals_;
  std::size_t values_per_frame_ = 0;
  bool wide_ = false;  // format 32, else 16
  std::int64_t frames_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace

std::unique_ptr<RecordWriter> create_wfdb(const std::string& stem, const RecordLayout& layout) {
  return std::make_unique<WfdbWriter>(stem, layout);
}

}  // namespace cfm::format
