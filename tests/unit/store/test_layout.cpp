// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <support/as_nobody.hpp>
#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

namespace cairn::store {
namespace {

using test::as_nobody;
using test::ThrowsError;
namespace fs = std::filesystem;

void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

std::string text_of(const fs::path& path) { return read_small_file(path, 1 << 20); }

constexpr std::string_view good_layout = R"({"imageLayoutVersion":"1.0.0"})";
constexpr std::string_view empty_index = R"({"schemaVersion":2,"manifests":[]})";

/// All names, types and contents below `root`, to see whether anything changed.
std::string picture(const fs::path& root)
{
  std::string all;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    all += entry.path().native() + "\n";
    if (entry.is_regular_file()) all += text_of(entry.path()) + "\n";
  }
  return all;
}

TEST(Layout, is_made_when_the_directory_is_missing_or_empty)
{
  TempDir root;
  for (const auto* name : {"missing/deep", "."}) {
    if (name == std::string_view(".")) fs::remove_all(root.path() / "missing");
    const auto path = root.path() / name;
    Store store(path, Access::write);
    EXPECT_EQ(text_of(path / "oci-layout"), good_layout);
    EXPECT_EQ(text_of(path / "index.json"), R"({"manifests":[],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2})");
    EXPECT_EQ(text_of(path / "cairn/format"), "cairn store 1\n");
    EXPECT_TRUE(store.tags().empty());
  }
}

TEST(Layout, may_lie_on_a_fresh_file_system)
{
  TempDir root;
  fs::create_directory(root.path() / "lost+found");
  EXPECT_TRUE(Store(root.path(), Access::write).tags().empty());
}

TEST(Layout, has_modes_that_do_not_depend_on_the_umask)
{
  TempDir root;
  for (const mode_t mask : {mode_t{0}, mode_t{077}}) {
    const auto path = root.path() / std::to_string(mask);
    const auto before = ::umask(mask);
    Store store(path, Access::write);
    store.tag("a", store.put("{}", "application/json"), Task());
    (void)store.cache("fragment");
    ::umask(before);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0755));
    EXPECT_EQ(fs::status(path / "blobs").permissions(), fs::perms(0755));
    EXPECT_EQ(fs::status(path / "blobs/sha256").permissions(), fs::perms(0755));
    EXPECT_EQ(fs::status(path / "cairn/cache/fragment").permissions(), fs::perms(0755));
    EXPECT_EQ(fs::status(path / "index.json").permissions(), fs::perms(0644));
    EXPECT_EQ(fs::status(path / "oci-layout").permissions(), fs::perms(0644));
  }
}

TEST(Layout, half_made_by_a_killed_run_is_finished)
{
  TempDir root;
  fs::create_directories(root.path() / "cairn/tmp");
  EXPECT_TRUE(Store(root.path(), Access::write).tags().empty());
  fs::remove(root.path() / "oci-layout");
  EXPECT_TRUE(Store(root.path(), Access::write).tags().empty());
}

TEST(Layout, of_another_tool_is_adopted_with_what_it_holds)
{
  TempDir root;
  write(root.path() / "oci-layout", good_layout);
  const auto index =
      std::string(R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")") +
      sha256("{}").str() + R"(","size":2,"annotations":{"org.opencontainers.image.ref.name":"theirs"}}],"annotations":{"k":"v"}})";
  write(root.path() / "index.json", index);
  Store store(root.path(), Access::write);
  EXPECT_EQ(store.resolve("theirs").digest, sha256("{}"));
  EXPECT_EQ(text_of(root.path() / "index.json"), index);
}

TEST(Layout, is_not_made_in_a_directory_with_other_files)
{
  TempDir root;
  write(root.path() / "thesis.tex", "precious");
  EXPECT_THAT([&] { Store(root.path(), Access::write); }, ThrowsError(Errc::bad_input, "no OCI image layout"));
  EXPECT_EQ(std::distance(fs::directory_iterator(root.path()), fs::directory_iterator()), 1);
}

TEST(Layout, is_not_made_for_reading)
{
  TempDir root;
  EXPECT_THAT([&] { Store(root.path() / "missing", Access::read); }, ThrowsError(Errc::not_found, "missing"));
  EXPECT_THAT([&] { Store(root.path(), Access::read); }, ThrowsError(Errc::bad_input, "oci-layout"));
  EXPECT_FALSE(fs::exists(root.path() / "missing"));
}

