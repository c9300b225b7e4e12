#include "signal/filter.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace cfm::signal {
namespace {

using Complex = std::complex<double>;
constexpr double kPi = std::numbers::pi;

void check(const char* kind, int order, Band band, double f0, double f1, double fs) {
  const bool two = band == Band::kBand || band == Band::kStop;
  const auto inside = [&](double f) { return f > 0 && f < fs / 2; };
  const bool good = fs > 0 && std::isfinite(fs) && inside(f0) && (!two || (inside(f1) && f0 < f1));
  if (!good && two)
    throw Error(Status::kUsage,
                "{} filter with cut-offs {} and {} Hz at {} Hz: they must rise and lie between 0 and half the rate",
                kind, f0, f1, fs);
  if (!good)
    throw Error(Status::kUsage, "{} filter with cut-off {} Hz at {} Hz: it must lie between 0 and half the rate", kind,
                f0, fs);
  if (order < 1 || order > 8)
    throw Error(Status::kUsage, "{} filter of order {} with cut-off {} Hz at {} Hz: the order must be 1 to 8", kind,
                order, f0, fs);
}

// Moves a prototype with its edge at 1 rad/s to the prewarped edges (in units of 2 fs), then to z.
Zpk to_digital(Zpk analog, Band band, double f0, double f1, double fs) {
  const double w0 = std::tan(kPi * f0 / fs),
               w1 = band == Band::kBand || band == Band::kStop ? std::tan(kPi * f1 / fs) : 0;
  const std::size_t degree = analog.poles.size() - analog.zeros.size();
  Complex ratio = 1;  // product(-zeros) / product(-poles): the gain that inverting the frequency leaves
  for (const Complex& z : analog.zeros) ratio *= -z;
  for (const Complex& p : analog.poles) ratio /= -p;

  Zpk moved;
  moved.gain = analog.gain;
  if (band == Band::kLow || band == Band::kHigh) {
    const auto move = [&](Complex s) { return band == Band::kLow ? s * w0 : w0 / s; };
    for (const Complex& z : analog.zeros) moved.zeros.push_back(move(z));
    for (const Complex& p : analog.poles) moved.poles.push_back(move(p));
    if (band == Band::kLow) moved.gain *= std::pow(w0, static_cast<double>(degree));
    if (band == Band::kHigh) {
      moved.zeros.resize(moved.poles.size(), 0.0);
      moved.gain *= ratio.real();
    }
  } else {
    const double width = w1 - w0, centre2 = w0 * w1;
    const auto split = [&](Complex s, std::vector<Complex>& to) {
      const Complex half = band == Band::kBand ? s * (width / 2) : (width / 2) / s;
      const Complex root = std::sqrt(half * half - centre2);
      to.push_back(half + root);
      to.push_back(half - root);
    };
    for (const Complex& z : analog.zeros) split(z, moved.zeros);
    for (const Complex& p : analog.poles) split(p, moved.poles);
    if (band == Band::kBand) {
      moved.zeros.resize(moved.zeros.size() + degree, 0.0);
      moved.gain *= std::pow(width, static_cast<double>(degree));
    } else {
      for (std::size_t i = 0; i < degree; ++i) {
        moved.zeros.emplace_back(0, std::sqrt(centre2));
        moved.zeros.emplace_back(0, -std::sqrt(centre2));
      }
      moved.gain *= ratio.real();
    }
  }

  Zpk digital;
  Complex gain = moved.gain;
  for (const Complex& z : moved.zeros) {
    digital.zeros.push_back((1.0 + z) / (1.0 - z));
    gain *= 1.0 - z;
  }
  for (const Complex& p : moved.poles) {
    digital.poles.push_back((1.0 + p) / (1.0 - p));
    gain /= 1.0 - p;
  }
  digital.zeros.resize(digital.poles.size(), -1.0);  // zeros at infinity
  digital.gain = gain.real();
  return digital;
}

bool is_real(Complex c) { return std::abs(c.imag()) <= 1e-10 * std::max(1.0, std::abs(c)); }

// Roots as one of each conjugate pair (imaginary part positive) and the real ones.
void separate(const std::vector<Complex>& roots, std::vector<Complex>& pairs, std::vector<double>& reals) {
  for (const Complex& root : roots) {
    if (is_real(root))
      reals.push_back(root.real());
    else if (root.imag() > 0)
      pairs.push_back(root);
  }
}

struct Quadratic {
  double linear = 0, constant = 0;  // 1 + linear z^-1 + constant z^-2
};

// Takes two zeros, the nearest to `pole`: a pair, or two real ones; one real one where `two` is false.
Quadratic take_zeros(Complex pole, bool two, std::vector<Complex>& pairs, std::vector<double>& reals) {
  const auto nearest = [&](auto& roots) {
    return std::min_element(roots.begin(), roots.end(),
                            [&](auto a, auto b) { return std::abs(pole - a) < std::abs(pole - b); });
  };
  const auto take_real = [&]() -> double {
    const auto at = nearest(reals);
    const double value = *at;
    reals.erase(at);
    return value;
  };
  if (!two) return {reals.empty() ? 0.0 : -take_real(), 0};
  const auto pair = nearest(pairs);
  const bool use_pair =
      pair != pairs.end() && (reals.size() < 2 || std::abs(pole - *pair) < std::abs(pole - *nearest(reals)));
  if (use_pair) {
    const Complex z = *pair;
    pairs.erase(pair);
    return {-2 * z.real(), std::norm(z)};
  }
  const double a = take_real();
  if (reals.empty()) return {-a, 0};
  const double b = take_real();
  return {-(a + b), a * b};
}

}  // namespace

