// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/shown_files.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/layer_source.hpp>
#include <cairn/image/merged_tree.hpp>

#include <fmt/format.h>

#include <utility>

namespace cairn::image {
namespace {

using Contents = std::map<std::pair<std::uint32_t, std::uint32_t>, std::string>;  ///< by layer and number of the entry

std::string read_entry(tar::Reader& reader, std::uint64_t size_bytes)
{
  std::string text(static_cast<std::size_t>(size_bytes), '\0');
  const auto buffer = std::as_writable_bytes(std::span(text));
  for (std::size_t at = 0; at < buffer.size();) at += reader.read(buffer.subspan(at));
  return text;
}

/// The contents of one layer that could be shown. Headers alone make the tree, so a layer that has any is read twice.
void read_contents(const oci::BlobSource& blobs, const Image& image, std::uint32_t number,
                   const std::function<bool(const std::string&)>& wanted, std::uint64_t limit_bytes, Contents& contents, const Task& task)
{
  LayerSource source(blobs, image.manifest.layers[number], task);
  tar::Reader reader(source, fmt::format("layer {}", number));
  for (std::uint32_t at = 0; const auto entry = reader.next(); ++at)
    if (entry->type == tar::Type::file && entry->size_bytes <= limit_bytes && wanted(entry->path))
      contents[{number, at}] = read_entry(reader, entry->size_bytes);
}

}  // namespace

ShownFiles read_shown_files(const oci::BlobSource& blobs, const Image& image, const std::function<bool(const std::string&)>& wanted,
                            std::uint64_t limit_bytes, const Task& task)
{
  MergedTree tree;
  Contents contents;
  for (std::uint32_t i = 0; i < image.manifest.layers.size(); ++i) {
    const auto& layer = image.manifest.layers[i];
    const auto what = fmt::format("layer {} ({})", i, layer.digest.str());
    const auto step = task.step(fmt::format("layer {}", i), layer.size_bytes);
    in_context([&] { return what; },
               [&] {
                 LayerSource source(blobs, layer, step);
                 tar::Reader reader(source, what);
                 tree.apply(reader, i, step);
                 if (source.finish() != image.config.diff_ids[i]) throw Error(Errc::corrupt, "its diff_id is not the config's");
                 if (limit_bytes > 0) read_contents(blobs, image, i, wanted, limit_bytes, contents, step);
               });
  }
  ShownFiles shown;
  for (const auto& [path, node] : tree.nodes()) {
    if (node.type == tar::Type::directory) {
      const auto status = node.directory ? DirectoryStatus{node.directory->mode & 07777u, node.directory->uid, node.directory->gid} : DirectoryStatus{};
      if (status != DirectoryStatus{}) shown.directories.emplace(path, status);
      continue;
    }
    shown.paths.insert(path);
    if (node.link) shown.links[path] = *node.link;
    if (const auto found = contents.find({node.origin.layer, node.origin.number});
        node.type != tar::Type::symlink && found != contents.end())
      shown.contents[path] = found->second;
  }
  return shown;
}

}  // namespace cairn::image