TEST(Layout, that_is_a_file_is_refused)
{
  TempDir root;
  write(root.path() / "file", "x");
  EXPECT_THAT([&] { Store(root.path() / "file", Access::write); }, ThrowsError(Errc::bad_input, "not a directory"));
}

TEST(Layout, newer_than_this_version_is_left_untouched)
{
  TempDir root;
  {
    Store(root.path(), Access::write);
  }
  write(root.path() / "oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
  const auto before = picture(root.path());
  for (const auto access : {Access::read, Access::write})
    EXPECT_THAT([&] { Store(root.path(), access); }, ThrowsError(Errc::unsupported, "version '2.0.0', this cairn knows 1.0.0"));
  EXPECT_EQ(picture(root.path()), before);

  write(root.path() / "oci-layout", good_layout);
  write(root.path() / "cairn/format", "cairn store 2\n");
  const auto newer = picture(root.path());
  for (const auto access : {Access::read, Access::write})
    EXPECT_THAT([&] { Store(root.path(), access); }, ThrowsError(Errc::unsupported, "store format 2, this cairn knows 1"));
  EXPECT_EQ(picture(root.path()), newer);
}

TEST(Layout, with_broken_files_is_corrupt)
{
  TempDir root;
  {
    Store(root.path(), Access::write);
  }
  const auto expect = [&](std::string_view fragment) {
    EXPECT_THAT([&] { Store(root.path(), Access::read); }, ThrowsError(Errc::corrupt, fragment));
  };
  for (const std::string_view text : {"", "[]", "{}", R"({"imageLayoutVersion":1})", R"({"ImageLayoutVersion":"1.0.0"})"}) {
    write(root.path() / "oci-layout", text);
    expect("oci-layout");
  }
  write(root.path() / "oci-layout", good_layout);
  write(root.path() / "cairn/format", "something else");
  expect("expected 'cairn store <number>'");
  write(root.path() / "cairn/format", "cairn store 1\n");
  write(root.path() / "index.json", R"({"schemaVersion":2,"manifests":[)");
  expect("index.json");
  write(root.path() / "index.json", R"({"schemaVersion":2,"manifests":[],"layers":[]})");
  expect("does not belong into an index");
  fs::remove(root.path() / "index.json");
  expect("missing from the image layout");
  write(root.path() / "index.json", R"({"schemaVersion":2,"manifests":null})");
  EXPECT_TRUE(Store(root.path(), Access::read).tags().empty());
}

TEST(Layout, that_cannot_be_written_is_read_all_the_same)
{
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  TempDir root;
  fs::permissions(root.path(), fs::perms(0755));
  oci::Descriptor blob;
  {
    Store store(root.path(), Access::write);
    blob = store.put("{}", "application/json");
    store.tag("a", blob, Task());
  }
  const auto before = picture(root.path());
  EXPECT_TRUE(as_nobody([&] {
    const Store store(root.path(), Access::read);
    const auto lock = store.hold(LockMode::shared, Task());
    (void)store.cache("fragment");
    return store.read(store.resolve("a")) == "{}";
  }));
  EXPECT_TRUE(as_nobody([&] {
    return ::testing::Value([&] { Store(root.path(), Access::write); },
                            ThrowsError(Errc::permission, "it belongs to uid 0 with mode 0755, and this process runs as uid 65534"));
  }));
  EXPECT_EQ(picture(root.path()), before);
}

TEST(Layout, opened_for_reading_refuses_to_write)
{
  TempDir root;
  {
    Store(root.path(), Access::write);
  }
  Store store(root.path(), Access::read);
  EXPECT_THAT([&] { (void)store.create(); }, ThrowsError(Errc::permission, "opened for reading only"));
  EXPECT_THAT([&] { (void)store.put("x", "text/plain"); }, ThrowsError(Errc::permission, "opened for reading only"));
  EXPECT_THAT([&] { (void)store.collect(Store::Really::yes, Task()); }, ThrowsError(Errc::permission, "opened for reading only"));
}

TEST(Layout, loses_leftovers_of_killed_writers_and_keeps_those_of_live_ones)
{
  TempDir root;
  Store store(root.path(), Access::write);
  write(root.path() / "cairn/tmp/.tmp-0123456789abcdef", "left by a killed run");
  auto writer = store.create();
  writer.write("alive");
  Store again(root.path(), Access::write);
  EXPECT_FALSE(fs::exists(root.path() / "cairn/tmp/.tmp-0123456789abcdef"));
  const auto blob = writer.commit("text/plain");
  EXPECT_EQ(again.read(blob), "alive");
}

}  // namespace
}  // namespace cairn::store
