// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/python/install.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What an image says of the stack of Python packages in it: annotations of its manifest, so that nothing but the manifest
/// is read. docs/formats/stack.md.
namespace cairn::stack {

namespace annotation {
inline constexpr std::string_view format = "dev.cairn.stack.format";      ///< on the manifest: `1`
inline constexpr std::string_view python = "dev.cairn.stack.python";      ///< `3.11`
inline constexpr std::string_view platform = "dev.cairn.stack.platform";  ///< `x86_64 glibc 2.34`
inline constexpr std::string_view prefix = "dev.cairn.stack.prefix";      ///< `/opt/app-root`
inline constexpr std::string_view kind = "dev.cairn.layer";               ///< on a layer: `stack`, `replaced`
inline constexpr std::string_view packages = "dev.cairn.stack.packages";  ///< on a layer: `numpy==2.4.6 six==1.17.0`
}  // namespace annotation

struct StackPackage {
  std::string name;     ///< canonical
  std::string version;
  std::size_t layer = 0;  ///< index in the manifest
};

struct Stack {
  std::string python;
  std::string platform;
  std::string prefix;
  std::vector<StackPackage> packages;  ///< by name
};

/// Nothing when the image has no stack. Throws Error{bad_input} for broken annotations, Error{unsupported} for a newer format.
[[nodiscard]] std::optional<Stack> read_stack(const oci::Manifest& manifest);

/// What differs between the stacks of two images.
struct StackChange {
  std::string name;
  std::string before;  ///< empty: added
  std::string after;   ///< empty: removed
};
struct StackDifference {
  std::vector<StackChange> changes;      ///< by name
  std::uint64_t bytes_to_fetch = 0;      ///< layers of the second image that the first has not
  std::uint64_t layers_to_fetch = 0;
  std::uint64_t bytes = 0;               ///< of all layers of the second
};
[[nodiscard]] StackDifference compare(const image::Image& a, const image::Image& b);

}  // namespace cairn::stack
