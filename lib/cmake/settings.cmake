# Language, warnings, sanitizers, ccache, output folders.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
# Results must not depend on whether a compiler fuses a multiplication with an addition.
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -ffp-contract=off)
# Designated initialisers leave the other fields at their defaults on purpose.
add_compile_options(-Wno-missing-field-initializers)
# g++ 12 warns about the optional and variant of its own library (GCC bugs 105562, 105593).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-maybe-uninitialized)
endif()
if(CFM_SANITIZE)
  add_compile_options(-fsanitize=${CFM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CFM_SANITIZE})
endif()

# Programs load only the libraries that they use.
add_link_options(-Wl,--as-needed)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()
