// How a record is laid out as EDF+: length of its data records, spelling of its fields, room for its annotations.
//
//   EdfClock clock = choose_record(layout.fs, bytes_per_frame);   // 360 frames, "1"
//   AnnotationPages pages(tals, 0, clock.duration, records, 2);   // pages.width bytes in each data record
//
// Throws kUsage for what EDF can't hold.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cfm::format {

struct EdfClock {
  std::int64_t frames = 1;  // in a data record
  std::string spelling;     // of its duration in s, at most eight characters
  double duration = 1;      // what that says
};

// Data records of whole frames, of 1 s where the rate allows and of at most 61440 bytes (EDF 1992) where a frame does.
// The spelling is exact (frames / duration == fs) where there is such a one.
EdfClock choose_record(double fs, std::int64_t bytes_per_frame);

// "2024-03-01T10:23:45.5", as RecordLayout::base_time.
struct EdfStart {
  std::chrono::year_month_day date;
  std::string clock;    // 10.23.45
  double fraction = 0;  // of a second
};
std::optional<EdfStart> parse_start(std::string_view base_time);

// ASCII: µ is u, all other signs are ?.
std::string as_ascii(std::string_view text);

// The fields of EDF+: a text of another form than `fields` words becomes the last of them, blanks as _.
std::string patient_field(const std::string& text);
std::string recording_field(const std::optional<EdfStart>& start, const std::string& text);

// Annotation lists, in their order, on the pages of the data records: as narrow as they all fit.
class AnnotationPages {
 public:
  AnnotationPages(std::vector<std::string> tals, double start, double duration, std::int64_t records,
                  std::int64_t multiple);
  std::int64_t width() const { return width_; }  // bytes, a multiple of `multiple`
  std::string next();                            // of the data records in their order

 private:
  std::string time_of(std::int64_t record) const;
  bool fits(std::size_t width) const;

  std::vector<std::string> tals_;
  double start_, duration_;
  std::int64_t records_, width_ = 0, next_record_ = 0;
  std::size_t time_bytes_ = 0, next_tal_ = 0;
};

}  // namespace cfm::format
