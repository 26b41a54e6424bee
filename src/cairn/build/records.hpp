// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/edit.hpp>
#include <cairn/store/store.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What steps and whole builds made, by what they were made of: files in the store's cache, which can be made again.
namespace cairn::build {

struct StepLayers {
  std::vector<image::Layer> layers;  ///< lowest first; their blobs are in the store
  oci::Annotations annotations;      ///< for the image's manifest
  std::vector<std::string> notes;    ///< for the user, each time
  std::map<std::string, std::string> labels{};  ///< for the image's config
};

/// What one step of an image came to.
struct StepSize {
  std::uint64_t layers = 0;
  std::uint64_t bytes = 0;
};

struct KnownImage {
  oci::Descriptor manifest;
  std::vector<StepSize> steps{};  ///< in the recipe's order
};

/// Any thread.
class Records {
public:
  explicit Records(const store::Store& store);

  /// Nothing when there is no such record, when it cannot be read, or when a blob of it is gone.
  [[nodiscard]] std::optional<StepLayers> find_step(const std::string& key) const;
  void keep_step(const std::string& key, const StepLayers& made) const;
  [[nodiscard]] std::optional<KnownImage> find_image(const std::string& key) const;
  void keep_image(const std::string& key, const KnownImage& made) const;

private:
  const store::Store& store_;
  std::filesystem::path directory_;
};

}  // namespace cairn::build
