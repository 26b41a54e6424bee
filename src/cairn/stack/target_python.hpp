// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/os/child.hpp>

#include <filesystem>
#include <string>

namespace cairn::stack {

/// Running a Python that lies unpacked below `root`, by its own loader and libraries: no container, no root, nothing of this
/// machine's Python and nothing of PYTHON* variables. `python` is its path in the root: `/usr/bin/python3.11`. The caller appends
/// a script and its arguments. Throws Error{not_found} when the root has no loader that is known.
[[nodiscard]] Program target_python(const std::filesystem::path& root, const std::string& python);

}  // namespace cairn::stack
