// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/python/install.hpp>
#include <cairn/python/resolve.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The Python packages that an image has already, below the directory that a stack goes to.
namespace cairn::stack {

struct BaseProject {
  std::string name;     ///< canonical
  std::string version;
  std::set<std::string> files;  ///< that the image shows, bytecode beside them too; from the image's root
  bool has_record = false;
};

struct BasePython {
  std::map<std::string, BaseProject> projects;  ///< by name
  std::set<std::string> paths;                  ///< all that the image shows below the prefix
  bool has_python = false;                      ///< the prefix has an interpreter
  std::optional<std::pair<unsigned, unsigned>> glibc{};  ///< what its libc.so.6 says
};

/// Reads all layers of `image`.
[[nodiscard]] BasePython read_base(const oci::BlobSource& blobs, const image::Image& image, const python::Layout& layout, const Task& task);

/// What a stack must hide of the base.
struct Replaced {
  std::set<std::string> files;
  std::set<std::string> directories;  ///< of which every file is among them
};

/// Take the wheels off the list that `base` has at the same version: their layers would change nothing. The names of those that it has
/// at another version: what is to be replaced.
[[nodiscard]] std::vector<std::string> leave_to_base(const BasePython& base, std::vector<python::Chosen>& wheels);

/// The files of `projects`. Throws Error{unsupported} naming a project without RECORD: only its distribution can remove it.
[[nodiscard]] Replaced replace(const BasePython& base, const std::vector<std::string>& projects);

/// The fewest paths whose whiteouts hide the replaced files but for those that are `installed` anew.
[[nodiscard]] std::set<std::string> whiteouts(const Replaced& replaced, const std::set<std::string>& installed);

}  // namespace cairn::stack
