// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/base/task.hpp>
#include <cairn/python/install.hpp>

#include <filesystem>
#include <string>

namespace cairn::stack {

/// Who compiles: the target's own Python, unpacked below a directory (interpreter.hpp).
struct BytecodeMaker {
  std::filesystem::path root;
  std::string python;  ///< its path in the root: `/usr/bin/python3.11`
  std::string digest;  ///< stands for all that decides what it compiles
};

/// Add the bytecode of a wheel to its files, as pip without `--no-compile` does: `__pycache__/NAME.cpython-3XX.pyc` for each `.py`
/// that compiles, and a line for it in RECORD. Unlike pip's it is of the unchecked-hash kind (PEP 552): valid whatever the sources'
/// times. One process a wheel, files in the order of their paths; what it made is kept in the directory `cache` by wheel,
/// paths and `maker.digest`, and removed there when it was not used for 30 days. Throws Error{tool} naming the wheel when Python
/// fails. Memory: a list of names; Python's own comes on top.
void add_bytecode(python::Installed& installed, const python::Wheel& wheel, const Digest& wheel_digest,
                  const python::InstallSettings& settings, const BytecodeMaker& maker, const std::filesystem::path& cache,
                  const Task& task);

}  // namespace cairn::stack
