#include "stream/json_text.h"

#include <algorithm>
#include <charconv>
#include <climits>

#include "base/error.h"

namespace cfm::stream {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Moves over one JSON value after another, checking them.
class Scanner {
 public:
  Scanner(std::string_view text, int deepest) : text_(text), deepest_(deepest) {}

  [[noreturn]] void fail(const char* what) const {
    throw Error(Status::kMalformed, "not JSON: {} at character {}", what, at_ + 1);
  }
  void space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool done() const { return at_ == text_.size(); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool accept(char c) {
    if (peek() != c || done()) return false;
    ++at_;
    return true;
  }
  void expect(char c, const char* what) {
    if (!accept(c)) fail(what);
  }
  std::size_t at() const { return at_; }

  // With its quotes.
  std::string_view string() {
    const std::size_t start = at_;
    expect('"', "a quote is missing");
    for (;;) {
      if (done()) fail("a string without end");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c < 0x20) fail("a control character in a string");
      if (c == '\\') {
        escape();
      } else if (c < 0x80) {
        ++at_;
      } else {
        utf8();
      }
    }
    ++at_;
    return text_.substr(start, at_ - start);
  }

  std::string_view value(int depth) {
    const std::size_t start = at_;
    switch (peek()) {
      case '{':
        object(depth);
        break;
      case '[':
        array(depth);
        break;
      case '"':
        string();
        break;
      case 't':
        word("true");
        break;
      case 'f':
        word("false");
        break;
      case 'n':
        word("null");
        break;
      default:
        number();
    }
    return text_.substr(start, at_ - start);
  }

  // A value of which only brackets and quotes are matched.
  std::string_view unchecked_value() {
    const std::size_t start = at_;
    int depth = 0;
    do {
      if (done()) fail("a value without end");
      switch (text_[at_]) {
        case '[':
        case '{':
          ++depth;
          break;
        case ']':
        case '}':
          --depth;
          break;
        case '"':
          for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\') ++at_;
          }
          if (at_ >= text_.size()) fail("a string without end");
          break;
        default:
          break;
      }
      ++at_;
    } while (depth > 0);
    if (depth < 0) fail("a bracket that nothing opened");
    if (text_[start] != '[' && text_[start] != '{' && text_[start] != '"') {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && !is_space(text_[at_])) ++at_;
    }
    return text_.substr(start, at_ - start);
  }

 private:
  void escape() {
    ++at_;
    switch (peek()) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        ++at_;
        return;
      case 'u':
        break;
      default:
        fail("an unknown escape");
    }
    const unsigned first = hex4();
    if (first >= 0xDC00 && first < 0xE000) fail("half a surrogate pair");
    if (first < 0xD800 || first >= 0xDC00) return;
    if (!accept('\\') || peek() != 'u') fail("half a surrogate pair");
    const unsigned second = hex4();
    if (second < 0xDC00 || second >= 0xE000) fail("half a surrogate pair");
  }

  unsigned hex4() {
    ++at_;
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      unsigned digit = 0;
      if (is_digit(c)) {
        digit = static_cast<unsigned>(c - '0');
      } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
        digit = static_cast<unsigned>((c | 0x20) - 'a') + 10;
      } else {
        fail("an escape without four digits");
      }
      code = code << 4 | digit;
    }
    return code;
  }

  void utf8() {
    const auto byte = [&](std::size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
    };
    const unsigned c = byte(0);
    const std::size_t length = c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    bool good = length > 0;
    for (std::size_t i = 1; i < length; ++i) good = good && (byte(i) & 0xC0U) == 0x80U;
    const unsigned second = byte(1);
    if (c == 0xE0) good = good && second >= 0xA0;
    if (c == 0xED) good = good && second < 0xA0;
    if (c == 0xF0) good = good && second >= 0x90;
    if (c == 0xF4) good = good && second < 0x90;
    if (!good) fail("text that is not UTF-8");
    at_ += length;
  }

  void word(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) fail("an unknown word");
    at_ += wanted.size();
  }

  void digits() {
    if (!is_digit(peek())) fail("a value is missing or misspelt");
    while (is_digit(peek())) ++at_;
  }

  void number() {
    accept('-');
    if (!accept('0')) digits();
    if (accept('.')) digits();
    if (accept('e') || accept('E')) {
      if (!accept('+')) accept('-');
      digits();
    }
  }

  void enter(int depth) const {
    if (depth > deepest_) throw Error(Status::kMalformed, "JSON is nested deeper than {}", deepest_);
  }

  void array(int depth) {
    enter(depth);
    ++at_;
    space();
    if (accept(']')) return;
    do {
      space();
      value(depth + 1);
      space();
    } while (accept(','));
    expect(']', "a comma or ] is missing");
  }

  void object(int depth) {
    enter(depth);
    ++at_;
    space();
    if (accept('}')) return;
    do {
      space();
      string();
      space();
      expect(':', "a colon is missing");
      space();
      value(depth + 1);
      space();
    } while (accept(','));
    expect('}', "a comma or } is missing");
  }

  std::string_view text_;
  int deepest_;
  std::size_t at_ = 0;
};

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

// Of a checked string with its quotes.
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

void refuse_twins(const std::vector<JsonMember>& members) {
  std::vector<std::string_view> keys;
  keys.reserve(members.size());
  for (const auto& m : members) keys.push_back(m.key);
  std::sort(keys.begin(), keys.end());
  const auto twin = std::adjacent_find(keys.begin(), keys.end());
  if (twin != keys.end()) throw Error(Status::kMalformed, "the key '{}' stands twice in one object", *twin);
}

template <typename Unchecked>
std::vector<JsonMember> take_apart(std::string_view text, int deepest, const Unchecked& unchecked) {
  Scanner scanner(text, deepest);
  std::vector<JsonMember> members;
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

Json parse_json(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw Error(Status::kMalformed, "not JSON: {}", error.what());
  }
}

std::string dump_json(const Json& json) {
  try {
    return json.dump();
  } catch (const Json::type_error&) {
    throw Error(Status::kMalformed, "a text in a header is not UTF-8; convert the input, e.g. with iconv");
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
