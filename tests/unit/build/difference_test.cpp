// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/difference.hpp>

#include <cairn/io/stream.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/tar/reader.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace cairn::build {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

/// Keeps a layer's plain bytes.
class MemoryTarget final : public layer::LayerTarget {
public:
  Sink& begin(std::size_t) override { return sink_; }
  Stored end(std::size_t) override { return {Digest(), sink_.bytes().size()}; }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return sink_.bytes(); }

private:
  MemorySink sink_;
};

/// Two directories below a third, as overlayfs would have them.
class Difference : public ::testing::Test {
protected:
  Difference()
  {
    for (const auto* name : {"upper", "high", "low"}) fs::create_directories(root_.path() / name);
    overlay_.upper = overlay_.merged = root_.path() / "upper";
    overlay_.lower = {root_.path() / "high", root_.path() / "low"};
  }
  void file(const std::string& path, const std::string& text, unsigned mode = 0644)
  {
    fs::create_directories((root_.path() / path).parent_path());
    std::ofstream(root_.path() / path) << text;
    ::chmod((root_.path() / path).c_str(), mode);
  }
  void whiteout(const std::string& path)
  {
    fs::create_directories((root_.path() / path).parent_path());
    ASSERT_EQ(::mknod((root_.path() / path).c_str(), S_IFCHR, makedev(0, 0)), 0);
  }
  void opaque(const std::string& path)
  {
    fs::create_directories(root_.path() / path);
    if (::setxattr((root_.path() / path).c_str(), "trusted.overlay.opaque", "y", 1, 0) != 0)
      GTEST_SKIP() << "attributes of overlayfs need root";
  }
  /// Paths in the layer, in order; files with a mode other than 0644 and hard links say so.
  std::vector<std::string> written(const DifferenceRules& rules = {})
  {
    MemoryTarget target;
    NormalLayer layer(target, {.compression = Compression::standard(Codec::none), .threads = 1, .mtime = 0});
    left_out_ = write_difference(overlay_, rules, layer, Task());
    std::vector<std::string> out;
    if (!layer.finish("test")) return out;
    MemorySource source{std::span<const std::byte>(target.bytes())};
    tar::Reader reader(source, "layer");
    while (const auto entry = reader.next()) {
      const bool is_whiteout = entry->path.find(".wh.") != std::string::npos;
      if (!is_whiteout) {
        EXPECT_EQ(entry->mtime, layer::constant_mtime) << entry->path;
      }
      auto text = entry->path;
      if (entry->type == tar::Type::directory) text += '/';
      if (entry->type == tar::Type::hard_link) text += " = " + entry->link;
      if (entry->type == tar::Type::file && !is_whiteout && entry->mode != 0644) text += fmt::format(" {:o}", entry->mode);
      out.push_back(std::move(text));
    }
    return out;
  }

  TempDir root_;
  Overlay overlay_;
  std::vector<std::string> left_out_;
};

TEST_F(Difference, is_nothing_when_nothing_changed)
{
  file("low/etc/a", "same");
  file("upper/etc/a", "same");
  fs::create_directories(root_.path() / "upper/etc/empty");
  fs::create_directories(root_.path() / "high/etc/empty");
  EXPECT_THAT(written(), IsEmpty());
}

TEST_F(Difference, has_what_is_new_or_other_with_its_directories)
{
  file("low/etc/a", "old");
  file("low/etc/mode", "x");
  file("upper/etc/a", "new");
  file("upper/etc/mode", "x", 04755);
  file("upper/opt/b/c", "");
  fs::create_symlink("a", root_.path() / "upper/etc/link");
  EXPECT_THAT(written(), ElementsAre("etc/", "etc/a", "etc/link", "etc/mode 4755", "opt/", "opt/b/", "opt/b/c"));
}

TEST_F(Difference, links_names_of_one_file)
{
  file("upper/a", "x");
  fs::create_hard_link(root_.path() / "upper/a", root_.path() / "upper/b");
  EXPECT_THAT(written(), ElementsAre("a", "b = a"));
}

TEST_F(Difference, hides_what_was_removed_where_there_was_something)
{
  file("low/etc/gone", "x");
  file("low/etc/other", "x");
  whiteout("high/etc/other");
  whiteout("upper/etc/gone");
  whiteout("upper/etc/other");
  whiteout("upper/etc/never");
  EXPECT_THAT(written(), ElementsAre("etc/", "etc/.wh.gone"));
}

TEST_F(Difference, hides_the_content_of_a_directory_that_was_made_anew)
{
  file("low/data/old", "x");
  file("upper/data/new", "x");
  opaque("upper/data");
  if (IsSkipped()) return;
  EXPECT_THAT(written(), ElementsAre("data/", "data/.wh..wh..opq", "data/new"));
}

TEST_F(Difference, leaves_out_logs_and_what_the_runtime_writes_and_lists_the_former)
{
  file("upper/etc/hosts", "127.0.0.1 builder");
  file("upper/etc/resolv.conf", "");
  file("upper/var/log/dpkg.log", "x");
  file("upper/tmp/d/x", "x");
  EXPECT_THAT(written(), ElementsAre("etc/", "tmp/", "var/", "var/log/"));
  EXPECT_THAT(left_out_, ElementsAre("tmp/d/", "var/log/dpkg.log"));
}

TEST_F(Difference, does_not_count_directories_made_for_mounts)
{
  fs::create_directories(root_.path() / "upper/srv/place/deep");
  EXPECT_THAT(written({.mount_places = {"srv/place/deep"}, .scratch = {}}), IsEmpty());
  EXPECT_THAT(written(), ElementsAre("srv/", "srv/place/", "srv/place/deep/"));
}

TEST_F(Difference, does_not_count_scratch_directories)
{
  file("upper/opt/build/src/a", "x");
  file("upper/opt/build/kept", "x");
  EXPECT_THAT(written({.mount_places = {}, .scratch = {"opt/build/src"}}), ElementsAre("opt/", "opt/build/", "opt/build/kept"));
}

}  // namespace
}  // namespace cairn::build
