#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "format/audio_header.h"
#include "format/memory_recording.h"
#include "format/names.h"
#include "format/readers.h"
#include "stream/json_text.h"

namespace cfm::format {
namespace {

constexpr std::int64_t kChunkValues = 1 << 16;  // decoded at once
constexpr std::int64_t kMostSideCar = 1 << 20;  // bytes

struct Close {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

// NAME.json beside NAME.wav: what the file itself can't say. Absent keys are empty.
struct SideCar {
  std::string path;
  std::vector<std::string> names, units;
  std::vector<double> scale, offset;
  std::optional<double> fs;
};

template <typename T>
std::vector<T> list_of(const stream::Json& list, std::size_t channels, const std::string& path,
                       const std::string& key) {
  const auto fits = [](const stream::Json& item) {
    return std::is_same_v<T, std::string> ? item.is_string() : item.is_number();
  };
  if (!list.is_array() || list.size() != channels || !std::all_of(list.begin(), list.end(), fits)) {
    throw Error(Status::kMalformed, "{}: \"{}\" must be a list of {} {}, one a channel", path, key, channels,
                std::is_same_v<T, std::string> ? "texts" : "numbers");
  }
  return list.get<std::vector<T>>();
}

SideCar read_side_car(const std::string& audio, std::size_t channels) {
  SideCar car;
  const auto dot = audio.rfind('.'), slash = audio.rfind('/');
  const bool has_suffix = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  car.path = (has_suffix ? audio.substr(0, dot) : audio) + ".json";
  if (!is_regular_file(car.path)) return car;
  const Bytes text = map_file(car.path);
  if (static_cast<std::int64_t>(text.size()) > kMostSideCar) {
    throw Error(Status::kMalformed, "{}: {} bytes; a side-car holds at most {}", car.path, text.size(), kMostSideCar);
  }
  stream::Json json;
  try {
    json = stream::parse_json(text.text());
  } catch (const Error& error) {
    throw Error(Status::kMalformed, "{}: {}", car.path, error.what());
  }
  if (!json.is_object()) throw Error(Status::kMalformed, "{}: not a JSON object, as a side-car is", car.path);
  for (const auto& [key, value] : json.items()) {
    if (key == "names") {
      car.names = list_of<std::string>(value, channels, car.path, key);
    } else if (key == "units") {
      car.units = list_of<std::string>(value, channels, car.path, key);
    } else if (key == "scale") {
      car.scale = list_of<double>(value, channels, car.path, key);
      if (std::find(car.scale.begin(), car.scale.end(), 0.0) != car.scale.end()) {
        throw Error(Status::kMalformed, "{}: a scale of 0 makes all samples one", car.path);
      }
    } else if (key == "offset") {
      car.offset = list_of<double>(value, channels, car.path, key);
    } else if (key == "fs") {
      if (!value.is_number() || !(value.get<double>() > 0)) {
        throw Error(Status::kMalformed, "{}: \"fs\" must be a number above 0, in Hz", car.path);
      }
      car.fs = value.get<double>();
    } else {
      throw Error(Status::kMalformed, "{}: unknown key {}; a side-car has names, units, scale, offset and fs", car.path,
                  in_quotes(key));
    }
  }
  return car;
}

// Bits of the integer samples; 0: real numbers. 32 bits are real, too: no value of them is left to mean "missing".
int integer_bits(int format, const std::string& path) {
  switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
      return 8;
    case SF_FORMAT_PCM_16:
      return 16;
    case SF_FORMAT_PCM_24:
      return 24;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
    case SF_FORMAT_DOUBLE:
      return 0;
    default:
      throw Error(Status::kMalformed, "{}: samples of subtype {:#x} (libsndfile) are not read; convert the file to PCM",
                  path, format & SF_FORMAT_SUBMASK);
  }
}

class AudioRecording final : public Recording {
 public:
  AudioRecording(std::string path, std::string name, const OpenOptions& options)
      : path_(std::move(path)), name_(std::move(name)) {
    const AudioHeader header = check_audio_header(map_file(path_).text(), path_);
    SF_INFO info{};
    file_.reset(sf_open(path_.c_str(), SFM_READ, &info));
    if (file_ == nullptr) throw Error(Status::kMalformed, "{}: libsndfile: {}", path_, sf_strerror(nullptr));
    if (info.channels < 1 || info.frames != header.frames) {
      throw Error(Status::kMalformed, "{}: {} samples in {} channels are found where the header promises {}", path_,
                  info.frames, info.channels, header.frames);
    }
    frames_ = info.frames;
    width_ = info.channels;
    bits_ = integer_bits(info.format, path_);
    is_flac_ = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC;
    fs_ = header.fs;
    make_channels(info.format & SF_FORMAT_SUBMASK, options);
    if (is_flac_) check_flac_end();
  }

  const std::string& name() const override { return name_; }
  double fs() const override { return fs_; }
  std::int64_t frames() const override { return frames_; }
  const std::vector<Channel>& channels() const override { return channels_; }

  // FLAC has a checksum in each of its frames.
  void verify() const override {
    if (!is_flac_) return;
    std::vector<Samples> samples;
    const std::vector<std::size_t> first = {0};
    for (std::int64_t done = 0; done < frames_; done += kChunkValues) {
      read(first, done, std::min(kChunkValues, frames_ - done), samples);
    }
  }

