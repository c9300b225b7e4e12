// The files of lib/model/models, part of the program: a registered model each.
#pragma once

#include <span>

#include "base/embedded.h"

namespace cfm::model {

std::span<const EmbeddedFile> embedded_models();

}  // namespace cfm::model
