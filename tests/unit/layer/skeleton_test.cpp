// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/skeleton.hpp>

#include <cairn/base/error.hpp>
#include <support/error_matcher.hpp>
#include <unit/layer/layer_test.hpp>

#include <gmock/gmock.h>

namespace cairn::layer {
namespace {

using cairn::test::ThrowsError;
using testing::ElementsAre;

std::string bytes_of(const Skeleton& skeleton)
{
  const auto bytes = skeleton_bytes(skeleton);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()) + std::string(1024, '\0');
}

std::vector<tar::Entry> entries_of(const Skeleton& skeleton)
{
  const auto archive = bytes_of(skeleton);
  MemorySource source(archive);
  tar::Reader reader(source, "skeleton");
  std::vector<tar::Entry> entries;
  while (auto entry = reader.next()) entries.push_back(std::move(*entry));
  return entries;
}

TEST(NormalMode, gives_the_group_what_the_owner_has_and_all_the_right_to_read)
{
  struct Case {
    std::uint32_t mode, file, directory;
  };
  constexpr Case cases[] = {
      {0644, 0664, 0775}, {0755, 0775, 0775},  {0600, 0664, 0775},  {0700, 0775, 0775},  {0444, 0444, 0555}, {0555, 0555, 0555},
      {0000, 0444, 0555}, {0666, 0666, 0777},  {0777, 0777, 0777},  {0400, 0444, 0555},  {0500, 0555, 0555}, {0010, 0555, 0555},
      {0001, 0555, 0555}, {04755, 0775, 0775}, {02644, 0664, 0775}, {01777, 0777, 0777}, {0602, 0666, 0777}, {0640, 0664, 0775},
  };
  for (const auto& [mode, file, directory] : cases) {
    EXPECT_EQ(normal_mode(mode, false), file) << std::oct << mode;
    EXPECT_EQ(normal_mode(mode, true), directory) << std::oct << mode;
  }
}

TEST(NormalMode, is_normal_itself)
{
  for (std::uint32_t mode = 0; mode < 010000; ++mode)
    for (const bool is_directory : {false, true}) {
      const auto normal = normal_mode(mode, is_directory);
      ASSERT_EQ(normal_mode(normal, is_directory), normal) << std::oct << mode;
      ASSERT_EQ(normal & 0444, 0444U);
      ASSERT_EQ(normal >> 6 & 7, normal >> 3 & 7);
    }
}

TEST(ArchivePrefix, is_the_target_without_its_slash)
{
  EXPECT_EQ(archive_prefix("/opt/apps/easybuild"), "opt/apps/easybuild");
  EXPECT_EQ(archive_prefix("/opt"), "opt");
}

TEST(ArchivePrefix, is_of_plain_absolute_paths_alone)
{
  for (const char* target : {"", "opt", "/", "//", "/opt/", "/opt//apps", "/opt/./apps", "/opt/../apps", "/..", "/opt/\xff", "/opt/.wh.apps"})
    EXPECT_THAT([&] { return archive_prefix(target); }, ThrowsError(Errc::bad_input, "target")) << target;
}

TEST(Skeleton, holds_every_directory_once_parents_first)
{
  EXPECT_THAT(
      test::list(bytes_of({.target = "/opt/apps", .directories = {"software/a/1", "software/a-b/1", "modules/all/a", ""}})),
      ElementsAre("d opt", "d opt/apps", "d opt/apps/modules", "d opt/apps/modules/all", "d opt/apps/modules/all/a", "d opt/apps/software",
                  "d opt/apps/software/a-b", "d opt/apps/software/a-b/1", "d opt/apps/software/a", "d opt/apps/software/a/1"));
}

TEST(Skeleton, has_constant_metadata)
{
  for (const auto& entry : entries_of({.target = "/opt/apps", .directories = {"a/b"}, .opaque = {"a"}, .removed = {"c"}})) {
    EXPECT_EQ(entry.mtime, constant_mtime);
    EXPECT_EQ(entry.uid, 0U);
    EXPECT_EQ(entry.gid, 0U);
    EXPECT_EQ(entry.mode, entry.type != tar::Type::directory ? 0644U : entry.path == "opt" ? 0755U : 0775U) << entry.path;
  }
}

TEST(Skeleton, puts_whiteouts_into_their_directory)
{
  EXPECT_THAT(test::list(bytes_of(
                  {.target = "/opt/apps", .directories = {"software/a/1"}, .opaque = {"software/a/1"}, .removed = {"software/b", "data"}})),
              ElementsAre("d opt", "d opt/apps", "f opt/apps/.wh.data 0", "d opt/apps/software", "f opt/apps/software/.wh.b 0",
                          "d opt/apps/software/a", "d opt/apps/software/a/1", "f opt/apps/software/a/1/.wh..wh..opq 0"));
}

TEST(Skeleton, makes_the_directories_that_whiteouts_need)
{
  EXPECT_THAT(test::list(bytes_of({.target = "/t", .directories = {}, .opaque = {"a/b"}, .removed = {"c/d/e"}})),
              ElementsAre("d t", "d t/a", "d t/a/b", "f t/a/b/.wh..wh..opq 0", "d t/c", "d t/c/d", "f t/c/d/.wh.e 0"));
}

TEST(Skeleton, of_nothing_is_the_target)
{
  EXPECT_THAT(test::list(bytes_of({.target = "/a/b/c"})), ElementsAre("d a", "d a/b", "d a/b/c"));
}

}  // namespace
}  // namespace cairn::layer
