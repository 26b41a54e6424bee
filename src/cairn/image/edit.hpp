// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/image.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/oci/manifest.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Functions from image to image. They read and store nothing: layers stay where they are, and `publish` writes the new
/// documents. Results have OCI's media types, whatever the image had.
namespace cairn::image {

/// No function makes an image of more layers: overlay file systems and Docker take at most 127, some runtimes add their own.
inline constexpr std::size_t runtime_layer_limit = 120;

namespace annotation {
inline constexpr std::string_view base_name = "org.opencontainers.image.base.name";
inline constexpr std::string_view base_digest = "org.opencontainers.image.base.digest";
}  // namespace annotation

/// The image of these documents: `manifest.config` and the descriptor are computed. Throws Error{limit} for more than
/// runtime_layer_limit layers or a manifest over oci::manifest_limit_bytes.
[[nodiscard]] Image make_image(oci::Manifest manifest, oci::ImageConfig config);

/// A layer that is stored somewhere.
struct Layer {
  oci::Descriptor descriptor;
  Digest diff_id;
  std::string made_by;  ///< for the history
};

/// `base` with `layers` on top, lowest first. Shares base's blobs.
[[nodiscard]] Image append(const Image& base, const std::vector<Layer>& layers, const std::string& created);

/// What to change in annotations or labels.
struct NameChanges {
  oci::Annotations set;
  std::vector<std::string> remove;  ///< done first; one that is not there is Error{not_found}
};
[[nodiscard]] Image annotate(const Image& image, const NameChanges& changes);
[[nodiscard]] oci::Index annotate(oci::Index index, const NameChanges& changes);

/// What to change in a config. `remove` lists come first; one that is not there is Error{not_found}. Present but empty values
/// remove.
struct ConfigChanges {
  std::vector<std::pair<std::string, std::string>> set_env;
  std::vector<std::string> remove_env;
  NameChanges labels;
  std::vector<std::string> add_ports;  ///< `8080`, `8080/udp`, `8000-8010/tcp`
  std::vector<std::string> remove_ports;
  std::vector<std::string> add_volumes;
  std::vector<std::string> remove_volumes;
  std::optional<std::string> user;
  std::optional<std::string> working_dir;
  std::optional<std::string> stop_signal;
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
};
/// Throws Error{bad_input} for what no runtime takes: a variable without name, a relative directory, a port over 65535.
[[nodiscard]] Image mutate(const Image& image, const ConfigChanges& changes, const oci::History& step);

/// `variable`'s value in a config's env; nothing when it is not set.
[[nodiscard]] std::optional<std::string> find_env(const std::vector<std::string>& env, std::string_view name);
/// Name and value of an entry; without `=` the value is empty.
[[nodiscard]] std::pair<std::string, std::string> split_env(std::string_view entry);
/// Set it where it stands, or at the end.
void set_env(std::vector<std::string>& env, std::string_view name, std::string_view value);

/// Whether the history tells how each layer was made. It is dropped where it does not: it would mislead.
[[nodiscard]] bool has_history(const Image& image);

/// Give `target` all of `image` that it lacks: layers, six at a time, from where `origin` says, the config, the manifest last. A layer with
/// `urls` (a foreign one) that is nowhere is left out, as other tools do.
void publish(const Image& image, const std::function<const oci::BlobSource&(const oci::Descriptor&)>& origin, oci::BlobTarget& target,
             const Task& task);
/// The same with all layers in `origin`.
void publish(const Image& image, const oci::BlobSource& origin, oci::BlobTarget& target, const Task& task);

}  // namespace cairn::image
