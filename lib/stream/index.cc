#include "stream/index.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/hash.h"
#include "stream/preamble.h"

namespace cfm::stream {
namespace {

constexpr float kNoScore = std::numeric_limits<float>::quiet_NaN();

template <typename T>
void take(const std::vector<Tensor>& tensors, std::string_view name, std::uint64_t rows, std::vector<T>& out) {
  const auto at = std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& t) { return t.name == name; });
  if (at == tensors.end()) throw Error(Status::kMalformed, "index without the column '{}'", name);
  if (at->shape.size() != 1 || static_cast<std::uint64_t>(at->shape[0]) != rows) {
    throw Error(Status::kMalformed, "index column '{}' has not the {} rows of its part", name, rows);
  }
  const auto values = at->template values<T>();
  out.assign(values.begin(), values.end());
}

}  // namespace

std::uint8_t class_code(std::string_view name) {
  const auto at = std::find(kQualityClasses.begin(), kQualityClasses.end(), name);
  return at == kQualityClasses.end() ? kNoClass : static_cast<std::uint8_t>(at - kQualityClasses.begin());
}

IndexRow row_of(const HeaderView& segment) {
  const auto quality = segment.find("quality");
  std::optional<double> score;
  std::uint8_t klass = kNoClass;
  if (quality && quality->starts_with('{')) {
    const HeaderView view(*quality);
    score = view.number("score");
    klass = class_code(view.text("class").value_or(""));
  }
  return {.record = fnv1a64(segment.text("record").value_or("")),
          .subject = fnv1a64(segment.text("subject").value_or("")),
          .start = segment.number("start").value_or(0.0),
          .score = score ? static_cast<float>(*score) : kNoScore,
          .klass = klass};
}

IndexRow row_of(const Segment& segment) {
  const auto score = segment.score();
  std::uint8_t klass = kNoClass;
  const auto quality = segment.header.find("quality");
  if (quality != segment.header.end() && quality->is_object() && quality->contains("class")) {
    const Json& name = (*quality)["class"];
    if (!name.is_string() && !name.is_null()) throw Error(Status::kMalformed, "'class' is no text");
    if (name.is_string()) klass = class_code(name.get_ref<const std::string&>());
  }
  return {.record = fnv1a64(segment.record()),
          .subject = fnv1a64(segment.subject()),
          .start = segment.start(),
          .score = score ? static_cast<float>(*score) : kNoScore,
          .klass = klass};
}

void append_row(Index& rows, std::uint64_t offset, const IndexRow& row) {
  rows.offset.push_back(offset);
  rows.record.push_back(row.record);
  rows.subject.push_back(row.subject);
  rows.start.push_back(row.start);
  rows.score.push_back(row.score);
  rows.klass.push_back(row.klass);
}

std::vector<Tensor> index_tensors(Index rows) {
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(rows.offset.size())};
  std::vector<Tensor> tensors;
  tensors.push_back(make_tensor("offset", shape, std::move(rows.offset), Json::object()));
  tensors.push_back(make_tensor("record", shape, std::move(rows.record), Json::object()));
  tensors.push_back(make_tensor("subject", shape, std::move(rows.subject), Json::object()));
  tensors.push_back(make_tensor("start", shape, std::move(rows.start), Json::object()));
  tensors.push_back(make_tensor("score", shape, std::move(rows.score), Json::object()));
  tensors.push_back(make_tensor("class", shape, std::move(rows.klass), Json::object()));
  return tensors;
}

Index read_index(const std::vector<Tensor>& tensors, std::uint64_t segments, std::uint64_t end) {
  Index rows;
  take(tensors, "offset", segments, rows.offset);
  take(tensors, "record", segments, rows.record);
  take(tensors, "subject", segments, rows.subject);
  take(tensors, "start", segments, rows.start);
  take(tensors, "score", segments, rows.score);
  take(tensors, "class", segments, rows.klass);
  std::uint64_t last = 0;
  for (const std::uint64_t offset : rows.offset) {
    if (offset % kAlignment != 0 || offset <= last || offset > end || end - offset < 2 * kAlignment) {
      throw Error(Status::kMalformed, "index names {} as the place of a segment, which it cannot be", offset);
    }
    last = offset;
  }
  return rows;
}

}  // namespace cfm::stream
