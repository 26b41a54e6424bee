// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/os/fd.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace cairn::registry {

/// Where the upload of a blob goes on, in a file that outlives this run: one that is killed leaves it to the next. Only its owner may read
/// it, since an upload's URL is as good as a credential. Records a week old are removed: no registry keeps uploads as long. For
/// the room's own use; one thread at a time.
class UploadRecord {
public:
  /// The record of `blob` to `repository` (host/path). Nothing where another run is at it or `directory` cannot be written:
  /// uploads work without.
  [[nodiscard]] static std::optional<UploadRecord> open(const std::filesystem::path& directory, const std::string& repository,
                                                        const Digest& blob);

  /// The URL that an earlier run was given; empty: none.
  [[nodiscard]] const std::string& location() const { return location_; }
  void keep(const std::string& location);
  void forget();

private:
  UploadRecord(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;  ///< locked
  std::filesystem::path path_;
  std::string location_;
};

}  // namespace cairn::registry