Zpk butterworth_zpk(int order, Band band, double f0, double f1, double fs) {
  check("Butterworth", order, band, f0, f1, fs);
  Zpk analog;
  for (int k = 0; k < order; ++k) {
    const double angle = kPi * (2 * k + 1 + order) / (2 * order);
    const bool on_axis = 2 * k + 1 == order;
    analog.poles.push_back(on_axis ? Complex(-1, 0) : std::polar(1.0, angle));
  }
  return to_digital(std::move(analog), band, f0, f1, fs);
}

Zpk chebyshev2_zpk(int order, double stop_db, Band band, double f0, double f1, double fs) {
  check("Chebyshev II", order, band, f0, f1, fs);
  if (!(stop_db > 0) || !std::isfinite(stop_db))
    throw Error(Status::kUsage, "Chebyshev II filter with cut-off {} Hz at {} Hz: {} dB of stop band must be positive",
                f0, fs, stop_db);
  const double ripple = 1 / std::sqrt(std::pow(10.0, stop_db / 10) - 1);
  const double mu = std::asinh(1 / ripple) / order;
  Zpk analog;
  Complex gain = 1;
  for (int k = 0; k < order; ++k) {
    const double theta = kPi * (2 * k + 1 - order) / (2 * order);
    const bool on_axis = 2 * k + 1 == order;
    const Complex pole = on_axis ? Complex(-1 / std::sinh(mu), 0)
                                 : -1.0 / Complex(std::sinh(mu) * std::cos(theta), std::cosh(mu) * std::sin(theta));
    analog.poles.push_back(pole);
    gain *= -pole;
    if (on_axis) continue;
    const Complex zero(0, 1 / std::sin(theta));
    analog.zeros.push_back(zero);
    gain /= -zero;
  }
  analog.gain = gain.real();
  return to_digital(std::move(analog), band, f0, f1, fs);
}

Zpk notch_zpk(double f, double q, double fs) {
  check("notch", 2, Band::kLow, f, 0, fs);
  if (!(q > 0) || !std::isfinite(q))
    throw Error(Status::kUsage, "notch filter with cut-off {} Hz at {} Hz: Q {} must be positive", f, fs, q);
  const double w = 2 * kPi * f / fs, cosine = std::cos(w), gain = 1 / (1 + std::tan(w / q / 2));
  Zpk digital;
  digital.gain = gain;
  digital.zeros = {std::polar(1.0, w), std::polar(1.0, -w)};
  const double half = gain * cosine, constant = 2 * gain - 1;
  const Complex root = std::sqrt(Complex(half * half - constant, 0));
  digital.poles = {half + root, half - root};
  return digital;
}