  void read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
            std::vector<Samples>& out) const override {
    check_frames(name_, first_frame, frames, frames_);
    out.resize(channels.size());
    for (std::size_t i = 0; i < channels.size(); ++i) {
      channels_.at(channels[i]);
      out[i].digital.resize(bits_ > 0 ? static_cast<std::size_t>(frames) : 0);
      out[i].real.resize(bits_ > 0 ? 0 : static_cast<std::size_t>(frames));
    }
    if (frames == 0) return;
    if (bits_ > 0) {
      const int shift = 32 - bits_;  // libsndfile puts integers at the top of 32 bits
      for_each_chunk<int>(first_frame, frames, [&](std::int64_t done, std::int64_t n, const int* values) {
        for (std::size_t i = 0; i < channels.size(); ++i) {
          std::int32_t* to = out[i].digital.data() + done;
          for (std::int64_t k = 0; k < n; ++k)
            to[k] = values[k * width_ + static_cast<std::int64_t>(channels[i])] >> shift;
        }
      });
    } else {
      for_each_chunk<double>(first_frame, frames, [&](std::int64_t done, std::int64_t n, const double* values) {
        for (std::size_t i = 0; i < channels.size(); ++i) {
          const std::size_t c = channels[i];
          double* to = out[i].real.data() + done;
          for (std::int64_t k = 0; k < n; ++k) {
            to[k] = (values[k * width_ + static_cast<std::int64_t>(c)] - real_offset_[c]) * real_scale_[c];
          }
        }
      });
    }
  }

 private:
  void make_channels(int subtype, const OpenOptions& options) {
    const auto count = static_cast<std::size_t>(width_);
    const SideCar car = read_side_car(path_, count);
    if (car.fs) fs_ = *car.fs;
    const SampleType type = bits_ > 16                   ? SampleType::kI32
                            : bits_ > 0                  ? SampleType::kI16
                            : subtype == SF_FORMAT_FLOAT ? SampleType::kF32
                                                         : SampleType::kF64;
    channels_ = plain_channels(path_, width_, fs_, frames_, type, options);
    real_scale_.assign(count, 1);
    real_offset_.assign(count, 0);
    for (std::size_t c = 0; c < count; ++c) {
      Channel& channel = channels_[c];
      double scale = bits_ > 0 ? std::ldexp(1.0, 1 - bits_) : 1;
      if (!car.scale.empty()) scale = car.scale[c];
      if (channel.scale != 1) scale = channel.scale;  // as the user says
      const double offset = car.offset.empty() ? 0 : car.offset[c];
      channel.scale = bits_ > 0 ? scale : 1;
      channel.offset = bits_ > 0 ? offset : 0;
      if (bits_ == 0) {
        real_scale_[c] = scale;
        real_offset_[c] = offset;
        if (scale != 1 || offset != 0) channel.type = SampleType::kF64;
      }
      if (options.channels.empty() && !car.names.empty()) channel.name = car.names[c];
      if (channel.unit.empty()) channel.unit = car.units.empty() ? "FS" : canonical_unit(car.units[c]);
      channel.kind = kind_of(channel.name, channel.unit);
    }
  }

  // STREAMINFO only promises: a cut file has no last sample.
  void check_flac_end() const {
    std::vector<int> frame(static_cast<std::size_t>(width_));
    if (sf_seek(file_.get(), frames_ - 1, SEEK_SET) == frames_ - 1 && sf_readf_int(file_.get(), frame.data(), 1) == 1) {
      return;
    }
    SF_INFO info{};
    const std::unique_ptr<SNDFILE, Close> again(sf_open(path_.c_str(), SFM_READ, &info));
    std::vector<int> values(static_cast<std::size_t>(chunk_frames() * width_));
    std::int64_t there = 0;
    while (again != nullptr) {
      const std::int64_t n = sf_readf_int(again.get(), values.data(), chunk_frames());
      if (n <= 0) break;
      there += n;
    }
    throw Error(
        Status::kMalformed,
        "{}: {} samples a channel can be decoded where STREAMINFO promises {} (truncated at {:.9g} s); --on-error "
        "skip leaves such records out",
        path_, there, frames_, static_cast<double>(there) / fs_);
  }

  std::int64_t chunk_frames() const { return std::max<std::int64_t>(1, kChunkValues / width_); }

  // use(frames done, frames n, values): interleaved values of all channels.
  template <typename T, typename Use>
  void for_each_chunk(std::int64_t first, std::int64_t frames, const Use& use) const {
    const std::int64_t at_once = std::min(frames, chunk_frames());
    std::vector<T> values(static_cast<std::size_t>(at_once * width_));
    const std::lock_guard lock(mutex_);
    const bool there = sf_seek(file_.get(), first, SEEK_SET) == first;
    for (std::int64_t done = 0; done < frames; done += at_once) {
      const std::int64_t n = std::min(at_once, frames - done);
      std::int64_t got = 0;
      if constexpr (std::is_same_v<T, int>) {
        if (there) got = sf_readf_int(file_.get(), values.data(), n);
      } else {
        if (there) got = sf_readf_double(file_.get(), values.data(), n);
      }
      if (got != n || sf_error(file_.get()) != SF_ERR_NO_ERROR) {  // damaged FLAC may give as many samples, of others
        throw Error(Status::kMalformed, "{}: samples {} to {} can't be decoded: {}", path_, first + done + got,
                    first + done + n, sf_strerror(file_.get()));
      }
      use(done, n, values.data());
    }
  }

  std::string path_, name_;
  std::unique_ptr<SNDFILE, Close> file_;
  mutable std::mutex mutex_;  // of file_, which has one position
  std::int64_t frames_ = 0, width_ = 0;
  int bits_ = 0;
  bool is_flac_ = false;
  double fs_ = 0;
  std::vector<Channel> channels_;
  std::vector<double> real_scale_, real_offset_;
};

}  // namespace

std::unique_ptr<Recording> open_audio(const std::string& path, const std::string& name, const OpenOptions& options) {
  return std::make_unique<AudioRecording>(path, name, options);
}

}  // namespace cfm::format
