// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/client.hpp>
#include <cairn/registry/challenge.hpp>
#include <cairn/registry/credentials.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace cairn::registry {

enum class Security { https, unchecked };  ///< unchecked: HTTPS without looking at the certificate, or else HTTP

/// What a repository may be used for: the scope of its token.
enum class Action { pull, push, remove, catalog };

/// One registry server: where it answers, what it demands, and the tokens that satisfy it. Any thread.
class Host {
public:
  /// Finds credentials for `host/repository`; nothing: anonymous. Called at most once a repository.
  using Lookup = std::function<std::optional<Credentials>(const std::string& path, const Task& task)>;
  /// `client` outlives it. `tried` says, for an error, where credentials were looked for.
  Host(const http::Client& client, std::string host, Security security, Lookup lookup, std::string tried);
  ~Host();

  [[nodiscard]] const std::string& name() const { return host_; }
  /// `/v2/<repository>/<rest>` there; asks the host first (GET /v2/) when it has not been.
  [[nodiscard]] http::Url url(const std::string& repository, const std::string& rest, const Task& task) const;
  /// Show `credentials` at the door: GET /v2/ answers 200. Throws Error{permission}: for `login`.
  void check_login(const Task& task) const;

  /// Send with what the host demands for `action` on `repository` (and reading `mounted_from`, if any). A token is fetched when
  /// there is none or it ends soon; after 401 once more. Throws what Client::send does; a status is the caller's to judge.
  [[nodiscard]] http::Reply send(http::Request request, const std::string& repository, Action action, std::uint64_t limit_bytes,
                                 const Task& task, const std::string& mounted_from = {}) const;
  /// As `send`, for a body that is read as it comes.
  [[nodiscard]] std::unique_ptr<http::Exchange> open(http::Request request, const std::string& repository, Action action,
                                                     const Task& task) const;

  /// Throws Error for a status that is no success, with what the registry says of it (its `errors`). 401 and 403 are
  /// Error{permission} that says where credentials were looked for.
  [[noreturn]] void fail(const http::Request& request, const http::Response& response, const std::string& body,
                         const std::string& repository) const;
  /// `location`, which the registry gave for an upload in answer to `from`: itself, or another of its site over https. Throws Error{permission}.
  [[nodiscard]] http::Url upload_location(const http::Url& from, std::string_view location) const;
  [[nodiscard]] const http::Client& client() const { return client_; }

private:
  struct State;
  struct Grant;
  [[nodiscard]] http::Url base(const Task& task) const;
  void ask(const Task& task) const;
  [[nodiscard]] bool try_base(const http::Url& url, unsigned tries, const Task& task) const;
  void prepare(http::Request& request, const std::string& scopes, const std::string& repository, const Task& task) const;
  [[nodiscard]] Secret authorization(const std::string& scopes, const std::string& repository, const Task& task) const;
  [[nodiscard]] std::string learn(const http::Response& response, const std::string& scopes) const;
  [[nodiscard]] Grant fetch_token(const Challenge& challenge, const std::string& scopes, const std::optional<Credentials>& credentials,
                                  const Task& task) const;
  [[nodiscard]] http::Url realm_url(const std::string& realm) const;
  [[nodiscard]] std::optional<Credentials> credentials(const std::string& repository, const Task& task) const;

  const http::Client& client_;
  std::string host_;
  Security security_;
  Lookup lookup_;
  std::string tried_;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::registry
