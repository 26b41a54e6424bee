// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/edit.hpp>
#include <cairn/store/store.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What steps and whole builds made, by what they were made of: files in the store's cache, which can be made again.
namespace cairn::build {

struct StepLayers {
  std::vector<image::Layer> layers;  ///< lowest first; their blobs are in the store
  oci::Annotations annotations;      ///< for the image's manifest
  std::vector<std::string> notes;    ///< for the user, each time
};

/// Any thread.
class Records {
public:
  explicit Records(const store::Store& store);

  /// Nothing when there is no such record, when it cannot be read, or when a blob of it is gone.
  [[nodiscard]] std::optional<StepLayers> find_step(const std::string& key) const;
  void keep_step(const std::string& key, const StepLayers& made) const;
  [[nodiscard]] std::optional<oci::Descriptor> find_image(const std::string& key) const;
  void keep_image(const std::string& key, const oci::Descriptor& manifest) const;

private:
  const store::Store& store_;
  std::filesystem::path directory_;
};

}  // namespace cairn::build
