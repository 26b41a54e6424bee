// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/edit.hpp>
#include <cairn/image/shown_files.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/oci/blob.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Layers that are made here: of an archive, of a directory, of all layers of an image. Their blobs go to a
/// layer::LayerTarget; nothing is held whole.
namespace cairn::image {

struct LayerSettings {
  Compression compression = {};
  std::size_t threads = 0;
  std::int64_t mtime = 0;  ///< of what is read from a directory
};

/// A layer of a tar archive, plain, gzip or zstd, which the strict reader takes and which breaks no rule of `validate`. A
/// packed one is kept byte by byte; a plain one is packed. Throws Error{bad_input} naming file and entry.
[[nodiscard]] Layer layer_of_archive(const std::filesystem::path& file, const LayerSettings& settings, layer::LayerTarget& target,
                                     const Task& task);

enum class Modes {
  kept,            ///< as they are
  plain,           ///< 0644 and 0755, by the owner's executable bit alone: whatever the umask was
  group_writable,  ///< 0664 and 0775: for users of group 0
};

/// What becomes of a directory's content.
struct DirectoryRules {
  Modes modes = Modes::kept;
  std::vector<std::string> excludes = {};  ///< fnmatch(3) patterns of paths below the directory; `*` matches slashes too
  Directories parents = {};  ///< that lie below, on the way to the content: written again, they stay as they are
  std::string made_by = "cairn append: a directory";  ///< no name of this machine: it would make the same content another image
};

/// A layer of what `directory` holds, at `prefix` in the image (`opt/app`; empty: at its root), or of the file that it is. Sorted;
/// owner 0, times all the same, hard links kept. Throws Error{unsupported} for sockets and devices.
[[nodiscard]] Layer layer_of_directory(const std::filesystem::path& directory, const std::string& prefix, const DirectoryRules& rules,
                                       const LayerSettings& settings, layer::LayerTarget& target, const Task& task);

/// The image with one layer in place of all: what it shows, without what was hidden. Headers are read once and contents once
/// more, of the layers that still show something. Entries come directories first, then as the layers had them, whose owners,
/// modes, times and attributes they keep. The history begins anew; annotations that speak of the old layers (a base, a
/// library) are dropped. Memory: about 180 bytes a name.
[[nodiscard]] Image flatten(const oci::BlobSource& blobs, const Image& image, const LayerSettings& settings, const std::string& created,
                            layer::LayerTarget& target, const Task& task);

}  // namespace cairn::image
