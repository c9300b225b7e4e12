#include "model/attention.h"

#include <cstdio>

#include "model/golden.h"
#include "model/layers.h"

using cfm::model::windowed_attention;
using torch::Tensor;

namespace {

// Compares every golden case in one floating type; returns the largest error.
double largest_error(const std::string& folder, torch::ScalarType type, std::size_t& compared) {
  auto inputs = cfm::test::golden_tensors(folder + "inputs.safetensors");
  const auto outputs = cfm::test::golden_tensors(folder + "outputs.safetensors");
  double largest = 0;
  for (const auto& [name, expected] : outputs) {
    if (!name.ends_with(".out")) continue;
    const std::string base = name.substr(0, name.size() - 4);
    const std::string size = base.substr(0, base.find('.'));
    const std::int64_t n = std::stoll(size.substr(1)), window = std::stoll(base.substr(base.find(".w") + 2));
    std::optional<std::int64_t> global = 0;
    if (base.find("global_last") != std::string::npos) global = n - 1;
    if (base.find("global_middle") != std::string::npos) global = n / 2;
    if (base.find("global_none") != std::string::npos) global = std::nullopt;
    Tensor padding, there = torch::ones({1, 1, n, 1}, torch::kDouble);
    if (base.ends_with(".pad")) {
      padding = inputs.at(size + ".padding").to(torch::kBool);
      there = padding.logical_not().unsqueeze(1).unsqueeze(-1).to(torch::kDouble);
    }
    Tensor q = inputs.at(size + ".q").to(type).clone().requires_grad_();
    Tensor k = inputs.at(size + ".k").to(type).clone().requires_grad_();
    Tensor v = inputs.at(size + ".v").to(type).clone().requires_grad_();
    const Tensor out = windowed_attention(q, k, v, window, padding, global);
    (out * (inputs.at(size + ".grad_out") * there).to(type)).sum().backward();
    const std::map<std::string, Tensor> computed = {
        {".out", out * there.to(type)}, {".grad_q", q.grad()}, {".grad_k", k.grad()}, {".grad_v", v.grad()}};
    for (const auto& [what, tensor] : computed) {
      const double error = cfm::test::error_of(tensor, outputs.at(base + what));
      CHECK_MESSAGE(error <= (type == torch::kDouble ? 1e-10 : 1e-5), base << what);
      largest = std::max(largest, error);
      ++compared;
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("windowed attention and its gradients equal the golden ones") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string folder = golden + "/models/attention/";
  std::size_t compared = 0;
  const double wide = largest_error(folder, torch::kDouble, compared);
  CHECK(compared == cfm::test::golden_tensors(folder + "outputs.safetensors").size());
  const double narrow = largest_error(folder, torch::kFloat, compared);
  std::printf("attention: largest error %.1e in float64, %.1e in float32\n", wide, narrow);
}

TEST_CASE("a query without any visible key gives zero and no NaN in the gradient") {
  for (const std::int64_t n : {10, 100}) {
    CAPTURE(n);
    Tensor q = torch::randn({1, 1, n, 4}).requires_grad_();
    const Tensor padding = torch::ones({1, n}, torch::kBool);
    const Tensor out = windowed_attention(q, q, q, 4, padding);
    CHECK(out.abs().max().item<float>() == 0);
    out.sum().backward();
    CHECK(q.grad().abs().max().item<float>() == 0);
  }
}

TEST_CASE("memory grows with the tokens, not with their square") {
  // 200 000 tokens: a dense score would be 160 GB.
  const torch::NoGradGuard no_grad;
  const Tensor q = torch::randn({1, 1, 200'000, 4});
  CHECK(windowed_attention(q, q, q, 8).sizes() == q.sizes());
}

TEST_CASE("a pre-norm layer sees all tokens but padding") {
  torch::manual_seed(1);
  cfm::model::PreNormLayer layer(cfm::model::LayerOptions{.d = 16, .heads = 2, .ffn = 8, .head_dim = 4, .bias = false});
  const Tensor x = torch::randn({1, 6, 16});
  Tensor changed = x.clone(), padding = torch::zeros({1, 6}, torch::kBool);
  changed[0][5] += 1;
  padding[0][5] = true;
  const auto before = [](const Tensor& t) { return t.slice(1, 0, 5); };
  CHECK(torch::equal(before(layer(x, padding)), before(layer(changed, padding))));
  CHECK_FALSE(torch::equal(before(layer(x)), before(layer(changed))));
  CHECK(layer->attention->qkv->weight.sizes() == torch::IntArrayRef({24, 16}));
}
