#include "format/wfdb_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace cfm::format {
namespace {

// Lines of a header with their number, comments and all.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // The next line that isn't blank.
  std::optional<std::string_view> next() {
    while (!rest_.empty()) {
      const std::string_view line = rest_.substr(0, rest_.find('\n'));
      rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
      ++number_;
      if (const auto content = trimmed(line); !content.empty()) return content;
    }
    return std::nullopt;
  }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

bool is_comment(std::string_view line) { return line.front() == '#'; }

class Parser {
 public:
  Parser(std::string_view text, const std::string& path) : text_(text), lines_(text) { header_.path = path; }

  WfdbHeader parse() {
    refuse_binary();
    record_line();
    if (header_.is_multi_segment) {
      for (std::int64_t i = 0; i < promised_; ++i) segment_line(i);
    } else {
      for (std::int64_t i = 0; i < promised_; ++i) signal_line(i);
    }
    while (auto line = lines_.next()) {
      if (!is_comment(*line)) fail("{} after the last of {} lines promised", in_quotes(*line), promised_);
      keep_comment(*line);
    }
    return std::move(header_);
  }

 private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(Status::kMalformed, "{}, line {}: {}", header_.path, lines_.number(),
                fmt::format(format, std::forward<Args>(args)...));
  }

  void refuse_binary() const {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text_[i]);
      if ((byte < ' ' && byte != '\n' && kBlanks.find(text_[i]) == std::string_view::npos) || byte == 0x7f) {
        throw Error(Status::kMalformed, "{}: not a WFDB header (byte 0x{:02x} at offset {})", header_.path, byte, i);
      }
    }
  }

  void keep_comment(std::string_view line) { header_.comments.push_back(as_utf8(trimmed(line.substr(1)))); }

  // The next line with content, comments before it kept.
  std::optional<std::string_view> content_line() {
    while (auto line = lines_.next()) {
      if (!is_comment(*line)) return line;
      keep_comment(*line);
    }
    return std::nullopt;
  }

  template <typename T>
  T number(std::string_view field, const char* what) const {
    const auto value = whole_number<T>(field);
    if (!value) fail("{} {} is no {}", what, in_quotes(field), std::is_integral_v<T> ? "whole number" : "number");
    return *value;
  }

  void record_line() {
    const auto line = content_line();
    if (!line) throw Error(Status::kMalformed, "{}: empty header", header_.path);
    header_.comments.clear();
    Fields fields(*line);
    std::string_view name = fields.next();
    if (const auto slash = name.find('/'); slash != std::string_view::npos) {
      header_.is_multi_segment = true;
      promised_ = number<std::int64_t>(name.substr(slash + 1), "number of segments");
      if (promised_ < 1) fail("{} segments are none", promised_);
      name = name.substr(0, slash);
    }
    header_.record = as_utf8(name);
    const std::string_view count = fields.next();
    if (count.empty()) fail("not a WFDB header: {} where a record line is expected", in_quotes(*line));
    const auto signals = number<std::int64_t>(count, "number of signals");
    if (signals < 0) fail("{} signals", signals);
    if (!header_.is_multi_segment) promised_ = signals;
    rate(fields.next());
    if (const auto length = fields.next(); !length.empty()) {
      const auto frames = number<std::int64_t>(length, "number of samples");
      if (frames < 0) fail("{} samples", frames);
      if (frames > 0) header_.frames = frames;
    }
    for (auto field = fields.next(); !field.empty(); field = fields.next()) time_or_date(field);
  }

  // 250, 250/125, 250/125(-3)
  void rate(std::string_view field) {
    if (field.empty()) fail("no sampling rate; none is assumed");
    std::string_view rest = field;
    const auto fs = take_number<double>(rest);
    if (!fs) fail("sampling rate {} is no number", in_quotes(field));
    if (!std::isfinite(*fs) || *fs <= 0) fail("rate {} is no rate", in_quotes(field));
    header_.fs = *fs;
    if (rest.empty()) return;
    const auto counter = rest.front() == '/' ? (rest.remove_prefix(1), take_number<double>(rest)) : std::nullopt;
    if (!counter || !std::isfinite(*counter)) fail("counter frequency in {} is no number", in_quotes(field));
    header_.counter_fs = *counter;
    if (rest.empty()) return;
    const auto base = in_parentheses(rest);
    const auto value = base ? whole_number<double>(*base) : std::nullopt;
    if (!value || !std::isfinite(*value) || !rest.empty()) fail("base counter in {} is no number", in_quotes(field));
    header_.base_counter = *value;
  }

  // (…) at the start of `text`, cut off.
  static std::optional<std::string_view> in_parentheses(std::string_view& text) {
    const auto close = text.find(')');
    if (text.empty() || text.front() != '(' || close == std::string_view::npos) return std::nullopt;
    const std::string_view inside = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    return inside;
  }

  void time_or_date(std::string_view field) {
    if (field.find(':') != std::string_view::npos && !header_.time) {
      header_.time = time(field);
    } else if (field.find_first_of("/-") != std::string_view::npos && !has_date_) {
      has_date_ = true;
      header_.date = date(field);
    } else {
      fail("{} is neither a time (12:34:56) nor a date (31/12/2024)", in_quotes(field));
    }
  }

  // H:M:S, M:S, with a fraction of the second or without.
  std::string time(std::string_view field) const {
    std::array<int, 3> parts{};
    std::string_view rest = field;
    const bool has_hours = std::count(field.begin(), field.end(), ':') == 2;
    bool good = true;
    for (std::size_t i = has_hours ? 0 : 1; i < 3 && good; ++i) {
      const auto part = take_number<int>(rest);
      good = part && *part >= 0 && *part < (i == 0 ? 24 : 60) && (i == 2 || rest.starts_with(':'));
      if (good) parts[i] = *part;
      if (good && i < 2) rest.remove_prefix(1);
    }
    const bool fraction =
        rest.size() > 1 && rest.front() == '.' && rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
    if (!good || (!rest.empty() && !fraction)) fail("base time {} is no time", in_quotes(field));
    return fmt::format("{:02}:{:02}:{:02}{}", parts[0], parts[1], parts[2], rest);
  }

  // 31/12/2024, 2024-12-31, 31-Dec-2024. 0/0/0, as records without a date have it, is none.
  std::optional<std::string> date(std::string_view field) const {
    const char sign = field[field.find_first_of("/-")];
    std::array<std::string_view, 3> parts;
    std::string_view rest = field;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto end = i == 2 ? std::string_view::npos : rest.find(sign);
      parts[i] = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    if (sign == '-' && parts[0].size() == 4) std::swap(parts[0], parts[2]);
    const auto day = whole_number<unsigned>(parts[0]);
    const auto year = whole_number<int>(parts[2]);
    auto month = whole_number<unsigned>(parts[1]);
    if (!month && sign == '-') month = month_named(parts[1]);
    if (!day || !month || !year) fail("base date {} is no date", in_quotes(field));
    if (*day == 0 && *month == 0) return std::nullopt;
    const std::chrono::year_month_day ymd{std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)};
    if (!ymd.ok() || *year < 0 || *year > 9999) fail("base date {} is no date", in_quotes(field));
    return fmt::format("{:04}-{:02}-{:02}", *year, *month, *day);
  }

  static std::optional<unsigned> month_named(std::string_view name) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto at = std::find(kMonths.begin(), kMonths.end(), name);
    if (at == kMonths.end()) return std::nullopt;
    return static_cast<unsigned>(at - kMonths.begin()) + 1;
  }

  void signal_line(std::int64_t index) {
    const auto line = content_line();
    if (!line) {
      throw Error(Status::kMalformed, "{}: header ends before signal {} of {}", header_.path, index + 1, promised_);
    }
    WfdbSignal signal;
    signal.line = lines_.number();
    Fields fields(*line);
    signal.file = fields.next();
    if (signal.file.find('/') != std::string::npos || signal.file == ".." || signal.file == ".") {
      fail("signal file {} lies outside the header's folder", in_quotes(signal.file));
    }
    format(fields.next(), signal);
    if (signal.format != 0 && (signal.file == "-" || signal.file == "~")) {
      fail("signal file {} is no file", in_quotes(signal.file));
    }
    std::optional<std::int64_t> baseline;
    if (const auto field = fields.next(); !field.empty()) baseline = gain(field, signal);
    if (const auto field = fields.next(); !field.empty()) signal.resolution = number<int>(field, "resolution");
    if (const auto field = fields.next(); !field.empty()) signal.adc_zero = number<std::int64_t>(field, "zero value");
    signal.baseline = baseline.value_or(signal.adc_zero);
    if (const auto field = fields.next(); !field.empty()) signal.initial = number<std::int64_t>(field, "initial value");
    if (const auto field = fields.next(); !field.empty()) signal.checksum = checksum(field);
    if (const auto field = fields.next(); !field.empty()) number<std::int64_t>(field, "block size");
    signal.name = fields.rest().empty() ? fmt::format("signal {}", index) : as_utf8(fields.rest());
    header_.signals.push_back(std::move(signal));
  }

  // 16, 16x4, 16:3, 16+24 and all together in this order
  void format(std::string_view field, WfdbSignal& signal) const {
    if (field.empty()) fail("no storage format");
    std::string_view rest = field;
    const auto code = take_number<int>(rest);
    if (!code || *code < 0) fail("storage format {} is no number", in_quotes(field));
    signal.format = *code;
    const auto part = [&](char mark, std::int64_t least, std::int64_t& value, const char* what) {
      if (!rest.starts_with(mark)) return;
      rest.remove_prefix(1);
      const auto given = take_number<std::int64_t>(rest);
      if (!given || *given < least) fail("{} in {} must be a whole number from {} up", what, in_quotes(field), least);
      value = *given;
    };
    part('x', 1, signal.samples_per_frame, "samples a frame");
    part(':', 0, signal.skew, "skew");
    part('+', 0, signal.offset, "byte offset");
    if (!rest.empty()) fail("{} in storage format {} means nothing", in_quotes(rest), in_quotes(field));
  }

  // 200, 200/mV, 200(1024), 200(1024)/mV; gives the baseline where there is one
  std::optional<std::int64_t> gain(std::string_view field, WfdbSignal& signal) const {
    std::string_view rest = field;
    const auto value = take_number<double>(rest);
    if (!value || !std::isfinite(*value)) fail("gain {} is no finite number", in_quotes(field));
    if (*value != 0) {
      signal.gain = *value;
      signal.calibrated = true;
    }
    std::optional<std::int64_t> baseline;
    if (rest.starts_with('(')) {
      const auto inside = in_parentheses(rest);
      baseline = inside ? whole_number<std::int64_t>(*inside) : std::nullopt;
      if (!baseline) fail("baseline in {} is no whole number", in_quotes(field));
    }
    if (rest.starts_with('/') && rest.size() > 1) {
      signal.unit = as_utf8(rest.substr(1));
    } else if (!rest.empty()) {
      fail("gain {} is no finite number with (baseline) and /unit", in_quotes(field));
    }
    return baseline;
  }

  int checksum(std::string_view field) const {
    const auto value = number<std::int64_t>(field, "checksum");
    if (value < -32768 || value > 65535) fail("checksum {} doesn't fit 16 bits", value);
    return static_cast<int>(value & 0xffff);
  }

  void segment_line(std::int64_t index) {
    const auto line = content_line();
    if (!line) {
      throw Error(Status::kMalformed, "{}: header ends before segment {} of {}", header_.path, index + 1, promised_);
    }
    Fields fields(*line);
    WfdbSegment segment;
    segment.name = as_utf8(fields.next());
    if (segment.name.find('/') != std::string::npos) {
      fail("segment {} lies outside the header's folder", in_quotes(segment.name));
    }
    segment.frames = number<std::int64_t>(fields.next(), "length of segment");
    segment.line = lines_.number();
    if (segment.frames < 0) fail("segment of {} samples", segment.frames);
    header_.segments.push_back(std::move(segment));
  }

  std::string_view text_;
  Lines lines_;
  WfdbHeader header_;
  std::int64_t promised_ = 0;  // signal or segment lines
  bool has_date_ = false;
};

}  // namespace

WfdbHeader parse_wfdb_header(std::string_view text, const std::string& path) { return Parser(text, path).parse(); }

// Most headers are small, and a read costs less than a mapping.
WfdbHeader read_wfdb_header(const std::string& path) {
  std::array<std::byte, 8192> bytes;
  InputFile file = InputFile::open(path);
  const std::size_t n = file.read(bytes);
  if (n == bytes.size()) return parse_wfdb_header(map_file(path).text(), path);
  return parse_wfdb_header({reinterpret_cast<const char*>(bytes.data()), n}, path);
}

std::vector<std::string> listed_segments(std::string_view text) {
  Lines lines(text);
  auto line = lines.next();
  while (line && is_comment(*line)) line = lines.next();
  if (!line || Fields(*line).next().find('/') == std::string_view::npos) return {};
  std::vector<std::string> names;
  while ((line = lines.next())) {
    if (!is_comment(*line)) names.emplace_back(Fields(*line).next());
  }
  return names;
}

}  // namespace cfm::format
