// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/image.hpp>
#include <cairn/store/store.hpp>

#include <map>
#include <string>

/// Where symbolic links of a base lead: `/bin` is `/usr/bin` in most. A layer with a directory in place of such a link would hide all that is
/// behind it.
namespace cairn::build {

using Links = std::map<std::string, std::string>;  ///< path without leading slash -> target

/// All of `base`, which lies in `store`. Its layers are read once for each base; the answer is kept in the store's cache.
[[nodiscard]] Links base_links(const image::Image& base, const store::Store& store, const Task& task);

/// The absolute `path`, with links followed; what is no link stays. Throws Error{bad_input} for links in a circle.
[[nodiscard]] std::string resolved(const std::string& path, const Links& links);

}  // namespace cairn::build
