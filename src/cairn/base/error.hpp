// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cairn {

/// What a caller can act on. The text says the rest.
enum class Errc {
  bad_input,    ///< what a user or a file said is wrong
  not_found,    ///< a named thing does not exist
  exists,       ///< a named thing exists already
  corrupt,      ///< stored or received bytes are not what their digest, size or format says
  unsupported,  ///< valid, but not something this version or this system can do
  changed,      ///< something changed while it was read
  permission,   ///< the system refused access
  no_space,     ///< ENOSPC, EDQUOT
  busy,         ///< somebody else holds the lock
  limit,        ///< a documented limit was passed
  io,           ///< any other failure of the system
  tool,         ///< a program that cairn started failed
  network,      ///< the other side did not answer, or broke off: another try may succeed
};

/// `bad_input` … as in the enumerator; for logs and JSON.
[[nodiscard]] std::string_view name(Errc code);

/// The one exception type. Text: lower case, no full stop, names the thing and the limit.
/// `Cancelled` is deliberately not one.
class Error : public std::runtime_error {
public:
  Error(Errc code, const std::string& text) : std::runtime_error(text), code_(code) {}
  [[nodiscard]] Errc code() const noexcept { return code_; }

private:
  Errc code_;
};

/// Thrown at a cancellation point after a stop was requested. Not an `Error`, so that
/// `catch (const Error&)` cannot swallow Ctrl-C.
class Cancelled {};

/// Throw `Error` for `errno_value` (as left by a system call): "`what`: strerror". The code follows the
/// errno: ENOENT not_found, EEXIST exists, EACCES/EPERM/EROFS permission, ENOSPC/EDQUOT no_space, else io.
[[noreturn]] void throw_errno(int errno_value, const std::string& what);

/// `name` in single quotes with control characters, backslashes, quotes and bytes that are not UTF-8
/// escaped (`\n`, `\x1b`): safe to print on a terminal. Use it for every name that comes from outside.
[[nodiscard]] std::string printable(std::string_view name);

/// Whether `text` is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);

/// Run `body`; an `Error` leaving it gets "`where()`: " in front of its text, same code.
template <class Where, class Body>
decltype(auto) in_context(Where&& where, Body&& body)
{
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    throw Error(error.code(), std::string(where()) + ": " + error.what());
  }
}

}  // namespace cairn
