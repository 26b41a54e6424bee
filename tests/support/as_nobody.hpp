// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <exception>
#include <functional>

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn::test {

/// Run `body` in a child process without root's rights; true when it returned true. Not root already: the same rights.
inline bool as_nobody(const std::function<bool()>& body)
{
  constexpr unsigned nobody = 65534;
  std::fflush(nullptr);
  const auto child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    int status = 1;
    try {
      const bool dropped = ::geteuid() != 0 || (::setgroups(0, nullptr) == 0 && ::setresgid(nobody, nobody, nobody) == 0 &&
                                                ::setresuid(nobody, nobody, nobody) == 0);
      status = dropped && body() ? 0 : 1;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "as nobody: %s\n", error.what());
    }
    ::_exit(status);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace cairn::test
