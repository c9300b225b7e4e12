// Low-rank adapters: a layer's weight W becomes W + alpha/r · B A, of which A and B alone are learnt.
//
//   Adapters adapters(*encoder, AdapterOptions{.rank = 8, .alpha = 16});   // on every Linear and Conv1d
//   Adam adam(adapters->named_parameters(), {});
//   for (…) { adapters->apply(); loss_of(encoder(x)).backward(); adam.step(rate, decay); }
//   for (auto& [name, weight] : adapters->merged()) …           // those of an ordinary encoder
//
// y = layer(x) + alpha/r · B(A(x)) is what the layer gives with the weight W + alpha/r · B A, so that the layers
// themselves and whoever calls them need to know nothing. A [r, in] (of a convolution [r, in, kernel]) is drawn from
// torch's default generator with the SD 1/sqrt(fan in), B [out, r] (or [out, r, 1]) is 0: a model starts as it was.
// The layers' own weights and all else of the module take no gradient. Hu et al., arXiv 2106.09685.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cfm::model {

struct AdapterOptions {
  std::int64_t rank = 8;  // at least 1
  double alpha = 16;      // twice the rank: the weight of B A is 2
};

// Parameters NAME.lora_a and NAME.lora_b, NAME that of the layer in the module with / for its dots.
struct AdaptersImpl : torch::nn::Module {
  AdaptersImpl(torch::nn::Module& module, const AdapterOptions& options);
  ~AdaptersImpl() override;
  AdaptersImpl(const AdaptersImpl&) = delete;
  AdaptersImpl& operator=(const AdaptersImpl&) = delete;

  // Before each use: the layers' weights from A and B as they are, differentiable where gradients are on. The
  // parameters that the module names stay the layers' own.
  void apply();
  // "layers.0.linear1.weight": what an ordinary layer needs to give the same. Copies.
  std::map<std::string, torch::Tensor> merged() const;

 private:
  struct Place {
    std::string name;       // of the weight in the module
    torch::Tensor* weight;  // the layer's member
    torch::Tensor own, a, b;
    std::shared_ptr<torch::nn::Module> layer;  // that it stays
  };
  torch::Tensor adapted(const Place& place) const;
  void adapt(const std::string& name, const std::shared_ptr<torch::nn::Module>& layer, torch::Tensor& weight);

  AdapterOptions options_;
  double scale_;
  std::vector<Place> places_;
};
TORCH_MODULE(Adapters);

}  // namespace cfm::model
