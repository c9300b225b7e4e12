// Half the digits, about twice the speed where the processor has them.
//
//   { const Autocast scope(true); y = encoder(x); }   // matrix products and convolutions in bfloat16; weights stay as
//   they are
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
