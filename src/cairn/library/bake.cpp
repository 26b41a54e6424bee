// SPDX-License-Identifier: Apache-2.0
//
// In the order of `Baking::run`: choose units, plan layers, copy fragments into new layers, make the index layer if it is
// another, and put everything on the image.
#include <cairn/library/bake.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/edit.hpp>
#include <cairn/image/rebase.hpp>
#include <cairn/library/assemble.hpp>
#include <cairn/library/bake_plan.hpp>
#include <cairn/library/hiding.hpp>
#include <cairn/library/subset.hpp>
#include <cairn/os/parallel.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace cairn::library {
namespace {

constexpr std::size_t pieces_in_flight = 8;
constexpr std::string_view target_label = "dev.cairn.library.target";

/// Entries of a colon list, `first` in front, none twice, without those below `gone` (empty: all stay).
std::string colon_list(const std::vector<std::string>& first, const std::string& rest, const std::string& gone)
{
  std::vector<std::string> entries = first;
  for (std::string_view left = rest; !left.empty();) {
    const auto colon = left.find(':');
    const std::string entry(left.substr(0, colon));
    left = colon == std::string_view::npos ? std::string_view() : left.substr(colon + 1);
    if (entry.empty() || (!gone.empty() && entry.starts_with(gone + "/"))) continue;
    if (std::ranges::find(entries, entry) == entries.end()) entries.push_back(entry);
  }
  return fmt::format("{}", fmt::join(entries, ":"));
}

/// `image` without the layers of the library that was baked into it.
image::Image without_library(const image::Image& image)
{
  auto manifest = image.manifest;
  auto config = image.config;
  manifest.layers.clear();
  config.diff_ids.clear();
  std::set<std::size_t> gone;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    if (image.manifest.layers[i].annotations.contains(std::string(annotation::layer))) {
      gone.insert(i);
    } else {
      manifest.layers.push_back(image.manifest.layers[i]);
      config.diff_ids.push_back(image.config.diff_ids[i]);
    }
  }
  if (image::has_history(image)) {
    config.history.clear();
    std::size_t layer = 0;
    for (const auto& step : image.config.history)
      if (step.empty_layer || !gone.contains(layer++)) config.history.push_back(step);
  }
  manifest.annotations.erase(std::string(annotation::format));
  return image::make_image(std::move(manifest), std::move(config));
}

class Baking {
public:
  Baking(const oci::BlobSource& blobs, const Library& library, const BakeSettings& settings, const MakeTarget& make_target,
         const Task& task)
      : blobs_(blobs), library_(library), whole_(library.document), settings_(settings), make_target_(make_target), task_(task)
  {
  }

  Baked run(const image::Image& given)
  {
    check_platform(given);
    out_.replaced = given.manifest.annotations.contains(std::string(annotation::format));
    const auto base = out_.replaced ? without_library(given) : given;
    plan(base);
    make_layers();
    if (is_whole_ && out_.new_layers == 0) keep_index();
    else make_index_layer();
    put_on(base, given);
    return std::move(out_);
  }

private:
  void check_platform(const image::Image& image) const
  {
    const auto& own = image.config.platform;
    const auto& other = library_.image.config.platform;
    if (own.os != other.os || own.architecture != other.architecture)
      throw Error(Errc::bad_input, fmt::format("the image is for {}/{}, the library for {}/{}", printable(own.os),
                                               printable(own.architecture), printable(other.os), printable(other.architecture)));
  }

  void plan(const image::Image& base)
  {
    constexpr std::size_t index_layers = 1;
    const auto base_layers = base.manifest.layers.size();
    if (base_layers + index_layers >= image::runtime_layer_limit)
      throw Error(Errc::limit,
                  fmt::format("the image has {} layers, {} are the most with a library's on top; cairn flatten makes one of them",
                              base_layers, image::runtime_layer_limit - index_layers - 1));
    is_whole_ = settings_.modules.empty();
    if (is_whole_) {
      out_.document = whole_;
      planned_ = plan_all(whole_);
    } else {
      old_ = read_index_files(blobs_, library_);
      const auto units = with_openers(whole_, old_->spider_cache, closure(whole_, settings_.modules));
      out_.document = subset_document(whole_, units);
      planned_ = plan_part(whole_, units);
    }
    planned_ = join(std::move(planned_), image::runtime_layer_limit - base_layers - index_layers, whole_);
    wanted_ = is_whole_ ? std::set<std::string>() : modulefile_paths(out_.document);
  }

  [[nodiscard]] StoredFragment stored(const Document::Place& place) const
  {
    const auto& layer = whole_.layers[place.layer];
    return {library_.image.manifest.layers.at(library_.first_layer + place.layer), layer.compression.codec,
            layer.fragments[place.fragment]};
  }

