// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/registry/name.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::registry {

/// One place that may answer for an image.
struct Endpoint {
  Name name;
  bool insecure = false;  ///< HTTP, or HTTPS unchecked
  bool mirror = false;    ///< asked before the registry itself; never given explicit credentials
};

/// Which images a mirror is asked for.
enum class PullBy { any, digest, tag };

/// containers-registries.conf(5), version 2: short names, mirrors, `insecure`, `blocked`, `location`. Version 1 files are
/// Error{unsupported}. What this version does not use (credential helpers lists, `short-name-mode`) is read over.
class RegistriesConf {
public:
  RegistriesConf() = default;
  /// `file`, then `directory`'s *.conf in the order of their names, later ones adding to and replacing what earlier said by prefix.
  /// Missing ones say nothing. Throws Error{bad_input} naming the file and the place in it.
  [[nodiscard]] static RegistriesConf load(const std::filesystem::path& file, const std::filesystem::path& directory);

  /// The name that a user's `text` (without `docker://`) means: short ones by `[aliases]`, else by the first of
  /// `unqualified-search-registries`, else Docker Hub.
  [[nodiscard]] Name resolve(std::string_view text) const;
  /// Where to pull `name` from: mirrors first. Throws Error{permission} when it is blocked.
  [[nodiscard]] std::vector<Endpoint> pull_from(const Name& name) const;
  /// Where to push it to. Throws Error{permission} when it is blocked.
  [[nodiscard]] Endpoint push_to(const Name& name) const;

private:
  struct Mirror {
    std::string location;
    bool insecure = false;
    PullBy by = PullBy::any;
  };
  struct Registry {
    std::string prefix;
    std::string location;
    bool insecure = false;
    bool blocked = false;
    bool digest_mirrors_only = false;
    std::vector<Mirror> mirrors;
  };
  void add(const std::filesystem::path& file);
  [[nodiscard]] const Registry* find(const Name& name) const;
  std::vector<std::string> search_;
  std::map<std::string, std::string> aliases_;
  std::map<std::string, Registry> registries_;
};

}  // namespace cairn::registry
