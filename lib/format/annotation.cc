#include "format/annotation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace cfm::format {
namespace {

// What stands in the upper six bits of a word; below kSkip it is an annotation's code.
enum Word : int { kSkip = 59, kNum = 60, kSub = 61, kChn = 62, kAux = 63 };
constexpr std::size_t kMostAux = 1023;  // ten bits
constexpr std::string_view kClock = "## time resolution: ";
constexpr std::string_view kDefinitions = "## annotation type definitions";
constexpr std::string_view kEndOfDefinitions = "## end of definitions";

constexpr std::array kCodes = {
    AnnotationCode{1, "N", "normal beat", true},
    AnnotationCode{2, "L", "left bundle branch block beat", true},
    AnnotationCode{3, "R", "right bundle branch block beat", true},
    AnnotationCode{4, "a", "aberrated atrial premature beat", true},
    AnnotationCode{5, "V", "premature ventricular contraction", true},
    AnnotationCode{6, "F", "fusion of ventricular and normal beat", true},
    AnnotationCode{7, "J", "nodal (junctional) premature beat", true},
    AnnotationCode{8, "A", "atrial premature contraction", true},
    AnnotationCode{9, "S", "premature or ectopic supraventricular beat", true},
    AnnotationCode{10, "E", "ventricular escape beat", true},
    AnnotationCode{11, "j", "nodal (junctional) escape beat", true},
    AnnotationCode{12, "/", "paced beat", true},
    AnnotationCode{13, "Q", "unclassifiable beat", true},
    AnnotationCode{14, "~", "signal quality change", false},
    AnnotationCode{16, "|", "isolated QRS-like artifact", false},
    AnnotationCode{18, "s", "ST change", false},
    AnnotationCode{19, "T", "T-wave change", false},
    AnnotationCode{20, "*", "systole", false},
    AnnotationCode{21, "D", "diastole", false},
    AnnotationCode{22, "\"", "comment", false},
    AnnotationCode{23, "=", "measurement", false},
    AnnotationCode{24, "p", "P-wave peak", false},
    AnnotationCode{25, "B", "left or right bundle branch block beat", true},
    AnnotationCode{26, "^", "non-conducted pacer spike", false},
    AnnotationCode{27, "t", "T-wave peak", false},
    AnnotationCode{28, "+", "rhythm change", false},
    AnnotationCode{29, "u", "U-wave peak", false},
    AnnotationCode{30, "?", "beat not classified while learning", true},
    AnnotationCode{31, "!", "ventricular flutter wave", false},
    AnnotationCode{32, "[", "start of ventricular flutter or fibrillation", false},
    AnnotationCode{33, "]", "end of ventricular flutter or fibrillation", false},
    AnnotationCode{34, "e", "atrial escape beat", true},
    AnnotationCode{35, "n", "supraventricular escape beat", true},
    AnnotationCode{36, "@", "link to external data", false},
    AnnotationCode{37, "x", "non-conducted P-wave (blocked atrial premature beat)", false},
    AnnotationCode{38, "f", "fusion of paced and normal beat", true},
    AnnotationCode{39, "(", "waveform onset", false},
    AnnotationCode{40, ")", "waveform end", false},
    AnnotationCode{41, "r", "R-on-T premature ventricular contraction", true},
};

const AnnotationCode* find_code(int code) {
  const auto at = std::find_if(kCodes.begin(), kCodes.end(), [&](const AnnotationCode& c) { return c.code == code; });
  return at == kCodes.end() ? nullptr : &*at;
}

class Reader {
 public:
  Reader(const Bytes& bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  AnnotationFile read() {
    for (;;) {
      const int word = take_word();
      if (word == 0) break;
      const int code = word >> 10, value = word & 0x3ff;
      if (code == kSkip) {
        skip();
      } else if (code < kSkip) {
        finish();
        sample_ += value;
        now_ = {.sample = sample_, .code = code, .chan = chan_, .num = num_, .aux = {}};
        pending_ = code != 0;  // a code 0 only moves the clock
      } else {
        modify(code, value);
      }
    }
    finish();
    return std::move(file_);
  }

 private:
  [[noreturn]] void truncated(const char* what) const {
    throw Error(Status::kMalformed, "{}: truncated annotations ({} at byte {} of {})", path_, what, at_, bytes_.size());
  }

  int byte(std::size_t at) const { return std::to_integer<int>(bytes_.data()[at]); }

  int take_word() {
    if (bytes_.size() - at_ < 2) truncated("no end mark");
    const int word = byte(at_) | byte(at_ + 1) << 8;
    at_ += 2;
    return word;
  }

  // A 32-bit interval, its upper half first.
  void skip() {
    if (bytes_.size() - at_ < 4) truncated("SKIP runs over the end");
    const auto high = static_cast<std::uint32_t>(take_word());
    const auto low = static_cast<std::uint32_t>(take_word());
    sample_ += static_cast<std::int32_t>(high << 16 | low);
  }

  // NUM and CHN hold until they change; SUB and AUX are this annotation's.
  void modify(int code, int value) {
    const auto low_byte = static_cast<std::uint8_t>(value & 0xff);
    if (code == kSub) {
      now_.sub = static_cast<std::int8_t>(low_byte);
    } else if (code == kChn) {
      now_.chan = chan_ = low_byte;
    } else if (code == kNum) {
      now_.num = num_ = static_cast<std::int8_t>(low_byte);
    } else {
      const auto length = static_cast<std::size_t>(value);
      if (bytes_.size() - at_ < length + length % 2) truncated("AUX runs over the end");
      std::string_view text = bytes_.text().substr(at_, length);
      text = text.substr(0, text.find('\0'));
      now_.aux = as_utf8(text);
      at_ += length + length % 2;
    }
  }

  void finish() {
    if (!pending_) return;
    pending_ = false;
    if (is_about_the_file()) return;
    file_.annotations.push_back(std::move(now_));
  }

  // Notes before the first annotation that set the clock or define codes.
  bool is_about_the_file() {
    if (now_.code != kNoteCode || now_.sample != 0 || !file_.annotations.empty()) return false;
    if (in_definitions_) {
      in_definitions_ = !now_.aux.starts_with(kEndOfDefinitions);
      if (in_definitions_) define();
      return true;
    }
    if (now_.aux.starts_with(kDefinitions)) return in_definitions_ = true;
    if (!now_.aux.starts_with(kClock)) return false;
    const auto hz = whole_number<double>(trimmed(std::string_view(now_.aux).substr(kClock.size())));
    if (!hz || !std::isfinite(*hz) || *hz <= 0) {
      throw Error(Status::kMalformed, "{}: time resolution {} is no rate", path_, in_quotes(now_.aux));
    }
    file_.resolution = *hz;
    return true;
  }

  // 15 c calibration pulse
  void define() {
    Fields fields(trimmed(std::string_view(now_.aux).substr(0, now_.aux.find('\n'))));
    const auto code = whole_number<int>(fields.next());
    const std::string_view symbol = fields.next();
    if (!code || *code < 1 || *code >= kSkip || symbol.empty()) {
      throw Error(Status::kMalformed, "{}: {} defines no annotation code", path_, in_quotes(now_.aux));
    }
    file_.defined.push_back({*code, std::string(symbol), std::string(fields.rest())});
  }

  const Bytes& bytes_;
  const std::string& path_;
  std::size_t at_ = 0;
  std::int64_t sample_ = 0;
  int chan_ = 0, num_ = 0;
  Annotation now_;
  bool pending_ = false, in_definitions_ = false;
  AnnotationFile file_;
};

// The other way round: skips only where ten bits don't do, and nothing that is as it was.
class Writer {
 public:
  explicit Writer(const std::string& path) : path_(path) {}

