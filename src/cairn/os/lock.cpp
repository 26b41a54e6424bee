// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/lock.hpp>

#include <cairn/base/error.hpp>

#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>

namespace cairn {

FileLock::FileLock(const std::filesystem::path& path, LockMode mode, const Task& task)
{
  // Polled, not blocking: a blocked flock could not be stopped. The wait grows from 1 ms to 50 ms.
  constexpr auto longest_wait = std::chrono::milliseconds(50);
  // A shared lock works on a read-only store too (flock(2) needs write access only on NFS).
  fd_ = mode == LockMode::exclusive ? open_file(path, O_RDWR | O_CREAT, 0666) : open_file(path, O_RDONLY);
  auto wait = std::chrono::milliseconds(1);
  while (::flock(fd_.get(), (mode == LockMode::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw_errno(errno, printable(path.native()));
    task.check();
    std::this_thread::sleep_for(wait);
    wait = std::min(wait * 2, longest_wait);
  }
}

}  // namespace cairn
