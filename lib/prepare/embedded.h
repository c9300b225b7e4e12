// The files of lib/prepare/profiles, part of the program.
#pragma once

#include <span>

#include "base/embedded.h"

namespace cfm::prepare {

std::span<const EmbeddedFile> embedded_profiles();

}  // namespace cfm::prepare
