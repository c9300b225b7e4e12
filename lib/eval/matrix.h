// A table of numbers, row after row.
//
//   Matrix x(segments, features);
//   x.row(i)[j] = value;
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cfm::eval {

struct Matrix {
  Matrix() = default;
  Matrix(std::size_t n, std::size_t m) : rows(n), columns(m), values(n * m) {}

  std::span<double> row(std::size_t i) { return std::span(values).subspan(i * columns, columns); }
  std::span<const double> row(std::size_t i) const { return std::span(values).subspan(i * columns, columns); }
  std::vector<double> column(std::size_t j) const {
    std::vector<double> picked(rows);
    for (std::size_t i = 0; i < rows; ++i) picked[i] = values[i * columns + j];
    return picked;
  }

  std::size_t rows = 0, columns = 0;
  std::vector<double> values;  // [rows, columns]
};

}  // namespace cfm::eval
