// Reader and writer of NPY files. An array [channels, samples] is read where it lies, in any byte order and either
// order of its axes; [samples, channels] only where as many channels are named as it has columns, since it can't be
// told from many short channels otherwise. The lowest number of 32 bits is a missing sample, as in WFDB's format 32.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "format/memory_recording.h"
#include "format/npy_header.h"
#include "format/readers.h"
#include "format/spool.h"
#include "format/writer.h"
#include "stream/half.h"

namespace cfm::format {
namespace {

constexpr double kMostExact = 0x1p53;  // whole numbers up to here are exact in a double

SampleType sample_type(NpyType type) {
  switch (type) {
    case NpyType::kBool:
    case NpyType::kI8:
    case NpyType::kU8:
    case NpyType::kI16:
      return SampleType::kI16;
    case NpyType::kU16:
    case NpyType::kI32:
      return SampleType::kI32;
    case NpyType::kF16:
    case NpyType::kF32:
      return SampleType::kF32;
    default:
      return SampleType::kF64;
  }
}

template <typename T>
T load(const std::byte* at, bool swapped) {
  std::byte bytes[sizeof(T)];
  std::memcpy(bytes, at, sizeof(T));
  if (swapped) std::reverse(bytes, bytes + sizeof(T));
  return std::bit_cast<T>(bytes);
}

// The elements at `from`, `stride` bytes apart.
template <typename T, typename Out>
void load_all(const std::byte* from, std::int64_t stride, bool swapped, std::vector<Out>& out) {
  for (Out& value : out) {
    value = static_cast<Out>(load<T>(from, swapped));
    from += stride;
  }
}

class NpyRecording final : public Recording {
 public:
  NpyRecording(const std::string& path, std::string name, const OpenOptions& options)
      : path_(path), name_(std::move(name)), file_(map_file(path)), header_(parse_npy_header(file_.text(), path)) {
    const bool by_rows = header_.dimensions == 1 || rows_are_channels(header_.rows, header_.columns, options);
    if (!by_rows && static_cast<std::int64_t>(options.channels.size()) != header_.columns) {
      throw Error(Status::kUsage,
                  "{}: shape {} would be {} channels of {} samples; transpose the array to [channels, samples], or "
                  "name its {} channels (--channels)",
                  path, shape_text(header_), header_.rows, header_.columns, header_.columns);
    }
    const std::int64_t count = by_rows ? header_.rows : header_.columns;
    frames_ = by_rows ? header_.columns : header_.rows;
    const std::int64_t along_row = header_.element_size * (header_.fortran ? header_.rows : 1);
    const std::int64_t along_column = header_.element_size * (header_.fortran ? 1 : header_.columns);
    sample_stride_ = by_rows ? along_row : along_column;
    channel_stride_ = by_rows ? along_column : along_row;
    fs_ = required_rate(path, options);
    channels_ = plain_channels(path, count, fs_, frames_, sample_type(header_.type), options);
  }

  const std::string& name() const override { return name_; }
  double fs() const override { return fs_; }
  std::int64_t frames() const override { return frames_; }
  const std::vector<Channel>& channels() const override { return channels_; }

  void read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
            std::vector<Samples>& out) const override {
    check_frames(name_, first_frame, frames, frames_);
    out.resize(channels.size());
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const bool real = is_real(channels_.at(channels[i]).type);
      out[i].real.resize(real ? static_cast<std::size_t>(frames) : 0);
      out[i].digital.resize(real ? 0 : static_cast<std::size_t>(frames));
      const auto place = static_cast<std::int64_t>(channels[i]) * channel_stride_ + first_frame * sample_stride_;
      decode(file_.data() + header_.data_offset + place, out[i]);
      if (header_.type == NpyType::kI64 || header_.type == NpyType::kU64) refuse_inexact(out[i].real, channels[i]);
    }
  }

