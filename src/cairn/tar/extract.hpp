// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/stream.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

/// Unpacking layers into a directory, so that nothing outside it can be touched: every path is walked one component at
/// a time from the root's descriptor and no symbolic link is followed on the way.
namespace cairn::tar {

enum class Owner {
  archive,  ///< uid, gid and set-id bits of the entries (needs root)
  caller,   ///< whoever runs this; set-id bits are dropped
};

struct ExtractOptions {
  Owner owner = Owner::caller;
};

struct Extracted {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  ///< of file content
};

/// Apply one OCI layer (plain tar) on top of what `root` holds: entries replace what is there, `.wh.NAME` removes
/// NAME of lower layers, `.wh..wh..opq` what lower layers put into its directory (image-spec 1.1, layer.md
/// "Whiteouts"). Whiteouts speak of lower layers only, wherever they stand in the archive. Symbolic links of lower
/// layers are followed within the root (`lib -> usr/lib`, then `lib/x`; an absolute target starts at the root). Parents
/// that the layer does not have get mode 0755. Modes do not depend on the umask; directory modes and times are set
/// last. Of extended attributes `user.*` is kept, for Owner::archive also capabilities, ACLs and `trusted.*`, never
/// `*.overlay.*`; what the file system refuses is left out with one warning. `what` names the layer in errors; after an
/// error `root` holds a part of the layer.
/// Throws Error{bad_input} for what the strict reader and `whiteout_of` refuse, for an entry that comes twice (but a
/// directory may), for a parent that is not a directory or a link of the same layer, for a hard link whose target is
/// no file of this root; Error{unsupported} for device entries when not root.
Extracted extract_layer(Source& tar, const std::filesystem::path& root, const ExtractOptions& options, const std::string& what,
                        const Task& task);

}  // namespace cairn::tar
