// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <cairn/oci/json.hpp>
#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

namespace cairn::store {
namespace {

using test::ThrowsError;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class Tags : public ::testing::Test {
protected:
  [[nodiscard]] std::string index() const { return read_small_file(root.path() / "index.json", 1 << 20); }
  void set_index(std::string_view text) const { std::ofstream(root.path() / "index.json") << text; }
  [[nodiscard]] std::vector<std::string> names() const
  {
    std::vector<std::string> all;
    for (const auto& tag : store.tags()) all.push_back(tag.name);
    return all;
  }
  oci::Descriptor manifest(const std::string& comment)
  {
    oci::Manifest manifest;
    manifest.config = store.put("{}", std::string(oci::media_type::empty));
    manifest.annotations["comment"] = comment;
    return store.put(manifest.json(), std::string(oci::media_type::manifest));
  }

  TempDir root;
  Store store{root.path(), Access::write};
};

TEST_F(Tags, name_manifests)
{
  const auto one = manifest("one");
  store.tag("app:1", one, Task());
  const auto found = store.resolve("app:1");
  EXPECT_EQ(found.digest, one.digest);
  EXPECT_EQ(found.size_bytes, one.size_bytes);
  EXPECT_EQ(found.media_type, oci::media_type::manifest);
}

TEST_F(Tags, are_sorted)
{
  for (const auto* name : {"b", "a", "c"}) store.tag(name, manifest(name), Task());
  EXPECT_THAT(names(), ElementsAre("a", "b", "c"));
}

TEST_F(Tags, move)
{
  store.tag("app", manifest("old"), Task());
  const auto next = manifest("new");
  store.tag("app", next, Task());
  EXPECT_THAT(names(), ElementsAre("app"));
  EXPECT_EQ(store.resolve("app").digest, next.digest);
}

TEST_F(Tags, go_and_blobs_stay)
{
  const auto one = manifest("one");
  store.tag("app", one, Task());
  store.untag("app", Task());
  EXPECT_TRUE(store.tags().empty());
  EXPECT_TRUE(store.has(one));
  EXPECT_THAT([&] { store.untag("app", Task()); }, ThrowsError(Errc::not_found, "no such tag"));
}

TEST_F(Tags, are_not_given_to_what_is_not_stored)
{
  const oci::Descriptor absent{.media_type = std::string(oci::media_type::manifest), .digest = sha256("absent"), .size_bytes = 6};
  EXPECT_THAT([&] { store.tag("app", absent, Task()); }, ThrowsError(Errc::not_found, "is not in the store"));
}

TEST_F(Tags, leave_entries_of_other_tools_as_they_are)
{
  const auto foreign = std::string(R"({"annotations":{"who":"they"},"digest":")") + sha256("x").str() +
                       R"(","mediaType":"application/x","size":1,"theirOwn":[1e3,null,{"a":-1}]})";
  set_index(R"({"schemaVersion":2,"manifests":[)" + foreign + R"(],"theirs":true})");
  store.tag("ours", manifest("ours"), Task());
  EXPECT_THAT(index(), HasSubstr(foreign));
  EXPECT_THAT(index(), HasSubstr(R"("theirs":true)"));
  store.untag("ours", Task());
  EXPECT_EQ(index(), R"({"manifests":[)" + foreign + R"(],"schemaVersion":2,"theirs":true})");
}

TEST_F(Tags, that_name_two_manifests_are_refused_and_can_be_repaired)
{
  const auto one = manifest("one");
  const auto two = manifest("two");
  const auto entry = [](const oci::Descriptor& of) {
    return std::string(R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")") + of.digest.str() + R"(","size":)" +
           std::to_string(of.size_bytes) + R"(,"annotations":{"org.opencontainers.image.ref.name":"app"}})";
  };
  set_index(R"({"schemaVersion":2,"manifests":[)" + entry(one) + "," + entry(two) + "]}");
  EXPECT_THAT([&] { (void)store.resolve("app"); }, ThrowsError(Errc::corrupt, "gives this name to 2 manifests"));
  EXPECT_EQ(store.resolve(two.digest.str()).digest, two.digest);
  store.tag("app", two, Task());
  EXPECT_EQ(store.resolve("app").digest, two.digest);
  EXPECT_THAT(names(), ElementsAre("app"));

  set_index(R"({"schemaVersion":2,"manifests":[)" + entry(one) + "," + entry(one) + "]}");
  EXPECT_EQ(store.resolve("app").digest, one.digest);
}

