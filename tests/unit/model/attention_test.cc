#include "model/attention.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

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

enum class Padding { kNone, kTail, kRandom, kAllOfOne };

// bool [2, n].
Tensor padded(std::int64_t n, Padding how) {
  if (how == Padding::kNone) return {};
  if (how == Padding::kRandom) return torch::rand({2, n}) < 0.4;
  Tensor padding = torch::zeros({2, n}, torch::kBool);
  padding[1].slice(0, how == Padding::kTail ? (n + 1) / 2 : 0).fill_(true);
  return padding;
}

// What windowed_attention means, written down as one mask.
Tensor dense(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t window, const Tensor& padding,
             std::optional<std::int64_t> global) {
  const std::int64_t n = q.size(2);
  const Tensor absent = padding.defined() ? padding : torch::zeros({q.size(0), n}, torch::kBool);
  Tensor visible = torch::zeros({q.size(0), 1, n, n}, torch::kBool);
  const auto hidden = absent.accessor<bool, 2>();
  auto seen = visible.accessor<bool, 4>();
  for (std::int64_t b = 0; b < q.size(0); ++b) {
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        const bool near = std::abs(i - j) <= window / 2 || i == global || j == global;
        seen[b][0][i][j] = near && !hidden[b][j];
      }
    }
  }
  const Tensor score = torch::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(q.size(-1)));
  const Tensor share = score.exp() * visible;
  return torch::matmul(share / share.sum(-1, true).clamp_min(1e-300), v);
}

// The largest difference of results and gradients, over rows of tokens that are there.
double error_against_dense(std::int64_t n, std::int64_t window, Padding how, std::optional<std::int64_t> global) {
  const Tensor padding = padded(n, how);
  Tensor weight = torch::randn({2, 2, n, 3}, torch::kDouble);
  if (padding.defined()) weight = weight * padding.logical_not().unsqueeze(1).unsqueeze(3);
  std::vector<Tensor> inputs;
  for (int i = 0; i < 3; ++i) inputs.push_back(torch::randn({2, 2, n, 3}, torch::kDouble).requires_grad_());
  std::vector<Tensor> results[2];
  for (const bool plain : {false, true}) {
    const Tensor out = (plain ? dense : windowed_attention)(inputs[0], inputs[1], inputs[2], window, padding, global);
    results[plain] = torch::autograd::grad({(out * weight).sum()}, inputs);
    results[plain].push_back((out * weight).detach());
  }
  double error = 0;
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    const Tensor difference = (results[0][i] - results[1][i]).abs().max();
    error = std::isfinite(difference.item<double>()) ? std::max(error, difference.item<double>()) : INFINITY;
  }
  return error;
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

TEST_CASE("windowed attention and its gradients equal a dense masked reference everywhere") {
  std::size_t compared = 0, tried = 0;
  double largest = 0;
  torch::manual_seed(3);
  std::vector<std::int64_t> lengths(70);
  std::iota(lengths.begin(), lengths.end(), 1);
  for (const std::int64_t n : {97, 128, 129, 257}) lengths.push_back(n);
  for (const std::int64_t n : lengths) {
    for (const std::int64_t window : {0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 300}) {
      for (const Padding padding : {Padding::kNone, Padding::kTail, Padding::kRandom, Padding::kAllOfOne}) {
        for (const auto& global : std::array<std::optional<std::int64_t>, 4>{std::nullopt, 0, n / 2, n - 1}) {
          // All of the short ones, every fifth of the rest, others from length to length.
          if (n > 12 && tried++ % 5 != 0) continue;
          CAPTURE(n);
          CAPTURE(window);
          CAPTURE(static_cast<int>(padding));
          CAPTURE(global.value_or(-1));
          const double error = error_against_dense(n, window, padding, global);
          REQUIRE(error <= 1e-10);
          largest = std::max(largest, error);
          ++compared;
        }
      }
    }
  }
  std::printf("attention: largest error against dense %.1e in %zu cases\n", largest, compared);
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
