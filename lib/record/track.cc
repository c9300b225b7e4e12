#include "record/track.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "base/error.h"
#include "record/annotate.h"

namespace cfm::record {
namespace {

using stream::Dtype;
using stream::Json;
using stream::Tensor;

// A missing sample as stored: NaN, or 0 for integers.
std::vector<std::byte> missing_sample(Dtype dtype) {
  std::vector<std::byte> bytes(stream::size_of(dtype));
  const auto put = [&](auto value) { std::memcpy(bytes.data(), &value, sizeof value); };
  if (dtype == Dtype::kF64) put(std::numeric_limits<double>::quiet_NaN());
  if (dtype == Dtype::kF32) put(std::numeric_limits<float>::quiet_NaN());
  if (dtype == Dtype::kF16) put(std::uint16_t{0x7E00});
  if (dtype == Dtype::kBF16) put(std::uint16_t{0x7FC0});
  return bytes;
}

bool is_nan(Dtype dtype, const std::byte* at) {
  const auto get = [&]<typename T>(T value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (dtype) {
    case Dtype::kF64:
      return std::isnan(get(double{}));
    case Dtype::kF32:
      return std::isnan(get(float{}));
    case Dtype::kF16:
      return (get(std::uint16_t{}) & 0x7FFF) > 0x7C00;
    case Dtype::kBF16:
      return (get(std::uint16_t{}) & 0x7FFF) > 0x7F80;
    default:
      return false;
  }
}

// Attributes that have an entry a channel.
Json chosen(const Json& entries, const std::vector<std::size_t>& channels) {
  if (!entries.is_array()) return entries;
  Json out = Json::array();
  for (const std::size_t c : channels) {
    if (c < entries.size()) out.push_back(entries[c]);
  }
  return out;
}

Tensor layout_of(const Tensor& tensor, const std::vector<std::size_t>& channels) {
  Tensor layout{tensor.name, tensor.dtype, {}, tensor.attributes, {}};
  layout.attributes.erase("mask");
  layout.attributes.erase("t0");
  for (const char* key : {"names", "units", "scale", "offset"}) {
    if (layout.attributes.contains(key)) layout.attributes[key] = chosen(layout.attributes[key], channels);
  }
  return layout;
}

double number_at(const Tensor& tensor, std::size_t i) {
  switch (tensor.dtype) {
    case Dtype::kF64:
      return tensor.values<double>()[i];
    case Dtype::kF32:
      return static_cast<double>(tensor.values<float>()[i]);
    case Dtype::kI64:
      return static_cast<double>(tensor.values<std::int64_t>()[i]);
    case Dtype::kI32:
      return tensor.values<std::int32_t>()[i];
    default:
      return tensor.values<std::int16_t>()[i];
  }
}

std::ptrdiff_t column(const Json& columns, const char* name) {
  const auto at = std::find(columns.begin(), columns.end(), Json(name));
  return at == columns.end() ? -1 : at - columns.begin();
}

}  // namespace

Track::Track(const Tensor& tensor, std::vector<std::size_t> channels, double origin)
    : layout_(layout_of(tensor, channels)),
      channels_(std::move(channels)),
      mask_name_(tensor.name + "/mask"),
      fs_(tensor.fs()),
      origin_(origin),
      width_(stream::size_of(tensor.dtype)),
      is_float_(!missing_sample(tensor.dtype).empty() && is_nan(tensor.dtype, missing_sample(tensor.dtype).data())),
      values_(channels_.size()),
      present_(channels_.size()) {}

std::optional<std::int64_t> Track::gap(const Tensor& tensor, double origin) const {
  const Tensor other = layout_of(tensor, channels_);
  if (other.dtype != layout_.dtype || other.attributes != layout_.attributes) return std::nullopt;
  return std::llround((origin - origin_) * fs_) - end_;
}

void Track::append(const stream::Segment& segment, const Tensor& tensor, std::int64_t skip) {
  const std::size_t n = tensor.samples(), from = static_cast<std::size_t>(skip);
  const Tensor* mask = nullptr;
  if (tensor.attributes.contains("mask")) {
    mask_name_ = tensor.attributes["mask"].get<std::string>();
    mask = segment.find(mask_name_);
    if (mask == nullptr || mask->shape != tensor.shape || mask->dtype != Dtype::kU8) {
      throw Error(Status::kMalformed, "{}: tensor {} names a mask {} that is not one of its shape", segment.id(),
                  tensor.name, mask_name_);
    }
  }
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const std::byte* row = tensor.data.data() + channels_[i] * n * width_;
    values_[i].insert(values_[i].end(), row + from * width_, row + n * width_);
    const std::size_t had = present_[i].size();
    present_[i].resize(had + n - from, 1);
    if (mask != nullptr) std::memcpy(present_[i].data() + had, mask->data.data() + channels_[i] * n + from, n - from);
    for (std::size_t s = from; is_float_ && s < n; ++s)
      present_[i][had + s - from] = !is_nan(tensor.dtype, row + s * width_);
  }
  end_ += static_cast<std::int64_t>(n - from);
}

Range Track::range(double start, double length) const {
  constexpr double kRounding = 1e-6;  // samples, of times in double
  Range range;
  range.first = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil((start - origin_) * fs_ - kRounding)));
  const double t0 = origin_ + static_cast<double>(range.first) / fs_ - start;
  if (std::abs(t0) * fs_ > kRounding) range.t0 = t0;
  const double late = range.t0 * fs_ >= 1 ? range.t0 : 0;
  range.count = std::max<std::int64_t>(0, std::llround((length - late) * fs_));
  return range;
}

