#include <sndfile.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "base/error.h"
#include "format/wfdb_signal.h"

namespace cfm::format {
namespace {

// One decoder over bytes in memory, which remembers where it stands.
class Decoder {
 public:
  Decoder(Bytes data, const std::string& path) : data_(std::move(data)), path_(path) {
    SF_VIRTUAL_IO io{
        .get_filelen = [](void* self) { return static_cast<sf_count_t>(of(self).data_.size()); },
        .seek = [](sf_count_t offset, int whence, void* self) { return of(self).seek_bytes(offset, whence); },
        .read = [](void* to, sf_count_t count, void* self) { return of(self).read_bytes(to, count); },
        .write = [](const void*, sf_count_t, void*) { return sf_count_t{0}; },
        .tell = [](void* self) { return of(self).at_; },
    };
    file_.reset(sf_open_virtual(&io, SFM_READ, &info_, this));
    if (file_ == nullptr || (info_.format & SF_FORMAT_TYPEMASK) != SF_FORMAT_FLAC) {
      throw Error(Status::kMalformed, "{}: not a FLAC file, though the header says so", path_);
    }
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  const SF_INFO& info() const { return info_; }
  std::int64_t next() const { return next_; }  // sample of every channel that read() gives next
  int bits() const {
    const int kind = info_.format & SF_FORMAT_SUBMASK;
    return kind == SF_FORMAT_PCM_S8 ? 8 : kind == SF_FORMAT_PCM_16 ? 16 : kind == SF_FORMAT_PCM_24 ? 24 : 32;
  }

  // `n` samples of all channels from sample `first` on, interleaved.
  void read(std::int64_t first, std::int64_t n, std::int32_t* to) {
    if (first != next_ && sf_seek(file_.get(), first, SEEK_SET) != first) damaged(first);
    next_ = -1;  // nowhere, should this throw
    const sf_count_t got = sf_readf_int(file_.get(), to, n);
    if (got != n || sf_error(file_.get()) != SF_ERR_NO_ERROR) damaged(first + std::max<std::int64_t>(got, 0));
    const int shift = 32 - bits();
    for (std::int64_t i = 0; i < n * info_.channels; ++i) to[i] >>= shift;
    next_ = first + n;
  }

 private:
  static Decoder& of(void* self) { return *static_cast<Decoder*>(self); }

  sf_count_t seek_bytes(sf_count_t offset, int whence) {
    const auto size = static_cast<sf_count_t>(data_.size());
    const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? at_ : size;
    at_ = std::clamp<sf_count_t>(base + offset, 0, size);
    return at_;
  }

  sf_count_t read_bytes(void* to, sf_count_t count) {
    const sf_count_t n = std::clamp<sf_count_t>(count, 0, static_cast<sf_count_t>(data_.size()) - at_);
    if (n > 0) std::memcpy(to, data_.data() + at_, static_cast<std::size_t>(n));
    at_ += n;
    return n;
  }

  [[noreturn]] void damaged(std::int64_t sample) const {
    throw Error(Status::kMalformed, "{}: FLAC data damaged or cut at sample {} of {}", path_, sample, info_.frames);
  }

  struct Close {
    void operator()(SNDFILE* file) const { sf_close(file); }
  };

  Bytes data_;
  std::string path_;
  sf_count_t at_ = 0;
  SF_INFO info_{};
  std::unique_ptr<SNDFILE, Close> file_;
  std::int64_t next_ = 0;
};

// A channel is a signal; one sample of all channels after the other, so that a frame of several samples a signal is
// several of these.
class Flac final : public SampleSource {
 public:
  Flac(SignalFile file, int bits) : data_(std::move(file.data)), path_(std::move(file.path)) {
    signals_ = static_cast<std::int64_t>(file.samples_per_frame.size());
    per_frame_ = file.samples_per_frame.front();
    const bool equal = std::all_of(file.samples_per_frame.begin(), file.samples_per_frame.end(),
                                   [&](std::int64_t n) { return n == per_frame_; });
    if (!equal) throw Error(Status::kMalformed, "{}: signals of several rates in one FLAC file", path_);
    auto decoder = std::make_unique<Decoder>(data_, path_);
    if (decoder->info().channels != signals_) {
      throw Error(Status::kMalformed, "{}: {} channels where the header promises {} signals", path_,
                  decoder->info().channels, signals_);
    }
    if (decoder->bits() > bits) {
      throw Error(Status::kMalformed, "{}: samples of {} bits where the header promises {}", path_, decoder->bits(),
                  bits);
    }
    samples_ = decoder->info().frames;
    if (samples_ <= 0 || samples_ >= std::int64_t{1} << 36) {  // as a FLAC file counts them
      throw Error(Status::kMalformed, "{}: the FLAC file does not say how many samples it holds", path_);
    }
    idle_.push_back(std::move(decoder));
  }

  std::int64_t values() const override { return samples_ * signals_; }

  void decode(std::int64_t first, std::span<std::int32_t> values) const override {
    if (values.empty()) return;
    const std::int64_t per_frame = signals_ * per_frame_;
    const auto n = static_cast<std::int64_t>(values.size());
    const std::int64_t first_frame = first / per_frame, end_frame = (first + n + per_frame - 1) / per_frame;
    const std::int64_t from = first_frame * per_frame_;
    const std::int64_t samples = std::min(end_frame * per_frame_, samples_) - from;
    std::unique_ptr<Decoder> decoder = take(from);
    if (per_frame_ == 1 && first % signals_ == 0 && n == samples * signals_) {
      decoder->read(from, samples, values.data());
    } else {
      std::vector<std::int32_t> stored(static_cast<std::size_t>(samples * signals_));
      decoder->read(from, samples, stored.data());
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t frame = (first + i) / per_frame, place = (first + i) % per_frame;
        const std::int64_t sample = frame * per_frame_ + place % per_frame_ - from;
        values[static_cast<std::size_t>(i)] = stored[static_cast<std::size_t>(sample * signals_ + place / per_frame_)];
      }
    }
    give_back(std::move(decoder));
  }

 private:
  static constexpr std::size_t kMostIdle = 8;

  // One that stands at sample `at` if there is such, so that whoever reads in order never seeks.
  std::unique_ptr<Decoder> take(std::int64_t at) const {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto best = std::find_if(idle_.begin(), idle_.end(), [&](const auto& d) { return d->next() == at; });
        if (best == idle_.end()) --best;
        std::unique_ptr<Decoder> taken = std::move(*best);
        idle_.erase(best);
        return taken;
      }
    }
    return std::make_unique<Decoder>(data_, path_);
  }

  void give_back(std::unique_ptr<Decoder> decoder) const {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(decoder));
  }

  Bytes data_;
  std::string path_;
  std::int64_t signals_ = 0, per_frame_ = 1, samples_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Decoder>> idle_;
};

}  // namespace

std::unique_ptr<SampleSource> open_flac(SignalFile file, int bits) {
  return std::make_unique<Flac>(std::move(file), bits);
}

}  // namespace cfm::format