  void make_layers()
  {
    std::vector<LayerInfo> made(planned_.size());
    std::vector<std::vector<SmallFile>> files(planned_.size());
    std::uint64_t total = 0;
    for (const auto& layer : planned_)
      if (!layer.as_is) total += layer.packed_bytes;
    const auto step = task_.step("copy fragments", total);
    parallel_for(planned_.size(), thread_count(settings_.threads), [&](std::size_t i) {
      if (planned_[i].as_is) made[i] = keep(planned_[i], Reading::enough, files[i]);
      else made[i] = make(i, files[i], step);
    });
    for (std::size_t i = 0; i < planned_.size(); ++i)
      std::ranges::move(files[i], std::back_inserter(planned_[i].as_is ? kept_modulefiles_ : modulefiles_));
    for (std::size_t i = 0; i < planned_.size(); ++i) {
      ++(planned_[i].as_is ? out_.kept_layers : out_.new_layers);
      (planned_[i].as_is ? out_.kept_bytes : out_.new_bytes) += made[i].size_bytes;
      if (planned_[i].from.size() > 1) ++out_.joined_layers;
    }
    out_.document.layers = std::move(made);
  }

  LayerInfo keep(const BakedLayer& planned, Reading reading, std::vector<SmallFile>& files) const
  {
    const auto number = planned.from.front();
    if (wanted_.empty()) return whole_.layers[number];
    std::vector<std::vector<SmallFile>> found(whole_.layers[number].fragments.size());
    // Small pieces of a blob that may be far away: what counts is how many are asked for at once.
    parallel_for(found.size(), pieces_in_flight, [&](std::size_t i) {
      read_files(blobs_, stored({number, i}), wanted_in(number, i), reading, found[i]);
    });
    for (auto& one : found) std::ranges::move(one, std::back_inserter(files));
    return whole_.layers[number];
  }

  /// Archive paths of the modulefiles of a fragment's unit.
  [[nodiscard]] std::set<std::string> wanted_in(std::size_t layer, std::size_t fragment) const
  {
    std::set<std::string> paths;
    const auto* unit = whole_.unit(whole_.layers[layer].fragments[fragment].unit);
    if (unit != nullptr)
      for (const auto& module : unit->modules) paths.insert(fmt::format("{}/{}", whole_.target.substr(1), module.path));
    return paths;
  }

  LayerInfo make(std::size_t number, std::vector<SmallFile>& files, const Task& step) const
  {
    const auto& planned = planned_[number];
    layer::Skeleton skeleton{.target = whole_.target};
    auto compression = whole_.layers[planned.from.front()].compression;
    for (const auto from : planned.from) {
      compression.level = std::max(compression.level, whole_.layers[from].compression.level);
      skeleton.removed.insert(whole_.layers[from].removed.begin(), whole_.layers[from].removed.end());
    }
    std::vector<StoredFragment> fragments;
    for (const auto& place : planned.fragments) {
      fragments.push_back(stored(place));
      add_directories(skeleton, fragments.back().info.roots);
    }
    if (is_whole_) skeleton.opaque = still_opaque(planned_, number, whole_);
    else skeleton.removed.clear();
    const auto target = make_target_();
    auto info = assemble(blobs_, fragments, skeleton, compression, wanted_, files, *target, step);
    info.opaque.assign(skeleton.opaque.begin(), skeleton.opaque.end());
    info.removed.assign(skeleton.removed.begin(), skeleton.removed.end());
    return info;
  }

  void keep_index()
  {
    index_ = {library_.index_layer(), library_.image.config.diff_ids.at(library_.index_number()), "cairn bake: index"};
    ++out_.kept_layers;
    out_.kept_bytes += index_.descriptor.size_bytes;
  }

  void make_index_layer()
  {
    if (!old_) old_ = read_index_files(blobs_, library_);
    const auto& old = *old_;
    std::vector<std::byte> bytes;
    if (is_whole_) {
      const IndexTree tree(out_.document, old.files, {}, task_);
      bytes = tree.index_layer(removed_paths(old.files), old.spider_cache, task_);
    } else {
      bytes = part_index(index_files_of(old.files, whole_, out_.document), old.spider_cache);
    }
    const auto target = make_target_();
    const auto compression = Compression::standard(image::codec_of(library_.index_layer()));
    const auto packed = layer::pack_plain(bytes, compression, *target);
    auto descriptor = image::layer_descriptor(compression.codec, packed.digest, packed.size_bytes);
    descriptor.annotations[std::string(annotation::layer)] = "index";
    index_ = {std::move(descriptor), packed.diff_id, "cairn bake: index"};
    ++out_.new_layers;
    out_.new_bytes += packed.size_bytes;
  }

