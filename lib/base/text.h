// Small helpers for reading text that others wrote: fields, whole numbers, safe quoting, UTF-8.
//
//   Fields fields("100.dat 212 200");
//   const std::string_view file = fields.next();            // "" when there is none left
//   std::optional<int> format = whole_number<int>(fields.next());
//   throw Error(Status::kMalformed, "{} is no number", in_quotes(field));   // no raw bytes on a terminal
//
// Throws nothing.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace cfm {

inline constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text);

// Fields of a line, apart by blanks.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(line) {}
  std::string_view next();
  std::string_view rest() const { return trimmed(rest_); }

 private:
  std::string_view rest_;
};

// The number at the start of `text`, which is cut off; nullopt where there is none or it doesn't fit.
template <typename T>
std::optional<T> take_number(std::string_view& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// The number that the whole of `text` is.
template <typename T>
std::optional<T> whole_number(std::string_view text) {
  const auto value = take_number<T>(text);
  return text.empty() ? value : std::nullopt;
}

// 'text' with ? for what is not printable ASCII, at most 40 characters.
std::string in_quotes(std::string_view text);

// The text itself where it is UTF-8, else read as Latin-1.
std::string as_utf8(std::string_view text);

}  // namespace cfm
