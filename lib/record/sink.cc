#include "record/sink.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/csv.h"
#include "base/error.h"

namespace cfm::record {
namespace {

using stream::Dtype;
using stream::Segment;
using stream::Tensor;

// A channel's values as stored, NaN where missing.
std::vector<double> stored(const Segment& segment, const Tensor& tensor, std::size_t channel) {
  const std::size_t n = tensor.samples(), from = channel * n;
  std::vector<double> out(n);
  const auto copy = [&](auto values) {
    for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(values[from + i]);
  };
  switch (tensor.dtype) {
    case Dtype::kI16:
      copy(tensor.values<std::int16_t>());
      break;
    case Dtype::kI32:
      copy(tensor.values<std::int32_t>());
      break;
    case Dtype::kF64:
      copy(tensor.values<double>());
      break;
    case Dtype::kF32:
      copy(tensor.values<float>());
      break;
    default: {  // half floats, whose only use is to be converted
      const auto values = physical(segment, tensor, channel);
      std::copy(values.begin(), values.end(), out.begin());
    }
  }
  if (tensor.attributes.contains("mask")) {
    const Tensor* mask = segment.find(tensor.attributes["mask"].get<std::string>());
    for (std::size_t i = 0; mask != nullptr && i < n; ++i) {
      if (mask->values<std::uint8_t>()[from + i] == 0) out[i] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return out;
}

bool is_integer(Dtype dtype) { return dtype == Dtype::kI16 || dtype == Dtype::kI32; }

// Stored → physical. By the gain where that is what the file says (200 a mV, not 0.005 mV): the quotient has the
// shorter decimals.
struct Calibration {
  double offset, scale, gain;
  Calibration(double o, double s) : offset(o), scale(s), gain(1 / s) {}
  double operator()(double x) const { return 1 / gain == scale ? (x - offset) / gain : (x - offset) * scale; }
};

std::size_t whole_ratio(double ratio, const Segment& segment) {
  const double whole = std::round(ratio);
  if (whole < 1 || std::abs(ratio - whole) > 1e-9 * ratio) {
    throw Error(Status::kUsage, "{}: rates that are no multiples of each other ({}); choose with --signals",
                segment.id(), ratio);
  }
  return static_cast<std::size_t>(whole);
}

// Mean of the samples in a frame that are there; NaN where none is. whole: truncated toward 0.
std::vector<double> frame_means(const std::vector<double>& values, double ratio, bool whole, const Segment& segment) {
  const std::size_t n = whole_ratio(ratio, segment);
  if (n == 1) return values;
  std::vector<double> means;
  for (std::size_t i = 0; i + n <= values.size(); i += n) {
    double sum = 0;
    int there = 0;
    for (std::size_t k = i; k < i + n; ++k) {
      if (std::isnan(values[k])) continue;
      sum += values[k];
      ++there;
    }
    means.push_back(there == 0 ? std::numeric_limits<double>::quiet_NaN()
                    : whole    ? std::trunc(sum / there)
                               : sum / there);
  }
  return means;
}

std::vector<double> repeated(const std::vector<double>& values, double ratio, const Segment& segment) {
  const std::size_t n = whole_ratio(ratio, segment);
  if (n == 1) return values;
  std::vector<double> out;
  out.reserve(values.size() * n);
  for (const double value : values) out.insert(out.end(), n, value);
  return out;
}

// Whole numbers without a point, others as the shortest decimal that reads back to the same.
template <typename T>
void append(std::string& text, T value) {
  char buffer[32];
  text.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

constexpr std::size_t kAtOnce = 1 << 20;  // bytes of text written at once

}  // namespace

struct TableSink::Column {
  std::string name;
  std::vector<double> values;  // of the table's rows
  bool is_float = false;       // spelt as float: the shortest decimal that reads back to the same
};

std::vector<TableSink::Column> TableSink::columns_of(const Cut& cut, double& fs) const {
  const Segment& segment = cut.segment;
  const Tensor& first = segment.tensors.at(cut.order.at(0).tensor);
  fs = first.fs();
  if (rows_ == Rows::kFrame) fs = segment.header.at("clock").at("fs").get<double>();
  if (rows_ == Rows::kHighest) {
    for (const stream::ChannelRef& ref : cut.order) fs = std::max(fs, segment.tensors.at(ref.tensor).fs());
  }
  std::vector<Column> columns;
  for (const stream::ChannelRef& ref : cut.order) {
    const Tensor& tensor = segment.tensors.at(ref.tensor);
    const bool same_rate = tensor.fs() == first.fs() && tensor.samples() == first.samples();
    if (rows_ == Rows::kSample && !same_rate) {
      throw Error(Status::kUsage,
                  "{}: {} at {} Hz and {} at {} Hz; --rows frame or --rows highest says what a row is, or choose with "
                  "--signals",
                  segment.record(), first.name, first.fs(), tensor.name, tensor.fs());
    }
    if (units_ == Units::kDigital && !is_integer(tensor.dtype)) {
      throw Error(Status::kUsage, "{}: {} has no digital values ({}); use --units physical", segment.id(), tensor.name,
                  name_of(tensor.dtype));
    }
    Column column{tensor.names().at(ref.channel), stored(segment, tensor, ref.channel)};
    if (rows_ != Rows::kSample) {
      const bool whole = is_integer(tensor.dtype);
      column.values = rows_ == Rows::kFrame ? frame_means(column.values, tensor.fs() / fs, whole, segment)
                                            : repeated(column.values, fs / tensor.fs(), segment);
    }
    if (units_ == Units::kPhysical) {
      const Calibration calibrated(tensor.offset(ref.channel), tensor.scale(ref.channel));
      column.is_float = tensor.dtype == Dtype::kF32 && calibrated.scale == 1 && calibrated.offset == 0;
      for (double& value : column.values) value = calibrated(value);
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

void TableSink::write(const Cut& cut) {
  const Segment& segment = cut.segment;
  double fs = 0;
  const std::vector<Column> columns = columns_of(cut, fs);
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  std::string text;
  if (header_.empty()) {
    header_ = names;
    text = "record,sample,time";
    for (const std::string& name : names) text += "," + csv_cell(name);
    text += "\n";
  } else if (header_ != names) {
    throw Error(Status::kUsage, "{}: has {} where the table has {}; choose with --signals what all records have",
                segment.record(), fmt::join(names, ","), fmt::join(header_, ","));
  }
  const std::string record = csv_cell(segment.record());
  const std::int64_t begin = std::llround((segment.start() + segment.tensors.at(cut.order.at(0).tensor).t0()) * fs);
  std::size_t rows = columns.front().values.size();
  for (const Column& column : columns) rows = std::min(rows, column.values.size());
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int64_t sample = begin + static_cast<std::int64_t>(i);
    text += record;
    text += ',';
    append(text, sample);
    text += ',';
    append(text, static_cast<double>(sample) / fs);
    for (const Column& column : columns) {
      text += ',';
      if (std::isnan(column.values[i])) continue;
      if (column.is_float) {
        append(text, static_cast<float>(column.values[i]));
      } else {
        append(text, column.values[i]);
      }
    }
    text += '\n';
    if (text.size() > kAtOnce) {
      file_.write(std::string_view(text));
      text.clear();
    }
  }
  file_.write(std::string_view(text));
}

}  // namespace cfm::record
