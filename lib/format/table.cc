// Reader of tables: CSV and TSV with a header line, a column of times or a rate from the user, and a column a channel.
//
// Values are held in memory, eight bytes each; the file is mapped and read once. Rows are counted before anything is
// allocated. What cfm-segment --to csv wrote of one record is read back: record and sample are no channels.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "format/memory_recording.h"
#include "format/names.h"
#include "format/readers.h"
#include "format/table_clock.h"
#include "format/table_header.h"
#include "format/table_time.h"

namespace cfm::format {
namespace {

constexpr double kMissingValue = std::numeric_limits<double>::quiet_NaN();
constexpr double kNoSeconds = 1e11;  // s, the year 5138: times beyond are in another unit

// In lower case; the empty cell and nan are missing, too.
constexpr std::array<std::string_view, 5> kMissingWords = {"na", "n/a", "null", "none", "-"};

class TableReader {
 public:
  TableReader(const std::string& path, const OpenOptions& options)
      : path_(path), options_(options), file_(map_file(path)), header_(parse_table_header(file_.text(), path)) {
    for (std::size_t c = 0; c < header_.columns.size(); ++c) {
      const bool is_channel = header_.time != c && (!header_.is_segments || c > 2);
      columns_.push_back(header_.time == c                           ? Column::kTime
                         : header_.is_segments && c == kRecord       ? Column::kRecord
                         : header_.is_segments && c == kSampleNumber ? Column::kSample
                                                                     : Column::kValue);
      if (is_channel) channels_.push_back(c);
    }
    if (channels_.empty()) throw Error(Status::kMalformed, "{}: line 1: no column but the time", path);
  }

