// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/secret.hpp>
#include <cairn/base/task.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Credentials as every container tool finds them (containers-auth.json(5), Docker's config.json, Kubernetes pull secrets).
namespace cairn::registry {

struct Credentials {
  std::string user{};
  Secret password{};
  Secret identity_token{};  ///< instead of the two: an OAuth2 refresh token
  std::string origin{};     ///< file or helper, for messages

  /// `USER[:PASSWORD]`, as `--creds` takes it. Throws Error{bad_input}, which does not repeat it.
  [[nodiscard]] static Credentials parse(std::string_view text);
};

/// What of the environment says where credentials are; empty: not set.
struct AuthPlaces {
  std::filesystem::path authfile{};         ///< --authfile, or else REGISTRY_AUTH_FILE: then the only place
  std::filesystem::path runtime_dir{};      ///< XDG_RUNTIME_DIR
  std::filesystem::path config_home{};      ///< XDG_CONFIG_HOME
  std::filesystem::path docker_config{};    ///< DOCKER_CONFIG
  std::filesystem::path home{};
  std::chrono::seconds helper_deadline{30};  ///< for a credential helper

  /// In the order they are asked: $XDG_RUNTIME_DIR/containers/auth.json, $XDG_CONFIG_HOME/containers/auth.json,
  /// $DOCKER_CONFIG/config.json, ~/.dockercfg.
  [[nodiscard]] std::vector<std::filesystem::path> files() const;
  /// Where `login` writes: the first of them.
  [[nodiscard]] std::filesystem::path writable() const;
};

/// What there is to know of `path` (`host[:port]/repository`): the most specific entry of the first file that has one. A file
/// asks `credHelpers` of the host, then `auths` (from `host/a/b` down to `host`), then `credsStore`. Nothing: go on without.
/// Throws Error{bad_input} for a file that is no such file, Error{tool} for a helper that fails otherwise than by not having them:
/// credentials of another place are not tried then. A file that others may read is a warning in the log.
[[nodiscard]] std::optional<Credentials> find_credentials(const AuthPlaces& places, const std::string& path, const Task& task);

/// Keep `credentials` of `key` (`host[:port][/namespace]`) in the writable file, atomically, mode 0600; or in the helper that
/// the file names for the host. All else in the file stays. Returns the file or helper.
std::string store_credentials(const AuthPlaces& places, const std::string& key, const Credentials& credentials, const Task& task);
/// Forget those of `key` in that file or helper. False: there were none.
bool erase_credentials(const AuthPlaces& places, const std::string& key, const Task& task);
/// Every key of the writable file's `auths`.
[[nodiscard]] std::vector<std::string> stored_keys(const AuthPlaces& places);

}  // namespace cairn::registry
