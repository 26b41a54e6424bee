// SPDX-License-Identifier: Apache-2.0
#include <cairn/release/checkout.hpp>
#include <cairn/release/result.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::release {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReleaseTest : public ::testing::Test {
protected:
  ReleaseTest()
  {
    git({"init", "--quiet", "--initial-branch", "main"});
    git({"config", "user.name", "test"});
    git({"config", "user.email", "test@example.com"});
    write("a", "1");
    git({"add", "a"});
    git({"commit", "--quiet", "--message", "first"});
  }
  std::string git(std::vector<std::string> arguments)
  {
    Program program;
    program.arguments = {"git", "-C", directory.path().native()};
    program.arguments.insert(program.arguments.end(), arguments.begin(), arguments.end());
    const auto result = run_program(program, task);
    EXPECT_EQ(result.status, 0) << result.errors;
    return result.output;
  }
  void write(const std::string& name, const std::string& text) { write_file_atomically(directory.path() / name, text); }
  std::string refused(const std::optional<std::string>& wanted)
  {
    try {
      (void)tag_to_release(read_checkout(directory.path(), task), wanted);
    } catch (const Error& error) {
      return error.what();
    }
    return "(nothing was thrown)";
  }

  Task task;
  TempDir directory;
};

TEST_F(ReleaseTest, knows_the_tag_of_a_checkout)
{
  EXPECT_THAT(refused(std::nullopt), HasSubstr("has no tag"));
  git({"tag", "v1"});
  git({"remote", "add", "origin", "https://robot:geheim@git.example.com/a@b.git"});
  const auto checkout = read_checkout(directory.path(), task);
  EXPECT_EQ(tag_to_release(checkout, std::nullopt), "v1");
  EXPECT_EQ(checkout.commit.size(), 40U);
  EXPECT_EQ(checkout.remote_url, "https://git.example.com/a@b.git");
  git({"tag", "v2"});
  EXPECT_THAT(refused(std::nullopt), HasSubstr("has tags v1, v2; choose one"));
  EXPECT_EQ(tag_to_release(read_checkout(directory.path(), task), "v2"), "v2");
  EXPECT_THAT(refused("v3"), HasSubstr("is not at tag 'v3'"));
}

TEST_F(ReleaseTest, refuses_a_checkout_with_changes)
{
  git({"tag", "v1"});
  write("a", "2");
  EXPECT_THAT(refused(std::nullopt), HasSubstr("has changes ('a')"));
}

TEST_F(ReleaseTest, commits_only_what_changed)
{
  EXPECT_FALSE(commit_files(directory.path(), {"a"}, "again", task));
  write("a", "2");
  write("b", "other");
  EXPECT_TRUE(commit_files(directory.path(), {"a"}, "second", task));
  EXPECT_FALSE(commit_files(directory.path(), {"a"}, "second", task));
  EXPECT_EQ(git({"show", "--name-only", "--format=%s", "HEAD"}), "second\n\na\n");
}

TEST(Checkout, says_that_there_is_none)
{
  const TempDir empty;
  try {
    (void)read_checkout(empty.path(), Task());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::not_found);
  }
}

TEST(Result, is_in_files_that_pipelines_read)
{
  const TempDir directory;
  const auto digest = Digest::parse("sha256:" + std::string(64, '1'));
  Result result{"0123456789abcdef", "https://git.example.com/a", "v1", {{"registry.example.com/a", digest, {"v1", "latest"}}}, ""};
  write_results(directory.path() / "new", result);
  EXPECT_EQ(read_small_file(directory.path() / "new/IMAGE_URL", 1000), "registry.example.com/a:v1");
  EXPECT_EQ(read_small_file(directory.path() / "new/IMAGE_DIGEST", 1000), digest.str());
  EXPECT_THAT(read_small_file(directory.path() / "new/comment.md", 1000), HasSubstr("| `registry.example.com/a:latest` |"));
  result.failure = "Pipfile.lock is stale";
  EXPECT_THAT(result_comment(result), HasSubstr("was not released.** Nothing was pushed"));
  EXPECT_THAT(result_json(result), HasSubstr("\"failure\": \"Pipfile.lock is stale\""));
}

}  // namespace
}  // namespace cairn::release