  std::unique_ptr<Recording> read(const std::string& name) {
    std::string_view text = file_.text().substr(header_.bytes);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    if (text.empty()) throw Error(Status::kMalformed, "{}: no samples: nothing but a header", path_);
    const auto rows = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    values_.assign(columns_.size(), {});
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c] != Column::kRecord) values_[c].resize(rows);
    }
    line_ = header_.lines + 1;
    for (row_ = 0; row_ < rows; ++row_, ++line_) {
      const auto end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      read_line(line);
    }
    return std::make_unique<MemoryRecording>(parts(name));
  }

 private:
  enum class Column { kValue, kTime, kRecord, kSample };
  static constexpr std::size_t kRecord = 0, kSampleNumber = 1;

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(Status::kMalformed, "{}: line {}: {}", path_, line_, fmt::format(format, std::forward<Args>(args)...));
  }

  void read_line(std::string_view line) {
    const std::string_view whole = line;
    if (whole.empty()) refuse_count(whole);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) {
        if (line.empty()) refuse_count(whole);
        line.remove_prefix(1);
      }
      read_cell(line, c);
    }
    if (!line.empty()) refuse_count(whole);
  }

  // Cuts the cell off `line`.
  void read_cell(std::string_view& line, std::size_t c) {
    if (columns_[c] == Column::kRecord) return read_record(line, c);
    if (columns_[c] == Column::kTime && read_iso(line, c)) return;
    double value = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    const auto length = static_cast<std::size_t>(end - line.data());
    const bool plain =
        error == std::errc{} && !std::isinf(value) && (length == line.size() || line[length] == header_.separator);
    if (columns_[c] == Column::kTime && plain) decimals_ = std::max(decimals_, decimals_of(line.substr(0, length)));
    if (plain) {
      line.remove_prefix(length);
    } else {
      value = read_odd(line, c);
    }
    values_[c][row_] = value;
    if (columns_[c] == Column::kTime) check_time(c, value);
    if (columns_[c] == Column::kSample && value != std::floor(value)) fail("column sample: no whole number");
  }

  std::string_view take_text(std::string_view& line, std::size_t c) {
    const std::string_view whole = line;
    if (!take_cell(line, header_.separator, cell_)) {
      line = whole;
      fail("column {}: a quote is opened and not closed, or text follows it", in_quotes(header_.columns[c].name));
    }
    return trimmed(cell_);
  }

  // What isn't just a number: quoted, with blanks or a plus, missing, or wrong.
  double read_odd(std::string_view& line, std::size_t c) {
    const std::string_view text = take_text(line, c);
    const std::string& name = header_.columns[c].name;
    if (text.empty() || is_missing(text)) {
      if (columns_[c] != Column::kValue) fail("column {}: {} is no number", name, in_quotes(text));
      return kMissingValue;
    }
    const auto number = whole_number<double>(text.front() == '+' ? text.substr(1) : text);
    if (number && !std::isinf(*number)) {
      if (columns_[c] == Column::kTime) decimals_ = std::max(decimals_, decimals_of(text));
      return *number;
    }
    const auto comma = text.find(',');
    if (comma != std::string_view::npos && text.find(',', comma + 1) == std::string_view::npos) {
      std::string pointed(text);
      pointed[comma] = '.';
      if (whole_number<double>(pointed)) {
        fail("column {}: {} has a decimal comma; write numbers with a point (tr , . <FILE)", in_quotes(name),
             in_quotes(text));
      }
    }
    fail("column {}: {} is no number; a missing sample is an empty cell or NaN", in_quotes(name), in_quotes(text));
  }

  static bool is_missing(std::string_view text) {
    const auto same = [text](std::string_view word) {
      return std::ranges::equal(text, word, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    };
    return same("nan") || std::ranges::any_of(kMissingWords, same);
  }

  // Dates begin with a year of four digits and a minus sign. Their time is held as seconds after the first.
  bool read_iso(std::string_view& line, std::size_t c) {
    if (row_ == 0) {
      const std::string_view start = line.starts_with('"') ? line.substr(1) : line;
      is_iso_ = start.size() > 4 && start[4] == '-' &&
                std::all_of(start.begin(), start.begin() + 4, [](char d) { return d >= '0' && d <= '9'; });
    }
    if (!is_iso_) return false;
    const std::string_view text = take_text(line, c);
    const auto time = parse_iso_time(text);
    if (!time) {
      fail("column {}: {} is no date and time (2024-12-31T23:59:59.996)", in_quotes(header_.columns[c].name),
           in_quotes(text));
    }
    if (row_ == 0) {
      first_nanoseconds_ = time->nanoseconds;
      base_time_ = time->local;
    }
    decimals_ = std::max(decimals_, time->decimals);
    values_[c][row_] = static_cast<double>(time->nanoseconds - first_nanoseconds_) * 1e-9;
    check_time(c, values_[c][row_]);
    return true;
  }

  void check_time(std::size_t c, double time) const {
    if (std::isnan(time)) fail("column {}: no time", in_quotes(header_.columns[c].name));
    if (row_ == 0) return;
    const double before = values_[c][row_ - 1];
    if (time == before)
      fail("the time {} is there already, one line before; write times with more digits", shown(time));
    if (time < before) fail("time goes back, from {} to {}", shown(before), shown(time));
  }

  std::string shown(double time) const {
    return is_iso_ ? fmt::format("{:.9g} s after the first", time) : fmt::format("{}", time);
  }

  void read_record(std::string_view& line, std::size_t c) {
    const std::string_view text = take_text(line, c);
    if (row_ == 0) record_ = text;
    if (text == record_) return;
    throw Error(Status::kUsage, "{}: line {}: record {} after {}; split the table into one file a record", path_, line_,
                in_quotes(text), in_quotes(record_));
  }

  [[noreturn]] void refuse_count(std::string_view line) const {
    if (trimmed(line).empty()) fail("an empty line; a row of missing samples needs its separators or NaN");
    std::size_t cells = 1;
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (!quoted && c == header_.separator) ++cells;
    }
    const bool comma = header_.separator == ',' && cells > columns_.size();
    fail("{} cells where the header has {}{}", cells, columns_.size(),
         comma ? "; numbers with a decimal comma need another separator and a point" : "");
  }

  RecordingParts parts(const std::string& name) {
    RecordingParts parts;
    parts.name = name;
    parts.base_time = base_time_;
    const auto rows = static_cast<std::int64_t>(values_[channels_.front()].size());
    if (header_.time) {
      RowClock clock = clock_of_rows();
      parts.fs = clock.fs;
      parts.frames = clock.frames;
      parts.runs = std::move(clock.runs);
    } else {
      parts.fs = required_rate(path_, options_);
      parts.frames = rows;
    }
    for (const std::size_t c : channels_) {
      Channel channel;
      channel.name = header_.columns[c].name;
      channel.unit = canonical_unit(header_.columns[c].unit);
      channel.kind = kind_of(channel.name, channel.unit);
      channel.type = SampleType::kF64;
      parts.channels.push_back(std::move(channel));
      parts.rows.push_back({.digital = {}, .real = std::move(values_[c])});
    }
    return parts;
  }

  RowClock clock_of_rows() {
    std::vector<double>& times = values_[*header_.time];
    double unit = is_iso_ || header_.time_unit == 0 ? 1 : header_.time_unit;
    if (!is_iso_ && header_.time_unit == 0 && std::fabs(times.front()) > kNoSeconds) {
      throw Error(Status::kMalformed,
                  "{}: line 2: time {} is too large for seconds; say its unit in the header: {} [ms]", path_,
                  times.front(), header_.columns[*header_.time].name);
    }
    if (unit != 1) {
      const double per_second = std::round(1 / unit);  // exact, unlike the unit itself
      for (double& time : times) time = unit < 1 ? time / per_second : time * unit;
    }
    std::optional<double> fs;
    if (options_.fs) fs = required_rate(path_, options_);
    // cfm-segment prints times as exactly as a number can be.
    const double resolution = header_.is_segments ? 0 : unit * std::pow(10, -decimals_);
    RowClock clock = clock_of(
        {.path = path_, .seconds = times, .resolution = resolution, .fs = fs, .first_line = header_.lines + 1});
    if (header_.is_segments) check_samples(clock);
    return clock;
  }

  void check_samples(const RowClock& clock) const {
    const std::vector<double>& samples = values_[kSampleNumber];
    for (std::size_t r = 0; r < clock.runs.size(); ++r) {
      const auto first = static_cast<std::size_t>(clock.runs[r].first_row);
      const std::size_t end =
          r + 1 < clock.runs.size() ? static_cast<std::size_t>(clock.runs[r + 1].first_row) : samples.size();
      for (std::size_t row = first; row < end; ++row) {
        const double frame = static_cast<double>(clock.runs[r].first_frame) + static_cast<double>(row - first);
        if (samples[row] - samples[0] == frame) continue;
        throw Error(Status::kMalformed, "{}: line {}: sample {} where the time says {}", path_, header_.lines + 1 + row,
                    samples[row], samples[0] + frame);
      }
    }
  }

  std::string path_;
  OpenOptions options_;
  Bytes file_;
  TableHeader header_;
  std::vector<Column> columns_;
  std::vector<std::size_t> channels_;  // columns that are some
  std::vector<std::vector<double>> values_;
  std::size_t row_ = 0, line_ = 0;
  std::string cell_, record_;
  bool is_iso_ = false;
  int decimals_ = 0;  // most digits behind the point of a time
  std::int64_t first_nanoseconds_ = 0;
  std::optional<std::string> base_time_;
};

}  // namespace

std::unique_ptr<Recording> open_table(const std::string& path, const std::string& name, const OpenOptions& options) {
  return TableReader(path, options).read(name);
}

}  // namespace cfm::format
