// SPDX-License-Identifier: Apache-2.0
#include <unit/registry/registry_test.hpp>

#include <cairn/base/log.hpp>

namespace cairn::registry {
namespace {

/// Requests that need a credential, under every kind of demand.
class Auth : public RegistryTest {
protected:
  [[nodiscard]] static Credentials me()
  {
    return {.user = "me", .password = Secret("geheim"), .identity_token = {}, .origin = "~/auth.json"};
  }
  /// Switches with a Bearer challenge whose realm is `realm`, and `more`.
  [[nodiscard]] static std::string bearer(const std::string& realm, const std::string& more = "")
  {
    return fmt::format(R"({{"users": {{"me": "geheim"}}, "challenge": ["Bearer realm=\"{}\",service=\"quirk\""]{}}})", realm, more);
  }
  [[nodiscard]] static std::string own_realm() { return fmt::format("http://{}/token", server->host()); }
  void ask(const std::optional<Credentials>& credentials) { (void)open("team/app", credentials)->find("1", task); }
  void push(const std::optional<Credentials>& credentials)
  {
    const auto blob = here.add("content");
    open("team/app", credentials)->take(blob, here, task);
  }
};

TEST_F(Auth, answers_basic)
{
  server->quirks(R"({"users": {"me": "geheim"}, "challenge": ["Basic realm=x"]})");
  EXPECT_NO_THROW(push(me()));
}

TEST_F(Auth, says_where_it_looked_when_it_has_none)
{
  server->quirks(R"({"users": {"me": "geheim"}, "challenge": ["Basic realm=x"]})");
  EXPECT_THAT([&] { push({}); }, ThrowsError(Errc::permission,
                                             "/team/app: access denied (401: UNAUTHORIZED: authentication required); no credentials for it "
                                             "in ~/auth.json; cairn login 127.0.0.1:"));
}

TEST_F(Auth, says_whose_credentials_were_refused_and_not_which)
{
  server->quirks(R"({"users": {"me": "other"}, "challenge": ["Basic realm=x"]})");
  EXPECT_THAT([&] { push(me()); }, ThrowsError(Errc::permission, "to user 'me' of ~/auth.json; cairn login 127.0.0.1:"));
}

TEST_F(Auth, fetches_one_token_for_many_requests)
{
  server->quirks(bearer(own_realm()));
  const auto up = open("team/app", me());
  for (const auto* content : {"a", "b", "c"}) up->take(here.add(content), here, task);
  EXPECT_EQ(count("GET", "/token"), 1u);
  EXPECT_EQ(count("GET", "/v2/"), 1u);
  const auto seen = server->requests();
  EXPECT_NE(seen[1].path.find("scope=repository%3Ateam%2Fapp%3Apull%2Cpush"), std::string::npos) << seen[1].path;
}

TEST_F(Auth, renews_a_token_that_ends_soon)
{
  server->quirks(bearer(own_realm(), R"(, "token_life": 1)"));
  const auto up = open("team/app", me());
  up->take(here.add("a"), here, task);
  clock->slept_ms += 900;
  up->take(here.add("b"), here, task);
  EXPECT_EQ(count("GET", "/token"), 2u);
}

TEST_F(Auth, reads_access_token_and_asks_for_the_scope_that_is_missing)
{
  server->quirks(bearer(own_realm(), R"(, "token_key": "access_token", "insufficient_scope_once": "repository:team/app:pull,push,sing")"));
  EXPECT_NO_THROW(push(me()));
  EXPECT_EQ(count("GET", "sing"), 1u);
}

TEST_F(Auth, trades_an_identity_token)
{
  server->quirks(bearer(own_realm(), R"(, "identity_tokens": ["refresh"])"));
  auto token = me();
  token.identity_token = Secret("refresh");
  EXPECT_NO_THROW(push(token));
  EXPECT_EQ(count("POST", "/token"), 1u);
}