TEST_F(Tags, resolve_by_digest_too)
{
  const auto one = manifest("one");
  const auto two = manifest("two");
  store.tag("app", two, Task());
  EXPECT_EQ(store.resolve(one.digest.str()).media_type, oci::media_type::manifest);
  EXPECT_EQ(store.resolve("app@" + one.digest.str()).digest, one.digest);
  EXPECT_EQ(store.resolve("app@" + two.digest.str()).digest, two.digest);
  EXPECT_THAT([&] { (void)store.resolve(sha256("absent").str()); }, ThrowsError(Errc::not_found, "not in the store"));
  EXPECT_THAT([&] { (void)store.resolve("app@sha256:12"); }, ThrowsError(Errc::bad_input, "2 hex digits"));
  EXPECT_THAT([&] { (void)store.resolve(store.put("plain text", "text/plain").digest.str()); }, ThrowsError(Errc::bad_input, "not JSON"));
}

TEST_F(Tags, suggest_near_names)
{
  for (const auto* name : {"library:2026.11", "library:2026.10", "notebook:1"}) store.tag(name, manifest(name), Task());
  // and not notebook:1
  EXPECT_THAT([&] { (void)store.resolve("library:2026.1"); }, ThrowsError(Errc::not_found, "near: 'library:2026.10', 'library:2026.11'"));
}

TEST_F(Tags, follow_the_grammar_of_the_specification)
{
  for (const auto* good : {"a", "library:2026.11", "quay.io/org/app:v1", "a--b", "a_b+c@d", "A/B/c-1"})
    EXPECT_NO_THROW(check_tag_name(good)) << good;
  for (const auto* bad : {"", "../x", "a/../b", "/a", "a/", "-a", "a-", "a..b", "a---b", "a b", "a\nb", "caf\xc3\xa9", "a//b", "a:/b",
                          "sha256:abc", "a@sha256:abc"})
    EXPECT_THAT([&] { check_tag_name(bad); }, ThrowsError(Errc::bad_input, "")) << bad;
  EXPECT_NO_THROW(check_tag_name(std::string(128, 'a')));
  EXPECT_THAT([&] { check_tag_name(std::string(129, 'a')); }, ThrowsError(Errc::bad_input, "the limit is 128"));
}

TEST_F(Tags, with_names_that_no_tool_should_write_are_left_out)
{
  const auto one = manifest("one");
  set_index(std::string(R"({"schemaVersion":2,"manifests":[{"mediaType":"application/x","digest":")") + one.digest.str() +
            R"(","size":1,"annotations":{"org.opencontainers.image.ref.name":"../x\u001b[2J"}}]})");
  EXPECT_TRUE(store.tags().empty());
  store.tag("ours", one, Task());
  EXPECT_THAT(index(), HasSubstr(R"(../x\u001b[2J)"));
}

TEST_F(Tags, of_eight_processes_at_once_are_all_kept)
{
  constexpr int processes = 8;
  constexpr int each = 5;
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    const auto child = ::fork();
    if (child == 0) {
      int failed = 0;
      try {
        Store mine(root.path(), Access::write);
        for (int i = 0; i < each; ++i) {
          const auto name = "p" + std::to_string(p) + "-" + std::to_string(i);
          const auto hold = mine.hold(LockMode::shared, Task());
          mine.tag(name, mine.put("{\"" + name + "\":0}", "application/json"), Task());
        }
      } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        failed = 1;
      }
      ::_exit(failed);
    }
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(names().size(), static_cast<std::size_t>(processes * each));
  EXPECT_TRUE(fs::is_empty(root.path() / "cairn/tmp"));
}

TEST_F(Tags, stop_when_asked)
{
  std::stop_source stop;
  stop.request_stop();
  struct Quiet final : Reporter {
    void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
    void advance(std::uint64_t, std::uint64_t) noexcept override {}
    void end(std::uint64_t) noexcept override {}
  } reporter;
  const Task task(reporter, stop.get_token(), "tag", 0);
  const auto one = manifest("one");
  EXPECT_THROW(store.tag("app", one, task), Cancelled);
  EXPECT_TRUE(store.tags().empty());
}

}  // namespace
}  // namespace cairn::store
