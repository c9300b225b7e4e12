#include "format/edf_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "format/names.h"

namespace cfm::format {

using namespace std::string_view_literals;

const EdfFormat kEdf = {"EDF", "0       ", "EDF Annotations", 2, -32768, 32767};
const EdfFormat kBdf = {"BDF",
                        "\xff"
                        "BIOSEMI",
                        "BDF Annotations",
                        3,
                        -8388608,
                        8388607};

namespace {

constexpr std::array kMonths = {"JAN"sv, "FEB"sv, "MAR"sv, "APR"sv, "MAY"sv, "JUN"sv,
                                "JUL"sv, "AUG"sv, "SEP"sv, "OCT"sv, "NOV"sv, "DEC"sv};

// Fields one after the other, each known by its name and offset.
class FieldReader {
 public:
  FieldReader(std::string_view header, const std::string& path) : header_(header), path_(path) {}

  std::string_view text(const char* name, std::size_t width) {
    name_ = name;
    offset_ = next_;
    next_ += width;
    value_ = trimmed(header_.substr(offset_, width));
    return value_;
  }

  template <typename T>
  T number(const char* name, std::size_t width) {
    std::string_view digits = text(name, width);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto value = whole_number<T>(digits);
    if (!value) fail(std::is_integral_v<T> ? "is no whole number" : "is no number");
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(*value)) fail("is no number");
    }
    return *value;
  }

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(Status::kMalformed, "{}: field '{}' at byte {}, {}, {}", path_, name_, offset_, in_quotes(value_),
                fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  std::string_view header_;
  const std::string& path_;
  std::size_t next_ = 0, offset_ = 0;
  const char* name_ = "";
  std::string_view value_;
};

// Three whole numbers of two digits: 01.03.24, 22.05.07.
std::optional<std::array<unsigned, 3>> three_numbers(std::string_view text) {
  std::array<unsigned, 3> numbers{};
  if (text.size() != 8) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto value = whole_number<unsigned>(text.substr(3 * i, 2));
    if (!value) return std::nullopt;
    numbers[i] = *value;
  }
  return numbers;
}

std::optional<std::chrono::year_month_day> day_of(int year, unsigned month, unsigned day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  return date.ok() ? std::optional(date) : std::nullopt;
}

// "dd.mm.yy": 85 … 99 are 1985 … 1999, all others 2000 … 2084.
std::optional<std::chrono::year_month_day> short_date(std::string_view text) {
  const auto numbers = three_numbers(text);
  if (!numbers) return std::nullopt;
  const auto [day, month, year] = *numbers;
  return day_of(static_cast<int>(year) + (year >= 85 ? 1900 : 2000), month, day);
}

// "dd-MMM-yyyy"
std::optional<std::chrono::year_month_day> long_date(std::string_view text) {
  if (text.size() != 11 || text[2] != '-' || text[6] != '-') return std::nullopt;
  const auto day = whole_number<unsigned>(text.substr(0, 2));
  const auto year = whole_number<int>(text.substr(7));
  std::string name(text.substr(3, 3));
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const auto month = std::find(kMonths.begin(), kMonths.end(), name);
  if (!day || !year || month == kMonths.end()) return std::nullopt;
  return day_of(*year, static_cast<unsigned>(month - kMonths.begin()) + 1, *day);
}

// When the recording starts; nothing where the fields hold no date and time, or say that it is kept back.
std::optional<std::chrono::local_seconds> find_start(EdfHeader& header, std::string_view date, std::string_view time) {
  auto day = short_date(date);
  Fields fields(header.recording);
  if (fields.next() == "Startdate") {
    const std::string_view said = fields.next();
    if (const auto said_day = long_date(said)) {
      day = said_day;
    } else if (header.is_plus && said == "X") {
      day.reset();
    }
    if (said == "X" || long_date(said)) header.recording = std::string(fields.rest());
  }
  const auto clock = three_numbers(time);
  if (!day || !clock || (*clock)[0] > 23 || (*clock)[1] > 59 || (*clock)[2] > 59) return std::nullopt;
  return std::chrono::local_days(*day) + std::chrono::hours((*clock)[0]) + std::chrono::minutes((*clock)[1]) +
         std::chrono::seconds((*clock)[2]);
}

