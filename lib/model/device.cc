#include "model/device.h"

#include <torch/torch.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "base/error.h"

namespace cfm::model {
namespace {

void start_anew_with_passive_waiting() {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 0);
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  if (!words.empty()) ::execv("/proc/self/exe", arguments.data());  // where that fails, it goes on as it is
}

}  // namespace

void use_device(const std::string& device, int threads) {
  if (device == "cuda" || device.starts_with("cuda:")) {
    throw Error(Status::kDevice, "--device {}: the CUDA plug-in is not built; --device cpu does without", device);
  }
  if (device != "auto" && device != "cpu") throw Error(Status::kUsage, "--device {}: auto or cpu", device);
  if (threads > 1) start_anew_with_passive_waiting();
  torch::set_num_threads(threads);
}

}  // namespace cfm::model
