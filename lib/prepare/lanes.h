// Four numbers side by side: a recursion waits for itself, and four of them wait together.
//
//   Lanes y = b0 * x + s1;
//   y.set(2, 1);
//
// Two pairs, as wide as the registers that every processor has: wider vectors are kept in memory by the compiler.
#pragma once

#include <cstddef>

namespace cfm::prepare {

class Lanes {
 public:
  static constexpr std::size_t kCount = 4;
  Lanes() = default;
  void set(std::size_t lane, double value) {
    if (lane < 2) {
      low_[lane] = value;
    } else {
      high_[lane - 2] = value;
    }
  }
  double operator[](std::size_t lane) const { return lane < 2 ? low_[lane] : high_[lane - 2]; }

  friend Lanes operator+(const Lanes& a, const Lanes& b) { return {a.low_ + b.low_, a.high_ + b.high_}; }
  friend Lanes operator-(const Lanes& a, const Lanes& b) { return {a.low_ - b.low_, a.high_ - b.high_}; }
  friend Lanes operator*(double a, const Lanes& b) { return {Pair{a, a} * b.low_, Pair{a, a} * b.high_}; }
  friend Lanes operator*(const Lanes& a, double b) { return b * a; }
  friend Lanes operator/(const Lanes& a, double b) { return {a.low_ / Pair{b, b}, a.high_ / Pair{b, b}}; }

 private:
  using Pair = double __attribute__((vector_size(2 * sizeof(double))));
  Lanes(const Pair& low, const Pair& high) : low_(low), high_(high) {}
  Pair low_ = {}, high_ = {};
};

}  // namespace cfm::prepare
