// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/layer/skeleton.hpp>
#include <cairn/library/document.hpp>

#include <set>
#include <string>
#include <vector>

/// How dead bytes in lower layers are kept out of sight. A root that is still somebody's directory is hidden by an opaque
/// whiteout in that directory's layer; one that is nobody's by a whiteout in the index layer, as high up as nothing
/// current lies below. What neither can hide without hiding something current, makes its layer be written again.
namespace cairn::library {

/// Name in `skeleton` the directories that `roots` are, or lie in.
void add_directories(layer::Skeleton& skeleton, const std::vector<RootPath>& roots);

/// The paths that a release shows. One thread at a time.
class CurrentPaths {
public:
  void add(const std::vector<RootPath>& roots);

  /// Whether dead content with these roots can be hidden.
  [[nodiscard]] bool can_hide(const std::vector<RootPath>& dead) const;

  /// Add to `removed` the whiteouts that hide the dead roots that nobody owns now.
  void hide(const std::vector<RootPath>& dead, std::set<std::string>& removed) const;

private:
  std::set<std::string> roots_;
  std::set<std::string> directory_roots_;
  std::set<std::string> parents_;  ///< every directory that a current root lies in, the tree itself left out
};

}  // namespace cairn::library
