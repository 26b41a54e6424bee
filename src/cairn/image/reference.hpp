// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace cairn::image {

/// Where a user says an image is, in the words of containers-transports(5).
struct Reference {
  enum class Kind {
    store,        ///< `NAME[:TAG][@DIGEST]` or `DIGEST` in cairn's own store
    oci_layout,   ///< `oci:DIR[:NAME]`
    oci_archive,  ///< `oci-archive:FILE[:NAME]`
    docker_archive,      ///< `docker-archive:FILE[:NAME[:TAG]]`
    containers_storage,  ///< `containers-storage:NAME[:TAG]`, podman's and buildah's
    registry,     ///< `docker://HOST/REPOSITORY[:TAG][@DIGEST]`; `name` is what follows `docker://`
  };
  Kind kind = Kind::store;
  std::filesystem::path path;  ///< of a layout or an archive; cannot hold a colon
  std::string name;            ///< may be empty for a layout or archive: the only image there

  /// Throws Error{bad_input}; Error{unsupported} for other transports of containers-transports(5).
  [[nodiscard]] static Reference parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  friend bool operator==(const Reference&, const Reference&) = default;
};

/// What a user means in a registry, who may leave `docker://` out.
[[nodiscard]] std::string without_transport(const std::string& text);

}  // namespace cairn::image
