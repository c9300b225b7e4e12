#include "format/edf_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "format/edf_header.h"
#include "format/edf_marks.h"
#include "format/edf_scaling.h"

namespace cfm::format {
namespace {

constexpr std::int64_t kMostBytes = 61440;       // of a data record
constexpr std::int64_t kAnnotationBytes = 2048;  // of these, left for annotations
constexpr std::int64_t kMostFrames = 1000000;    // tried in search of an exact duration
constexpr int kMostSeconds = 1000;               // tried as a duration of whole seconds

EdfClock clock_of(std::int64_t frames, double fs) {
  const std::string spelling = spelt_in_eight(static_cast<double>(frames) / fs);
  return {frames, spelling, whole_number<double>(spelling).value_or(0)};
}

double error_of(const EdfClock& clock, double fs) {
  if (clock.duration <= 0) return std::numeric_limits<double>::infinity();
  return std::abs(static_cast<double>(clock.frames) / clock.duration - fs);
}

// "a b" where it has `words` words, else "X X a_b" with as many.
std::string in_words(const std::string& text, int words) {
  Fields fields(text);
  int count = 0;
  while (!fields.next().empty()) ++count;
  if (count >= words) return text;
  std::string out;
  for (int i = 1; i < words; ++i) out += "X ";
  std::string last(trimmed(text));
  std::replace(last.begin(), last.end(), ' ', '_');
  return out + (last.empty() ? "X" : last);
}

}  // namespace

EdfClock choose_record(double fs, std::int64_t bytes_per_frame) {
  const std::int64_t most = std::clamp<std::int64_t>((kMostBytes - kAnnotationBytes) / bytes_per_frame, 1, kMostFrames);
  for (int seconds = 1; seconds <= kMostSeconds && fs * seconds <= static_cast<double>(most); ++seconds) {
    const std::int64_t frames = std::llround(fs * seconds);
    if (frames > 0 && static_cast<double>(frames) / seconds == fs) return clock_of(frames, fs);
  }
  const std::int64_t a_second = std::clamp<std::int64_t>(std::llround(std::min(fs, 1e9)), 1, most);
  EdfClock best = clock_of(a_second, fs);
  const auto try_one = [&](std::int64_t frames) {
    const EdfClock clock = clock_of(frames, fs);
    if (error_of(clock, fs) < error_of(best, fs)) best = clock;
    return error_of(best, fs) == 0;
  };
  for (std::int64_t frames = a_second; frames >= 1; --frames) {
    if (try_one(frames)) return best;
  }
  for (std::int64_t frames = a_second + 1; frames <= most; ++frames) {
    if (try_one(frames)) return best;
  }
  return best;
}

std::optional<EdfStart> parse_start(std::string_view text) {
  const auto year = take_number<int>(text);
  const auto rest = [&](char before) -> std::optional<unsigned> {
    if (!text.starts_with(before)) return std::nullopt;
    text.remove_prefix(1);
    return take_number<unsigned>(text);
  };
  const auto month = rest('-'), day = rest('-'), hour = rest('T'), minute = rest(':'), second = rest(':');
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  EdfStart start{std::chrono::year(*year) / std::chrono::month(*month) / std::chrono::day(*day),
                 fmt::format("{:02}.{:02}.{:02}", *hour, *minute, *second)};
  const auto fraction = text.empty() ? std::optional(0.0) : whole_number<double>(text);
  if (!start.date.ok() || *year < 1 || *year > 9999 || !fraction || *fraction < 0 || *fraction >= 1)
    return std::nullopt;
  start.fraction = *fraction;
  return start;
}

std::string as_ascii(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= ' ' && byte <= '~') {
      out += text[i];
    } else if (text.substr(i).starts_with("\u00b5") || text.substr(i).starts_with("\u03bc")) {
      out += 'u';
    } else if ((byte & 0xc0) != 0x80) {
      out += '?';
    }
  }
  return out;
}

std::string patient_field(const std::string& text) { return in_words(text, 4); }

std::string recording_field(const std::optional<EdfStart>& start, const std::string& text) {
  const std::string date =
      start ? fmt::format("{:02}-{}-{:04}", static_cast<unsigned>(start->date.day()),
                          edf_month(static_cast<unsigned>(start->date.month())), static_cast<int>(start->date.year()))
            : "X";
  return fmt::format("Startdate {} {}", date, in_words(text, 3));
}

AnnotationPages::AnnotationPages(std::vector<std::string> tals, double start, double duration, std::int64_t records,
                                 std::int64_t multiple)
    : tals_(std::move(tals)), start_(start), duration_(duration), records_(records) {
  // The longest time: of the last data record, with all nine decimals unless there are none.
  const bool whole = start == std::floor(start) && duration == std::floor(duration);
  const double last = std::floor(start + static_cast<double>(records) * duration);
  time_bytes_ = spell_tal({whole ? last : last + 0.123456789, 0, {""}}).size();
  std::size_t longest = 0, all = 0;
  for (const std::string& tal : tals_) {
    longest = std::max(longest, tal.size());
    all += tal.size();
  }
  std::size_t low = time_bytes_ + longest, high = time_bytes_ + all;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (fits(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  width_ = (static_cast<std::int64_t>(low) + multiple - 1) / multiple * multiple;
}

std::string AnnotationPages::time_of(std::int64_t record) const {
  return spell_tal({start_ + static_cast<double>(record) * duration_, 0, {""}});
}

bool AnnotationPages::fits(std::size_t width) const {
  std::size_t left = width - time_bytes_;
  std::int64_t pages = 1;
  for (const std::string& tal : tals_) {
    if (tal.size() > left) {
      ++pages;
      left = width - time_bytes_;
    }
    left -= tal.size();
  }
  return pages <= records_;
}

std::string AnnotationPages::next() {
  const auto width = static_cast<std::size_t>(width_);
  std::string page = time_of(next_record_++);
  std::size_t left = width - time_bytes_;
  for (; next_tal_ < tals_.size() && tals_[next_tal_].size() <= left; ++next_tal_) {
    left -= tals_[next_tal_].size();
    page += tals_[next_tal_];
  }
  page.resize(width, '\0');
  return page;
}

}  // namespace cfm::format
