#include "signal/spectrum.h"

#include <numbers>

#include "base/parallel.h"
#include "golden.h"

using namespace cfm;
using namespace cfm::signal;

namespace {

template <typename T>
void check_fft(const std::string& golden, const nlohmann::json& v, double tolerance) {
  const std::size_t n = v.at("n");
  const auto wide = test::read_npy(golden + "/spectra/" + v.at("x").get<std::string>());
  const auto want = test::read_npy(golden + "/spectra/" + v.at("rfft").get<std::string>());
  const std::vector<T> x(wide.begin(), wide.end());
  const RealFft<T> fft(n);
  REQUIRE(fft.bins() == v.at("bins").get<std::size_t>());
  std::vector<std::complex<T>> bins(fft.bins());
  fft.forward(x, bins);
  double largest = 0, worst = 0, back = 0;
  for (std::size_t k = 0; k < bins.size(); ++k) {
    const std::complex<double> w(want[k], want[bins.size() + k]);
    largest = std::max(largest, std::abs(w));
    worst = std::max(worst, std::abs(std::complex<double>(bins[k]) - w));
  }
  CHECK(worst <= tolerance * largest);
  std::vector<T> again(n);
  fft.inverse(bins, again);
  for (std::size_t i = 0; i < n; ++i) back = std::max(back, static_cast<double>(std::abs(again[i] - x[i])));
  CHECK(back <= tolerance * largest);
}

}  // namespace

TEST_CASE("real transforms of composite and prime lengths, and back") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto file = test::read_json(golden + "/spectra/fft.json");
  for (const auto& v : file.at("vectors")) {
    check_fft<double>(golden, v, 1e-9);
    check_fft<float>(golden, v, 2e-6);
  }
  for (const auto& e : file.at("exact")) {
    const std::size_t n = e.at("n"), bin = e.at("bin");
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i)
      x[i] = e.at("amplitude").get<double>() *
             std::cos(2 * std::numbers::pi * static_cast<double>(bin * i % n) / static_cast<double>(n) +
                      e.at("phase").get<double>());
    const RealFft<double> fft(n);
    std::vector<std::complex<double>> bins(fft.bins());
    fft.forward(x, bins);
    const double peak = e.at("expect_abs");
    CHECK(std::abs(bins[bin]) == doctest::Approx(peak).epsilon(1e-9));
    for (std::size_t k = 0; k < bins.size(); ++k)
      if (k != bin && std::abs(bins[k]) > 1e-9 * peak) FAIL("bin " << k << " is not empty");
  }
}

TEST_CASE("Welch densities, band powers and ratios") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  for (const auto& c : test::read_json(golden + "/spectra/welch.json").at("cases")) {
    CAPTURE(c.at("call").get<std::string>());
    const auto x = test::narrow(test::read_npy(golden + "/spectra/" + c.at("x").get<std::string>()));
    const std::string window = c.at("window");
    WelchOptions options{c.at("nperseg"), c.at("noverlap"), c.at("nfft")};
    options.window = window == "hann" ? Window::kHann : window == "hamming" ? Window::kHamming : Window::kBoxcar;
    options.detrend = c.at("detrend") == "linear"     ? Detrend::kLinear
                      : c.at("detrend") == "constant" ? Detrend::kConstant
                                                      : Detrend::kNone;
    const Spectrum s = welch(x, c.at("fs"), options);
    CHECK(s.step == doctest::Approx(c.at("freq_hz_step").get<double>()).epsilon(1e-12));
    REQUIRE(s.density.size() == c.at("psd").size());
    int wrong = 0;
    for (std::size_t k = 0; k < s.density.size(); ++k) wrong += !test::close(s.density[k], c.at("psd")[k], 1e-9, 1e-14);
    CHECK(wrong == 0);
    for (const auto& band : c.at("bands"))
      CHECK(test::close(band_power(s, band.at("lo"), band.at("hi")), band.at("power"), 1e-9, 1e-14));
    const double qrs = band_power(s, 5, 15) / band_power(s, 5, 40);
    CHECK(test::close(qrs, c.at("ratios").at("qrs_power P(5-15)/P(5-40)"), 1e-9, 1e-14));
  }
}

TEST_CASE("plans are shared by threads") {
  std::vector<double> sums(64);
  parallel_for(4, sums.size(), [&](std::size_t i) {
    const std::size_t n = 100 + i % 16;
    std::vector<double> x(n, 1.0);
    std::vector<std::complex<double>> bins(n / 2 + 1);
    RealFft<double>(n).forward(x, bins);
    sums[i] = bins[0].real() - static_cast<double>(n);
  });
  for (const double s : sums) CHECK(std::abs(s) < 1e-9);
}

TEST_CASE("edges: nothing, one sample, senseless lengths") {
  CHECK(welch({}, 250).density.empty());
  CHECK(welch(std::vector<float>{3}, 250).density.size() == 1);
  CHECK(band_power({}, 0, 10) == 0);
  CHECK(test::status_of([] { RealFft<float> fft(0); }) == Status::kUsage);
  CHECK(test::status_of([] { welch(std::vector<float>(9), 250, {.segment = 4, .overlap = 4}); }) == Status::kUsage);
  CHECK(test::status_of([] { welch(std::vector<float>(9), 250, {.segment = 8, .overlap = 0, .fft = 4}); }) ==
        Status::kUsage);
}

TEST_CASE("aligned memory gives the same transform, and other memory is refused") {
  const RealFft<float> any(1500), aligned(1500, Memory::kAligned);
  AlignedVector<float> x(1501);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * i % 101);
  AlignedVector<std::complex<float>> a(any.bins()), b(any.bins());
  any.forward(std::span(x).first(1500), a);
  aligned.forward(std::span(x).first(1500), b);
  for (std::size_t k = 0; k < a.size(); ++k) CHECK(std::abs(a[k] - b[k]) < 0.1F);  // of sums of some 75 000
  AlignedVector<float> back(1500);
  aligned.inverse(b, back);
  for (std::size_t i = 0; i < back.size(); ++i) CHECK(back[i] == doctest::Approx(x[i]).epsilon(1e-4).scale(1));
  CHECK(cfm::test::status_of([&] { aligned.forward(std::span(x).last(1500), a); }) == cfm::Status::kBug);
}

TEST_CASE("smooth lengths on either side") {
  CHECK(smooth_at_least(7) == 8);
  CHECK(smooth_at_most(7) == 6);
  CHECK(smooth_at_least(1001) == 1024);
  CHECK(smooth_at_most(1001) == 1000);
  for (const std::size_t n : {1UL, 2UL, 1000UL, 9000UL}) {
    CHECK(smooth_at_least(n) == n);
    CHECK(smooth_at_most(n) == n);
  }
  CHECK(smooth_at_least(0) == 1);
}
