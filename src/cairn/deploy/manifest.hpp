// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/deploy/facts.hpp>
#include <cairn/deploy/settings.hpp>
#include <cairn/deploy/value.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Manifests for Kubernetes, OpenShift and Open Data Hub. One function a subject; all are pure.
namespace cairn::deploy {

enum class Secrecy { open, secret };
/// Whether it becomes part of what is applied, or is something to copy from.
enum class Role { resource, fragment };

struct Manifest {
  std::string file;  ///< `imagestream.yaml`
  int wave = 0;      ///< of Argo CD: lower ones first
  Map value;
  Secrecy secrecy = Secrecy::open;
  Role role = Role::resource;
};

struct Facts {
  std::optional<ImageFacts> image;
  std::optional<LibraryFacts> library;
};

/// The value of a secret. Throws Error when it is not there.
using SecretLookup = std::function<std::string(const SecretSource&)>;

/// ImageStream, ImageStreamTag.
[[nodiscard]] std::vector<Manifest> image_stream_manifests(const ImageSettings& image, const ImageFacts& facts);
/// The library's claim with its populate Job or populator; a Pod that mounts the library as an image.
[[nodiscard]] std::vector<Manifest> library_manifests(const Settings& settings, const LibraryFacts& facts);
/// JupyterHub's profile of the library.
[[nodiscard]] Manifest library_profile(const Settings& settings, const LibraryFacts& facts);
/// The claim of a share and, for JupyterHub, its profile: one ConfigMap a share, with who gets it and how.
[[nodiscard]] std::vector<Manifest> share_manifests(const Settings& settings, const ShareSettings& share);
/// Notebook of Kubeflow, as the dashboard of today makes it, with its home.
[[nodiscard]] std::vector<Manifest> notebook_manifests(const Settings& settings, const Facts& facts);
[[nodiscard]] Manifest data_connection_manifest(const DataConnectionSettings& connection, const SecretLookup& secret);
[[nodiscard]] Manifest build_config(const BuildSettings& build);
/// A pod in which somebody builds modules with EasyBuild, for the library's target, on a volume of its own: users' volume has what cairn
/// poured, and only that.
[[nodiscard]] std::vector<Manifest> builder_manifests(const Settings& settings, const LibraryFacts& facts);

/// `host/repository` of `host/repository:tag@digest`.
[[nodiscard]] std::string repository_of(std::string_view reference);
/// `host/repository@sha256:…`: what all manifests pull.
[[nodiscard]] std::string pinned(std::string_view reference, const Digest& digest);
[[nodiscard]] Map claim(const ClaimSettings& settings, std::string_view access_mode);
/// What containers of ours ask for: no root, no privileges, any user id.
[[nodiscard]] Map container_security();
/// A ConfigMap as JupyterHub's profile loader finds it.
[[nodiscard]] Map profile_config_map(const std::string& name, const Map& profile);

}  // namespace cairn::deploy
