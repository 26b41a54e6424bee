// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// `base.yaml`: what a base image is made from, and `base.lock`: every package of it. docs/formats/base.md.
namespace cairn::recipe {

inline constexpr std::string_view base_file_name = "base.yaml";
inline constexpr std::string_view base_lock_name = "base.lock";

/// An account that the base has. Its home is made: group-writable, of its ids.
struct BaseUser {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
  std::string shell = "/bin/bash";
  friend bool operator==(const BaseUser&, const BaseUser&) = default;
};

/// Debian by mmdebstrap.
struct DebianBase {
  std::string suite;                  ///< `bookworm`
  std::vector<std::string> packages;  ///< besides what the suite must have
  std::vector<std::string> removed;   ///< paths that the image does not have (fnmatch(3), absolute; `*` also matches slashes)
  std::vector<BaseUser> users;
};
/// An image that is somewhere already. Only with a digest.
struct ImageBase {
  std::string reference;
};
/// Anything else, through buildah.
struct ContainerfileBase {
  std::string file;
};

struct BaseFile {
  std::filesystem::path directory;
  std::string description;
  std::variant<DebianBase, ImageBase, ContainerfileBase> source;
  std::map<std::string, std::string> env;
  /// `directory`/base.yaml. Throws Error{bad_input} with file, line and column; so for an image without a digest, or with a
  /// placeholder (all zeros) in its place.
  [[nodiscard]] static BaseFile read(const std::filesystem::path& directory);
};

struct LockedPackage {
  std::string name;
  std::string version;
  std::string architecture;
  std::string sha256;  ///< of the .deb
  std::uint64_t size_bytes = 0;
  friend auto operator<=>(const LockedPackage&, const LockedPackage&) = default;
};

/// Never says where packages come from: that is the machine's own configuration.
struct BaseLock {
  std::string suite;
  std::string architecture;             ///< of Debian: `amd64`
  std::vector<std::string> asked;       ///< the base file's packages when it was made, sorted: it is stale when they differ
  std::vector<LockedPackage> packages;  ///< sorted
  /// Nothing when there is none. Throws Error{bad_input} with line and column.
  [[nodiscard]] static std::optional<BaseLock> read(const std::filesystem::path& directory);
  void write(const std::filesystem::path& directory) const;
};

}  // namespace cairn::recipe
