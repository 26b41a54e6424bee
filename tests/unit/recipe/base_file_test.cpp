// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/base_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace cairn::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::string hex(64, 'a');

class BaseFiles : public ::testing::Test {
protected:
  void write(std::string_view name, std::string_view text) { std::ofstream(directory_.path() / name) << text; }
  BaseFile base(std::string_view text)
  {
    write(base_file_name, text);
    return BaseFile::read(directory_.path());
  }
  /// The error, from `base.yaml` on.
  template <class Read>
  std::string refused(const Read& read)
  {
    try {
      (void)read();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::bad_input);
      const std::string text = error.what();
      return text.substr(std::min(text.find("base."), text.size()));
    }
    return "(nothing was thrown)";
  }
  std::string refused_base(std::string_view text)
  {
    return refused([&] { return base(text); });
  }
  std::string refused_lock(std::string_view text)
  {
    write(base_lock_name, text);
    return refused([&] { return BaseLock::read(directory_.path()); });
  }

  TempDir directory_;
};

/// The first example of the documentation page.
std::string documented_example()
{
  const auto page = read_small_file(std::filesystem::path(CAIRN_DOCS_DIR) / "formats" / "base.md", 1 << 20);
  constexpr std::string_view fence = "```yaml\n";
  const auto begin = page.find(fence) + fence.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

TEST_F(BaseFiles, read_the_documented_example)
{
  const auto file = base(documented_example());
  const auto& debian = std::get<DebianBase>(file.source);
  EXPECT_EQ(debian.suite, "bookworm");
  EXPECT_THAT(debian.packages, ElementsAre("ca-certificates", "python3", "lmod"));
  EXPECT_THAT(debian.removed, ElementsAre("/usr/share/man", "/usr/share/doc/*/changelog*"));
  EXPECT_THAT(debian.users, ElementsAre(BaseUser{"default", 1001, 0, "/opt/app-root/src", "/bin/bash"}));
  EXPECT_THAT(file.env, ElementsAre(Pair("LANG", "C.UTF-8")));
}

TEST_F(BaseFiles, read_other_sources)
{
  EXPECT_EQ(std::get<ImageBase>(base("image: registry.example/a/b@sha256:" + hex).source).reference, "registry.example/a/b@sha256:" + hex);
  EXPECT_EQ(std::get<ContainerfileBase>(base("containerfile: Containerfile").source).file, "Containerfile");
}

TEST_F(BaseFiles, say_where_they_are_wrong)
{
  EXPECT_EQ(refused_base("debain: {}"), "base.yaml:1:1: unknown key 'debain'; did you mean 'debian'?");
  EXPECT_THAT(refused_base("env: {A: b}"), EndsWith("says what the base is made of by exactly one of 'debian', 'image', 'containerfile'"));
  EXPECT_THAT(refused_base("image: a@sha256:" + hex + "\ncontainerfile: b\n"), HasSubstr("exactly one of"));
  EXPECT_THAT(refused_base("debian:\n  suite: bookworm\n  packages:\n    - Upper\n"),
              HasSubstr("base.yaml:4:7: 'debian.packages[0]': 'Upper' is no name of a Debian package"));
  EXPECT_THAT(refused_base("debian: {suite: bookworm, packages: [a1, a1]}"), HasSubstr("'a1' is here twice"));
  EXPECT_THAT(refused_base("debian: {suite: bookworm, packages: [-o]}"), HasSubstr("'-o' is no name"));
  EXPECT_THAT(refused_base("debian: {suite: ../x}"), HasSubstr("is no suite"));
  EXPECT_THAT(refused_base("debian: {suite: b, remove: [usr]}"), HasSubstr("is not an absolute path"));
  EXPECT_THAT(refused_base("debian: {suite: b, remove: [/usr/../etc]}"), HasSubstr("has an empty component, '.' or '..'"));
  EXPECT_THAT(refused_base("debian: {suite: b, users: [{name: 'a:b', uid: 1, gid: 0, home: /h}]}"),
              HasSubstr("has a character that passwd(5) has not"));
  EXPECT_THAT(refused_base("containerfile: ../x"), HasSubstr("does not lie beside this file"));
  EXPECT_THAT(refused_base("containerfile: x\nenv: {'A=': b}"), HasSubstr("is no name of a variable"));
}

TEST_F(BaseFiles, refuse_images_that_may_be_others_tomorrow)
{
  EXPECT_THAT(refused_base("image: registry.example/a:1"), HasSubstr("base.yaml:1:8: 'image': 'registry.example/a:1' has no digest"));
  EXPECT_THAT(refused_base("image: a@sha256:12"), HasSubstr("64 digits"));
  EXPECT_THAT(refused_base("image: a@sha256:" + std::string(64, '0')), HasSubstr("only a placeholder for the digest"));
}

TEST_F(BaseFiles, locks_read_as_they_were_written)
{
  const BaseLock lock{
      "bookworm", "amd64", {"lmod"}, {{"libc6", "2.36-9+deb12u14", "amd64", hex, 2759320}, {"lmod", "1:8.6~x", "all", hex, 1}}};
  lock.write(directory_.path());
  const auto read = BaseLock::read(directory_.path());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->suite, lock.suite);
  EXPECT_EQ(read->architecture, lock.architecture);
  EXPECT_EQ(read->asked, lock.asked);
  EXPECT_EQ(read->packages, lock.packages);
}

TEST_F(BaseFiles, have_no_lock_at_first) { EXPECT_FALSE(BaseLock::read(directory_.path())); }

TEST_F(BaseFiles, locks_say_where_they_are_wrong)
{
  const auto with = [](const std::string& packages) { return "suite: b\narchitecture: amd64\nasked: []\npackages:\n" + packages; };
  const auto one = [](const std::string& name) {
    return fmt::format("  - {{name: {}, version: \"1\", architecture: all, sha256: {}, size: 1}}\n", name, hex);
  };
  EXPECT_THAT(refused_lock("suite: b\n"), HasSubstr("misses 'architecture'"));
  EXPECT_THAT(refused_lock(with(one("bb") + one("aa"))), HasSubstr("base.lock:6:5: 'packages[1]': is not in order of names"));
  EXPECT_THAT(refused_lock(with("  - {name: aa, version: \"1\", architecture: all, sha256: ab, size: 1}\n")),
              HasSubstr("is no SHA-256 of 64 digits"));
  EXPECT_THAT(refused_lock(with("  - {name: aa, version: \"1\"}\n")), HasSubstr("misses 'architecture'"));
}

TEST(BaseSchema, names_the_keys_that_are_read)
{
  const auto text = read_small_file(std::filesystem::path(CAIRN_DOCS_DIR) / "formats" / "base.schema.json", 1 << 20);
  const auto document = oci::JsonDocument::parse(text, "base.schema.json");
  std::vector<std::string> keys;
  for (const auto member : document.root().at("properties").object()) keys.emplace_back(member.key());
  EXPECT_THAT(keys, ElementsAre("containerfile", "debian", "description", "env", "image"));
}

}  // namespace
}  // namespace cairn::recipe
