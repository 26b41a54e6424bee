// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

/// One archive as several readers see it: what our reader accepts must mean the same to all of them.
namespace cairn::test {

struct Listed {
  std::string path;  ///< without `./` in front and `/` behind; the root is empty
  char type = '0';   ///< as in the header; `0` for every kind of file
  std::uint64_t size_bytes = 0;
  std::string sha256;  ///< of a file's content, hex; empty where the reader does not tell

  friend bool operator==(const Listed&, const Listed&) = default;
};
void PrintTo(const Listed& listed, std::ostream* out);

using Listing = std::vector<Listed>;

/// Our reader. Throws Error.
[[nodiscard]] Listing list_with_cairn(const std::filesystem::path& archive);
/// libarchive, told to read tar only. Throws std::runtime_error, for its warnings too (but the one about names that
/// are not UTF-8).
[[nodiscard]] Listing list_with_libarchive(const std::filesystem::path& archive);
/// Python's tarfile or GNU tar, through list_tar.py; nothing when the program is missing. GNU tar tells no digests.
[[nodiscard]] std::optional<Listing> list_with_python(const std::filesystem::path& archive);
[[nodiscard]] std::optional<Listing> list_with_gnu_tar(const std::filesystem::path& archive);
/// The same without digests.
[[nodiscard]] Listing without_digests(Listing listing);

}  // namespace cairn::test