Sos to_sections(const Zpk& zpk) {
  std::vector<Complex> pole_pairs, zero_pairs;
  std::vector<double> real_poles, real_zeros;
  separate(zpk.poles, pole_pairs, real_poles);
  separate(zpk.zeros, zero_pairs, real_zeros);
  // Nearest to the unit circle first: they choose their zeros first and run last.
  std::sort(pole_pairs.begin(), pole_pairs.end(), [](Complex a, Complex b) { return std::abs(a) > std::abs(b); });
  std::sort(real_poles.begin(), real_poles.end(), [](double a, double b) { return std::abs(a) > std::abs(b); });
  Sos sos;
  for (const Complex& p : pole_pairs) {
    const Quadratic zeros = take_zeros(p, true, zero_pairs, real_zeros);
    sos.push_back({1, zeros.linear, zeros.constant, -2 * p.real(), std::norm(p)});
  }
  for (std::size_t i = 0; i < real_poles.size(); i += 2) {
    const bool two = i + 1 < real_poles.size();
    const double a = real_poles[i], b = two ? real_poles[i + 1] : 0.0;
    const Quadratic zeros = take_zeros(a, two, zero_pairs, real_zeros);
    sos.push_back({1, zeros.linear, zeros.constant, -(a + b), a * b});
  }
  if (sos.empty()) sos.push_back({1, 0, 0, 0, 0});
  std::reverse(sos.begin(), sos.end());
  for (double* b : {&sos.front().b0, &sos.front().b1, &sos.front().b2}) *b *= zpk.gain;
  return sos;
}

Sos butterworth(int order, Band band, double f0, double f1, double fs) {
  return to_sections(butterworth_zpk(order, band, f0, f1, fs));
}
Sos butterworth(int order, Band band, double f0, double fs) { return butterworth(order, band, f0, 0, fs); }
Sos chebyshev2(int order, double stop_db, Band band, double f0, double f1, double fs) {
  return to_sections(chebyshev2_zpk(order, stop_db, band, f0, f1, fs));
}
Sos notch(double f, double q, double fs) { return to_sections(notch_zpk(f, q, fs)); }

std::complex<double> response(const Sos& sos, double f, double fs) {
  const Complex z1 = std::polar(1.0, -2 * kPi * f / fs), z2 = z1 * z1;
  Complex h = 1;
  for (const Section& s : sos) h *= (s.b0 + s.b1 * z1 + s.b2 * z2) / (1.0 + s.a1 * z1 + s.a2 * z2);
  return h;
}

SosFilter::SosFilter(Sos sos) : sos_(std::move(sos)), state_(sos_.size(), State{0, 0}) {}

void SosFilter::reset() { std::fill(state_.begin(), state_.end(), State{0, 0}); }

void SosFilter::start_at(double value) {
  for (std::size_t i = 0; i < sos_.size(); ++i) {
    const Section& s = sos_[i];
    const double out = value * (s.b0 + s.b1 + s.b2) / (1 + s.a1 + s.a2);
    state_[i].s2 = s.b2 * value - s.a2 * out;
    state_[i].s1 = s.b1 * value - s.a1 * out + state_[i].s2;
    value = out;
  }
}

double SosFilter::process(double x) {
  for (std::size_t i = 0; i < sos_.size(); ++i) {
    const Section& s = sos_[i];
    State& state = state_[i];
    const double y = s.b0 * x + state.s1;
    state.s1 = s.b1 * x - s.a1 * y + state.s2;
    state.s2 = s.b2 * x - s.a2 * y;
    x = y;
  }
  return x;
}

void SosFilter::process(std::span<const float> in, std::span<float> out) {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = static_cast<float>(process(static_cast<double>(in[i])));
}

int default_padding(const Sos& sos) {
  int no_b2 = 0, no_a2 = 0;
  for (const Section& s : sos) {
    no_b2 += s.b2 == 0;
    no_a2 += s.a2 == 0;
  }
  return 3 * (2 * static_cast<int>(sos.size()) + 1 - std::min(no_b2, no_a2));
}

std::vector<float> zero_phase(const Sos& sos, std::span<const float> in, int padding) {
  const std::size_t n = in.size();
  if (n == 0) return {};
  const std::size_t pad = std::min(static_cast<std::size_t>(padding < 0 ? default_padding(sos) : padding), n - 1);
  std::vector<double> x(n + 2 * pad);
  const double first = in.front(), last = in.back();
  for (std::size_t i = 0; i < pad; ++i) {
    x[i] = 2 * first - static_cast<double>(in[pad - i]);
    x[pad + n + i] = 2 * last - static_cast<double>(in[n - 2 - i]);
  }
  std::copy(in.begin(), in.end(), x.begin() + static_cast<std::ptrdiff_t>(pad));
  SosFilter filter(sos);
  filter.start_at(x.front());
  for (double& value : x) value = filter.process(value);
  filter.start_at(x.back());
  for (auto at = x.rbegin(); at != x.rend(); ++at) *at = filter.process(*at);
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>(x[pad + i]);
  return out;
}

}  // namespace cfm::signal
