// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/os/fd.hpp>

#include <filesystem>

namespace cairn {

enum class LockMode { shared, exclusive };

/// An advisory flock(2) on `path` (created when missing), held until destruction; released by the kernel when the
/// process dies. Waits for the other holder, checking `task` for a stop. Throws Error naming the path.
class FileLock {
public:
  FileLock(const std::filesystem::path& path, LockMode mode, const Task& task);

private:
  Fd fd_;
};

}  // namespace cairn