void read_signals(FieldReader& fields, EdfHeader& header, std::size_t count) {
  using W = EdfWidths;
  header.signals.resize(count);
  const auto each = [&](auto read) {
    for (EdfSignal& signal : header.signals) read(signal);
  };
  each([&](EdfSignal& s) {
    s.label = as_utf8(fields.text("label", W::label));
    s.is_annotations = s.label == header.format->annotation_label;
  });
  each([&](EdfSignal&) { fields.text("transducer", W::transducer); });
  each([&](EdfSignal& s) { s.unit = canonical_unit(as_utf8(fields.text("physical dimension", W::unit))); });
  each([&](EdfSignal& s) { s.range.physical_min = fields.number<double>("physical minimum", W::number); });
  each([&](EdfSignal& s) {
    s.range.physical_max = fields.number<double>("physical maximum", W::number);
    if (s.range.physical_max == s.range.physical_min && !s.is_annotations) {
      fields.fail("is the physical minimum of signal {}, too: no gain can be made of that", in_quotes(s.label));
    }
  });
  const auto in_range = [&](std::int64_t value) {
    const EdfFormat& format = *header.format;
    if (value < format.least || value > format.most) {
      fields.fail("is beyond {} to {}, which {} holds", format.least, format.most, format.name);
    }
    return value;
  };
  each(
      [&](EdfSignal& s) { s.range.digital_min = in_range(fields.number<std::int64_t>("digital minimum", W::number)); });
  each([&](EdfSignal& s) {
    s.range.digital_max = in_range(fields.number<std::int64_t>("digital maximum", W::number));
    if (s.range.digital_max <= s.range.digital_min && !s.is_annotations) {
      fields.fail("is not above the digital minimum {} of signal {}: no gain can be made of that", s.range.digital_min,
                  in_quotes(s.label));
    }
  });
  each([&](EdfSignal&) { fields.text("prefiltering", W::filter); });
  each([&](EdfSignal& s) {
    s.samples = fields.number<std::int64_t>("samples in a data record", W::number);
    if (s.samples <= 0) fields.fail("leaves signal {} without samples", in_quotes(s.label));
    s.place = header.record_bytes;
    header.record_bytes += s.samples * header.format->bytes;
  });
}

// Compares what the header promises with what is there; counts the data records where it doesn't say.
void check_length(EdfHeader& header, std::int64_t size) {
  const std::int64_t data = size - header.bytes;
  const std::int64_t whole = data / header.record_bytes;
  const auto truncated = [&](const std::string& promised) {
    throw Error(
        Status::kMalformed,
        "{}: {} bytes where the header promises {} data records of {} bytes after its own {} (truncated in data "
        "record {}, at {:.9g} s); --on-error skip leaves such records out",
        header.path, size, promised, header.record_bytes, header.bytes, whole + 1,
        static_cast<double>(whole) * header.duration);
  };
  if (header.records == -1) {
    if (whole == 0 || data % header.record_bytes != 0) truncated("any number (-1) of");
    header.records = whole;
  }
  if (header.records > whole) truncated(std::to_string(header.records));
}

}  // namespace

std::string_view edf_month(unsigned month) { return kMonths.at(month - 1); }

EdfHeader parse_edf_header(std::string_view file, const std::string& path) {
  using W = EdfWidths;
  EdfHeader header;
  header.path = path;
  const auto truncated = [&](std::size_t promised) {
    throw Error(Status::kMalformed, "{}: {} bytes where the header alone has {} (truncated header)", path, file.size(),
                promised);
  };
  if (file.size() < W::block) truncated(W::block);
  FieldReader fields(file, path);
  fields.text("version", W::version);
  header.format = file.starts_with(kEdf.version) ? &kEdf : file.starts_with(kBdf.version) ? &kBdf : nullptr;
  if (header.format == nullptr) fields.fail("is neither that of EDF nor that of BDF");
  header.patient = as_utf8(fields.text("patient", W::patient));
  header.recording = as_utf8(fields.text("recording", W::recording));
  const std::string_view date = fields.text("start date", W::date), time = fields.text("start time", W::time);
  header.bytes = fields.number<std::int64_t>("bytes of the header", W::header_bytes);
  const std::string_view kind = fields.text("reserved", W::reserved);
  header.is_plus = kind.starts_with(fmt::format("{}+", header.format->name));
  header.is_discontinuous = header.is_plus && kind.substr(4).starts_with('D');
  header.records = fields.number<std::int64_t>("number of data records", W::records);
  if (header.records < 1 && header.records != -1) fields.fail("is no number of data records (-1: not known)");
  header.duration = fields.number<double>("duration of a data record", W::duration);
  if (header.duration < 0) fields.fail("is no duration");
  const double duration = header.duration;
  const auto count = fields.number<std::int64_t>("number of signals", W::signals);
  if (count < 1) fields.fail("leaves no signal");
  const auto need = (static_cast<std::size_t>(count) + 1) * W::block;
  if (static_cast<std::size_t>(header.bytes) != need) {
    throw Error(Status::kMalformed, "{}: field 'bytes of the header' at byte 184, {}, where {} signals make {}", path,
                header.bytes, count, need);
  }
  if (file.size() < need) truncated(need);
  header.start = find_start(header, date, time);
  read_signals(fields, header, static_cast<std::size_t>(count));
  const bool only_annotations =
      std::all_of(header.signals.begin(), header.signals.end(), [](const EdfSignal& s) { return s.is_annotations; });
  if (duration == 0 && !only_annotations) {
    throw Error(Status::kMalformed,
                "{}: field 'duration of a data record' at byte 244, 0, leaves signals without a rate", path);
  }
  check_length(header, static_cast<std::int64_t>(file.size()));
  return header;
}

}  // namespace cfm::format
