// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace cairn {

/// What tells this build of the program from every other: the linker's build id (NT_GNU_BUILD_ID, elf(5)). Empty when it
/// was linked without: then nothing may be kept for a later run of "the same" program.
[[nodiscard]] std::string build_id();

}  // namespace cairn
