#include "model/precision.h"

#include <ATen/autocast_mode.h>

namespace cfm::model {

Autocast::Autocast(bool bf16) : on_(bf16) {
  if (!on_) return;
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, true);
}

Autocast::~Autocast() {
  if (!on_) return;
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
}

}  // namespace cfm::model
