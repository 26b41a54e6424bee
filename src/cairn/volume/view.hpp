// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/volume/generation.hpp>
#include <cairn/volume/index_layer.hpp>
#include <cairn/volume/layout.hpp>
#include <cairn/volume/writers.hpp>

#include <map>
#include <string>

/// A generation's view: the tree that users see, of directories, links to units, and the index layer's files.
namespace cairn::volume {

/// How a view is laid out: every path of it that is a link, and its text. Directories follow from the paths.
using ViewLinks = std::map<std::string, std::string>;

/// Links for the units' roots. A root that is a directory and has roots of others or index entries below it becomes a real directory with
/// a link for each of its children. A root that is a link is that link. `others`: what else lies in the view.
[[nodiscard]] ViewLinks plan_view(const Layout& layout, const std::vector<PouredUnit>& units, const std::vector<std::string>& others,
                                  std::size_t threads);

/// Write `.cairn/generations/ID.part` for `generation`, whose units are all there: flushed, not yet renamed. Prefixes of
/// `earlier` generations that this one does not have stay reachable, so that who uses them can go on until they are collected;
/// their modulefiles do not.
void write_view(const Layout& layout, const Generation& generation, const IndexLayer& index, const std::vector<Generation>& earlier,
                const WriterLimits& limits);

}  // namespace cairn::volume
