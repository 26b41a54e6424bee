// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace cairn::cli {

/// stdout: the result and nothing else. A reader that went away (`cairn images | head -1`) ends the output and nothing
/// else: the command goes on to its exit code. One thread at a time.
class Output {
public:
  /// Written at once. Throws Error when it cannot be (a full disk).
  void write(std::string_view text);

private:
  bool closed_ = false;
};

}  // namespace cairn::cli
