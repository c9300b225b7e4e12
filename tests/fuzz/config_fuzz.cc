// Configurations of models: what is accepted is written and reads back to the same.
#include "fuzz.h"
#include "model/config.h"
#include "stream/json_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = cfm::fuzz::pieces(cfm::fuzz::text(data, size));
  return cfm::fuzz::expect_errors([&] {
    using cfm::model::ModelConfig;
    ModelConfig config = ModelConfig::from_json(cfm::stream::parse_json(input[0]));
    const cfm::stream::Json json = config.to_json();
    if (ModelConfig::from_json(json).to_json() != json) cfm::fuzz::fail("a configuration changes when it is written");
    // Behind a line of "==": assignments of --set.
    for (std::size_t i = 1; i < input.size(); ++i) {
      cfm::fuzz::completes([&] { config.set({std::string(input[i].substr(0, input[i].find('\n')))}); });
    }
  });
}
