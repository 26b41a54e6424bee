// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/volume/generation.hpp>
#include <cairn/volume/layout.hpp>
#include <cairn/volume/turn.hpp>

#include <string>
#include <vector>

namespace cairn::volume {

/// Links in the volume itself that lead into the current view, one for each name at the top of it (`software`, `modules`). Where the
/// volume has a real directory of that name, links go into it, as far down as directories are there.
struct Anchors {
  struct Adopted {
    std::string path;
    std::string unit_place;  ///< `KEY/N`, which leads to it
  };
  std::vector<std::string> missing;  ///< paths to make links of
  std::vector<Adopted> replaced;     ///< what earlier generations adopted there and this one has otherwise: links take its place
  std::vector<std::string> equal;    ///< files and links that are the same as the view's: who adopts puts links in their place
  std::vector<std::string> foreign;  ///< paths of the view where something is that cairn did not put there
};
/// What the view `name` (in `.cairn/generations`) needs in the volume.
[[nodiscard]] Anchors plan_anchors(const Layout& layout, const std::string& name);

/// Remove `name` of one of the volume's directories, by way of the trash: nobody sees a part of it.
void discard(const Layout& layout, int dir, const std::string& name, const std::filesystem::path& shown);

enum class Adopt { no, yes };

/// Before anything is fetched: throws Error{exists} naming what lies where `units` would be seen, and is not cairn's.
void require_free_way(const Layout& layout, const std::vector<PouredUnit>& units, Adopt adopt);

/// Make `generation`, whose view and record are there, the current one: anchors, journal, then one rename. Throws Error{exists}
/// naming what is in the way, before anything is changed. Directories that then hold nothing but anchors become one, and anchors of
/// earlier generations that lead nowhere any more go.
void switch_to(const Layout& layout, const Turn& turn, const Generation& generation, const std::string& action, Adopt adopt = Adopt::no);

/// The text of the anchor at `path`: relative, by way of `.cairn/current`.
[[nodiscard]] std::string anchor_text(const std::string& path);

}  // namespace cairn::volume
