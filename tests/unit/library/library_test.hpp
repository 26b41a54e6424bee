// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/library/library.hpp>
#include <cairn/library/split.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/store/store.hpp>
#include <cairn/tar/reader.hpp>
#include <support/module_tree.hpp>
#include <support/tree_listing.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

namespace cairn::library::test {

using cairn::test::ModuleTree;

/// A store of its own, and libraries in it.
class Shelf {
public:
  [[nodiscard]] SplitSettings settings(const ModuleTree& tree, const std::string& tag = "library:1") const
  {
    SplitSettings settings;
    settings.tree = tree.path();
    settings.mapping.target = tree.target();
    settings.tag = tag;
    settings.created = "1970-01-01T00:00:00Z";
    settings.threads = 2;
    return settings;
  }
  SplitResult split(const ModuleTree& tree, const std::string& tag = "library:1")
  {
    return library::split(settings(tree, tag), store, Task{});
  }

  [[nodiscard]] Library load(const std::string& tag = "library:1") const { return library::load(store, store.resolve(tag)); }
  /// What a container would see at the target, as `list_tree` tells it, but for `.cairn/library.json`.
  [[nodiscard]] std::map<std::string, std::string> files(const std::string& tag = "library:1") const
  {
    const TempDir root;
    const auto library = load(tag);
    image::unpack(store, library.image, root.path() / "root", Task{});
    auto files = cairn::test::list_tree(root.path() / "root" / library.document.target.substr(1));
    files.erase(".cairn/library.json");
    return files;
  }
  [[nodiscard]] std::set<std::string> blobs() const
  {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(store.path() / "blobs/sha256"))
      names.insert(entry.path().filename().native());
    return names;
  }
  [[nodiscard]] std::size_t findings(const std::string& tag = "library:1") const
  {
    return image::validate(store, store.resolve(tag), Task{}).size();
  }

private:
  TempDir directory_;

public:
  store::Store store{directory_.path() / "store", store::Access::write};
};

/// What a first split of the tree shows.
inline std::map<std::string, std::string> fresh(const ModuleTree& tree)
{
  Shelf shelf;
  const auto result = shelf.split(tree);
  if (!result.problems.empty()) throw std::runtime_error(result.problems.front().path + ": " + result.problems.front().what);
  return shelf.files();
}

/// The layer's entries, as `type path`.
inline std::set<std::string> entries(const Shelf& shelf, const oci::Descriptor& layer)
{
  std::set<std::string> out;
  const auto blob = shelf.store.open(layer);
  const auto plain = unpack(*blob, image::codec_of(layer), {}, "layer");
  tar::Reader reader(*plain, "layer");
  while (const auto entry = reader.next()) out.insert(entry->path);
  return out;
}

}  // namespace cairn::library::test
