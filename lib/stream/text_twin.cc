#include "stream/text_twin.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/hash.h"
#include "stream/half.h"
#include "stream/json_text.h"
#include "stream/layout.h"
#include "stream/preamble.h"

namespace cfm::stream {
namespace {

// Keys that the twin adds to the header.
constexpr std::array<std::string_view, 4> kOwnKeys = {"part", "crc", "payload", "data"};
constexpr std::uint16_t kUsualHalfNan = 0x7E00;

bool is_own(std::string_view key) { return std::find(kOwnKeys.begin(), kOwnKeys.end(), key) != kOwnKeys.end(); }

template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// ---- writing

template <typename T>
void put_float(std::string& out, T x) {
  if (std::isnan(x)) {
    out += "null";
  } else if (std::isinf(x)) {
    out += x > 0 ? "\"inf\"" : "\"-inf\"";
  } else {
    char buffer[40];
    char* end = std::to_chars(buffer, buffer + sizeof buffer - 2, x).ptr;
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    if (text.find_first_of(".e") == std::string_view::npos) {
      *end++ = '.';
      *end++ = '0';
    }
    out.append(buffer, static_cast<std::size_t>(end - buffer));
  }
}

template <typename T>
void put_integer(std::string& out, T x) {
  char buffer[24];
  out.append(buffer, static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, x).ptr - buffer));
}

void put_element(std::string& out, Dtype dtype, const std::byte* at) {
  switch (dtype) {
    case Dtype::kF64:
      return put_float(out, load<double>(at));
    case Dtype::kF32:
      return put_float(out, load<float>(at));
    case Dtype::kF16:
      return put_float(out, double{float_of_half(load<std::uint16_t>(at))});
    case Dtype::kI64:
      return put_integer(out, load<std::int64_t>(at));
    case Dtype::kI32:
      return put_integer(out, load<std::int32_t>(at));
    case Dtype::kI16:
      return put_integer(out, load<std::int16_t>(at));
    case Dtype::kU64:
      return put_integer(out, load<std::uint64_t>(at));
    case Dtype::kU8:
      return put_integer(out, load<std::uint8_t>(at));
    case Dtype::kBool:
      out += load<std::uint8_t>(at) != 0 ? "true" : "false";
      return;
    case Dtype::kBF16:
      break;
  }
}

void put_nested(std::string& out, Dtype dtype, std::span<const std::int64_t> shape, const std::byte*& at) {
  if (shape.empty()) {
    put_element(out, dtype, at);
    at += size_of(dtype);
    return;
  }
  out += '[';
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    if (i > 0) out += ',';
    put_nested(out, dtype, shape.subspan(1), at);
  }
  out += ']';
}

template <typename Bits, typename Good>
bool all_of(std::span<const std::byte> bytes, Good good) {
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(Bits)) {
    if (!good(load<Bits>(bytes.data() + i))) return false;
  }
  return true;
}

bool survives_decimals(Dtype dtype, std::span<const std::byte> bytes) {
  switch (dtype) {
    case Dtype::kBF16:
      return false;
    case Dtype::kF64:
      return all_of<std::uint64_t>(bytes, [](std::uint64_t b) {
        return (b & ~(1ULL << 63)) <= 0x7FF0000000000000ULL || b == 0x7FF8000000000000ULL;
      });
    case Dtype::kF32:
      return all_of<std::uint32_t>(
          bytes, [](std::uint32_t b) { return (b & 0x7FFFFFFFU) <= 0x7F800000U || b == 0x7FC00000U; });
    case Dtype::kF16:
      return all_of<std::uint16_t>(bytes,
                                   [](std::uint16_t b) { return (b & 0x7FFFU) <= 0x7C00U || b == kUsualHalfNan; });
    case Dtype::kBool:
      return all_of<std::uint8_t>(bytes, [](std::uint8_t b) { return b <= 1; });
    default:
      return true;
  }
}

// ---- reading

class Numbers {
 public:
  explicit Numbers(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  void read(const TensorPlace& place, std::byte* to) {
    space();
    if (peek() == '"' && (!place.shape.empty() || !is_infinity())) {
      const std::string_view quoted(at_, static_cast<std::size_t>(end_ - at_));
      const std::size_t close = quoted.find('"', 1);
      if (close == std::string_view::npos) fail();
      const auto bytes = unbase64(quoted.substr(1, close - 1));
      if (bytes.size() != place.end - place.begin) {
        throw Error(Status::kMalformed, "{} bytes of base64 where {} are due", bytes.size(), place.end - place.begin);
      }
      if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
      at_ += close + 1;
    } else {
      nested(place.dtype, place.shape, to);
    }
    space();
    if (at_ != end_) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(Status::kMalformed, "not what shape and dtype promise, before '{}'",
                std::string_view(at_, static_cast<std::size_t>(std::min<std::ptrdiff_t>(end_ - at_, 20))));
  }
  char peek() const { return at_ < end_ ? *at_ : '\0'; }
  void space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n')) ++at_;
  }
  bool word(std::string_view wanted) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  bool is_infinity() const {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    return rest.starts_with("\"inf\"") || rest.starts_with("\"-inf\"");
  }

