// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/tar/entry.hpp>

#include <optional>
#include <string>
#include <string_view>

/// How a layer hides what the layers below it hold (image-spec 1.1, layer.md "Whiteouts").
namespace cairn::tar {

/// Names that begin so are whiteouts, or nothing: no other entry may have one.
inline constexpr std::string_view whiteout_prefix = ".wh.";

struct Whiteout {
  enum class Hides {
    path,     ///< `.wh.NAME`: `path` and all below it
    content,  ///< `.wh..wh..opq`: all that lies in the directory `path`
  };
  Hides hides = Hides::path;
  std::string path;  ///< in the form of `Entry::path`
};

/// What `entry` hides of lower layers; nothing for an ordinary entry. Throws Error{bad_input} for what looks like a
/// whiteout and is none: `.wh.` alone, `.wh..` and `.wh...`, AUFS' own `.wh..wh.*`, content, a type other than file
/// or hard link (AUFS drivers wrote those), a directory `.wh.NAME` or anything below one, a hard link to one.
[[nodiscard]] std::optional<Whiteout> whiteout_of(const Entry& entry);

/// The entry that hides `path`, or the content of the directory `path`: an empty file, mode 0, owner 0, time 0.
[[nodiscard]] Entry whiteout_entry(const Whiteout& whiteout);

}  // namespace cairn::tar
