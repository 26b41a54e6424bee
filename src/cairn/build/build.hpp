// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/base.hpp>
#include <cairn/build/container.hpp>
#include <cairn/image/image.hpp>
#include <cairn/recipe/image_file.hpp>
#include <cairn/store/store.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// From a recipe to an image in the store. docs/formats/recipe.md, "How it is built".
namespace cairn::build {

/// An image that a recipe names.
struct Opened {
  std::shared_ptr<const oci::BlobSource> blobs;
  oci::Descriptor manifest;
};

/// What a build asks of the program around it. Any thread, but one call at a time.
struct Surroundings {
  std::function<Opened(const std::string& reference)> open;
  std::vector<std::string> wheels;  ///< directories with wheels that are looked at before any index
};

struct BuildSettings {
  std::string tag;             ///< name in the store; empty: none
  std::string created;         ///< RFC 3339
  bool is_locked = false;      ///< refuse whatever is not pinned
  bool uses_records = true;    ///< false: make every step anew
  image::LayerSettings layer;
  Isolation isolation = Isolation::automatic;
  std::filesystem::path package_cache;
};

struct StepReport {
  std::string layer;  ///< `base`, a recipe layer's name, or the step's kind
  std::string kind;   ///< `base`, `files`, `python`, `packages`, `run`, `modules`
  std::string place;  ///< in the recipe
  bool was_made = false;  ///< false: what it reads is as it was
  std::string why{};
  std::size_t layers = 0;
  std::uint64_t bytes = 0;  ///< of their blobs
  std::chrono::milliseconds time{0};
};

struct Built {
  image::Image image;
  bool unchanged = false;  ///< nothing of it was made: all that it reads is as it was
  std::vector<StepReport> steps;
  std::vector<std::string> notes;
};

/// Build and tag. Native steps need no base and run side by side; steps in containers need what lies below them and run in order.
/// A step whose content key is known is looked up. The bytes depend on what the recipe reads alone. Throws Error naming the step's
/// place; nothing is tagged then.
[[nodiscard]] Built build(const recipe::ImageFile& recipe, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store,
                          const Task& task);

/// What `is_locked` would refuse, a line each with its place; empty: all is pinned.
[[nodiscard]] std::vector<std::string> unpinned(const recipe::ImageFile& recipe);

/// The recipe's `tests`, as the image carries them for `cairn check`: a label whose value is JSON.
inline constexpr std::string_view tests_label = "dev.cairn.tests";

}  // namespace cairn::build
