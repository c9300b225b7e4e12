// The files of lib/prepare/profiles, part of the program: embedded.cc is written by CMake.
#pragma once

#include <span>

namespace cfm::prepare {

struct EmbeddedProfile {
  const char* name;  // of the file, without .json
  const char* json;
};
std::span<const EmbeddedProfile> embedded_profiles();

}  // namespace cfm::prepare