 private:
  void decode(const std::byte* from, Samples& out) const {
    const auto digital = [&]<typename T>(T) { load_all<T>(from, sample_stride_, header_.swapped, out.digital); };
    const auto real = [&]<typename T>(T) { load_all<T>(from, sample_stride_, header_.swapped, out.real); };
    switch (header_.type) {
      case NpyType::kBool:
      case NpyType::kU8:
        return digital(std::uint8_t{});
      case NpyType::kI8:
        return digital(std::int8_t{});
      case NpyType::kI16:
        return digital(std::int16_t{});
      case NpyType::kU16:
        return digital(std::uint16_t{});
      case NpyType::kI32:
        return digital(std::int32_t{});
      case NpyType::kU32:
        return real(std::uint32_t{});
      case NpyType::kI64:
        return real(std::int64_t{});
      case NpyType::kU64:
        return real(std::uint64_t{});
      case NpyType::kF32:
        return real(float{});
      case NpyType::kF64:
        return real(double{});
      case NpyType::kF16:
        for (double& value : out.real) {
          value = stream::float_of_half(load<std::uint16_t>(from, header_.swapped));
          from += sample_stride_;
        }
    }
  }

  void refuse_inexact(const std::vector<double>& values, std::size_t channel) const {
    const auto at = std::ranges::find_if(values, [](double x) { return std::fabs(x) >= kMostExact; });
    if (at == values.end()) return;
    throw Error(Status::kMalformed, "{}: {} in {} is beyond 2^53, where whole numbers can't be kept exactly", path_,
                *at, channels_[channel].name);
  }

  std::string path_, name_;
  Bytes file_;
  NpyHeader header_;
  std::int64_t frames_ = 0, sample_stride_ = 0, channel_stride_ = 0;  // strides in bytes
  double fs_ = 0;
  std::vector<Channel> channels_;
};

class NpyWriter final : public RecordWriter {
 public:
  NpyWriter(const std::string& path, const RecordLayout& layout)
      : layout_(layout), spool_(checked(path, layout).channels), file_(OutputFile::create(path, layout.force)) {}

  void write(std::span<const Samples> samples, std::int64_t frames) override { spool_.append(samples, frames); }

  void finish(const Marks& marks) override {
    if (spool_.frames() == 0) throw Error(Status::kUsage, "{}: a record without samples", file_.name());
    if (!marks.annotations.empty() || !marks.notes.empty()) {
      log::warn("{}: annotations and notes are not kept in NPY", file_.name());
    }
    const bool wide = std::ranges::any_of(layout_.channels, [](const Channel& channel) {
      return channel.type == SampleType::kF64 || channel.type == SampleType::kI32;
    });
    const std::array shape = {static_cast<std::int64_t>(layout_.channels.size()),
                              spool_.frames() * layout_.channels.front().samples_per_frame};
    file_.write(npy_header(wide ? "<f8" : "<f4", shape));
    for (std::size_t c = 0; c < layout_.channels.size(); ++c) wide ? write_row<double>(c) : write_row<float>(c);
    file_.commit();
  }

 private:
  static const RecordLayout& checked(const std::string& path, const RecordLayout& layout) {
    if (layout.channels.empty()) throw Error(Status::kUsage, "{}: no channels to write", path);
    const Channel& first = layout.channels.front();
    for (const Channel& channel : layout.channels) {
      if (channel.samples_per_frame == first.samples_per_frame) continue;
      throw Error(Status::kUsage, "{}: {} has {} Hz and {} {} Hz; an NPY array has one rate: choose with --signals",
                  path, first.name, first.samples_per_frame * layout.fs, channel.name,
                  channel.samples_per_frame * layout.fs);
    }
    return layout;
  }

  template <typename T>
  void write_row(std::size_t c) {
    static_assert(std::endian::native == std::endian::little);
    const Channel& channel = layout_.channels[c];
    Samples samples;
    std::vector<T> row;
    for (std::int64_t first = 0; first < spool_.frames(); first += spool_.block_frames()) {
      spool_.read(c, first, std::min(spool_.block_frames(), spool_.frames() - first), samples);
      row.clear();
      for (const double x : samples.real) row.push_back(static_cast<T>((x - channel.offset) * channel.scale));
      for (const std::int32_t x : samples.digital) {
        row.push_back(x == kMissing ? std::numeric_limits<T>::quiet_NaN()
                                    : static_cast<T>((x - channel.offset) * channel.scale));
      }
      file_.write(std::as_bytes(std::span(row)));
    }
  }

  RecordLayout layout_;
  Spool spool_;
  OutputFile file_;
};

}  // namespace

std::unique_ptr<Recording> open_npy(const std::string& path, const std::string& name, const OpenOptions& options) {
  return std::make_unique<NpyRecording>(path, name, options);
}

std::unique_ptr<RecordWriter> create_npy(const std::string& path, const RecordLayout& layout) {
  return std::make_unique<NpyWriter>(path, layout);
}

}  // namespace cfm::format
