// Characters as a raster of dots: two columns and four levels of Braille a character, or one column and three levels of
// ASCII.
//
//   Dots dots(60, 4, true);                                    // 60 characters wide, 4 lines high
//   std::vector<Column> columns(dots.columns());
//   widen_columns(columns, values, {0, values.size()}, [&](std::size_t i) { return column_of(i); });
//   for (std::size_t c = 0; c < columns.size(); ++c) dots.fill(c, columns[c].low, columns[c].high);
//   line += dots.cell(row, column);                            // "" where nothing is drawn
//
// Level 0 is the lowest, row 0 the uppermost. ASCII: ' - . stand for the upper, middle and lower third of a row, : for
// two of them, | for all. Throws nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cfm::draw {

// The range of what lies in one column.
struct Column {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  bool present() const { return low <= high; }
  void widen(float value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// Widens the columns by values[first … last - 1]; position(i) ≥ 0 is the column of sample i, ascending. Samples further
// apart than columns are joined by a line, but never over one that is not finite.
template <typename Position>
void widen_columns(std::vector<Column>& columns, std::span<const float> values, std::size_t first, std::size_t last,
                   Position position) {
  std::optional<std::size_t> before;  // column of the sample before, where that is present
  for (std::size_t i = first; i < last; ++i) {
    const std::size_t c = std::min(columns.size() - 1, static_cast<std::size_t>(std::max(0.0, position(i) + 1e-9)));
    const float value = values[i];
    if (!std::isfinite(value)) {
      before.reset();
      continue;
    }
    columns[c].widen(value);
    if (before && c > *before + 1) {
      for (std::size_t k = *before + 1; k < c; ++k) {
        const float part = static_cast<float>(k - *before) / static_cast<float>(c - *before);
        columns[k].widen(values[i - 1] + part * (value - values[i - 1]));
      }
    }
    before = c;
  }
}

class Dots {
 public:
  Dots(std::size_t cells, std::size_t rows, bool unicode);
  std::size_t columns() const { return columns_; }  // of dots
  // Parts of the height, 0 the lower and 1 the upper edge; those beyond are drawn at the edge.
  void fill(std::size_t column, double low, double high);
  std::string cell(std::size_t row, std::size_t cell) const;

 private:
  std::size_t level(double part) const;
  std::size_t rows_, columns_, levels_;
  bool unicode_;
  std::vector<bool> dots_;
};

// Blanks around a text, up to a width in characters.
std::string padded(const std::string& text, std::size_t width, bool right = false);
// ? for each character that is not ASCII.
std::string ascii_of(const std::string& text);

// ANSI sequences.
inline constexpr const char* kPlain = "\033[0m";
inline constexpr const char* kBold = "\033[1m";

}  // namespace cfm::draw
