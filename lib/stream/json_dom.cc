#include <charconv>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <unordered_map>

#include "base/error.h"
#include "stream/json_scan.h"
#include "stream/json_text.h"

namespace cfm::stream {
namespace {

constexpr int kDeepestText = 512;  // nesting; each level is a call

Json number_of(std::string_view text) {
  const char *begin = text.data(), *end = begin + text.size();
  if (text.find_first_of(".eE") == std::string_view::npos) {
    if (std::uint64_t n = 0; text[0] != '-' && std::from_chars(begin, end, n).ec == std::errc()) return n;
    if (std::int64_t n = 0; text[0] == '-' && std::from_chars(begin, end, n).ec == std::errc()) return n;
  }
  double x = 0;
  if (std::from_chars(begin, end, x).ec == std::errc()) return x;
  x = std::strtod(std::string(text).c_str(), nullptr);  // of what is too small, zero
  if (!std::isfinite(x)) throw Error(Status::kMalformed, "not JSON: a number beyond the range of doubles");
  return x;
}

// Where a key stands among the members at hand.
class Places {
 public:
  explicit Places(const Json::object_t& members) : members_(members) {}
  // Its place, or members.size().
  std::size_t find(const std::string& key) {
    constexpr std::size_t kFew = 16;  // compared one by one
    if (members_.size() < kFew) {
      std::size_t i = 0;
      while (i < members_.size() && (members_.begin() + static_cast<std::ptrdiff_t>(i))->first != key) ++i;
      return i;
    }
    for (std::size_t i = known_.size(); i < members_.size(); ++i) {
      known_.emplace((members_.begin() + static_cast<std::ptrdiff_t>(i))->first, i);
    }
    const auto at = known_.find(key);
    return at == known_.end() ? members_.size() : at->second;
  }

 private:
  const Json::object_t& members_;
  std::unordered_map<std::string, std::size_t> known_;
};

class Builder {
 public:
  explicit Builder(std::string_view text) : scanner_(text, kDeepestText) {}

  Json whole() {
    scanner_.space();
    Json json = value(1);
    scanner_.space();
    if (!scanner_.done()) scanner_.fail("text after the value");
    return json;
  }

 private:
  Json value(int depth) {
    switch (scanner_.peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return unescape(scanner_.string());
      default:
        break;
    }
    const std::string_view spelt = scanner_.value(depth);
    switch (spelt[0]) {
      case 't':
        return true;
      case 'f':
        return false;
      case 'n':
        return nullptr;
      default:
        return number_of(spelt);
    }
  }

  Json object(int depth) {
    scanner_.enter(depth);
    scanner_.expect('{', "an object is missing");
    Json json(Json::value_t::object);
    auto& members = json.get_ref<Json::object_t&>();
    scanner_.space();
    if (scanner_.accept('}')) return json;
    constexpr std::size_t kUsual = 8;  // members
    members.reserve(kUsual);
    Places places(members);
    do {
      scanner_.space();
      std::string key = unescape(scanner_.string());
      scanner_.space();
      scanner_.expect(':', "a colon is missing");
      scanner_.space();
      Json member = value(depth + 1);
      const std::size_t place = places.find(key);
      if (place == members.size()) {
        members.emplace_back(std::move(key), std::move(member));
      } else {
        (members.begin() + static_cast<std::ptrdiff_t>(place))->second = std::move(member);  // the last one counts
      }
      scanner_.space();
    } while (scanner_.accept(','));
    scanner_.expect('}', "a comma or } is missing");
    return json;
  }

  Json array(int depth) {
    scanner_.enter(depth);
    scanner_.expect('[', "an array is missing");
    Json json(Json::value_t::array);
    auto& elements = json.get_ref<Json::array_t&>();
    scanner_.space();
    if (scanner_.accept(']')) return json;
    constexpr std::size_t kUsual = 4;  // elements
    elements.reserve(kUsual);
    do {
      scanner_.space();
      elements.push_back(value(depth + 1));
      scanner_.space();
    } while (scanner_.accept(','));
    scanner_.expect(']', "a comma or ] is missing");
    return json;
  }

  Scanner scanner_;
};

template <typename T>
void append_integer(std::string& out, T n) {
  char buffer[24];
  out.append(buffer, static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, n).ptr - buffer));
}

// In the spelling of nlohmann::json, which all streams have: 250.0, 1e-05.
void append_double(std::string& out, double x) {
  if (!std::isfinite(x)) {
    out += "null";
    return;
  }
  char buffer[64];
  out.append(buffer, nlohmann::detail::to_chars(buffer, buffer + sizeof buffer, x));
}

void append_value(std::string& out, const Json& json, int deepest, int depth) {
  const auto enter = [&] {
    if (depth > deepest) throw Error(Status::kMalformed, "JSON is nested deeper than {}", deepest);
  };
  switch (json.type()) {
    case Json::value_t::object: {
      enter();
      out += '{';
      bool first = true;
      for (const auto& [key, value] : json.get_ref<const Json::object_t&>()) {
        if (!std::exchange(first, false)) out += ',';
        append_string(out, key);
        out += ':';
        append_value(out, value, deepest, depth + 1);
      }
      out += '}';
      break;
    }
    case Json::value_t::array: {
      enter();
      out += '[';
      bool first = true;
      for (const Json& value : json.get_ref<const Json::array_t&>()) {
        if (!std::exchange(first, false)) out += ',';
        append_value(out, value, deepest, depth + 1);
      }
      out += ']';
      break;
    }
    case Json::value_t::string:
      append_string(out, json.get_ref<const std::string&>());
      break;
    case Json::value_t::boolean:
      out += json.get<bool>() ? "true" : "false";
      break;
    case Json::value_t::number_unsigned:
      append_integer(out, json.get<std::uint64_t>());
      break;
    case Json::value_t::number_integer:
      append_integer(out, json.get<std::int64_t>());
      break;
    case Json::value_t::number_float:
      append_double(out, json.get<double>());
      break;
    default:
      out += "null";
  }
}

}  // namespace

Json parse_json(std::string_view text) { return Builder(text).whole(); }

std::string dump_json(const Json& json) {
  std::string out;
  append_json(out, json, INT_MAX);
  return out;
}

void discard(Json& json) {
  if (json.is_object()) {
    auto& members = json.get_ref<Json::object_t&>();
    for (auto& [key, value] : members) discard(value);
    members.clear();
  } else if (json.is_array()) {
    auto& elements = json.get_ref<Json::array_t&>();
    for (Json& element : elements) discard(element);
    elements.clear();
  }
}

void append_json(std::string& out, const Json& json, int deepest) { append_value(out, json, deepest, 1); }

void append_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) ++at;
    out.append(text, start, at - start);
    if (at == text.size()) break;
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x80) {
      const std::size_t length = utf8_length(text, at);
      if (length == 0) {
        throw Error(Status::kMalformed, "a text in a header is not UTF-8; convert the input, e.g. with iconv");
      }
      out.append(text, at, length);
      at += length;
      continue;
    }
    ++at;
    out += '\\';
    switch (c) {
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '"':
      case '\\':
        out += static_cast<char>(c);
        break;
      default:
        out.append("u00").append(1, kDigits[c >> 4]).append(1, kDigits[c & 15]);
    }
  }
  out += '"';
}

}  // namespace cfm::stream
