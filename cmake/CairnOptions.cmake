# SPDX-License-Identifier: Apache-2.0
# Flags live on this target; nothing is global. Presets set the variables.
set(CAIRN_SANITIZE "" CACHE STRING "value of -fsanitize=, empty for none")
option(CAIRN_WERROR "warnings are errors" OFF)
option(CAIRN_FUZZ "build the fuzz targets (clang)" OFF)
option(CAIRN_COVERAGE "instrument for gcovr" OFF)

find_package(Threads REQUIRED)
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(cairn_options INTERFACE)
target_compile_options(cairn_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-restrict
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
target_link_libraries(cairn_options INTERFACE Threads::Threads)
if(CAIRN_WERROR)
  target_compile_options(cairn_options INTERFACE -Werror)
endif()
if(CAIRN_SANITIZE)
  target_compile_options(cairn_options INTERFACE -fsanitize=${CAIRN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(cairn_options INTERFACE -fsanitize=${CAIRN_SANITIZE})
endif()
if(CAIRN_FUZZ)
  target_compile_options(cairn_options INTERFACE -fsanitize=fuzzer-no-link)  # the fuzzer steers by what the rooms run
endif()
if(CAIRN_COVERAGE)
  target_compile_options(cairn_options INTERFACE --coverage)
  target_link_options(cairn_options INTERFACE --coverage)
endif()
