#include "stream/json_text.h"

#include <algorithm>
#include <charconv>
#include <climits>

#include "base/error.h"
#include "stream/json_scan.h"

namespace cfm::stream {
namespace {

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace

std::string unescape(std::string_view quoted) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return std::string(inner);
  std::string out;
  const auto hex4 = [&](std::size_t at) {
    unsigned code = 0;
    std::from_chars(inner.data() + at, inner.data() + at + 4, code, 16);
    return code;
  };
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\') {
      out += inner[i];
      continue;
    }
    switch (inner[++i]) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        unsigned code = hex4(i + 1);
        i += 4;
        if (code >= 0xD800 && code < 0xDC00) {
          code = 0x10000 + ((code - 0xD800) << 10) + (hex4(i + 3) - 0xDC00);
          i += 6;
        }
        append_utf8(out, code);
        break;
      }
      default:
        out += inner[i];
    }
  }
  return out;
}

namespace {

void refuse_twins(const std::vector<JsonMember>& members) {
  constexpr std::size_t kFew = 24;  // compared in pairs
  const auto refuse = [](std::string_view key) {
    throw Error(Status::kMalformed, "the key '{}' stands twice in one object", key);
  };
  if (members.size() <= kFew) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (members[i].key == members[k].key) refuse(members[i].key);
      }
    }
    return;
  }
  std::vector<std::string_view> keys;
  keys.reserve(members.size());
  for (const auto& m : members) keys.push_back(m.key);
  std::sort(keys.begin(), keys.end());
  const auto twin = std::adjacent_find(keys.begin(), keys.end());
  if (twin != keys.end()) refuse(*twin);
}

template <typename Unchecked>
std::vector<JsonMember> take_apart(std::string_view text, int deepest, const Unchecked& unchecked) {
  Scanner scanner(text, deepest);
  std::vector<JsonMember> members;
  constexpr std::size_t kUsual = 12;  // keys
  members.reserve(kUsual);
  scanner.space();
  scanner.expect('{', "an object is missing");
  scanner.space();
  if (!scanner.accept('}')) {
    do {
      scanner.space();
      const std::string_view spelt = scanner.string();
      std::string key = unescape(spelt);
      scanner.space();
      scanner.expect(':', "a colon is missing");
      scanner.space();
      const std::string_view value = unchecked(key) ? scanner.unchecked_value() : scanner.value(2);
      members.push_back({std::move(key), spelt, value});
      scanner.space();
    } while (scanner.accept(','));
    scanner.expect('}', "a comma or } is missing");
  }
  scanner.space();
  if (!scanner.done()) scanner.fail("text after the object");
  refuse_twins(members);
  return members;
}

}  // namespace

std::vector<JsonMember> json_members(std::string_view text, int deepest,
                                     std::initializer_list<std::string_view> unchecked) {
  return take_apart(text, deepest, [&](std::string_view key) {
    return std::find(unchecked.begin(), unchecked.end(), key) != unchecked.end();
  });
}

std::vector<JsonMember> json_values(std::string_view text) {
  return take_apart(text, 1, [](std::string_view) { return true; });
}

std::optional<std::vector<std::string_view>> json_elements(std::string_view array) {
  if (!array.starts_with('[')) return std::nullopt;
  Scanner scanner(array, INT_MAX);
  std::vector<std::string_view> elements;
  scanner.expect('[', "");
  scanner.space();
  if (scanner.accept(']')) return elements;
  do {
    scanner.space();
    elements.push_back(scanner.value(1));
    scanner.space();
  } while (scanner.accept(','));
  return elements;
}

std::optional<std::string> json_string(std::string_view value) {
  if (!value.starts_with('"')) return std::nullopt;
  return unescape(value);
}

std::optional<std::uint64_t> json_count(std::string_view value) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return n;
}

std::optional<double> json_number(std::string_view value) {
  if (value.empty() || (value[0] != '-' && !is_digit(value[0]))) return std::nullopt;
  double x = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), x);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return x;
}

void append_compact(std::string& out, std::string_view json) {
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted && c == '\\') {
      out += c;
      out += json[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted || !is_space(c)) out += c;
  }
}

HeaderView::HeaderView(std::string_view json, int deepest) : members_(json_members(json, deepest)) {}

std::optional<std::string_view> HeaderView::find(std::string_view key) const {
  for (const auto& m : members_) {
    if (m.key == key) return m.value;
  }
  return std::nullopt;
}

std::optional<std::string> HeaderView::text(std::string_view key) const {
  const auto value = find(key);
  if (!value || *value == "null") return std::nullopt;
  auto text = json_string(*value);
  if (!text) throw Error(Status::kMalformed, "'{}' is no text", key);
  return text;
}

std::optional<double> HeaderView::number(std::string_view key) const {
  const auto value = find(key);
  if (!value || *value == "null") return std::nullopt;
  const auto number = json_number(*value);
  if (!number) throw Error(Status::kMalformed, "'{}' is no number", key);
  return number;
}

std::optional<std::uint64_t> HeaderView::count(std::string_view key) const {
  const auto value = find(key);
  if (!value || *value == "null") return std::nullopt;
  const auto count = json_count(*value);
  if (!count) throw Error(Status::kMalformed, "'{}' is no count", key);
  return count;
}

}  // namespace cfm::stream
