#include "model/encoder.h"

#include <fmt/format.h>

#include <functional>
#include <numeric>

#include "model/qualityfm.h"
#include "model/resnet1d.h"

namespace cfm::model {

namespace {

std::shared_ptr<EncoderImpl> make(const QualityFmOptions& options) {
  return std::make_shared<QualityFmEncoderImpl>(options);
}
std::shared_ptr<EncoderImpl> make(const ResNet1dOptions& options) { return std::make_shared<ResNet1dImpl>(options); }

template <typename Strides>
std::int64_t product(const Strides& strides) {
  return std::accumulate(strides.begin(), strides.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<NamedShape> shapes(const QualityFmOptions& a) {
  return {{"output.weight", {a.d, a.d}}, {fmt::format("layers.{}.linear1.weight", a.layers - 1), {a.ffn, a.d}}};
}
std::vector<NamedShape> shapes(const ResNet1dOptions& a) {
  std::vector<NamedShape> all = {{"stem.weight", {a.stem, a.channels, a.kernel}}};
  for (std::size_t i = 0; i < a.widths.size(); ++i) {
    all.push_back(NamedShape{fmt::format("blocks.{}.conv2.weight", i), {a.widths[i], a.widths[i], a.kernel}});
  }
  return all;
}

std::int64_t step_of(const QualityFmOptions& a) { return product(a.strides); }
std::int64_t step_of(const ResNet1dOptions& a) { return a.stem_stride * product(a.strides); }

}  // namespace

Encoder make_encoder(const ModelConfig& config) {
  Encoder encoder(std::visit([](const auto& options) { return make(options); }, config.architecture));
  encoder->recompute = config.schedule.value("recompute", false);
  return encoder;
}

std::int64_t samples_a_token(const Architecture& architecture) {
  return std::visit([](const auto& options) { return step_of(options); }, architecture);
}

std::vector<NamedShape> telling_shapes(const Architecture& architecture) {
  return std::visit([](const auto& options) { return shapes(options); }, architecture);
}

}  // namespace cfm::model
