// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/credentials.hpp>

#include <cairn/base/log.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include <sys/stat.h>

namespace cairn::registry {
namespace {

using test::ThrowsError;
namespace fs = std::filesystem;

class CredentialsTest : public ::testing::Test {
protected:
  CredentialsTest()
  {
    places.home = root.path();
    places.helper_deadline = std::chrono::seconds(1);
    const char* path = std::getenv("PATH");
    old_path_ = path == nullptr ? "" : path;
    ::setenv("PATH", (root.path().native() + ":" + old_path_).c_str(), 1);
  }
  ~CredentialsTest() override { ::setenv("PATH", old_path_.c_str(), 1); }
  CredentialsTest(const CredentialsTest&) = delete;
  CredentialsTest& operator=(const CredentialsTest&) = delete;

  void write(const std::string& file, const std::string& text, mode_t mode = 0600) const
  {
    const auto path = root.path() / file;
    fs::create_directories(path.parent_path());
    write_file_atomically(path, text, Flush::no, mode);
  }
  /// auth.json of podman.
  void auth(const std::string& text) const { write(".config/containers/auth.json", text); }
  void helper(const std::string& name, const std::string& script) const
  {
    write("docker-credential-" + name, "#!/bin/sh\n" + script, 0755);
  }
  [[nodiscard]] std::optional<Credentials> find(const std::string& path) const { return find_credentials(places, path, Task()); }
  [[nodiscard]] std::string user(const std::string& path) const
  {
    const auto found = find(path);
    return found ? found->user + ":" + found->password.reveal() + found->identity_token.reveal() : "";
  }

