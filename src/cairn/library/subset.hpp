// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/assemble.hpp>
#include <cairn/library/document.hpp>
#include <cairn/library/library.hpp>
#include <cairn/os/temp.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// A part of a library that is a library itself: some units with all they need.
namespace cairn::library {

/// The document's part on `units` (sorted names), its layers left empty: modules, aliases and featured names that lead to
/// them. What was left out of the tree is not told.
[[nodiscard]] Document subset_document(const Document& document, const std::vector<std::string>& units);

/// `units` with those whose modules open the MODULEPATH directories that they lie in (a compiler's, in a hierarchy), and what those need:
/// without them no user could reach them. Where several modules open a directory, one that is wanted anyway, else the first by
/// name. `spider_cache`: of the whole library. Sorted.
[[nodiscard]] std::vector<std::string> with_openers(const Document& document, std::string_view spider_cache,
                                                    const std::vector<std::string>& units);

/// Archive paths of the modulefiles of the document's units.
[[nodiscard]] std::set<std::string> modulefile_paths(const Document& document);

/// What the index layer of a library holds beside the document and Lmod's files.
struct IndexFiles {
  std::vector<SmallFile> files;  ///< paths relative to the target; whiteouts and directories left out
  std::string spider_cache;      ///< text of spiderT.lua; empty: no modules
};
/// Reads the index layer. At most index_limit_bytes.
[[nodiscard]] IndexFiles read_index_files(const oci::BlobSource& blobs, const Library& library);

/// Those of `files` that still mean something when only the modules of `part`, a part of `whole`, are there: defaults and rc
/// files beside them, links to them.
[[nodiscard]] std::vector<SmallFile> index_files_of(const std::vector<SmallFile>& files, const Document& whole, const Document& part);

/// Whether everything that the cache of a part says of its modules is in the cache of the whole, line by line (what depends
/// on the other modules, a default's mark, left out): the proof that it was made of the same modulefiles.
[[nodiscard]] bool agrees(std::string_view part_cache, std::string_view whole_cache);

/// The files of an index layer and the modulefiles that it speaks of, laid out in a directory of their own as Lmod would see them.
/// One thread at a time.
class IndexTree {
public:
  /// `modulefiles` have archive paths. `document` outlives this.
  IndexTree(const Document& document, std::vector<SmallFile> files, const std::vector<SmallFile>& modulefiles, const Task& task);
  /// What Lmod itself would say of the tree.
  [[nodiscard]] std::string spider_cache(std::size_t threads, const Task& task) const;
  /// Plain bytes of the index layer, without the end of archive. `removed`: whiteouts; no cache: no modules.
  [[nodiscard]] std::vector<std::byte> index_layer(const std::set<std::string>& removed, std::string spider_cache, const Task& task) const;

private:
  const Document& document_;
  std::vector<SmallFile> files_;
  TempDir directory_;
};

}  // namespace cairn::library
