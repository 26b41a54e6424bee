// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/image.hpp>
#include <cairn/image/shown_files.hpp>
#include <cairn/store/store.hpp>

#include <map>
#include <string>

/// What a layer must respect of the base below it. Where symbolic links lead: `/bin` is `/usr/bin` in most, and a directory in place of such a
/// link would hide all that is behind it. And what directories are like: an entry of one on the way to a file changes it.
namespace cairn::build {

using Links = std::map<std::string, std::string>;  ///< path without leading slash -> target

struct BaseTree {
  Links links;
  image::Directories directories;  ///< that are not 0755 of user and group 0
};

/// Of all of `base`, which lies in `store`. Its layers are read once for each base; the answer is kept in the store's cache.
[[nodiscard]] BaseTree base_tree(const image::Image& base, const store::Store& store, const Task& task);

/// The absolute `path`, with links followed; what is no link stays. Throws Error{bad_input} for links in a circle.
[[nodiscard]] std::string resolved(const std::string& path, const Links& links);

}  // namespace cairn::build
