// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/client.hpp>

#include <cairn/base/log.hpp>

#include <support/error_matcher.hpp>
#include <support/registry/quirk_registry.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

namespace cairn::http {
namespace {

using test::QuickClock;
using test::QuirkRegistry;
using test::ThrowsError;
using namespace std::chrono_literals;

class ClientTest : public ::testing::Test {
protected:
  static void SetUpTestSuite() { server = std::make_unique<QuirkRegistry>(); }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override { server->reset(); }

  [[nodiscard]] Options options() const
  {
    Options out;
    out.clock = clock;
    return out;
  }
  [[nodiscard]] static Request get(const std::string& path = "/v2/") { return {.url = Url::parse("http://" + server->host() + path)}; }

  static std::unique_ptr<QuirkRegistry> server;
  std::shared_ptr<QuickClock> clock = std::make_shared<QuickClock>();
};
std::unique_ptr<QuirkRegistry> ClientTest::server;

TEST_F(ClientTest, tries_again_what_fails_for_a_while)
{
  for (const int status : {408, 429, 499, 500, 502, 503, 504, 522}) {
    server->quirks(fmt::format(R"({{"status": [{{"where": "GET /v2/", "status": {}, "times": 2}}]}})", status));
    server->forget_requests();
    EXPECT_EQ(Client(options()).send(get(), 1000, Task()).status, 200) << status;
    EXPECT_EQ(server->requests().size(), 3u);
  }
}

TEST_F(ClientTest, does_not_try_again_what_will_not_change)
{
  for (const int status : {400, 401, 403, 404, 410, 501}) {
    server->quirks(fmt::format(R"({{"status": [{{"where": "GET /v2/", "status": {}}}]}})", status));
    server->forget_requests();
    EXPECT_EQ(Client(options()).send(get(), 1000, Task()).status, status);
    EXPECT_EQ(server->requests().size(), 1u);
  }
}

TEST_F(ClientTest, waits_as_long_as_it_is_told)
{
  server->quirks(R"({"status": [{"where": "GET /v2/", "status": 429, "times": 1, "headers": {"Retry-After": "5"}}]})");
  EXPECT_EQ(Client(options()).send(get(), 1000, Task()).status, 200);
  EXPECT_EQ(clock->slept_ms, 5000);
}

TEST_F(ClientTest, understands_a_date_and_treats_a_past_one_and_garbage_as_none)
{
  for (const auto& [value, waited] : std::vector<std::pair<std::string, int>>{
           {"Sun, 06 Nov 1994 08:49:47 GMT", 10'000}, {"Sun, 06 Nov 1994 08:00:00 GMT", 500}, {"0", 500}, {"soon", 500}}) {
    clock->slept_ms = 0;
    server->quirks(
        fmt::format(R"({{"status": [{{"where": "GET /v2/", "status": 503, "times": 1, "headers": {{"Retry-After": "{}"}}}}]}})", value));
    EXPECT_EQ(Client(options()).send(get(), 1000, Task()).status, 200);
    EXPECT_EQ(clock->slept_ms, waited) << value;
  }
}

TEST_F(ClientTest, does_not_wait_for_days)
{
  server->quirks(R"({"status": [{"where": "GET /v2/", "status": 429, "headers": {"Retry-After": "99999"}}]})");
  EXPECT_THAT([&] { (void)Client(options()).send(get(), 1000, Task()); },
              ThrowsError(Errc::limit, "asks to wait 99999 s, the limit is 300"));
}

TEST_F(ClientTest, gives_up_when_it_never_ends)
{
  server->quirks(R"({"status": [{"where": "GET /v2/", "status": 429}]})");
  EXPECT_EQ(Client(options()).send(get(), 1000, Task()).status, 429);
  EXPECT_EQ(server->requests().size(), 8u);
}

TEST_F(ClientTest, tells_who_is_not_there)
{
  const Client client(options());
  EXPECT_THAT([&] { (void)client.send({.url = Url::parse("http://127.0.0.1:1/v2/")}, 1000, Task()); },
              ThrowsError(Errc::network, "GET http://127.0.0.1:1/v2/"));
  EXPECT_LT(clock->slept_ms, 2000);
}

TEST_F(ClientTest, keeps_a_credential_from_another_origin)
{
  QuirkRegistry other;
  server->quirks(fmt::format(R"({{"belongs": ["Bearer geheim"], "redirect": [{{"where": "GET /v2/", "to": "http://{}/v2/"}}]}})", other.host()));
  auto request = get();
  request.redirects = Redirects::follow;
  request.authorization = Secret("Bearer geheim");
  const auto reply = Client(options()).send(request, 1000, Task());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.url.port, other.port());
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_EQ(other.requests()[0].authorization, "");
  EXPECT_EQ(server->requests()[0].authorization, "Bearer geheim");
}

TEST_F(ClientTest, follows_a_relative_redirect_with_the_credential)
{
  server->quirks(R"({"belongs": ["Bearer geheim"], "redirect": [{"where": "GET /v2/x", "to": "../v2/"}]})");
  auto request = get("/v2/x");
  request.redirects = Redirects::follow;
  request.authorization = Secret("Bearer geheim");
  EXPECT_EQ(Client(options()).send(request, 1000, Task()).status, 200);
  EXPECT_EQ(server->requests()[1].authorization, "Bearer geheim");
}

TEST_F(ClientTest, refuses_redirects_that_lead_nowhere_good)
{
  const auto redirect = [&](const std::string& to) {
    server->quirks(fmt::format(R"({{"redirect": [{{"where": "GET /v2/", "to": "{}"}}]}})", to));
    auto request = get();
    request.redirects = Redirects::follow;
    (void)Client(options()).send(request, 1000, Task());
  };
  EXPECT_THAT([&] { redirect("/v2/"); }, ThrowsError(Errc::limit, "more than 5 redirects"));
  EXPECT_THAT([&] { redirect("file:///etc/passwd"); }, ThrowsError(Errc::bad_input, "is neither http nor https"));
  EXPECT_THAT([&] { redirect("http://user:pass@evil/"); }, ThrowsError(Errc::bad_input, "credentials do not belong in a URL"));
  EXPECT_THAT([&] { redirect("http://169.254.169.254/latest"); }, ThrowsError(Errc::permission, "leads to 169.254.169.254"));
}

TEST_F(ClientTest, may_be_kept_from_this_machine)
{
  auto request = get();
  request.reach = Reach::no_local;
  EXPECT_THAT([&] { (void)Client(options()).send(request, 1000, Task()); },
              ThrowsError(Errc::permission, "leads to 127.0.0.1, an address of this machine"));
  EXPECT_TRUE(server->requests().empty());
}

TEST_F(ClientTest, bounds_headers_and_bodies)
{
  server->quirks(R"({"big_header": 1000000})");
  EXPECT_THAT([&] { (void)Client(options()).send(get(), 1000, Task()); }, ThrowsError(Errc::limit, "header"));
  server->quirks(R"({"status": [{"where": "GET /v2/", "status": 200, "body": "0123456789"}]})");
  EXPECT_THAT([&] { (void)Client(options()).send(get(), 9, Task()); }, ThrowsError(Errc::limit, "GET"));
}

TEST_F(ClientTest, gives_up_on_a_trickle)
{
  server->quirks(
      R"({"status": [{"where": "GET /v2/", "status": 200, "body": "0123456789"}], "slow": [{"where": "GET /v2/", "bytes": 1, "seconds": 0.15}]})");
  auto slow = options();
  slow.patience = 100ms;
  slow.retry.tries = 2;
  EXPECT_THAT([&] { (void)Client(slow).send(get(), 1000, Task()); }, ThrowsError(Errc::network, "less than 1 KiB/s"));
}

TEST_F(ClientTest, gives_up_on_silence)
{
  // A listening socket that nobody answers at.
  server->quirks(R"({"status": [], "slow": [{"where": "GET /v2/", "bytes": 1, "seconds": 0.3}]})");
  auto slow = options();
  slow.patience = 50ms;
  slow.retry.tries = 1;
  auto request = get();
  request.answer_within = 50ms;
  EXPECT_THAT([&] { (void)Client(slow).send(request, 1000, Task()); }, ThrowsError(Errc::network, "GET"));
}

class Quiet final : public Reporter {
  void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
  void advance(std::uint64_t, std::uint64_t) noexcept override {}
  void end(std::uint64_t) noexcept override {}
};

TEST_F(ClientTest, stops_at_once_when_asked)
{
  server->quirks(R"({"slow": [{"where": "GET /v2/", "bytes": 1, "seconds": 0.2}]})");
  Quiet quiet;
  std::stop_source stop;
  const Task task(quiet, stop.get_token(), "x", 0);
  const Client client(options());
  const auto exchange = client.open(get(), task);
  stop.request_stop();
  std::array<std::byte, 100> buffer{};
  EXPECT_THROW(while (exchange->read(buffer) != 0){}, Cancelled);
}

TEST_F(ClientTest, logs_no_secret)
{
  std::string logged;
  server->quirks(R"({"belongs": ["Bearer geheim", "sig=geheim"]})");
  log::set_sink(log::Level::debug, [&](log::Level, std::string_view text) { logged += text; });
  auto request = get("/v2/?sig=geheim");
  request.authorization = Secret("Bearer geheim");
  (void)Client(options()).send(request, 100'000, Task());
  log::set_sink(log::Level::warn, {});
  EXPECT_NE(logged.find("/v2/?sig=***"), std::string::npos) << logged;
  EXPECT_EQ(logged.find("geheim"), std::string::npos) << logged;
}

}  // namespace
}  // namespace cairn::http
