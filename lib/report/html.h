// Pieces of HTML and numbers as the page shows them.
//
//   element("td", "class=\"n\"", escaped(name));      // <td class="n">…</td>
//   figure_html(0.8312, "auroc");                     // "0.83"; "–" for NaN
//   count_html(12345);                                // "12 345", apart by a narrow space
//
// Attributes and content are HTML already: whatever comes from data goes through escaped() first. Throws nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cfm::report {

inline constexpr const char* kNothing = "–";  // where there is no number

// For content and attributes in double quotes: & < > " ' as entities; UTF-8; control characters as spaces.
std::string escaped(std::string_view text);
std::string element(std::string_view tag, std::string_view attributes, std::string_view content);
// <h2>…; level 2 … 6; content is HTML.
std::string heading(int level, std::string_view content, std::string_view id = {});
std::string paragraph(std::string_view content, std::string_view css = {});

std::string count_html(std::uint64_t n);
std::string plural_html(std::uint64_t n, const std::string& what);  // "1 segment", "143 segments"; what is text
std::string percent_html(double share);                             // "21.7 %"
// eval::figure_text with a true minus.
std::string figure_html(double value, const std::string& metric);
std::string interval_html(double low, double high, const std::string& metric);  // "[0.75, 0.90]"; "" for NaN
std::string gain_html(double value, const std::string& metric);                 // with its sign

// Notes below a table, each once, marked by letters.
class Footnotes {
 public:
  std::string mark(const std::string& note);  // <sup>a</sup>; "" for ""
  std::string list() const;                   // "" without notes

 private:
  std::vector<std::string> notes_;
};

}  // namespace cfm::report
