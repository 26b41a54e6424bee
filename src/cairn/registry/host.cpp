// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/host.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/registry/base64.hpp>
#include <cairn/registry/name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace cairn::registry {

/// A token and when to have another.
struct Host::Grant {
  Secret header;
  std::chrono::steady_clock::time_point renew_at;
};

struct Host::State {
  std::mutex asking;  ///< held while the host or its token server is asked, so that many threads ask once
  std::mutex mutex;   ///< over what follows
  std::optional<http::Url> base;
  std::optional<Challenge> challenge;
  std::map<std::string, Grant> grants;  ///< by scopes
  std::map<std::string, std::optional<Credentials>> credentials;  ///< by repository
};

namespace {

constexpr std::uint64_t token_limit_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t error_limit_bytes = std::uint64_t{64} << 10;
constexpr std::chrono::seconds standard_life{60};  // Docker's token specification, "Token Response Fields"
constexpr double renew_after = 0.8;

std::string scopes_of(const std::string& repository, Action action, const std::string& mounted_from)
{
  const std::string_view actions = action == Action::pull ? "pull" : action == Action::push ? "pull,push" : "pull,push,delete";
  auto out = fmt::format("repository:{}:{}", repository, actions);
  if (!mounted_from.empty() && mounted_from != repository) out += fmt::format(" repository:{}:pull", mounted_from);
  return out;
}

/// `scope=A&scope=B`
std::string scope_query(std::string_view scopes)
{
  std::string out;
  for (std::size_t at = 0; at < scopes.size();) {
    const auto end = std::min(scopes.find(' ', at), scopes.size());
    out += "&scope=" + http::encoded(scopes.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

Secret basic(const Credentials& credentials)
{
  return Secret("Basic " + to_base64(credentials.user + ':' +
                                     (credentials.identity_token.empty() ? credentials.password : credentials.identity_token).reveal()));
}

/// What a registry's error body says: `CODE: message`, or nothing.
std::string said_of(const std::string& body)
{
  try {
    const auto document = oci::JsonDocument::parse(body, "errors");
    const auto errors = document.root().kind() == oci::Json::Kind::object ? document.root().find("errors") : std::nullopt;
    if (!errors || errors->array().empty()) return {};
    const auto first = errors->array()[0];
    const auto code = first.find("code");
    const auto message = first.find("message");
    std::string out = code ? std::string(code->string()) : "";
    if (message && !message->string().empty()) out += fmt::format("{}{}", out.empty() ? "" : ": ", message->string());
    constexpr std::size_t most = 300;
    auto shown = printable(out.substr(0, most));
    return shown.substr(1, shown.size() - 2);
  } catch (const Error&) {
    return {};
  }
}

Errc code_of(int status, std::string_view said)
{
  if (status == 401 || status == 403) return Errc::permission;
  // Harbor says UNKNOWN and "not found" for a manifest that is not there.
  if (status == 404 || said.find("not found") != std::string_view::npos) return Errc::not_found;
  if (status == 405 || status == 501) return Errc::unsupported;
  if (status == 413) return Errc::limit;
  if (http::is_transient(status) || status >= 500) return Errc::network;
  return Errc::bad_input;
}

}  // namespace

Host::Host(const http::Client& client, std::string host, Security security, Lookup lookup, std::string tried)
    : client_(client),
      host_(std::move(host)),
      security_(security),
      lookup_(std::move(lookup)),
      tried_(std::move(tried)),
      state_(std::make_unique<State>())
{
}

Host::~Host() = default;

bool Host::try_base(const http::Url& url, unsigned tries, const Task& task) const
{
  http::Request request{.url = url, .tries = tries};
  const auto reply = client_.send(request, error_limit_bytes, task);
  if (reply.status != 200 && reply.status != 401) {
    if (reply.status == 404)
      throw Error(Errc::unsupported,
                  fmt::format("{}: {} is not there (404): no registry that speaks the distribution protocol", host_, url.redacted()));
    fail(request, reply, reply.body, {});
  }
  const std::scoped_lock lock(state_->mutex);
  state_->base = url;
  if (reply.status == 401) {
    state_->challenge = choose(parse_challenges(reply.all("www-authenticate")));
    if (!state_->challenge)
      throw Error(Errc::permission,
                  fmt::format("{}: wants credentials (401) but does not say which kind: no Bearer or Basic in WWW-Authenticate", host_));
  }
  return true;
}

void Host::ask(const Task& task) const
{
  const auto server = host_ == hub_host ? std::string(hub_server) : host_;
  const auto secure = http::Url::parse("https://" + server + "/v2/");
  if (security_ == Security::https) {
    (void)try_base(secure, 0, task);
    return;
  }
  try {
    (void)try_base(secure, 1, task);
  } catch (const Error& error) {
    if (error.code() != Errc::network && error.code() != Errc::unsupported) throw;
    log::debug("{}: no HTTPS ({}), trying HTTP", host_, error.what());
    (void)try_base(http::Url::parse("http://" + server + "/v2/"), 0, task);
  }
}

http::Url Host::base(const Task& task) const
{
  const auto known = [&] {
    const std::scoped_lock lock(state_->mutex);
    return state_->base;
  };
  if (const auto base = known()) return *base;
  const std::scoped_lock asking(state_->asking);
  if (!known()) ask(task);
  return *known();
}

http::Url Host::url(const std::string& repository, const std::string& rest, const Task& task) const
{
  return base(task).resolve(fmt::format("/v2/{}/{}", repository, rest));
}

std::optional<Credentials> Host::credentials(const std::string& repository, const Task& task) const
{
  {
    const std::scoped_lock lock(state_->mutex);
    if (const auto found = state_->credentials.find(repository); found != state_->credentials.end()) return found->second;
  }
  auto found = lookup_ ? lookup_(repository.empty() ? host_ : host_ + '/' + repository, task) : std::nullopt;
  const std::scoped_lock lock(state_->mutex);
  return state_->credentials.emplace(repository, std::move(found)).first->second;
}

http::Url Host::realm_url(const std::string& realm) const
{
  const auto base = *state_->base;
  const auto url = in_context([&] { return fmt::format("{}: realm of its token server", host_); }, [&] { return http::Url::parse(realm); });
  if (url.scheme != "https" && base.scheme == "https")
    throw Error(Errc::permission,
                fmt::format("{}: its token server {} is not https; no credentials are sent there", host_, url.redacted()));
  const bool own = http::same_site(url.host, base.host) || (http::is_loopback(url.host) && http::is_loopback(base.host));
  if (!own)
    throw Error(Errc::permission,
                fmt::format("{}: its token server {} is neither this host nor of its domain; no credentials are sent there", host_,
                            url.authority()));
  return url;
}

Host::Grant Host::fetch_token(const Challenge& challenge, const std::string& scopes, const std::optional<Credentials>& credentials,
                              const Task& task) const
{
  const auto parameter = [&](const char* name) {
    const auto found = challenge.parameters.find(name);
    return found == challenge.parameters.end() ? std::string() : found->second;
  };
  http::Request request{.url = realm_url(parameter("realm"))};
  request.reach = http::is_loopback(request.url.host) ? http::Reach::no_link : http::Reach::no_local;
  http::Reply reply;
  bool asked = false;
  if (credentials && !credentials->identity_token.empty()) {
    const auto form =
        fmt::format("grant_type=refresh_token&client_id=cairn&service={}&scope={}&refresh_token={}", http::encoded(parameter("service")),
                    http::encoded(scopes), http::encoded(credentials->identity_token.reveal()));
    const http::MemoryBody body(form);
    auto post = request;
    post.method = "POST";
    post.body = &body;
    post.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    reply = client_.send(post, token_limit_bytes, task);
    asked = reply.status != 404 && reply.status != 405;
  }
  if (!asked) {
    auto& query = request.url.query;
    query += fmt::format("{}service={}{}", query.empty() ? "" : "&", http::encoded(parameter("service")), scope_query(scopes));
    if (credentials) {
      query += "&account=" + http::encoded(credentials->user);
      request.authorization = basic(*credentials);
    }
    reply = client_.send(request, token_limit_bytes, task);
  }
  if (reply.status != 200) {
    const auto repository = scopes.substr(scopes.find(':') + 1);
    fail(request, reply, reply.body, repository.substr(0, repository.find(':')));
  }
  return in_context([&] { return fmt::format("token from {}", request.url.authority()); },
                    [&] {
                      const auto document = oci::JsonDocument::parse(reply.body, "its answer");
                      auto token = document.root().find("token");
                      if (!token || token->string().empty()) token = document.root().at("access_token");
                      const auto text = token->string();
                      if (text.empty() || std::ranges::any_of(text, [](char c) { return c <= ' ' || c > '~'; }))
                        throw Error(Errc::bad_input, "the token has characters that no token has");
                      const auto life = document.root().find("expires_in");
                      const auto seconds = life ? std::chrono::seconds(life->uint64(std::uint64_t{1} << 31)) : standard_life;
                      const auto useful = std::chrono::duration_cast<std::chrono::steady_clock::duration>(renew_after * seconds);
                      return Grant{Secret("Bearer " + std::string(text)), client_.options().clock->now() + useful};
                    });
}

Secret Host::authorization(const std::string& scopes, const std::string& repository, const Task& task) const
{
  const auto challenge = [&] {
    const std::scoped_lock lock(state_->mutex);
    return state_->challenge;
  }();
  if (!challenge) return Secret();
  if (challenge->scheme == "basic") {
    const auto found = credentials(repository, task);
    return found ? basic(*found) : Secret();
  }
  const auto known = [&]() -> Secret {
    const std::scoped_lock lock(state_->mutex);
    const auto grant = state_->grants.find(scopes);
    return grant != state_->grants.end() && client_.options().clock->now() < grant->second.renew_at ? grant->second.header : Secret();
  };
  if (auto header = known(); !header.empty()) return header;
  const std::scoped_lock asking(state_->asking);
  if (auto header = known(); !header.empty()) return header;
  auto grant = fetch_token(*challenge, scopes, credentials(repository, task), task);
  const std::scoped_lock lock(state_->mutex);
  state_->grants[scopes] = grant;
  return grant.header;
}

/// After a 401: what the host demands now, and the scopes to ask for.
std::string Host::learn(const http::Response& response, const std::string& scopes) const
{
  auto challenge = choose(parse_challenges(response.all("www-authenticate")));
  const std::scoped_lock lock(state_->mutex);
  state_->grants.erase(scopes);
  if (!challenge) return scopes;
  const auto scope = challenge->parameters.find("scope");
  const auto error = challenge->parameters.find("error");
  auto served = error != challenge->parameters.end() && error->second == "insufficient_scope" && scope != challenge->parameters.end()
                    ? scope->second
                    : scopes;
  state_->challenge = std::move(challenge);
  return served;
}

void Host::prepare(http::Request& request, const std::string& scopes, const std::string& repository, const Task& task) const
{
  const auto own = base(task);
  request.authorization = request.url.same_origin(own) ? authorization(scopes, repository, task) : Secret();
  if (!request.url.same_origin(own)) request.reach = http::is_loopback(own.host) ? http::Reach::no_link : http::Reach::no_local;
}

http::Reply Host::send(http::Request request, const std::string& repository, Action action, std::uint64_t limit_bytes, const Task& task,
                       const std::string& mounted_from) const
{
  auto scopes = scopes_of(repository, action, mounted_from);
  prepare(request, scopes, repository, task);
  auto reply = client_.send(request, limit_bytes, task);
  if (reply.status != 401 || !reply.url.same_origin(base(task))) return reply;
  scopes = learn(reply, scopes);
  prepare(request, scopes, repository, task);
  return client_.send(request, limit_bytes, task);
}

std::unique_ptr<http::Exchange> Host::open(http::Request request, const std::string& repository, Action action, const Task& task) const
{
  auto scopes = scopes_of(repository, action, {});
  prepare(request, scopes, repository, task);
  auto exchange = client_.open(request, task);
  if (exchange->response().status != 401 || !exchange->response().url.same_origin(base(task))) return exchange;
  scopes = learn(exchange->response(), scopes);
  exchange.reset();
  prepare(request, scopes, repository, task);
  return client_.open(request, task);
}

void Host::check_login(const Task& task) const
{
  http::Request request{.url = base(task)};
  const auto challenge = [&] {
    const std::scoped_lock lock(state_->mutex);
    return state_->challenge;
  }();
  if (!challenge) return;
  const auto found = credentials({}, task);
  if (!found) throw Error(Errc::permission, fmt::format("{}: no credentials to log in with", host_));
  // A token of no scope: the token server itself checks who asks.
  request.authorization = challenge->scheme == "basic" ? basic(*found) : fetch_token(*challenge, {}, found, task).header;
  const auto reply = client_.send(request, error_limit_bytes, task);
  if (reply.status != 200) fail(request, reply, reply.body, {});
}

http::Url Host::upload_location(const http::Url& from, std::string_view location) const
{
  auto url = in_context([&] { return fmt::format("{}: Location for an upload", host_); }, [&] { return from.resolve(location); });
  const bool allowed = url.same_origin(from) || (url.scheme == from.scheme && http::same_site(url.host, from.host)) ||
                       (url.scheme == from.scheme && http::is_loopback(url.host) && http::is_loopback(from.host));
  if (!allowed)
    throw Error(Errc::permission, fmt::format("{}: wants an upload to go to {}://{}, which is neither this host nor of its domain", host_,
                                              url.scheme, url.authority()));
  return url;
}

void Host::fail(const http::Request& request, const http::Response& response, const std::string& body, const std::string& repository) const
{
  const auto said = said_of(body);
  const auto code = code_of(response.status, said);
  const auto status = fmt::format("{}{}{}", response.status, said.empty() ? "" : ": ", said);
  if (code == Errc::permission) {
    std::optional<Credentials> used;
    {
      const std::scoped_lock lock(state_->mutex);
      if (const auto found = state_->credentials.find(repository); found != state_->credentials.end()) used = found->second;
    }
    const auto name = repository.empty() ? host_ : host_ + '/' + repository;
    if (used)
      throw Error(code, fmt::format("{}: access denied ({}) to user {} of {}; cairn login {} gives other credentials", name, status,
                                    printable(used->user), used->origin, host_));
    throw Error(code, fmt::format("{}: access denied ({}); no credentials for it in {}; cairn login {} gives them", name, status,
                                  tried_.empty() ? "any file" : tried_, host_));
  }
  throw Error(code, fmt::format("{} {}: status {}", request.method, request.url.redacted(), status));
}

}  // namespace cairn::registry
