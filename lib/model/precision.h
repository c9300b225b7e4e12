// Arithmetic in bfloat16: faster on processors that have it, slower on others.
//
//   { const Autocast scope(true); y = encoder(x); }   // matrix products and convolutions; weights stay float32
#pragma once

namespace cfm::model {

// While it lives, torch computes in bfloat16 on the CPU where that is safe (autocast); false: as always.
class Autocast {
 public:
  explicit Autocast(bool bf16);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
};

}  // namespace cfm::model
