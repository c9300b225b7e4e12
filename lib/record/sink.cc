#include "record/sink.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

// A channel's stored values, NaN where missing.
std::vector<double> digital(const Segment& segment, const Tensor& tensor, std::size_t channel) {
  const std::size_t n = tensor.samples(), from = channel * n;
  std::vector<double> out(n);
  const auto copy = [&](auto values) {
    for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(values[from + i]);
  };
  if (tensor.dtype == Dtype::kI16) {
    copy(tensor.values<std::int16_t>());
  } else if (tensor.dtype == Dtype::kI32) {
    copy(tensor.values<std::int32_t>());
  } else {
    throw Error(Status::kUsage, "{}: {} has no digital values ({}); use --units physical", segment.id(), tensor.name,
                name_of(tensor.dtype));
  }
  if (tensor.attributes.contains("mask")) {
    const Tensor* mask = segment.find(tensor.attributes["mask"].get<std::string>());
    for (std::size_t i = 0; mask != nullptr && i < n; ++i) {
      if (mask->values<std::uint8_t>()[from + i] == 0) out[i] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return out;
}

template <typename T>
void append(std::string& text, T value) {
  if (std::isnan(static_cast<double>(value))) return;
  char buffer[32];
  text.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

}  // namespace

void TableSink::write(const Cut& cut) {
  const Segment& segment = cut.segment;
  std::vector<std::string> names;
  std::vector<std::vector<double>> stored;
  std::vector<std::vector<float>> values;
  const Tensor& first = segment.tensors.at(cut.order.at(0).tensor);
  for (const stream::ChannelRef& ref : cut.order) {
    const Tensor& tensor = segment.tensors.at(ref.tensor);
    if (tensor.fs() != first.fs() || tensor.samples() != first.samples()) {
      throw Error(Status::kUsage, "{}: {} at {} Hz and {} at {} Hz; a table has one rate, choose with --signals",
                  segment.record(), first.name, first.fs(), tensor.name, tensor.fs());
    }
    names.push_back(tensor.names().at(ref.channel));
    if (units_ == Units::kDigital) {
      stored.push_back(digital(segment, tensor, ref.channel));
    } else {
      values.push_back(physical(segment, tensor, ref.channel));
    }
  }
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
  const double fs = first.fs();
  const std::int64_t begin = std::llround((segment.start() + first.t0()) * fs);
  for (std::size_t i = 0; i < first.samples(); ++i) {
    const std::int64_t sample = begin + static_cast<std::int64_t>(i);
    text += record;
    text += ',';
    append(text, static_cast<double>(sample));
    text += ',';
    append(text, static_cast<double>(sample) / fs);
    for (std::size_t c = 0; c < names.size(); ++c) {
      text += ',';
      if (units_ == Units::kDigital) {
        append(text, stored[c][i]);
      } else {
        append(text, values[c][i]);
      }
    }
    text += '\n';
  }
  file_.write(std::string_view(text));
}

}  // namespace cfm::record
