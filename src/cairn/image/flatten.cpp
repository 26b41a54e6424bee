// SPDX-License-Identifier: Apache-2.0
//
// Twice through the layers: headers alone tell what the image shows and where each inode comes from; then contents are
// copied from the layers that still show something. No tree is written to disk, so owners need no root.
#include <cairn/base/error.hpp>
#include <cairn/image/layer_source.hpp>
#include <cairn/image/merged_tree.hpp>
#include <cairn/image/new_layer.hpp>
#include <cairn/layer/frame_sink.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::image {
namespace {

/// A name that the image shows, and its inode.
struct Name {
  MergedTree::Origin origin;
  const std::string* path = nullptr;
};

template <class Body>
void read_layer(const oci::BlobSource& blobs, const Image& image, std::size_t number, const Task& task, const Body& body)
{
  const auto& layer = image.manifest.layers[number];
  const auto what = fmt::format("layer {} ({})", number, layer.digest.str());
  const auto step = task.step(fmt::format("layer {}", number), layer.size_bytes);
  LayerSource source(blobs, layer, step);
  tar::Reader reader(source, what);
  in_context([&] { return what; }, [&] { body(reader, step); });
  const auto found = source.finish();
  if (found != image.config.diff_ids[number])
    throw Error(Errc::corrupt,
                fmt::format("{}: diff_id is {}, the config says {}", what, found.str(), image.config.diff_ids[number].str()));
}

/// Content of the reader's entry.
class EntrySource final : public Source {
public:
  explicit EntrySource(tar::Reader& reader) : reader_(reader) {}
  std::size_t read(std::span<std::byte> buffer) override { return reader_.read(buffer); }

private:
  tar::Reader& reader_;
};

std::vector<Name> names_by_origin(const MergedTree& tree)
{
  std::vector<Name> names;
  for (const auto& [path, node] : tree.nodes())
    if (node.type != tar::Type::directory) names.push_back({node.origin, &path});
  std::ranges::stable_sort(names, {}, &Name::origin);
  return names;
}

void write_directories(const MergedTree& tree, tar::Writer& writer)
{
  for (const auto& [path, node] : tree.nodes()) {
    if (node.type != tar::Type::directory) continue;
    tar::Entry entry;
    entry.type = tar::Type::directory;
    entry.path = path;
    entry.mode = 0755;  // as the extractor makes parents that no layer describes
    writer.add(node.directory ? *node.directory : entry);
  }
}

void write_contents(const oci::BlobSource& blobs, const Image& image, const std::vector<Name>& names, tar::Writer& writer, const Task& task)
{
  for (auto name = names.begin(); name != names.end();) {
    const auto number = name->origin.layer;
    read_layer(blobs, image, number, task, [&](tar::Reader& reader, const Task& step) {
      for (std::uint32_t at = 0; auto entry = reader.next(); ++at) {
        step.check();
        if (name == names.end() || name->origin != MergedTree::Origin{number, at}) continue;
        const auto& first = *name->path;
        entry->path = first;
        EntrySource content(reader);
        if (entry->type == tar::Type::file) writer.add(*entry, content);
        else writer.add(*entry);
        for (++name; name != names.end() && name->origin == MergedTree::Origin{number, at}; ++name) {
          auto link = *entry;
          link.type = tar::Type::hard_link;
          link.path = *name->path;
          link.link = first;
          link.size_bytes = 0;
          link.xattrs.clear();
          writer.add(link);
        }
      }
    });
  }
}

}  // namespace

Image flatten(const oci::BlobSource& blobs, const Image& image, const LayerSettings& settings, const std::string& created,
              layer::LayerTarget& target, const Task& task)
{
  MergedTree tree;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i)
    read_layer(blobs, image, i, task,
               [&](tar::Reader& reader, const Task& step) { tree.apply(reader, static_cast<std::uint32_t>(i), step); });

  layer::FrameSink frames(target.begin(0), settings.compression, settings.threads);
  tar::Writer writer(frames);
  write_directories(tree, writer);
  write_contents(blobs, image, names_by_origin(tree), writer, task);
  writer.finish();
  const auto diff_id = frames.finish();
  const auto stored = target.end(0);

  auto manifest = image.manifest;
  manifest.annotations.erase(std::string(annotation::base_name));
  manifest.annotations.erase(std::string(annotation::base_digest));
  std::erase_if(manifest.annotations, [](const auto& one) { return one.first.starts_with("dev.cairn.library."); });
  manifest.layers.assign(1, layer_descriptor(settings.compression.codec, stored.digest, stored.size_bytes));
  auto config = image.config;
  config.created = created;
  config.diff_ids.assign(1, diff_id);
  config.history.assign(1, {created, fmt::format("cairn flatten: {} layers", image.manifest.layers.size()), "", false});
  return make_image(std::move(manifest), std::move(config));
}

}  // namespace cairn::image
