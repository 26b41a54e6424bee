// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/copy.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/read.hpp>
#include <cairn/os/parallel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

namespace cairn::image {
namespace {

constexpr std::size_t document_limit = 10'000;
constexpr int index_depth = 4;

std::string short_name(const oci::Descriptor& blob) { return blob.digest.hex().substr(0, 12); }

/// True when `target` lacked it.
bool copy_blob(const oci::BlobSource& blobs, const oci::Descriptor& blob, const std::string& what, oci::BlobTarget& target,
               const Task& task)
{
  task.check();
  if (target.has(blob)) return false;
  const auto step = task.step(what, blob.size_bytes);
  in_context([&] { return what; }, [&] { target.take(blob, blobs, step); });
  return true;
}

/// Walks an index; see parts_of.
class Walk {
public:
  Walk(const oci::BlobSource& blobs, const Task& task) : blobs_(blobs), task_(task) {}

  void add(const oci::Descriptor& document, int depth)
  {
    task_.check();
    if (!seen_.insert(document.digest).second) return;
    if (parts.documents.size() >= document_limit) throw Error(Errc::limit, fmt::format("index: more than {} manifests", document_limit));
    if (oci::media_type::is_index(document.media_type)) {
      if (depth == 0)
        throw Error(Errc::limit, fmt::format("index {}: indexes lie more than {} deep in one another", document.digest.str(), index_depth));
      for (const auto& entry : read_index(blobs_, document).manifests) {
        if (oci::media_type::is_index(entry.media_type) || oci::media_type::is_manifest(entry.media_type)) add(entry, depth - 1);
        else add_blob(entry);
      }
    } else {
      const auto manifest = read_manifest(blobs_, document);
      for (const auto& layer : manifest.layers) add_blob(layer);
      add_blob(manifest.config);
    }
    parts.documents.push_back(document);
  }

  Parts parts;

private:
  void add_blob(const oci::Descriptor& blob)
  {
    if (seen_.insert(blob.digest).second) parts.blobs.push_back(blob);
  }

  const oci::BlobSource& blobs_;
  const Task& task_;
  std::set<Digest> seen_;
};

}  // namespace

void copy_image(const oci::BlobSource& blobs, const Image& image, oci::BlobTarget& target, const Task& task)
{
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i)
    copy_blob(blobs, image.manifest.layers[i], fmt::format("layer {}", i), target, task);
  copy_blob(blobs, image.manifest.config, "config", target, task);
  copy_blob(blobs, image.descriptor, "manifest", target, task);
}

Parts parts_of(const oci::BlobSource& blobs, const oci::Descriptor& root, const Task& task)
{
  Walk walk(blobs, task);
  walk.add(root, index_depth);
  return std::move(walk.parts);
}

oci::Platform parse_platform(std::string_view text)
{
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('/', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (words.size() < 2 || words.size() > 3 || std::ranges::any_of(words, &std::string::empty))
    throw Error(Errc::bad_input, fmt::format("{}: no platform; give os/architecture[/variant], as linux/arm64", printable(text)));
  return {.architecture = words[1], .os = words[0], .variant = words.size() == 3 ? words[2] : ""};
}

oci::Descriptor select(const oci::BlobSource& blobs, const oci::Descriptor& root, const oci::Platform& platform)
{
  if (!oci::media_type::is_index(root.media_type)) return root;
  std::vector<oci::Descriptor> fitting;
  std::set<std::string> platforms;
  std::vector<std::pair<oci::Descriptor, int>> open{{root, index_depth}};
  std::set<Digest> seen;
  while (!open.empty()) {
    const auto [index, depth] = open.back();
    open.pop_back();
    for (const auto& entry : read_index(blobs, index).manifests) {
      if (!seen.insert(entry.digest).second) continue;
      if (oci::media_type::is_index(entry.media_type) && depth > 1) open.emplace_back(entry, depth - 1);
      if (!entry.platform || !oci::media_type::is_manifest(entry.media_type)) continue;
      const auto& has = *entry.platform;
      platforms.insert(fmt::format("{}/{}{}{}", has.os, has.architecture, has.variant.empty() ? "" : "/", has.variant));
      if (has.os == platform.os && has.architecture == platform.architecture &&
          (platform.variant.empty() || platform.variant == has.variant))
        fitting.push_back(entry);
    }
  }
  const auto wanted = fmt::format("{}/{}{}{}", platform.os, platform.architecture, platform.variant.empty() ? "" : "/", platform.variant);
  if (fitting.size() == 1) {
    fitting.front().annotations.clear();
    return fitting.front();
  }
  std::string list;
  for (const auto& one : platforms) list += (list.empty() ? "" : ", ") + printable(one);
  if (fitting.empty())
    throw Error(Errc::not_found, fmt::format("index {}: no image for {} (it has: {})", root.digest.str(), printable(wanted),
                                             list.empty() ? "no platforms" : list));
  throw Error(Errc::bad_input, fmt::format("index {}: {} images for {}; name a variant, or one by its digest (it has: {})",
                                           root.digest.str(), fitting.size(), printable(wanted), list));
}

Copied copy(const oci::BlobSource& blobs, const oci::Descriptor& root, oci::BlobTarget& target, const CopyOptions& options,
            const Task& task)
{
  Copied copied;
  if (target.has(root)) return copied;
  const auto parts = parts_of(blobs, root, task);
  std::mutex mutex;
  parallel_for(parts.blobs.size(), options.in_flight, [&](std::size_t i) {
    const auto& blob = parts.blobs[i];
    if (!copy_blob(blobs, blob, fmt::format("blob {}", short_name(blob)), target, task)) return;
    const std::scoped_lock lock(mutex);
    ++copied.blobs;
    copied.bytes += blob.size_bytes;
  });
  const auto documents = parts.documents.size() - (options.root == Root::leave ? 1 : 0);
  for (std::size_t i = 0; i < documents; ++i)
    copy_blob(blobs, parts.documents[i], fmt::format("manifest {}", short_name(parts.documents[i])), target, task);
  return copied;
}

}  // namespace cairn::image