Tensor Track::window(const Range& range, std::vector<std::uint8_t>& mask, double& lacking) const {
  const auto n = static_cast<std::size_t>(range.count);
  const auto from = static_cast<std::size_t>(range.first - begin_);
  const auto there = static_cast<std::size_t>(std::clamp<std::int64_t>(end_ - range.first, 0, range.count));
  std::vector<std::byte> bytes(channels_.size() * n * width_);
  std::vector<std::uint8_t> present(channels_.size() * n, 0);
  const auto gap = missing_sample(layout_.dtype);
  bool lacks = false;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    std::byte* out = bytes.data() + i * n * width_;
    std::memcpy(out, values_[i].data() + from * width_, there * width_);
    for (std::size_t s = there; s < n; ++s) std::memcpy(out + s * width_, gap.data(), width_);
    std::uint8_t* flags = present.data() + i * n;
    std::memcpy(flags, present_[i].data() + from, there);
    const auto missing = std::count(flags, flags + n, std::uint8_t{0});
    lacks = lacks || missing > 0;
    if (n > 0) lacking = std::max(lacking, static_cast<double>(missing) / static_cast<double>(n));
  }
  Tensor out = layout_;
  out.shape = {static_cast<std::int64_t>(channels_.size()), range.count};
  out.data = Bytes::own(std::move(bytes));
  if (range.t0 != 0) out.attributes["t0"] = range.t0;
  if (lacks && !is_float_) {
    out.attributes["mask"] = mask_name_;
    mask = std::move(present);
  }
  return out;
}

void Track::shorten(std::int64_t end) {
  if (end >= end_) return;
  end_ = std::max(end, begin_);
  const auto n = static_cast<std::size_t>(end_ - begin_);
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    values_[i].resize(n * width_);
    present_[i].resize(n);
  }
}

void Track::forget(std::int64_t before) {
  const std::int64_t n = std::min(before, end_) - begin_;
  if (n <= 0) return;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    values_[i].erase(values_[i].begin(), values_[i].begin() + n * static_cast<std::ptrdiff_t>(width_));
    present_[i].erase(present_[i].begin(), present_[i].begin() + n);
  }
  begin_ += n;
}

bool is_event(const Tensor& tensor) {
  if (tensor.kind() != "event" || tensor.shape.size() != 2) return false;
  const auto columns = tensor.attributes.find("columns");
  if (columns == tensor.attributes.end() || !columns->is_array()) return false;
  if (columns->size() != static_cast<std::size_t>(tensor.shape[1]) || column(*columns, "sample") < 0) return false;
  const Dtype d = tensor.dtype;
  return d == Dtype::kF64 || d == Dtype::kF32 || d == Dtype::kI64 || d == Dtype::kI32 || d == Dtype::kI16;
}

EventTrack::EventTrack(const Tensor& tensor, std::size_t of)
    : layout_{tensor.name, Dtype::kF64, {}, tensor.attributes, {}}, of_(of) {
  const Json& columns = layout_.attributes["columns"];
  sample_ = column(columns, "sample");
  end_ = column(columns, "end");
  channel_ = column(columns, "channel");
  aux_ = column(columns, "aux");
}

