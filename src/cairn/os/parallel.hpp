// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace cairn {

/// How many threads `jobs` means: 0 is one a core this process may use (cgroup-free affinity count), else itself.
[[nodiscard]] std::size_t thread_count(std::size_t jobs);

/// Call `body(i)` for each i below `count` on up to `threads` threads, in no order; waits for all. The first
/// exception (by index) is rethrown after the others ended; indices not begun by then are skipped.
void parallel_for(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& body);

}  // namespace cairn
