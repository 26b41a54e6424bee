// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/volume/generation.hpp>
#include <cairn/volume/layout.hpp>
#include <cairn/volume/turn.hpp>

#include <string>
#include <vector>

namespace cairn::volume {

/// Links in the volume itself that lead into the current view, one for each name at the top of it (`software`, `modules`). Where the volume
/// has a real directory of that name, links go into it, as far down as directories are there.
struct Anchors {
  std::vector<std::string> missing;   ///< paths to make links of
  std::vector<std::string> replaced;  ///< adopted files that links take the place of
  std::vector<std::string> foreign;   ///< paths of the view where something is that cairn did not put there
};
/// What the view of `id` needs in the volume. `adopted`: paths that a user gave into cairn's hands.
[[nodiscard]] Anchors plan_anchors(const Layout& layout, const std::string& id, const std::vector<std::string>& adopted);

/// Make `id` the current generation: anchors, journal, then one rename. Throws Error{exists} naming what is in the way, before
/// anything is changed.
void switch_to(const Layout& layout, const Turn& turn, const Generation& generation, const std::string& action,
               const std::vector<std::string>& adopted = {});

/// Remove anchors that lead nowhere in the current view. What is not a link of ours stays.
void drop_dangling_anchors(const Layout& layout);

}  // namespace cairn::volume
