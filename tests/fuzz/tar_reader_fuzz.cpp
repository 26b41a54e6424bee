// SPDX-License-Identifier: Apache-2.0
// Whatever the bytes, the reader ends with entries or an Error; and what it accepts, libarchive accepts and reads the same
// way. Header checksums are put right first: random bytes would never get past them.
#include <cairn/base/error.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/whiteout.hpp>

#include <support/tar_listing.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

namespace {

using cairn::test::Listing;

/// Put the checksum into every block that says it is ustar.
std::string with_checksums(std::string bytes)
{
  for (std::size_t at = 0; at + 512 <= bytes.size(); at += 512) {
    if (bytes.compare(at + 257, 5, "ustar") != 0) continue;
    bytes.replace(at + 148, 8, "        ");
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[at + i]);
    char text[8];
    std::snprintf(text, sizeof text, "%06o", sum);
    bytes.replace(at + 148, 7, text, 7);
  }
  return bytes;
}

std::optional<Listing> read(const std::string& bytes)
{
  try {
    cairn::MemorySource source(bytes);
    return cairn::test::list_with_cairn(source, "layer");
  } catch (const cairn::Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  const auto bytes = with_checksums(std::string(reinterpret_cast<const char*>(data), size));
  const auto ours = read(bytes);
  if (!ours) return 0;
  try {
    const auto theirs = cairn::test::list_with_libarchive(std::string_view(bytes));
    if (theirs == *ours) return 0;
    std::fprintf(stderr, "libarchive reads other entries\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "accepted, but %s\n", error.what());
  }
  std::abort();
}
