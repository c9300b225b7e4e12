#include "draw/cells.h"

#include "draw/scale.h"

namespace cfm::draw {
namespace {

std::string utf8_of_braille(unsigned dots) {
  const unsigned point = 0x2800 + dots;
  return {static_cast<char>(0xe0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 0x3f)),
          static_cast<char>(0x80 | (point & 0x3f))};
}

}  // namespace

Dots::Dots(std::size_t cells, std::size_t rows, bool unicode)
    : rows_(rows),
      columns_(cells * (unicode ? 2 : 1)),
      levels_(rows * (unicode ? 4 : 3)),
      unicode_(unicode),
      dots_(columns_ * levels_) {}

std::size_t Dots::level(double part) const {
  return std::min(levels_ - 1, static_cast<std::size_t>(std::max(0.0, part * static_cast<double>(levels_))));
}

void Dots::fill(std::size_t column, double low, double high) {
  for (std::size_t l = level(low); l <= level(high); ++l) dots_[l * columns_ + column] = true;
}

std::string Dots::cell(std::size_t row, std::size_t cell) const {
  const auto dot = [&](std::size_t level, std::size_t column) { return dots_[level * columns_ + column]; };
  if (!unicode_) {
    const std::size_t lowest = (rows_ - row - 1) * 3;
    const int set = (dot(lowest, cell) ? 1 : 0) + (dot(lowest + 1, cell) ? 2 : 0) + (dot(lowest + 2, cell) ? 4 : 0);
    return set == 0 ? "" : std::string(1, " .-:':::|"[set == 7 ? 8 : set]);
  }
  // Bits of the dots of a Braille cell, its left column from above, then the right one.
  constexpr unsigned kBits[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
  unsigned bits = 0;
  for (std::size_t side = 0; side < 2; ++side) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (dot((rows_ - row) * 4 - 1 - i, 2 * cell + side)) bits |= kBits[side][i];
    }
  }
  return bits == 0 ? "" : utf8_of_braille(bits);
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::size_t n = characters(text);
  const std::string blanks(width > n ? width - n : 0, ' ');
  return right ? blanks + text : text + blanks;
}

std::string ascii_of(const std::string& text) {
  std::string ascii;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ascii += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  }
  return ascii;
}

}  // namespace cfm::draw
