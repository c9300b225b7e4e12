// Recursive filters: Butterworth, Chebyshev II and notch designs, run causally in chunks or with zero phase.
//
//   const Sos band = butterworth(2, Band::kBand, 0.5, 40, fs);
//   SosFilter filter(band); filter.start_at(x[0]); filter.process(x, y);   // causal, state kept between calls
//   std::vector<float> z = zero_phase(band, x);                           // forward and backward, one segment
//
// Designs: analogue prototype in zeros, poles and gain, bilinear transform with prewarping, second-order sections;
// frequencies in Hz. Coefficients and state are double, samples float, [samples] of one channel. A band-pass or
// band-stop of order n has 2n poles, as in scipy. Throws Error (kUsage) that names cut-off and rate for a design that
// does not exist. Oppenheim & Schafer, Discrete-Time Signal Processing, ch. 7; Gustafsson 1996 for zero phase with odd
// padding.
#pragma once

#include <complex>
#include <span>
#include <vector>

namespace cfm::signal {

enum class Band { kLow, kHigh, kBand, kStop };

struct Zpk {
  std::vector<std::complex<double>> zeros, poles;  // complex ones in conjugate pairs
  double gain = 1;
};

// b0 + b1 z^-1 + b2 z^-2 over 1 + a1 z^-1 + a2 z^-2
struct Section {
  double b0, b1, b2, a1, a2;
};
using Sos = std::vector<Section>;

// Edges where the gain is -3.01 dB; f1 is used by kBand and kStop only. order 1 to 8.
Zpk butterworth_zpk(int order, Band band, double f0, double f1, double fs);
// Edges of the stop band, in which the gain is at most -stop_db.
Zpk chebyshev2_zpk(int order, double stop_db, Band band, double f0, double f1, double fs);
// A zero at f, bandwidth f / q at -3 dB.
Zpk notch_zpk(double f, double q, double fs);
Sos to_sections(const Zpk& zpk);

Sos butterworth(int order, Band band, double f0, double f1, double fs);
Sos butterworth(int order, Band band, double f0, double fs);  // kLow, kHigh
Sos chebyshev2(int order, double stop_db, Band band, double f0, double f1, double fs);
Sos notch(double f, double q, double fs);

// H at f.
std::complex<double> response(const Sos& sos, double f, double fs);

// Causal, one channel. In chunks equals in one piece, bit for bit. State zero unless start_at is called.
class SosFilter {
 public:
  explicit SosFilter(Sos sos);
  // out.size() == in.size(); they may be the same memory.
  void process(std::span<const float> in, std::span<float> out);
  double process(double x);
  void reset();                 // state zero
  void start_at(double value);  // the state of a filter that has seen `value` for ever
  const Sos& sections() const { return sos_; }

 private:
  struct State {
    double s1, s2;
  };
  Sos sos_;
  std::vector<State> state_;
};

// Samples of padding that zero_phase takes by default: 3 (2 sections + 1), less one where first-order sections allow
// it.
int default_padding(const Sos& sos);

// Forward and backward. Odd padding of `padding` samples at both ends (negative: default_padding), shortened to
// size - 1 for a short input; each pass starts in the steady state of its first padded sample. Output as long as the
// input.
std::vector<float> zero_phase(const Sos& sos, std::span<const float> in, int padding = -1);

}  // namespace cfm::signal
