// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Records in a directory that other users of the same group may come to as well.
namespace cairn::volume {

/// A record may have this many bytes.
inline constexpr std::uint64_t record_limit_bytes = std::uint64_t{256} << 20;

/// Make `name` in `dir` have this content, on disk when the call returns: readers see the old or the new one. Mode 0664.
void replace_file(int dir, const std::string& name, std::string_view content, const std::filesystem::path& shown);

/// As rename(2) in one directory without flags, but believes neither answer of a file system that fails after the deed:
/// when it fails, what is there decides. Throws Error.
void rename_at(int dir, const std::string& from, const std::string& to, const std::filesystem::path& shown);

/// Make `name` in `dir` a symbolic link with this text, replacing a link of that name atomically.
void replace_link(int dir, const std::string& name, const std::string& text, const std::filesystem::path& shown);

/// fsync(2) of a directory. File systems that refuse it for directories are believed to need none.
void flush(int dir, const std::filesystem::path& shown);

/// A record whole; nothing when it is not there. Links are not followed.
[[nodiscard]] std::optional<std::string> read_file(int dir, const std::string& name, const std::filesystem::path& shown);

/// 32 random hexadecimal digits.
[[nodiscard]] std::string random_name();

}  // namespace cairn::volume
