#include "model/convolution.h"

#include "model/golden.h"

using cfm::test::error_of;
using torch::Tensor;

TEST_CASE("a convolution as a matrix product: results and gradients of torch::conv1d") {
  struct Shape {
    std::int64_t channels, outputs, kernel, stride, samples;
  };
  torch::manual_seed(1);
  for (const Shape& s : {Shape{2, 5, 201, 5, 903},   // few channels out, a last block that is not full
                         Shape{18, 5, 201, 5, 512},  //
                         Shape{3, 16, 7, 1, 64},     //
                         Shape{1, 1, 3, 4, 5},       // one block, hardly begun
                         Shape{5, 51, 101, 10, 1},   // one sample, one output
                         Shape{51, 64, 51, 10, 80},  // few samples out
                         Shape{51, 64, 51, 10, 71},  // and samples that no window reaches
                         Shape{5, 51, 101, 10, 900}}) {
    CAPTURE(s.outputs);
    CAPTURE(s.samples);
    const auto draw = [](at::IntArrayRef sizes) { return torch::randn(sizes, torch::kDouble).requires_grad_(); };
    const std::vector<Tensor> inputs = {draw({3, s.channels, s.samples}), draw({s.outputs, s.channels, s.kernel}),
                                        draw({s.outputs})};
    const std::int64_t padding = (s.kernel - 1) / 2;
    const Tensor expected = torch::conv1d(inputs[0], inputs[1], inputs[2], s.stride, padding);
    const Tensor computed = cfm::model::convolution(inputs[0], inputs[1], inputs[2], s.stride, padding);
    CHECK(error_of(computed, expected.detach()) < 1e-13);
    const Tensor weight = torch::randn_like(expected);
    const auto wanted = torch::autograd::grad({(expected * weight).sum()}, inputs);
    const auto got = torch::autograd::grad({(computed * weight).sum()}, inputs);
    for (std::size_t i = 0; i < 3; ++i) CHECK(error_of(got[i], wanted[i]) < 1e-13);
  }
}
