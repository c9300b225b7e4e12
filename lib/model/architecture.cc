#include "model/architecture.h"

#include <algorithm>

#include "base/error.h"

namespace cfm::model {

namespace {

void within(const char* key, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) {
    throw Error(Status::kUsage, "architecture.{} is {}; it goes from {} to {}", key, value, low, high);
  }
}

void check_dropout(double dropout) {
  if (!(dropout >= 0 && dropout < 1)) {
    throw Error(Status::kUsage, "architecture.dropout is {}; it goes from 0 to below 1", dropout);
  }
}

std::vector<std::int64_t> integers(const Json& json, const char* key) {
  const bool fits = std::all_of(json.at(key).begin(), json.at(key).end(),
                                [](const Json& value) { return value.is_number_integer(); });
  if (!fits) throw Error(Status::kUsage, "architecture.{}: whole numbers, not {}", key, json.at(key).dump());
  return json.at(key).get<std::vector<std::int64_t>>();
}

std::array<std::int64_t, 3> three(const Json& json, const char* key) {
  const std::vector<std::int64_t> list = integers(json, key);
  if (list.size() != 3) {
    throw Error(Status::kUsage, "architecture.{}: three strides from 1 to 1000, not {}", key, json.at(key).dump());
  }
  return {list[0], list[1], list[2]};
}

QualityFmOptions qualityfm_of(const Json& json) {
  QualityFmOptions a;
  a.channels = json.at("channels").get<std::int64_t>();
  a.d = json.at("d").get<std::int64_t>();
  a.layers = json.at("layers").get<std::int64_t>();
  a.heads = json.at("heads").get<std::int64_t>();
  a.ffn = json.at("ffn").get<std::int64_t>();
  a.window = json.at("window").get<std::int64_t>();
  a.tokens = json.at("tokens").get<std::int64_t>();
  a.bins = json.at("bins").get<std::int64_t>();
  a.strides = three(json, "strides");
  a.decoder_strides = three(json, "decoder_strides");
  a.dropout = json.at("dropout").get<double>();
  return a;
}

ResNet1dOptions resnet1d_of(const Json& json) {
  ResNet1dOptions a;
  a.channels = json.at("channels").get<std::int64_t>();
  a.stem = json.at("stem").get<std::int64_t>();
  a.stem_stride = json.at("stem_stride").get<std::int64_t>();
  a.widths = integers(json, "widths");
  a.strides = integers(json, "strides");
  a.kernel = json.at("kernel").get<std::int64_t>();
  a.dropout = json.at("dropout").get<double>();
  return a;
}

Json json_of(const QualityFmOptions& a) {
  return {{"channels", a.channels}, {"d", a.d},
          {"layers", a.layers},     {"heads", a.heads},
          {"ffn", a.ffn},           {"window", a.window},
          {"tokens", a.tokens},     {"bins", a.bins},
          {"strides", a.strides},   {"decoder_strides", a.decoder_strides},
          {"dropout", a.dropout}};
}

Json json_of(const ResNet1dOptions& a) {
  return {{"channels", a.channels}, {"stem", a.stem},     {"stem_stride", a.stem_stride}, {"widths", a.widths},
          {"strides", a.strides},   {"kernel", a.kernel}, {"dropout", a.dropout}};
}

}  // namespace

void check(const QualityFmOptions& a) {
  within("channels", a.channels, 1, 64);
  within("d", a.d, 100, 16384);
  within("layers", a.layers, 1, 1000);
  within("heads", a.heads, 1, 1024);
  within("ffn", a.ffn, 1, 65536);
  within("window", a.window, 0, 65536);
  within("tokens", a.tokens, 1, 65536);
  within("bins", a.bins, 1, 65536);
  for (const std::int64_t stride : a.strides) within("strides", stride, 1, 1000);
  for (const std::int64_t stride : a.decoder_strides) within("decoder_strides", stride, 1, 1000);
  if (a.d % a.heads != 0) {
    throw Error(Status::kUsage, "architecture.d is {}, not a multiple of architecture.heads {}", a.d, a.heads);
  }
  check_dropout(a.dropout);
  const std::int64_t decoded = tokens_after(a.d, a.decoder_strides);
  if (decoded != a.channels) {
    throw Error(Status::kUsage, "architecture.decoder_strides make {} tokens of d {}; one a channel is needed: {}",
                decoded, a.d, a.channels);
  }
}

void check(const ResNet1dOptions& a) {
  within("channels", a.channels, 1, 64);
  within("stem", a.stem, 1, 4096);
  within("stem_stride", a.stem_stride, 1, 1000);
  within("kernel", a.kernel, 1, 1001);
  if (a.kernel % 2 == 0) throw Error(Status::kUsage, "architecture.kernel is {}; it must be odd", a.kernel);
  if (a.widths.empty() || a.widths.size() > 100 || a.widths.size() != a.strides.size()) {
    throw Error(Status::kUsage, "architecture.widths names {} blocks and architecture.strides {}: from 1 to 100, alike",
                a.widths.size(), a.strides.size());
  }
  for (const std::int64_t width : a.widths) within("widths", width, 1, 4096);
  for (const std::int64_t stride : a.strides) within("strides", stride, 1, 1000);
  check_dropout(a.dropout);
}

std::vector<std::string> families() { return {"qualityfm", "resnet1d"}; }

Architecture architecture_of(const std::string& family, const Json& json) {
  const auto checked = [](auto sizes) {
    check(sizes);
    return Architecture(std::move(sizes));
  };
  return family == "resnet1d" ? checked(resnet1d_of(json)) : checked(qualityfm_of(json));
}

Json to_json(const Architecture& architecture) {
  return std::visit([](const auto& sizes) { return json_of(sizes); }, architecture);
}

}  // namespace cfm::model
