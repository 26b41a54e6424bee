// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/image.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace cairn::image {

/// A directory's, as its entry says.
struct DirectoryStatus {
  std::uint32_t mode = 0755;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  friend bool operator==(const DirectoryStatus&, const DirectoryStatus&) = default;
};
using Directories = std::map<std::string, DirectoryStatus>;

/// What an image shows, all layers taken together.
struct ShownFiles {
  std::set<std::string> paths;                  ///< of all but directories, without a leading slash
  std::map<std::string, std::string> contents;  ///< of the regular files that were wanted
  std::map<std::string, std::string> links;     ///< targets of symbolic links
  Directories directories;                      ///< that are not 0755 of user and group 0
};

/// Read every layer once. `wanted` says for a path whether its content is; longer ones than `limit_bytes` are left out.
/// Memory: about 250 bytes a name, and the contents.
[[nodiscard]] ShownFiles read_shown_files(const oci::BlobSource& blobs, const Image& image,
                                          const std::function<bool(const std::string&)>& wanted, std::uint64_t limit_bytes,
                                          const Task& task);

}  // namespace cairn::image
