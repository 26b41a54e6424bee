// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/inflate.hpp>
#include <cairn/io/stream.hpp>
#include <cairn/os/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Zip archives (PKWARE APPNOTE 6.3.10), read strictly: what two readers could understand differently is refused, so that
/// the archive that was hashed means the same to every tool. docs/formats/wheel.md lists what is accepted.
namespace cairn::python {

struct ZipLimits {
  std::uint64_t entries = 200'000;
  std::uint64_t plain_bytes = std::uint64_t{64} << 30;
  std::uint64_t ratio = 1200;  ///< plain to packed bytes of all entries; deflate cannot pass 1032
  std::uint64_t directory_bytes = std::uint64_t{64} << 20;
};

struct ZipEntry {
  enum class Method : std::uint8_t { stored, deflate };
  std::string name;  ///< UTF-8, relative, no empty, `.` or `..` component; a directory's without its last slash
  std::uint64_t offset = 0;  ///< of its bytes in the file
  std::uint64_t packed_bytes = 0;
  std::uint64_t plain_bytes = 0;
  std::uint32_t crc = 0;
  std::uint32_t mode = 0;  ///< Unix mode with its type bits; 0: the archive does not say
  Method method = Method::stored;
  bool is_directory = false;
  /// Regular, and executable for somebody.
  [[nodiscard]] bool is_executable() const { return (mode & 0170000) == 0100000 && (mode & 0111) != 0; }
};

/// An archive on disk, its central directory checked against every local header. Any thread may read.
class ZipArchive {
public:
  /// Throws Error{bad_input, unsupported, limit} naming the file and the entry.
  explicit ZipArchive(const std::filesystem::path& file, const ZipLimits& limits = {});

  /// In the order of the central directory; entries that come twice, the same, are left out.
  [[nodiscard]] const std::vector<ZipEntry>& entries() const { return entries_; }
  [[nodiscard]] const ZipEntry* find(std::string_view name) const;
  [[nodiscard]] const std::string& what() const { return what_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

  /// Content of `entry` whole, checked: `plain` is exactly as long. `inflater` and `scratch` are the caller's.
  void read(const ZipEntry& entry, std::span<std::byte> plain, Inflater& inflater, std::vector<std::byte>& scratch) const;
  /// The same for a small entry. Throws Error{limit} naming it when it is larger.
  [[nodiscard]] std::string read(const ZipEntry& entry, std::uint64_t limit_bytes) const;
  /// Content as a stream, size and CRC checked when its end is read. The archive outlives it.
  [[nodiscard]] std::unique_ptr<Source> open(const ZipEntry& entry) const;
  /// Throws Error{changed} when the file is not what it was when it was opened.
  void check_unchanged() const;

private:
  struct Directory;
  class EntrySource;
  [[noreturn]] void fail(std::string_view entry, std::string_view problem) const;
  [[nodiscard]] std::vector<std::byte> read_at(std::uint64_t offset, std::uint64_t size_bytes) const;
  [[nodiscard]] Directory find_directory() const;
  void read_directory(const Directory& directory, const ZipLimits& limits);
  void check_local(ZipEntry& entry, std::uint64_t header_at, std::uint16_t flags, std::uint64_t& end, std::string_view raw_name) const;
  void finish(const ZipLimits& limits, std::uint64_t directory_offset);

  std::string what_;
  Fd fd_;
  std::uint64_t size_bytes_ = 0;
  std::int64_t mtime_ns_ = 0;
  std::int64_t ctime_ns_ = 0;
  std::vector<ZipEntry> entries_;
  std::vector<std::uint32_t> by_name_;  ///< indices of entries_, sorted by name
};

}  // namespace cairn::python
