// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/stream.hpp>

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
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
[[nodiscard]] Listing list_with_cairn(Source& source, const std::string& what);
/// libarchive, told to read tar only. Throws std::runtime_error, for its warnings too (but the one about names that
/// are not UTF-8).
[[nodiscard]] Listing list_with_libarchive(const std::filesystem::path& archive);
[[nodiscard]] Listing list_with_libarchive(std::string_view bytes);
/// What another program made of one archive.
struct Outcome {
  Listing listing;
  std::string refusal;  ///< why it refused the archive; then `listing` is a part
};
/// Python's tarfile (`python`) or GNU tar (`gnu`, tells no digests), through list_tar.py, for each of `archives`; nothing
/// when the program is missing.
[[nodiscard]] std::optional<std::vector<Outcome>> list_with_program(const char* reader, const std::vector<std::filesystem::path>& archives);
/// The same without digests.
[[nodiscard]] Listing without_digests(Listing listing);

}  // namespace cairn::test