void EventTrack::append(const Tensor& tensor, double base, double rate, double known,
                        const std::vector<std::size_t>& channels) {
  constexpr double kTouching = 1e-3;  // samples
  const auto width = static_cast<std::size_t>(tensor.shape[1]);
  const Json names = tensor.attributes.value("aux", Json::array());
  for (std::size_t r = 0; r < static_cast<std::size_t>(tensor.shape[0]); ++r) {
    Row row{std::vector<double>(width), {}};
    for (std::size_t c = 0; c < width; ++c) row.values[c] = number_at(tensor, r * width + c);
    const auto value = [&row](std::ptrdiff_t c) -> double& { return row.values[static_cast<std::size_t>(c)]; };
    value(sample_) = base + value(sample_) * rate;
    if (end_ >= 0) {
      value(end_) = base + value(end_) * rate;
      value(sample_) = std::max(value(sample_), known);
      if (value(end_) <= value(sample_)) continue;
    } else if (value(sample_) < known) {
      continue;
    }
    if (channel_ >= 0 && value(channel_) >= 0) {
      const auto at = std::find(channels.begin(), channels.end(), static_cast<std::size_t>(value(channel_)));
      if (at == channels.end()) continue;
      value(channel_) = static_cast<double>(at - channels.begin());
    }
    if (aux_ >= 0) {
      const double i = value(aux_);
      if (i >= 0 && i < static_cast<double>(names.size()))
        row.aux = names[static_cast<std::size_t>(i)].get<std::string>();
      value(aux_) = 0;
    }
    if (end_ >= 0) {
      const auto joins = [&](const Row& earlier) {
        for (std::size_t c = 0; c < width; ++c) {
          const auto at = static_cast<std::ptrdiff_t>(c);
          if (at != sample_ && at != end_ && earlier.values[c] != row.values[c]) return false;
        }
        return earlier.aux == row.aux &&
               std::abs(earlier.values[static_cast<std::size_t>(end_)] - value(sample_)) < kTouching;
      };
      const auto earlier = std::find_if(rows_.rbegin(), rows_.rend(), joins);
      if (earlier != rows_.rend()) {
        earlier->values[static_cast<std::size_t>(end_)] = value(end_);
        continue;
      }
    }
    rows_.push_back(std::move(row));
  }
}

Tensor EventTrack::window(const Range& range, const std::string& of_name) const {
  const auto begin = static_cast<double>(range.first), last = static_cast<double>(range.first + range.count);
  std::vector<double> values;
  Json names = Json::array();
  std::int64_t n = 0;
  for (const Row& row : rows_) {
    const double at_sample = row.values[static_cast<std::size_t>(sample_)];
    const double until = end_ >= 0 ? row.values[static_cast<std::size_t>(end_)] : at_sample;
    if (at_sample >= last || (end_ >= 0 ? until <= begin : until < begin)) continue;
    std::vector<double> out = row.values;
    out[static_cast<std::size_t>(sample_)] = std::max(at_sample, begin) - begin;
    if (end_ >= 0) out[static_cast<std::size_t>(end_)] = std::min(until, last) - begin;
    if (aux_ >= 0) {
      auto at = std::find(names.begin(), names.end(), Json(row.aux)) - names.begin();
      if (at == std::ssize(names)) names.push_back(row.aux);
      out[static_cast<std::size_t>(aux_)] = static_cast<double>(at);
    }
    values.insert(values.end(), out.begin(), out.end());
    ++n;
  }
  const auto width = static_cast<std::int64_t>(layout_.attributes["columns"].size());
  Json attributes = layout_.attributes;
  attributes["of"] = of_name;
  if (aux_ >= 0) attributes["aux"] = std::move(names);
  return stream::make_tensor(layout_.name, {n, width}, std::move(values), std::move(attributes));
}

void EventTrack::forget(std::int64_t before) {
  const auto last = static_cast<std::size_t>(end_ >= 0 ? end_ : sample_);
  std::erase_if(rows_, [&](const Row& row) { return row.values[last] < static_cast<double>(before); });
}

Json longest_value(const Tensor& spans) {
  const Json& columns = spans.attributes["columns"];
  const auto from = column(columns, "sample"), to = column(columns, "end"), value = column(columns, "value");
  if (from < 0 || to < 0) return nullptr;
  if (value < 0) {
    const auto name = longest_rhythm(spans);
    return name ? Json(*name) : Json(nullptr);
  }
  std::map<double, double> lasts;
  const auto rows = spans.values<double>();
  for (std::size_t r = 0; r + columns.size() <= rows.size(); r += columns.size()) {
    const double* row = rows.data() + r;
    if (std::isfinite(row[value])) lasts[row[value]] += row[to] - row[from];
  }
  const auto longest = std::ranges::max_element(lasts, {}, [](const auto& entry) { return entry.second; });
  return longest == lasts.end() ? Json(nullptr) : Json(longest->first);
}

}  // namespace cfm::record
