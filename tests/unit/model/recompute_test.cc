#include "model/recompute.h"

#include <ATen/autocast_mode.h>

#include "model/config.h"
#include "model/memory.h"
#include "model/qualityfm.h"
#include "support.h"

using namespace cfm::model;
using torch::Tensor;

namespace {

// An encoder of 20 thin layers on 180 tokens: most of what a step keeps is between layers.
QualityFmOptions deep() {
  QualityFmOptions options = ModelConfig::open("qualityfm-base").qualityfm();
  options.d = 100;
  options.layers = 20;
  options.ffn = 200;
  options.strides = {5, 10, 1};
  options.tokens = 180;
  options.dropout = 0.2;
  return options;
}

struct Step {
  Tensor loss, next_draw;
  std::vector<Tensor> gradients;
  std::int64_t kept = 0, peak = 0;  // bytes: between forward and backward; at most, gradients included
};

Step step(bool recompute, bool bf16, bool training = true) {
  torch::manual_seed(5);
  QualityFmEncoder encoder(deep());
  encoder->train(training);
  encoder->recompute = recompute;
  const Tensor x = torch::randn({2, 2, 9000});
  const cfm::test::MemoryCount memory;
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, bf16);
  const Tensor loss = encoder(x).to(torch::kFloat).pow(2).mean();
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  Step result;
  result.kept = memory.now();
  loss.backward();
  CHECK_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
  CHECK(at::autocast::is_autocast_cache_enabled());
  result.peak = memory.peak();
  result.loss = loss.detach();
  result.next_draw = torch::rand({4});
  for (const Tensor& parameter : encoder->parameters()) result.gradients.push_back(parameter.grad());
  return result;
}

void check_same(const Step& a, const Step& b) {
  CHECK(torch::equal(a.loss, b.loss));
  CHECK(torch::equal(a.next_draw, b.next_draw));
  REQUIRE(a.gradients.size() == b.gradients.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.gradients.size(); ++i) {
    REQUIRE(b.gradients[i].defined());
    different += torch::equal(a.gradients[i], b.gradients[i]) ? 0 : 1;
  }
  CHECK(different == 0);
}

}  // namespace

TEST_CASE("recomputed layers: the same loss, gradients and draws bit for bit, in a third of the memory") {
  for (const bool bf16 : {false, true}) {
    CAPTURE(bf16);
    const Step kept = step(false, bf16), again = step(false, bf16), recomputed = step(true, bf16);
    check_same(kept, again);  // else the next line says nothing
    check_same(kept, recomputed);
    std::printf("recompute%s: %.1f instead of %.1f MB kept, %.1f instead of %.1f MB at most\n", bf16 ? ", bf16" : "",
                static_cast<double>(recomputed.kept) / 1e6, static_cast<double>(kept.kept) / 1e6,
                static_cast<double>(recomputed.peak) / 1e6, static_cast<double>(kept.peak) / 1e6);
    CHECK(3 * recomputed.kept < kept.kept);
    CHECK(3 * recomputed.peak < kept.peak);
  }
}

TEST_CASE("in evaluation nothing is recomputed") {
  const Step kept = step(false, false, false), flagged = step(true, false, false);
  check_same(kept, flagged);
  CHECK(flagged.kept == kept.kept);
}

TEST_CASE("a recomputed function runs once where nothing takes a gradient, else twice") {
  int runs = 0;
  const auto twice = [&](const Tensor& x) {
    ++runs;
    return 2 * torch::dropout(x, 0.5, true);
  };
  CHECK_FALSE(recomputed(twice, torch::ones({8})).requires_grad());
  CHECK(runs == 1);
  const Tensor x = torch::ones({64}).requires_grad_();
  const Tensor y = recomputed(twice, x);
  const Tensor next = torch::rand({1});
  y.sum().backward();
  CHECK(runs == 3);
  // dropout scales by 2, so the gradient of what was kept is 4, exactly where y is not 0.
  CHECK(torch::equal(x.grad(), y.detach()));
  CHECK_FALSE(torch::equal(torch::rand({1}), next));
  {
    const torch::NoGradGuard no_grad;
    recomputed(twice, x);
  }
  CHECK(runs == 4);
}

TEST_CASE("an error in the second run leaves generator and autocast as they were") {
  int runs = 0;
  const Tensor x = torch::ones({4}).requires_grad_();
  torch::manual_seed(1);
  const Tensor y = recomputed(
      [&](const Tensor& t) {
        if (++runs > 1) throw std::runtime_error("second run");
        return torch::dropout(t, 0.5, true);
      },
      x);
  const Tensor state = at::globalContext().defaultGenerator(at::kCPU).get_state();
  CHECK_THROWS_WITH(y.sum().backward(), doctest::Contains("second run"));
  CHECK(torch::equal(at::globalContext().defaultGenerator(at::kCPU).get_state(), state));
  CHECK(at::autocast::is_autocast_cache_enabled());
}
