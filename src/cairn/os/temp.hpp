// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/os/fd.hpp>

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace cairn {

enum class Flush { yes, no };  ///< whether data and the directory entry reach the disk before the call returns

/// A fresh directory (mode 0700) that is removed, with all it holds, at the end.
class TempDir {
public:
  /// In `parent`; default: TMPDIR or /tmp.
  explicit TempDir(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// A file being written in `directory` under a name of its own (`.tmp-<random>`), removed at the end unless
/// published. An exclusive flock is held while it lives, so that a later run can tell leftovers of a killed
/// process (`remove_stale_temporaries`) from work in progress.
class TempFile {
public:
  explicit TempFile(const std::filesystem::path& directory, mode_t mode = 0644);
  ~TempFile();
  TempFile(TempFile&&) noexcept;
  TempFile& operator=(TempFile&&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Rename onto `target` (same file system); `target` is replaced if there.
  void publish(const std::filesystem::path& target, Flush flush);

private:
  Fd fd_;
  std::filesystem::path path_;
};

/// Remove `.tmp-*` files in `directory` whose writer is gone; returns how many.
std::size_t remove_stale_temporaries(const std::filesystem::path& directory);

/// Replace `target` by a file with this content, atomically: readers see the old or the new one.
void write_file_atomically(const std::filesystem::path& target, std::string_view content, Flush flush = Flush::yes,
                           mode_t mode = 0644);

/// fsync(2) of a directory, so that renames in it survive a power cut.
void flush_directory(const std::filesystem::path& directory);

}  // namespace cairn
