// SPDX-License-Identifier: Apache-2.0
#include <cli/output.hpp>

#include <cairn/base/error.hpp>

#include <cerrno>

#include <unistd.h>

namespace cairn::cli {

void Output::write(std::string_view text)
{
  while (!closed_ && !text.empty()) {
    const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno != EINTR) {
      throw_errno(errno, "standard output");
    }
  }
}

}  // namespace cairn::cli
