// SPDX-License-Identifier: Apache-2.0
//
// Whom a client trusts: certificates, and proxies between.
#include <cairn/http/client.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>
#include <support/registry/quirk_registry.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace cairn::http {
namespace {

using test::QuickClock;
using test::QuirkRegistry;
using test::ThrowsError;

/// An authority and a certificate of it, made by openssl.
class Trust : public ::testing::Test {
protected:
  void certify(const std::string& name, int days)
  {
    const auto in = [&](const char* file) { return (root.path() / file).native(); };
    run({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", in("ca.key"), "-out", in("ca.crt"), "-days", "2", "-subj",
         "/CN=tests"});
    run({"req", "-newkey", "rsa:2048", "-nodes", "-keyout", in("key"), "-out", in("csr"), "-subj", "/CN=server"});
    write_file_atomically(root.path() / "ext", "subjectAltName=" + name + "\n", Flush::no);
    // `-days 0`: its last second is the first.
    run({"x509", "-req", "-in", in("csr"), "-CA", in("ca.crt"), "-CAkey", in("ca.key"), "-CAcreateserial", "-days", std::to_string(days),
         "-out", in("crt"), "-extfile", in("ext")});
  }
  static void run(std::vector<std::string> arguments)
  {
    arguments.insert(arguments.begin(), "openssl");
    ASSERT_EQ(run_program({.arguments = arguments, .input = {}, .variables = {}}, Task()).status, 0);
  }
  int get(const QuirkRegistry& server, VerifyTls verify = VerifyTls::yes, bool known = true)
  {
    Options options;
    options.clock = std::make_shared<QuickClock>();
    options.tls = [&, verify, known](const Url&) {
      Tls tls = known ? read_certificates(root.path()) : Tls{};
      tls.verify = verify;
      return tls;
    };
    return Client(options).send({.url = Url::parse("https://" + server.host() + "/v2/")}, 1000, Task()).status;
  }
  [[nodiscard]] QuirkRegistry serve(std::vector<std::string> more = {}) const
  {
    more.insert(more.begin(), {"--tls", (root.path() / "crt").native(), (root.path() / "key").native()});
    return QuirkRegistry(more);
  }
  TempDir root;
};

TEST_F(Trust, an_authority_of_ones_own)
{
  certify("IP:127.0.0.1", 2);
  std::filesystem::remove(root.path() / "ca.key");
  const auto server = serve();
  EXPECT_EQ(get(server), 200);
  EXPECT_THAT(
      [&] { get(server, VerifyTls::yes, false); },
      ThrowsError(Errc::permission, "SSL certificate problem: unable to get local issuer certificate; --cert-dir names a directory"));
  EXPECT_EQ(get(server, VerifyTls::no, false), 200);
}

TEST_F(Trust, no_certificate_of_another_host)
{
  certify("DNS:other.example.com", 2);
  std::filesystem::remove(root.path() / "ca.key");
  EXPECT_THAT([&] { get(serve()); }, ThrowsError(Errc::permission, "'127.0.0.1'"));
}

TEST_F(Trust, no_certificate_whose_time_is_over)
{
  certify("IP:127.0.0.1", -1);
  std::filesystem::remove(root.path() / "ca.key");
  EXPECT_THAT([&] { get(serve()); }, ThrowsError(Errc::permission, "certificate has expired"));
}

TEST_F(Trust, no_tls_older_than_1_2)
{
  certify("IP:127.0.0.1", 2);
  std::filesystem::remove(root.path() / "ca.key");
  EXPECT_THAT([&] { get(serve({"--tls-version", "1.0"})); }, ThrowsError(Errc::network, "GET https://127.0.0.1:"));
}

TEST_F(Trust, tries_again_after_goaway)
{
  certify("IP:127.0.0.1", 2);
  std::filesystem::remove(root.path() / "ca.key");
  const auto server = serve({"--goaway", "2"});
  EXPECT_EQ(get(server), 200);
}

/// A request to a host that only a proxy could reach.
Reply by_proxy(const std::string& proxy, const std::string& url, std::shared_ptr<QuickClock> clock = std::make_shared<QuickClock>())
{
  Options options;
  options.clock = std::move(clock);
  options.http_proxy = options.https_proxy = proxy;
  return Client(options).send({.url = Url::parse(url)}, 1000, Task());
}

TEST(Proxy, is_asked_and_only_it_sees_its_credentials)
{
  QuirkRegistry proxy;
  proxy.quirks(R"({"status": [{"where": "GET registry.example.test", "status": 200, "body": "by proxy"}]})");
  EXPECT_EQ(by_proxy("http://me:geheim@" + proxy.host(), "http://registry.example.test/v2/").body, "by proxy");
  EXPECT_EQ(proxy.requests()[0].authorization, "");
}

TEST(Proxy, that_wants_credentials_says_so)
{
  QuirkRegistry proxy;
  proxy.quirks(R"({"status": [{"where": "CONNECT .", "status": 407}]})");
  EXPECT_THAT(
      [&] { by_proxy("http://" + proxy.host(), "https://registry.example.test/v2/"); },
      ThrowsError(Errc::permission, "GET https://registry.example.test/v2/: the proxy wants credentials (407): put them into HTTPS_PROXY"));
}

TEST(Proxy, that_died_is_named)
{
  EXPECT_THAT([&] { by_proxy("http://127.0.0.1:1", "https://registry.example.test/v2/"); }, ThrowsError(Errc::network, "127.0.0.1 port 1"));
}

TEST(Proxy, is_not_asked_for_this_machine_nor_for_what_it_is_told)
{
  QuirkRegistry server;
  EXPECT_EQ(by_proxy("http://127.0.0.1:1", "http://" + server.host() + "/v2/").status, 200);
}

}  // namespace
}  // namespace cairn::http
