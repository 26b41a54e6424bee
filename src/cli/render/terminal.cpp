// SPDX-License-Identifier: Apache-2.0
#include <cli/render/terminal.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

namespace cairn::cli {
namespace {

std::optional<winsize> size_of(int fd)
{
  winsize size{};
  if (isatty(fd) == 0 || ioctl(fd, TIOCGWINSZ, &size) != 0) return std::nullopt;
  return size;
}

}  // namespace

std::optional<std::size_t> terminal_columns(int fd)
{
  const auto size = size_of(fd);
  if (!size) return std::nullopt;
  return size->ws_col == 0 ? 80 : size->ws_col;  // a terminal that does not know (a serial line) says 0
}

std::optional<std::size_t> terminal_rows(int fd)
{
  const auto size = size_of(fd);
  if (!size) return std::nullopt;
  return size->ws_row == 0 ? 24 : size->ws_row;
}

}  // namespace cairn::cli
