// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/oci/descriptor.hpp>
#include <cairn/oci/json.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cairn::store {

/// `index.json` of a layout. Other tools may replace it or (skopeo) rewrite it in place at any moment, without a lock.
/// For the room's own use; any thread.
class IndexFile {
public:
  explicit IndexFile(std::filesystem::path store);

  /// What is there, checked. A file that is empty or cut short is read again for a while: its writer may be at it.
  /// Throws Error{corrupt}.
  [[nodiscard]] std::vector<oci::Descriptor> read() const;

  /// Replace it atomically by what `edit` makes of its text; nothing happens when `edit` gives nothing. What other tools
  /// did until just before the rename is seen: then `edit` is asked again. On disk when it
  /// returns.
  void update(const std::function<std::optional<std::string>(const oci::Json& root)>& edit, const Task& task) const;

private:
  struct Content {
    std::string text;
    oci::JsonDocument document;
    std::vector<oci::Descriptor> entries;
  };
  [[nodiscard]] Content load() const;
  [[nodiscard]] Content parse(std::string text) const;

  std::filesystem::path store_;
};

/// The value of annotation org.opencontainers.image.ref.name, empty when there is none.
[[nodiscard]] std::string ref_name(const oci::Annotations& annotations);
inline constexpr const char* ref_name_key = "org.opencontainers.image.ref.name";

}  // namespace cairn::store
