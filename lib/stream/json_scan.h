// One JSON value after another, checked as it is moved over. Inside the stream room only.
//
//   Scanner scanner(text, kDeepestJson);
//   std::string_view spelt = scanner.value(1);   // status 4 where it is none
//
// RFC 8259; strings are checked to be UTF-8. Errors name the character, not the file.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cfm::stream {

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Characters of a string that stand for themselves.
inline constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// Bytes of the UTF-8 character of two to four bytes at text[at]; 0 where none stands.
inline std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const unsigned c = byte(0);
  const std::size_t length = c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
  bool good = length > 0;
  for (std::size_t i = 1; i < length; ++i) good = good && (byte(i) & 0xC0U) == 0x80U;
  const unsigned second = byte(1);
  if (c == 0xE0) good = good && second >= 0xA0;
  if (c == 0xED) good = good && second < 0xA0;
  if (c == 0xF0) good = good && second >= 0x90;
  if (c == 0xF4) good = good && second < 0x90;
  return good ? length : 0;
}

// Of a checked string with its quotes.
std::string unescape(std::string_view quoted);

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

  void enter(int depth) const {
    if (depth > deepest_) throw Error(Status::kMalformed, "JSON is nested deeper than {}", deepest_);
  }

  // With its quotes.
  std::string_view string() {
    const std::size_t start = at_;
    expect('"', "a quote is missing");
    for (;;) {
      while (!done() && kPlain[static_cast<unsigned char>(text_[at_])]) ++at_;
      if (done()) fail("a string without end");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c < 0x20) fail("a control character in a string");
      if (c == '\\') {
        escape();
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
    const std::size_t length = utf8_length(text_, at_);
    if (length == 0) fail("text that is not UTF-8");
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

}  // namespace cfm::stream
