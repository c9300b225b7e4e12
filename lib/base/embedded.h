// A file that is part of the program: what cfm_embed of lib/cmake/rooms.cmake writes as C++.
#pragma once

namespace cfm {

struct EmbeddedFile {
  const char* name;  // without .json
  const char* json;
};

}  // namespace cfm