  TempDir root;
  AuthPlaces places;

private:
  std::string old_path_;
};

TEST_F(CredentialsTest, the_most_specific_entry_counts)
{
  // a:1, b:2, c:3
  auth(R"({"auths": {"h.io": {"auth": "YTox"}, "h.io/team": {"auth": "Yjoy"}, "h.io/team/app": {"auth": "Yzoz"}}})");
  EXPECT_EQ(user("h.io/team/app"), "c:3");
  EXPECT_EQ(user("h.io/team/app2"), "b:2");
  EXPECT_EQ(user("h.io/other"), "a:1");
  EXPECT_EQ(user("h.io.evil.com/x"), "");
}

TEST_F(CredentialsTest, files_are_asked_in_order)
{
  write(".dockercfg", R"({"https://old.io/v1/": {"auth": "YTox"}})");
  EXPECT_EQ(user("old.io/x"), "a:1");
  write(".docker/config.json",
        R"({"auths": {"https://index.docker.io/v1/": {"auth": "Yjoy"}, "old.io": {"username": "k", "password": "p"}}})");
  EXPECT_EQ(user("docker.io/library/debian"), "b:2");
  EXPECT_EQ(user("old.io/x"), "k:p");
  auth(R"({"auths": {"old.io": {"auth": "Yzoz"}}})");
  EXPECT_EQ(user("old.io/x"), "c:3");
  places.runtime_dir = root.path() / "run";
  write("run/containers/auth.json", R"({"auths": {"old.io": {"auth": "Yjoy", "identitytoken": "T"}}})");
  EXPECT_EQ(user("old.io/x"), "b:2T");
  places.authfile = root.path() / "only.json";
  EXPECT_THAT([&] { (void)find("old.io/x"); }, ThrowsError(Errc::not_found, "only.json': no such file of credentials"));
  write("only.json", "{}");
  EXPECT_EQ(user("old.io/x"), "");
}

TEST_F(CredentialsTest, helpers_are_asked)
{
  helper("good", "read host; echo \"{\\\"ServerURL\\\": \\\"$host\\\", \\\"Username\\\": \\\"u-$host\\\", \\\"Secret\\\": \\\"s\\\"}\"");
  helper("token", R"(echo '{"Username": "<token>", "Secret": "refresh"}')");
  helper("none", "echo 'credentials not found in native keychain'; exit 1");
  auth(R"({"auths": {"b.io": {"auth": "YTox"}}, "credHelpers": {"a.io": "good", "t.io": "token", "n.io": "none"}, "credsStore": "none"})");
  EXPECT_EQ(user("a.io/x"), "u-a.io:s");
  EXPECT_EQ(find("t.io/x")->identity_token.reveal(), "refresh");
  EXPECT_EQ(user("b.io/x"), "a:1");
  EXPECT_EQ(user("n.io/x"), "");
}

TEST_F(CredentialsTest, a_helper_that_fails_is_an_error_and_not_another_password)
{
  auth(R"({"auths": {"a.io": {"auth": "YTox"}}, "credHelpers": {"a.io": "bad"}})");
  EXPECT_THAT([&] { (void)find("a.io/x"); }, ThrowsError(Errc::tool, "docker-credential-bad: no such program in PATH"));
  helper("bad", "echo geheim >&2; exit 3");
  EXPECT_THAT([&] { (void)find("a.io/x"); }, ThrowsError(Errc::tool, "docker-credential-bad get: exit status 3 for 'a.io'"));
  helper("bad", "echo geheim");
  EXPECT_THAT([&] { (void)find("a.io/x"); },
              ThrowsError(Errc::tool, "docker-credential-bad get: its output is not an object with Username and Secret"));
  helper("bad", "exec sleep 60");
  EXPECT_THAT([&] { (void)find("a.io/x"); }, ThrowsError(Errc::tool, "'docker-credential-bad': no answer within 1 s"));
  auth(R"({"credHelpers": {"a.io": "../../bin/sh"}})");
  EXPECT_THAT([&] { (void)find("a.io/x"); }, ThrowsError(Errc::bad_input, "not a credential helper's name"));
}

TEST_F(CredentialsTest, broken_files_are_named_without_what_they_hold)
{
  auth("\xef\xbb\xbf{}");
  EXPECT_THAT([&] { (void)find("a.io/x"); }, ThrowsError(Errc::bad_input, "auth.json'"));
  auth(R"({"auths": {"a.io": {"auth": "!geheim!"}}})");
  EXPECT_THAT([&] { (void)find("a.io/x"); }, ThrowsError(Errc::bad_input, "'auths.a.io.auth': not base64"));
  auth(R"({"auths": {"a.io": {"auth": "Z2VoZWlt"}}})");
  EXPECT_THAT([&] { (void)find("a.io/x"); }, ThrowsError(Errc::bad_input, "no colon between user and password"));
}

TEST_F(CredentialsTest, a_file_that_others_may_read_is_a_warning)
{
  std::string logged;
  log::set_sink(log::Level::warn, [&](log::Level, std::string_view text) { logged += text; });
  write(".config/containers/auth.json", "{}", 0644);
  (void)find("a.io/x");
  log::set_sink(log::Level::warn, {});
  EXPECT_NE(logged.find("others may read it"), std::string::npos) << logged;
}

TEST_F(CredentialsTest, are_kept_and_forgotten)
{
  auth(R"({"auths": {"old.io": {"auth": "YTox"}}, "other": [1, 2]})");
  const Credentials me{.user = "me", .password = Secret("g:h"), .identity_token = {}, .origin = {}};
  EXPECT_NE(store_credentials(places, "new.io:5000", me, Task()).find("auth.json"), std::string::npos);
  EXPECT_EQ(user("new.io:5000/x"), "me:g:h");
  EXPECT_EQ(user("old.io/x"), "a:1");
  const auto file = root.path() / ".config/containers/auth.json";
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_NE(read_small_file(file, 10'000).find("\"other\""), std::string::npos);
  EXPECT_TRUE(erase_credentials(places, "new.io:5000", Task()));
  EXPECT_FALSE(erase_credentials(places, "new.io:5000", Task()));
  EXPECT_EQ(user("new.io:5000/x"), "");
  EXPECT_EQ(stored_keys(places), std::vector<std::string>{"old.io"});
}

TEST_F(CredentialsTest, go_to_the_helper_that_the_file_names)
{
  helper("keep", fmt::format("cat >{}/$1", root.path().native()));
  auth(R"({"credHelpers": {"a.io": "keep"}})");
  EXPECT_EQ(store_credentials(places, "a.io", {.user = "me", .password = Secret("s"), .identity_token = {}, .origin = {}}, Task()),
            "docker-credential-keep");
  EXPECT_EQ(read_small_file(root.path() / "store", 1000), R"({"Secret":"s","ServerURL":"a.io","Username":"me"})");
  EXPECT_TRUE(erase_credentials(places, "a.io", Task()));
  EXPECT_EQ(read_small_file(root.path() / "erase", 1000), "a.io");
}

TEST(Secrets, print_as_stars)
{
  EXPECT_EQ(fmt::format("{}", Secret("geheim")), "***");
  EXPECT_THAT([] { (void)Credentials::parse(":geheim"); },
              ThrowsError(Errc::bad_input, "--creds: no user name; give USER or USER:PASSWORD"));
  EXPECT_EQ(Credentials::parse("u:p:q").password.reveal(), "p:q");
}

}  // namespace
}  // namespace cairn::registry