TEST_F(Auth, refuses_token_servers_that_are_not_the_registrys)
{
  const auto with = [&](const std::string& realm) {
    server->quirks(bearer(realm));
    ask(me());
  };
  EXPECT_THAT([&] { with("https://evil.example.com/token"); },
              ThrowsError(Errc::permission,
                          "its token server evil.example.com is neither this host nor of its domain; no credentials are sent there"));
  EXPECT_THAT([&] { with("http://169.254.169.254/latest"); }, ThrowsError(Errc::permission, "its token server 169.254.169.254 is neither"));
  EXPECT_THAT([&] { with("file:///etc/passwd"); },
              ThrowsError(Errc::bad_input, "realm of its token server: URL 'file:///etc/passwd': is neither http nor https"));
  EXPECT_THAT([&] { with("https://reg@evil/"); }, ThrowsError(Errc::bad_input, "realm of its token server: URL '***@evil/'"));
  EXPECT_THAT([&] { with(""); }, ThrowsError(Errc::bad_input, "realm of its token server"));
}

TEST_F(Auth, does_not_understand_every_challenge)
{
  const auto with = [&](const std::string& challenges) {
    server->quirks(fmt::format(R"({{"challenge": {}}})", challenges));
    ask(me());
  };
  EXPECT_THAT([&] { with(R"([""])"); },
              ThrowsError(Errc::permission, "wants credentials (401) but does not say which kind: no Bearer or Basic in WWW-Authenticate"));
  EXPECT_THAT([&] { with(R"(["Negotiate"])"); }, ThrowsError(Errc::permission, "does not say which kind"));
  EXPECT_THAT([&] { with(R"(["Bearer realm=\"x"])"); }, ThrowsError(Errc::bad_input, "WWW-Authenticate: a quote without its end"));
}

TEST_F(Auth, chooses_among_three_challenges)
{
  server->quirks(
      fmt::format(R"({{"users": {{"me": "geheim"}}, "challenge": ["Negotiate, Basic realm=\"x\"", "Bearer realm=\"{}\",service=\"q\""]}})",
                  own_realm()));
  EXPECT_NO_THROW(push(me()));
  EXPECT_EQ(count("GET", "/token"), 1u);
}

TEST_F(Auth, bounds_and_checks_what_the_token_server_answers)
{
  server->quirks(bearer(own_realm(), R"(, "token_body_bytes": 1073741824)"));
  EXPECT_THAT([&] { ask(me()); }, ThrowsError(Errc::limit, "1048576"));
  server->quirks(bearer(own_realm(), R"(, "token_body": "<html>")"));
  EXPECT_THAT([&] { ask(me()); }, ThrowsError(Errc::bad_input, "token from 127.0.0.1:"));
  server->quirks(bearer(own_realm(), R"(, "token_body": "{\"token\": \"a\\r\\nX: y\"}")"));
  EXPECT_THAT([&] { ask(me()); }, ThrowsError(Errc::bad_input, "the token has characters that no token has"));
  server->quirks(bearer(own_realm(), R"(, "token_body": "{}")"));
  EXPECT_THAT([&] { ask(me()); }, ThrowsError(Errc::bad_input, "access_token"));
}

TEST_F(Auth, logs_no_secret)
{
  std::string logged;
  log::set_sink(log::Level::debug, [&](log::Level, std::string_view text) { logged += std::string(text) + '\n'; });
  server->quirks(bearer(own_realm()));
  push(me());
  log::set_sink(log::Level::warn, {});
  EXPECT_FALSE(logged.empty());
  for (const auto* secret : {"geheim", "bWU6", "token-", "secret-state"}) EXPECT_EQ(logged.find(secret), std::string::npos) << logged;
}

TEST_F(Auth, logs_in_only_with_what_the_registry_takes)
{
  server->quirks(bearer(own_realm()));
  const auto login = [&](const Credentials& credentials) {
    http::Client client{http::Options{}};
    Host(
        client, server->host(), Security::unchecked, [&](const std::string&, const Task&) { return std::optional(credentials); }, "")
        .check_login(task);
  };
  EXPECT_NO_THROW(login(me()));
  auto wrong = me();
  wrong.password = Secret("falsch");
  EXPECT_THAT([&] { login(wrong); }, ThrowsError(Errc::permission, "access denied (401: UNAUTHORIZED: incorrect username or password)"));
}

}  // namespace
}  // namespace cairn::registry