  std::string write(const AnnotationFile& file) {
    if (file.resolution < 0 || !std::isfinite(file.resolution)) {
      throw Error(Status::kUsage, "{}: a clock of {} Hz is none", path_, file.resolution);
    }
    if (file.resolution > 0) note(fmt::format("{}{}", kClock, file.resolution));
    if (!file.defined.empty()) {
      note(kDefinitions);
      for (const DefinedCode& d : file.defined) note(fmt::format("{} {} {}", d.code, d.symbol, d.meaning));
      note(kEndOfDefinitions);
    }
    for (const Annotation& a : file.annotations) annotation(a);
    word(0, 0);
    return std::move(bytes_);
  }

 private:
  void note(std::string_view text) { annotation({.code = kNoteCode, .aux = std::string(text)}); }

  void annotation(const Annotation& a) {
    const bool fits = a.code >= 1 && a.code < kSkip && a.sub >= -128 && a.sub <= 127 && a.num >= -128 && a.num <= 127 &&
                      a.chan >= 0 && a.chan <= 255 && a.aux.size() <= kMostAux && a.aux.find('\0') == std::string::npos;
    if (!fits) {
      throw Error(Status::kUsage,
                  "{}: the annotation at sample {} can't be written: code {} (1 to {}), sub {}, num {} (-128 to 127), "
                  "chan {} (0 to 255), {} bytes of text (at most {}, none of them 0)",
                  path_, a.sample, a.code, kSkip - 1, a.sub, a.num, a.chan, a.aux.size(), kMostAux);
    }
    word(a.code, static_cast<int>(step_to(a.sample)));
    if (a.sub != 0) word(kSub, a.sub & 0xff);
    if (a.chan != chan_) word(kChn, chan_ = a.chan);
    if (a.num != num_) word(kNum, (num_ = a.num) & 0xff);
    if (a.aux.empty()) return;
    word(kAux, static_cast<int>(a.aux.size()));
    bytes_ += a.aux;
    if (a.aux.size() % 2 != 0) bytes_ += '\0';
  }

