#include "format/annotation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace cfm::format {
namespace {

// What stands in the upper six bits of a word; below kSkip it is an annotation's code.
enum Word : int { kSkip = 59, kNum = 60, kSub = 61, kChn = 62, kAux = 63 };
constexpr int kNote = 22;
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
    if (now_.code != kNote || now_.sample != 0 || !file_.annotations.empty()) return false;
    if (in_definitions_) {
      in_definitions_ = !now_.aux.starts_with(kEndOfDefinitions);
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

  const Bytes& bytes_;
  const std::string& path_;
  std::size_t at_ = 0;
  std::int64_t sample_ = 0;
  int chan_ = 0, num_ = 0;
  Annotation now_;
  bool pending_ = false, in_definitions_ = false;
  AnnotationFile file_;
};

}  // namespace

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
