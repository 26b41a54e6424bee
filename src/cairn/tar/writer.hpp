// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/stream.hpp>
#include <cairn/tar/entry.hpp>

#include <cstddef>
#include <string>
#include <vector>

/// Writing tar: POSIX.1-2017 pax interchange format, as ustar wherever an entry fits it. The bytes are a function of
/// the entries alone. A PAX header precedes an entry only for what ustar cannot hold: a path over 100 bytes that has
/// no slash where ustar could split it, a link over 100 bytes, a size of 8 GiB or more, ids over 2097151, times
/// before 1970 or after 2242, xattrs. No user or group names, no fractions.
namespace cairn::tar {

/// Append the header blocks of `entry` to `out`. Throws Error{bad_input} for a path that is empty (but for a
/// directory), absolute, has `.`, `..` or empty components or a NUL.
void append_header(const Entry& entry, std::vector<std::byte>& out);

/// What `append_header` would append.
[[nodiscard]] std::uint64_t header_bytes(const Entry& entry);

/// The two zero blocks that end an archive (POSIX.1-2017 pax "ustar Interchange Format").
[[nodiscard]] std::vector<std::byte> end_of_archive();

/// Writes whole archives. One thread at a time.
class Writer {
public:
  explicit Writer(Sink& sink) : sink_(sink) {}
  /// An entry without content, or with `content` (exactly `entry.size_bytes` long, else Error{changed}).
  void add(const Entry& entry);
  void add(const Entry& entry, Source& content);
  void add(Entry entry, std::string_view content);  ///< sets `size_bytes`
  void finish();                                    ///< the end-of-archive blocks

private:
  Sink& sink_;
  std::vector<std::byte> buffer_;
};

}  // namespace cairn::tar