  void nested(Dtype dtype, std::span<const std::int64_t> shape, std::byte*& to) {
    if (shape.empty()) {
      element(dtype, to);
      to += size_of(dtype);
      return;
    }
    if (peek() != '[') fail();
    ++at_;
    for (std::int64_t i = 0; i < shape[0]; ++i) {
      space();
      if (i > 0) {
        if (peek() != ',') fail();
        ++at_;
        space();
      }
      nested(dtype, shape.subspan(1), to);
    }
    space();
    if (peek() != ']') fail();
    ++at_;
  }

  // A number as spelt; JSON knows neither a leading + nor nan.
  template <typename T>
  T decimal() {
    const char* digits = at_ + (peek() == '-' ? 1 : 0);
    if (digits >= end_ || *digits < '0' || *digits > '9') fail();
    T x{};
    const auto [end, error] = std::from_chars(at_, end_, x);
    if (error == std::errc::result_out_of_range) {
      if constexpr (std::is_floating_point_v<T>)
        x = out_of_range<T>(end);
      else
        fail();
    } else if (error != std::errc()) {
      fail();
    }
    at_ = end;
    return x;
  }

  // from_chars tells an underflow no different from an overflow.
  template <typename T>
  T out_of_range(const char* end) const {
    const std::string text(at_, end);
    const auto x = static_cast<T>(std::strtold(text.c_str(), nullptr));
    if (std::isinf(x)) throw Error(Status::kMalformed, "number {} is too large for its dtype", text);
    return x;
  }

  template <typename T>
  T floating() {
    if (word("null")) return std::numeric_limits<T>::quiet_NaN();
    if (word("\"inf\"")) return std::numeric_limits<T>::infinity();
    if (word("\"-inf\"")) return -std::numeric_limits<T>::infinity();
    return decimal<T>();
  }

  template <typename T>
  T integer() {
    const char* start = at_;
    T x{};
    const auto [end, error] = std::from_chars(at_, end_, x);
    const bool whole = end == end_ || (*end != '.' && *end != 'e' && *end != 'E');
    if (error == std::errc() && whole) {
      at_ = end;
      return x;
    }
    const auto real = decimal<double>();  // 1.0 and 1e3 are integers, too
    constexpr double kLimit = 0x1p63 * (std::is_unsigned_v<T> && sizeof(T) == 8 ? 2 : 1);
    if (std::trunc(real) != real || real >= kLimit || real < -0x1p63 ||
        real < static_cast<double>(std::numeric_limits<T>::min()) ||
        (sizeof(T) < 8 && real > static_cast<double>(std::numeric_limits<T>::max()))) {
      throw Error(Status::kMalformed, "number {} does not fit its dtype",
                  std::string_view(start, static_cast<std::size_t>(at_ - start)));
    }
    return static_cast<T>(real);
  }

  template <typename T>
  void store(std::byte* to, T value) {
    std::memcpy(to, &value, sizeof value);
  }

  void element(Dtype dtype, std::byte* to) {
    switch (dtype) {
      case Dtype::kF64:
        return store(to, floating<double>());
      case Dtype::kF32:
        return store(to, floating<float>());
      case Dtype::kF16:
        return store(to, half_of(floating<double>()));
      case Dtype::kI64:
        return store(to, integer<std::int64_t>());
      case Dtype::kI32:
        return store(to, integer<std::int32_t>());
      case Dtype::kI16:
        return store(to, integer<std::int16_t>());
      case Dtype::kU64:
        return store(to, integer<std::uint64_t>());
      case Dtype::kU8:
        return store(to, integer<std::uint8_t>());
      case Dtype::kBool: {
        const bool yes = word("true");
        if (!yes && !word("false")) fail();
        return store(to, static_cast<std::uint8_t>(yes));
      }
      case Dtype::kBF16:
        throw Error(Status::kMalformed, "BF16 travels as base64");
    }
  }

  const char* at_;
  const char* end_;
};

