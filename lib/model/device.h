// Where and how torch computes. Torch-free header, for programs.
//
//   use_device("auto", 2);        // first thing in a program's body
//
// Status 2: no such device; 7: one that this build does not have.
#pragma once

#include <string>

namespace cfm::model {

// With several threads the program may start itself anew, once, with OMP_WAIT_POLICY=passive where the user has set
// none: OpenMP threads that spin while they wait take the processors of those they wait for, as soon as anything else
// runs (measured with two threads on two busy cores: a step of 7.3 s instead of 1.6 s), and OpenMP reads that setting
// before main. Call it before anything is read or written.
void use_device(const std::string& device, int threads);

}  // namespace cfm::model
