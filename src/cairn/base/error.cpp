// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace cairn {
namespace {

/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text)
{
  const auto byte = [&](std::size_t at) -> std::uint8_t {
    return at < text.size() ? static_cast<std::uint8_t>(text[at]) : std::uint8_t{0};
  };
  const auto in = [&](std::size_t at, int low, int high) { return byte(at) >= low && byte(at) <= high; };
  const auto b = byte(0);
  if (text.empty()) return 0;
  if (b < 0x80) return 1;
  if (b >= 0xc2 && b <= 0xdf) return in(1, 0x80, 0xbf) ? 2 : 0;
  if (b >= 0xe0 && b <= 0xef) {
    const int low = b == 0xe0 ? 0xa0 : 0x80;
    const int high = b == 0xed ? 0x9f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (b >= 0xf0 && b <= 0xf4) {
    const int low = b == 0xf0 ? 0x90 : 0x80;
    const int high = b == 0xf4 ? 0x8f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) && in(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string_view name(Errc code)
{
  switch (code) {
    case Errc::bad_input: return "bad_input";
    case Errc::not_found: return "not_found";
    case Errc::exists: return "exists";
    case Errc::corrupt: return "corrupt";
    case Errc::unsupported: return "unsupported";
    case Errc::changed: return "changed";
    case Errc::permission: return "permission";
    case Errc::no_space: return "no_space";
    case Errc::busy: return "busy";
    case Errc::limit: return "limit";
    case Errc::io: return "io";
    case Errc::tool: return "tool";
    case Errc::network: return "network";
  }
  return "io";
}

void throw_errno(int errno_value, const std::string& what)
{
  auto code = Errc::io;
  switch (errno_value) {
    case ENOENT: code = Errc::not_found; break;
    case EEXIST: code = Errc::exists; break;
    case EACCES:
    case EPERM:
    case EROFS: code = Errc::permission; break;
    case ENOSPC:
    case EDQUOT: code = Errc::no_space; break;
    default: break;
  }
  throw Error(code, fmt::format("{}: {}", what, std::generic_category().message(errno_value)));
}

std::string printable(std::string_view name)
{
  std::string out = "'";
  while (!name.empty()) {
    const auto length = utf8_length(name);
    const auto c = static_cast<unsigned char>(name.front());
    // C1 controls (U+0080..U+009F) act on terminals too.
    const bool control = c < 0x20 || c == 0x7f || (length == 2 && c == 0xc2 && static_cast<unsigned char>(name[1]) < 0xa0);
    if (length == 0 || control) {
      const auto bytes = length == 2 ? 2u : 1u;
      for (auto i = 0u; i < bytes; ++i) {
        const auto b = static_cast<unsigned char>(name[i]);
        if (b == '\n') out += "\\n";
        else if (b == '\r') out += "\\r";
        else if (b == '\t') out += "\\t";
        else out += fmt::format("\\x{:02x}", b);
      }
      name.remove_prefix(bytes);
      continue;
    }
    if (c == '\\' || c == '\'') out += '\\';
    out += name.substr(0, length);
    name.remove_prefix(length);
  }
  out += '\'';
  return out;
}

bool is_utf8(std::string_view text)
{
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace cairn
