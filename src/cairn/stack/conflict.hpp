// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/install.hpp>

#include <string>
#include <vector>

/// Two wheels that own one path.
namespace cairn::stack {

enum class OnConflict {
  refuse,  ///< different bytes at one path are an error
  pip,     ///< the package that comes first in the alphabet wins, as with pip, which installs it last
};

struct OwnedFiles {
  std::string name;  ///< canonical
  const python::Wheel* wheel = nullptr;
  std::vector<python::InstalledFile>* files = nullptr;
};

/// Leave each path with one owner: the first by name (`wheels` is sorted by it). Equal bytes are no conflict. Returns a line
/// for each path that was dropped although it differed. Throws Error{bad_input} naming the packages and the path: with
/// OnConflict::refuse for different bytes, always for a path that is a file for one and a directory for another.
std::vector<std::string> settle_conflicts(const std::vector<OwnedFiles>& wheels, OnConflict on_conflict);

}  // namespace cairn::stack
