#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "eval/results.h"

namespace cfm::report {
namespace {

constexpr double kRounding = 1e-9;  // what sums of doubles leave of a zero

// A true minus, and none before zero.
std::string with_minus(const std::string& text) {
  if (text.find_first_of("123456789") == std::string::npos && text.starts_with('-')) return text.substr(1);
  std::string out;
  for (const char c : text) out += c == '-' ? std::string("−") : std::string(1, c);
  return out;
}

// a … z, aa, ab, …
std::string letters(std::size_t i) {
  const std::string last(1, static_cast<char>('a' + i % 26));
  return i < 26 ? last : letters(i / 26 - 1) + last;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : as_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\n':
        out += c;
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
  }
  return out;
}

std::string element(std::string_view tag, std::string_view attributes, std::string_view content) {
  return fmt::format("<{}{}{}>{}</{}>", tag, attributes.empty() ? "" : " ", attributes, content, tag);
}

std::string heading(int level, std::string_view content, std::string_view id) {
  return element(fmt::format("h{}", std::clamp(level, 1, 6)), id.empty() ? "" : fmt::format("id=\"{}\"", id), content) +
         "\n";
}

std::string paragraph(std::string_view content, std::string_view css) {
  return element("p", css.empty() ? "" : fmt::format("class=\"{}\"", css), content) + "\n";
}

std::string count_html(std::uint64_t n) {
  std::string text = std::to_string(n);
  if (n < 10000) return text;
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, "\u202f");
  return text;
}

std::string plural_html(std::uint64_t n, const std::string& what) {
  return fmt::format("{} {}{}", count_html(n), escaped(what), n == 1 ? "" : "s");
}

std::string percent_html(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", 100 * share) : kNothing;
}

std::string figure_html(double value, const std::string& metric) {
  if (!std::isfinite(value)) return kNothing;
  return with_minus(eval::figure_text(std::abs(value) < kRounding ? 0 : value, metric));
}

std::string interval_html(double low, double high, const std::string& metric) {
  if (!std::isfinite(low) || !std::isfinite(high)) return "";
  return fmt::format("[{}, {}]", figure_html(low, metric), figure_html(high, metric));
}

std::string gain_html(double value, const std::string& metric) {
  return (value >= 0 ? "+" : "") + figure_html(value, metric);
}

std::string Footnotes::mark(const std::string& note) {
  if (note.empty()) return "";
  const auto at = std::find(notes_.begin(), notes_.end(), note);
  const auto i = static_cast<std::size_t>(at - notes_.begin());
  if (at == notes_.end()) notes_.push_back(note);
  return element("sup", "", letters(i));
}

std::string Footnotes::list() const {
  std::string items;
  for (std::size_t i = 0; i < notes_.size(); ++i)
    items += element("li", "", element("sup", "", letters(i)) + " " + escaped(notes_[i]));
  return items.empty() ? "" : element("ul", "class=\"notes\"", items) + "\n";
}

}  // namespace cfm::report