Bytes read_data(std::string_view data, std::span<const TensorPlace> places) {
  std::vector<std::byte> payload(covered(places));
  if (!data.starts_with('{')) throw Error(Status::kMalformed, "'data' is no object");
  std::size_t found = 0;
  // Values are checked by whom they are read; only their ends are looked for here.
  for (const JsonMember& member : json_values(data)) {
    const auto place = std::ranges::find(places, member.key, &TensorPlace::name);
    if (place == places.end()) {
      throw Error(Status::kMalformed, "data of '{}', which 'tensors' does not name", member.key);
    }
    try {
      Numbers(member.value).read(*place, payload.data() + place->begin);
    } catch (const Error& error) {
      throw Error(error.status(), "data of '{}': {}", member.key, error.what());
    }
    ++found;
  }
  if (found != places.size())
    throw Error(Status::kMalformed, "data of {} tensors where {} are due", found, places.size());
  return Bytes::own(std::move(payload));
}

std::uint64_t read_part_id(const std::optional<std::string>& part, std::string_view header) {
  if (!part) return derived_part_id(header);
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(part->data(), part->data() + part->size(), id, 16);
  if (part->size() != 16 || error != std::errc() || end != part->data() + 16) {
    throw Error(Status::kMalformed, "part '{}' is not 16 hexadecimal digits", *part);
  }
  return id;
}

}  // namespace

std::string text_line(const Frame& frame, Payload payload) {
  const HeaderView header(frame.header);
  if (header.text("type") != word_of(frame.type)) {
    throw Error(Status::kMalformed, "frame '{}' of type '{}' has no text form", frame.type,
                header.text("type").value_or(""));
  }
  for (const auto& member : header.members()) {
    if (is_own(member.key)) throw Error(Status::kMalformed, "a header with the key '{}' has no text form", member.key);
  }
  const auto places = check_frame(frame.type, header, frame.payload.size());
  std::string out = frame.header.substr(0, frame.header.rfind('}'));
  if (frame.type == 'H') out += ",\"part\":\"" + hex16(frame.part_id) + '"';
  if (!frame.crc) out += ",\"crc\":false";
  if (payload == Payload::kNone) return out += '}';
  if (covered(places) != frame.payload.size()) {
    out += ",\"payload\":\"" + base64(frame.payload.span()) + '"';
  } else if (!places.empty()) {
    out += ",\"data\":{";
    for (const auto& place : places) {
      if (&place != &places.front()) out += ',';
      out += dump_json(place.name) + ':';
      const auto bytes = frame.payload.span().subspan(place.begin, place.end - place.begin);
      if (payload == Payload::kBase64 || !survives_decimals(place.dtype, bytes)) {
        out += '"' + base64(bytes) + '"';
      } else {
        const std::byte* at = bytes.data();
        put_nested(out, place.dtype, place.shape, at);
      }
    }
    out += '}';
  }
  return out += '}';
}

Frame text_frame(std::string_view line, std::uint64_t max_frame) {
  const auto members = json_members(line, kDeepestJson, {"payload", "data"});
  Frame frame;
  std::string type, rest;
  std::optional<std::string> part;
  std::string_view payload, data;
  for (const auto& [key, spelt, value] : members) {
    if (key == "type") {
      type = json_string(value).value_or("");
    } else if (key == "part") {
      part = json_string(value).value_or("");
    } else if (key == "crc") {
      frame.crc = value != "false";
    } else if (key == "payload") {
      payload = value;
    } else if (key == "data") {
      data = value;
    } else {
      rest.append(1, ',').append(spelt) += ':';
      append_compact(rest, value);
    }
  }
  frame.type = type_of(type);
  if (frame.type == 0) throw Error(Status::kMalformed, "a line of unknown type '{}'", type);
  if (is_upper(frame.type) && !is_known(frame.type)) {
    throw Error(Status::kIncompatible, "critical line of unknown type '{}'; a newer program is needed", type);
  }
  frame.header = "{\"type\":" + dump_json(type) + rest + '}';
  if (padded_header_length(frame.header.size()) > kLargestHeader) {
    throw Error(Status::kMalformed, "header of {} bytes", frame.header.size());
  }
  if (frame.type == 'H') frame.part_id = read_part_id(part, frame.header);
  if (frame.type == 'x') {
    frame.header = R"({"type":"index"})";
    return frame;
  }
  const HeaderView header(frame.header);
  if (!payload.empty()) {
    if (payload.size() < 2 || payload[0] != '"') throw Error(Status::kMalformed, "'payload' is no text");
    if ((payload.size() - 2) / 4 * 3 > max_frame + 2) {
      throw Error(Status::kMalformed, "payload of more than --max-frame {} bytes", max_frame);
    }
    frame.payload = Bytes::own(unbase64(payload.substr(1, payload.size() - 2)));
    check_frame(frame.type, header, frame.payload.size());
    return frame;
  }
  const auto places = check_frame(frame.type, header, max_frame);
  if (places.empty()) return frame;
  if (data.empty()) {
    throw Error(Status::kMalformed, "a line with tensors and without data; --payload none is to look at, no input");
  }
  frame.payload = read_data(data, places);
  return frame;
}

}  // namespace cfm::stream
