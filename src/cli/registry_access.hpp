// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/registry/registries_conf.hpp>
#include <cairn/registry/repository.hpp>
#include <cli/command_line.hpp>
#include <cli/program.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::cli {

/// How to meet a registry, as skopeo's options say it.
struct RegistryFlags {
  std::optional<std::string> tls_verify;
  std::optional<std::string> authfile;
  std::optional<std::string> creds;
  std::optional<std::string> cert_dir;
};

/// `--tls-verify`, `--authfile`, `--creds`, `--cert-dir`; with `prefix` `src-` or `dest-` before the name.
void add_registry_options(Command& command, RegistryFlags& flags, const std::string& prefix = "");
/// What `first` says, and what it leaves open as `second` does.
[[nodiscard]] RegistryFlags merged(const RegistryFlags& first, const RegistryFlags& second);

/// Registries as this user meets them: settings, variables (HTTPS_PROXY, REGISTRY_AUTH_FILE, …) and files, read once. Repositories
/// must not outlive it. One thread at a time.
class RegistryAccess {
public:
  RegistryAccess(Program& program, const RegistryFlags& flags);

  [[nodiscard]] const registry::RegistriesConf& conf() const { return conf_; }
  [[nodiscard]] const registry::AuthPlaces& places() const { return places_; }
  [[nodiscard]] const Task& task() const { return task_; }

  struct Opened {
    std::unique_ptr<registry::Repository> repository;
    registry::Name name;  ///< there: of a mirror, or where registries.conf leads
  };
  /// The image that `text` (without transport) names, from the first mirror that has it, or the registry itself.
  struct Found : Opened {
    oci::Descriptor manifest;
  };
  [[nodiscard]] Found find(std::string_view text);
  [[nodiscard]] Opened push_to(std::string_view text);
  [[nodiscard]] Opened open(const registry::Endpoint& endpoint);
  /// A registry alone, with credentials of its own: for `login`.
  [[nodiscard]] std::shared_ptr<registry::Host> host(const std::string& name, const registry::Credentials& credentials);

private:
  [[nodiscard]] std::string tried() const;

  Task task_;
  std::optional<bool> verify_;
  std::optional<registry::Credentials> creds_;
  registry::AuthPlaces places_;
  registry::RegistriesConf conf_;
  std::vector<std::string> unchecked_hosts_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace cairn::cli