  /// Of modulefiles in kept layers only as much is read as is needed, which proves nothing. The library's own cache, which is verified,
  /// does; if it says other things (made by another version, say), they are read anew with all of their fragments.
  [[nodiscard]] std::vector<std::byte> part_index(const std::vector<SmallFile>& files, const std::string& whole_cache)
  {
    const auto threads = thread_count(settings_.threads);
    const bool has_modules = !wanted_.empty();
    const IndexTree tree(out_.document, files, all_modulefiles(), task_);
    auto cache = has_modules ? tree.spider_cache(threads, task_) : std::string();
    if (kept_modulefiles_.empty() || agrees(cache, whole_cache)) return tree.index_layer({}, std::move(cache), task_);
    kept_modulefiles_.clear();
    for (const auto& planned : planned_)
      if (planned.as_is) static_cast<void>(keep(planned, Reading::all, kept_modulefiles_));
    const IndexTree verified(out_.document, files, all_modulefiles(), task_);
    return verified.index_layer({}, verified.spider_cache(threads, task_), task_);
  }

  [[nodiscard]] std::vector<SmallFile> all_modulefiles() const
  {
    auto modulefiles = modulefiles_;
    modulefiles.insert(modulefiles.end(), kept_modulefiles_.begin(), kept_modulefiles_.end());
    std::ranges::sort(modulefiles, {}, [](const SmallFile& file) { return file.entry.path; });
    if (modulefiles.size() != wanted_.size())
      throw Error(Errc::corrupt, fmt::format("the library's layers hold {} of the {} modulefiles that {} names", modulefiles.size(),
                                             wanted_.size(), index_path::document));
    return modulefiles;
  }

  /// What whiteouts the index layer needs now that some dead fragments are gone.
  [[nodiscard]] std::set<std::string> removed_paths(const std::vector<SmallFile>& files) const
  {
    CurrentPaths current;
    std::vector<RootPath> roots;
    for (const auto& layer : out_.document.layers)
      for (const auto& fragment : layer.fragments)
        if (fragment.live) current.add(fragment.roots);
    for (const auto& file : files) current.add({{file.entry.path, false}});
    std::set<std::string> removed;
    for (const auto& layer : out_.document.layers)
      for (const auto& fragment : layer.fragments)
        if (!fragment.live) current.hide(fragment.roots, removed);
    return removed;
  }

  void put_on(const image::Image& base, const image::Image& given)
  {
    std::vector<image::Layer> layers;
    for (const auto& info : out_.document.layers) {
      auto descriptor = image::layer_descriptor(info.compression.codec, info.digest, info.size_bytes);
      descriptor.annotations[std::string(annotation::layer)] = "units";
      layers.push_back({std::move(descriptor), info.diff_id, "cairn bake: units"});
    }
    layers.push_back(index_);
    auto image = image::append(base, layers, settings_.created);
    set_environment(image.config, given);
    image.config.labels[std::string(target_label)] = whole_.target;
    image.manifest.annotations[std::string(annotation::format)] = fmt::format("{}", document_format);
    image = image::make_image(std::move(image.manifest), std::move(image.config));
    // The base of an image whose library was replaced is still what that library was once laid on.
    if (!out_.replaced) image = image::with_base(image, {settings_.base_name, settings_.base_digest});
    out_.image = std::move(image);
  }

  void set_environment(oci::ImageConfig& config, const image::Image& given) const
  {
    std::string gone;
    if (const auto label = given.config.labels.find(std::string(target_label)); out_.replaced && label != given.config.labels.end())
      gone = label->second;
    const auto put_first = [&](std::string_view name, const std::vector<std::string>& first) {
      image::set_env(config.env, name, colon_list(first, image::find_env(config.env, name).value_or(""), gone));
    };
    if (whole_.modulepath.empty()) return;
    std::vector<std::string> modulepath;
    for (const auto& path : whole_.modulepath)
      modulepath.push_back(path.empty() ? whole_.target : fmt::format("{}/{}", whole_.target, path));
    put_first("MODULEPATH", modulepath);
    if (is_whole_ || !wanted_.empty()) put_first("LMOD_RC", {fmt::format("{}/{}", whole_.target, index_path::lmodrc)});
  }

  const oci::BlobSource& blobs_;
  const Library& library_;
  const Document& whole_;
  const BakeSettings& settings_;
  const MakeTarget& make_target_;
  const Task& task_;
  bool is_whole_ = true;
  std::optional<IndexFiles> old_;  ///< of the library, once it was read
  std::vector<BakedLayer> planned_;
  std::set<std::string> wanted_;  ///< archive paths of modulefiles, of a part
  std::vector<SmallFile> modulefiles_;       ///< of layers that were copied, verified
  std::vector<SmallFile> kept_modulefiles_;  ///< of layers that are kept
  image::Layer index_;
  Baked out_;
};

}  // namespace

Baked bake(const image::Image& base, const oci::BlobSource& library_blobs, const Library& library, const BakeSettings& settings,
           const MakeTarget& make_target, const Task& task)
{
  return Baking(library_blobs, library, settings, make_target, task).run(base);
}

}  // namespace cairn::library
