#include "signal/moments.h"

#include <cmath>

#include "golden.h"

using namespace cfm;
using namespace cfm::signal;

namespace {

std::vector<double> values(const nlohmann::json& x) {
  std::vector<double> out;
  for (const auto& v : x) out.push_back(test::number(v));
  return out;
}

void check(const Moments& got, const nlohmann::json& want, double relative, double absolute) {
  const auto same = [&](double value, const char* name) {
    CAPTURE(name);
    CHECK(test::close(value, test::number(want.at(name)), relative, absolute));
  };
  CHECK(got.n == want.at("n").get<std::size_t>());
  same(got.mean, "mean");
  same(got.sd, "sd_population");
  same(got.sd_sample, "sd_sample");
  same(got.skewness, "skewness");
  same(got.skewness_unbiased, "skewness_unbiased");
  same(got.kurtosis, "kurtosis_pearson");
  same(got.kurtosis - 3, "kurtosis_excess");
  same(got.excess_kurtosis_unbiased, "kurtosis_excess_unbiased");
}

}  // namespace

TEST_CASE("golden moments, Hjorth parameters and entropies") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto file = test::read_json(golden + "/moments/moments.json");
  CHECK(file.at("vectors").size() == 26);
  for (const auto& v : file.at("vectors")) {
    const std::string name = v.at("name");
    CAPTURE(name);
    const auto x = values(v.at("x"));
    const double relative = name == "large_offset_200" ? 1e-8 : 1e-10;
    const double absolute = name == "tiny_scale_100" ? 1e-24 : 1e-13;
    check(moments(x), v.at("all"), relative, absolute);
    if (v.contains("present")) {
      auto there = test::narrow(x);
      std::erase_if(there, [](float value) { return std::isnan(value); });
      check(moments(there), v.at("present"), 1e-4, 1e-6);
      continue;
    }
    const Hjorth h = hjorth(x);
    CHECK(test::close(h.activity, test::number(v.at("hjorth").at("activity")), relative, absolute));
    CHECK(test::close(h.mobility, test::number(v.at("hjorth").at("mobility")), relative, absolute));
    CHECK(test::close(h.complexity, test::number(v.at("hjorth").at("complexity")), relative, absolute));
    for (const std::size_t bins : {10U, 64U})
      CHECK(test::close(shannon_entropy(x, bins), test::number(v.at("shannon_entropy_bits").at(std::to_string(bins))),
                        1e-10, 1e-13));
  }
}

TEST_CASE("quantiles interpolate between ranks") {
  CHECK(std::isnan(median({})));
  CHECK(median({3}) == 3);
  CHECK(median({4, 1, 3, 2}) == 2.5);
  CHECK(quantile({4, 1, 3, 2}, 1) == 4);
  CHECK(quantile({4, 1, 3, 2}, 0.25) == 1.75);
}
