// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/layer/contents.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/document.hpp>

#include <cstddef>
#include <string>
#include <vector>

/// The index layer: the last, small layer of a library. docs/formats/library.md "Index layer".
namespace cairn::library {

/// An index layer may have this many plain bytes.
inline constexpr std::uint64_t index_limit_bytes = std::uint64_t{512} << 20;

struct IndexParts {
  const Document* document = nullptr;
  layer::Skeleton skeleton;                     ///< with the whiteouts of removed units
  const layer::Contents* contents = nullptr;    ///< defaults, rc files, the featured list
  std::string spider_cache;                     ///< text of spiderT.lua; empty: no modules
};

/// Plain tar bytes of the index layer, without the end of archive. Reads the contents from `tree`.
[[nodiscard]] std::vector<std::byte> index_bytes(int tree, const IndexParts& parts);

/// The file that LMOD_RC names: where Lmod finds the spider cache of a library at `target`.
[[nodiscard]] std::string lmodrc_text(const std::string& target);

/// What Lmod's hook in layers/lmod reads: the modules that need hardware. Empty when none does.
[[nodiscard]] std::string requirements_text(const Document& document);

}  // namespace cairn::library
