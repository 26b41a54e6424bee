// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/deploy/manifest.hpp>

#include <string>
#include <vector>

/// From settings and facts to files. Pure: the same in, the same out.
namespace cairn::deploy {

enum class Layout {
  plain,      ///< a file a manifest
  kustomize,  ///< `base/` and `overlays/<environment>/`
};

struct File {
  std::string path;  ///< relative
  std::string text;
  Secrecy secrecy = Secrecy::open;
};

/// All manifests that the settings ask for, in the order in which to apply them. Throws Error{bad_input} for what the images lack.
[[nodiscard]] std::vector<Manifest> manifests(const Settings& settings, const Facts& facts, const SecretLookup& secret);

/// The files of `manifests(…)`. Secrets are in files of their own, which .gitignore names and kustomizations leave out.
[[nodiscard]] std::vector<File> files(const Settings& settings, const std::vector<Manifest>& manifests, Layout layout);

/// One stream of documents, without secrets and fragments.
[[nodiscard]] std::string stream(const Settings& settings, const std::vector<Manifest>& manifests);

}  // namespace cairn::deploy