  // What is left for the annotation's own ten bits, after as many skips of 32 bits as it takes.
  std::int64_t step_to(std::int64_t sample) {
    constexpr std::int64_t kFarthest = std::numeric_limits<std::int32_t>::max();
    std::int64_t step = sample - sample_;
    sample_ = sample;
    while (step < 0 || step > kMostStep) {
      const std::int64_t skip = std::clamp(step, -kFarthest, kFarthest);
      word(kSkip, 0);
      half(static_cast<std::uint32_t>(skip) >> 16);
      half(static_cast<std::uint32_t>(skip) & 0xffff);
      step -= skip;
    }
    return step;
  }

  void word(int code, int value) { half(static_cast<std::uint32_t>(code << 10 | value)); }

  void half(std::uint32_t bits) {
    bytes_ += static_cast<char>(bits & 0xff);
    bytes_ += static_cast<char>(bits >> 8);
  }

  static constexpr std::int64_t kMostStep = 1023;
  const std::string& path_;
  std::string bytes_;
  std::int64_t sample_ = 0;
  int chan_ = 0, num_ = 0;
};

}  // namespace

void write_annotations(const std::string& path, const AnnotationFile& file, bool force) {
  const std::string bytes = Writer(path).write(file);
  OutputFile out = OutputFile::create(path, force);
  out.write(bytes);
  out.commit();
}

std::string AnnotationFile::symbol(int code) const {
  const auto own = std::find_if(defined.begin(), defined.end(), [&](const DefinedCode& d) { return d.code == code; });
  return own == defined.end() ? annotation_symbol(code) : own->symbol;
}

AnnotationFile read_annotations(const std::string& path) {
  const Bytes bytes = map_file(path);
  return Reader(bytes, path).read();
}

std::span<const AnnotationCode> annotation_codes() { return kCodes; }

std::string annotation_symbol(int code) {
  const AnnotationCode* known = find_code(code);
  return known == nullptr ? fmt::format("[{}]", code) : std::string(known->symbol);
}

std::optional<int> annotation_code(std::string_view symbol) {
  for (const AnnotationCode& c : kCodes) {
    if (c.symbol == symbol) return c.code;
  }
  return std::nullopt;
}

bool is_beat(int code) {
  const AnnotationCode* known = find_code(code);
  return known != nullptr && known->beat;
}

}  // namespace cfm::format
