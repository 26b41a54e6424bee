// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/volume/features.hpp>
#include <cairn/volume/generation.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Filling and updating a volume. docs/formats/volume.md says what is written; docs/volumes.md what it is for.
namespace cairn::volume {

struct PopulateOptions {
  std::string library;               ///< how the user named it: for records and messages
  std::vector<std::string> modules;  ///< these and what they need; empty: all
  std::size_t writers = 48;
  std::size_t streams = 6;  ///< pieces of layers that are fetched and unpacked at once
  bool adopt = false;       ///< take over prefixes that lie in the volume with the library's content
  bool dry_run = false;
  std::optional<std::chrono::seconds> wait = std::nullopt;  ///< for another populator; nothing: as long as it takes
};

struct Populated {
  std::string generation;
  std::string target;    ///< at which users must see the volume
  bool changed = false;  ///< false: the volume had it already
  UnitChanges units;
  std::uint64_t poured = 0;   ///< units fetched and written
  std::uint64_t adopted = 0;  ///< units taken over
  std::uint64_t fetched_bytes = 0;
  std::uint64_t written_bytes = 0;  ///< of file content
  std::uint64_t written_files = 0;
  std::uint64_t calls = 0;  ///< that a shared file system answers, by the writers
  std::uint64_t requests = 0;
};

/// Make the volume in `directory` hold the library, or what `modules` need of it. Whoever looks meanwhile, and whenever this
/// ends for whatever reason, finds the generation of before or the new one, whole. What is already there is neither fetched nor
/// written again. Throws Error: bad_input (no library; another target or architecture than the volume's; links planted in it),
/// exists (something of another owner is in the way), no_space (before anything is written, if it can be known), corrupt (a
/// fragment is not what the library says), busy, permission, io.
Populated populate(const oci::BlobSource& blobs, const oci::Descriptor& manifest, const std::filesystem::path& directory,
                   const PopulateOptions& options, const Task& task);

/// Make an earlier generation current. Nothing is fetched or written but one link.
Generation rollback(const std::filesystem::path& directory, const std::string& id, const Task& task);

}  // namespace cairn::volume
