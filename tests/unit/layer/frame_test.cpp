// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/frame.hpp>

#include <cairn/base/error.hpp>
#include <cairn/tar/writer.hpp>
#include <support/error_matcher.hpp>
#include <unit/layer/layer_test.hpp>

#include <gmock/gmock.h>

#include <functional>
#include <numeric>
#include <random>

namespace cairn::layer {
namespace {

using cairn::test::FileTree;
using cairn::test::ThrowsError;
using testing::ElementsAre;
using testing::IsEmpty;

/// A scanned unit and how it is written.
struct Fragment {
  explicit Fragment(const FileTree& tree, const std::string& root_path = "u", Mtimes mtimes = Mtimes::constant) : root(tree.open())
  {
    scanned = scan(root.get(), {root_path}, {}, Task{});
    mark_bytecode(root.get(), scanned.contents, Task{});
    spec = {&scanned.contents, "opt/apps", mtimes};
  }
  Fragment(const Fragment&) = delete;
  Fragment& operator=(const Fragment&) = delete;

  [[nodiscard]] std::string in_frames() const
  {
    std::string bytes;
    FrameReader reader(root.get());
    FrameCursor cursor(spec);
    while (const auto frame = cursor.next()) bytes += at(reader, frame->start, frame->bytes);
    return bytes;
  }
  [[nodiscard]] std::string at(FrameReader& reader, const FrameStart& start, std::size_t size) const
  {
    std::string bytes(size, '?');
    reader.read(spec, start, std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }
  /// The archive, made in the plain way: each entry and its content through the tar writer.
  [[nodiscard]] std::string written(const FileTree& tree) const
  {
    MemorySink sink;
    tar::Writer writer(sink);
    for (const auto& item : scanned.contents.items) {
      const auto path = scanned.contents.path(item);
      const auto entry = entry_for(spec, item, path);
      if (!entry) continue;
      if (entry->type == tar::Type::file) writer.add(*entry, std::string_view(read_small_file(tree / path, 1 << 30)));
      else writer.add(*entry);
    }
    return std::string(sink.text());
  }

  Fd root;
  Scan scanned;
  FragmentSpec spec;
};

TEST(Frames, are_four_mebibytes_but_for_the_last)
{
  FileTree tree;
  test::make_unit(tree, "u");
  const Fragment fragment(tree);
  FrameCursor cursor(fragment.spec);
  std::vector<std::size_t> sizes;
  while (const auto frame = cursor.next()) sizes.push_back(frame->bytes);
  ASSERT_GE(sizes.size(), 3U);
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) EXPECT_EQ(sizes[i], frame_bytes);
  EXPECT_GT(sizes.back(), 0U);
  EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), fragment.written(tree).size());
}

TEST(Frames, hold_what_the_tar_writer_writes)
{
  FileTree tree;
  test::make_unit(tree, "u");
  const Fragment fragment(tree);
  EXPECT_TRUE(fragment.in_frames() == fragment.written(tree));
}

TEST(Frames, are_read_the_same_wherever_they_are_cut)
{
  FileTree tree;
  test::make_unit(tree, "u");
  const Fragment fragment(tree);
  const auto whole = fragment.in_frames();
  // Where each item begins in the archive.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> begins;
  std::uint64_t at = 0;
  for (std::uint32_t i = 0; i < fragment.scanned.contents.items.size(); ++i) {
    const auto& item = fragment.scanned.contents.items[i];
    begins.emplace_back(at, i);
    const auto entry = *entry_for(fragment.spec, item, fragment.scanned.contents.path(item));
    at += tar::header_bytes(entry) + tar::padded(entry.size_bytes);
  }
  ASSERT_EQ(at, whole.size());
  std::mt19937_64 random(7);
  FrameReader reader(fragment.root.get());
  for (int round = 0; round < 300; ++round) {
    const auto begin = std::uniform_int_distribution<std::uint64_t>(0, whole.size() - 1)(random);
    // Mostly short ones: they end in headers, content and padding.
    const auto most = std::min<std::uint64_t>(whole.size() - begin, round % 10 == 0 ? frame_bytes : 3000);
    const auto size = std::uniform_int_distribution<std::uint64_t>(1, most)(random);
    const auto next = std::ranges::upper_bound(begins, std::pair{begin, UINT32_MAX});
    const auto& [item_begin, item] = *std::prev(next);
    ASSERT_TRUE(fragment.at(reader, {item, begin - item_begin}, size) == std::string_view(whole).substr(begin, size))
        << size << " bytes from " << begin;
  }
}

TEST(Frames, of_nothing_are_none)
{
  FileTree tree;
  tree.directory("u");
  const Fragment fragment(tree);
  EXPECT_EQ(FrameCursor(fragment.spec).next(), std::nullopt);
}

TEST(Frames, end_exactly_where_the_unit_does)
{
  FileTree tree;
  tree.file("u/f", test::noise(frame_bytes - tar::block_bytes, 1));
  const Fragment fragment(tree);
  FrameCursor cursor(fragment.spec);
  EXPECT_EQ(cursor.next()->bytes, frame_bytes);
  EXPECT_EQ(cursor.next(), std::nullopt);
}

TEST(Frames, leave_out_stale_bytecode_and_its_hard_links)
{
  FileTree tree;
  std::string header("\xa7\x0d\x0d\x0a\0\0\0\0\x01\0\0\0\x01\0\0\0", 16);
  tree.file("u/m.py", "source").file("u/__pycache__/m.cpython-311.pyc", header).hard_link("u/z.pyc", "u/__pycache__/m.cpython-311.pyc");
  const Fragment fragment(tree);
  EXPECT_THAT(test::list(fragment.in_frames() + std::string(1024, '\0')), ElementsAre("d opt/apps/u/__pycache__", "f opt/apps/u/m.py 6"));
}

TEST(Frames, of_stale_bytecode_alone_are_those_of_its_directory)
{
  FileTree tree;
  tree.file("u/m.py", "source").file("u/__pycache__/m.cpython-311.pyc", std::string("\xa7\x0d\x0d\x0a\0\0\0\0\x01\0\0\0\x01\0\0\0", 16));
  const Fragment fragment(tree, "u/__pycache__");
  EXPECT_THAT(test::list(fragment.in_frames() + std::string(1024, '\0')), ElementsAre("f opt/apps/u/__pycache__/m.cpython-311.pyc 16"))
      << "a root has no source beside it";
}

TEST(Frames, rewrite_bytecode_headers_even_when_cut_there)
{
  FileTree tree;
  // Header for mtime 1 and 14 bytes: "print('hello')" is 14.
  const std::string header("\xa7\x0d\x0d\x0a\0\0\0\0\x01\0\0\0\x0e\0\0\0", 16);
  tree.file("u/m.py", "print('hello')").mtime("u/m.py", 1).file("u/__pycache__/m.cpython-311.pyc", header + "code");
  const Fragment fragment(tree);
  const auto whole = fragment.in_frames();
  const auto content = std::string_view(whole).substr(2 * tar::block_bytes, 20);
  EXPECT_EQ(content.substr(0, 8), std::string_view("\xa7\x0d\x0d\x0a\x01\0\0\0", 8));
  EXPECT_NE(content.substr(8, 8), std::string_view(header).substr(8));
  EXPECT_EQ(content.substr(16), "code");
  FrameReader reader(fragment.root.get());
  for (std::size_t cut = 0; cut <= 20; ++cut)
    EXPECT_EQ(fragment.at(reader, {1, tar::block_bytes + cut}, 30), std::string_view(whole).substr(2 * tar::block_bytes + cut, 30)) << cut;
}

TEST(Frames, write_constant_times_unless_told_to_keep_them)
{
  FileTree tree;
  tree.file("u/f").mtime("u/f", 1'234'567'890, 999'999'999);
  const auto time_of = [&](Mtimes mtimes) {
    const Fragment fragment(tree, "u", mtimes);
    return entry_for(fragment.spec, fragment.scanned.contents.items[0], "u/f")->mtime;
  };
  EXPECT_EQ(time_of(Mtimes::constant), 946684800);
  EXPECT_EQ(time_of(Mtimes::kept), 1'234'567'890);
}

TEST(Frames, keep_times_that_need_a_pax_header)
{
  FileTree tree;
  tree.file("u/a", "1").mtime("u/a", -1).file("u/b", "2").mtime("u/b", -1, 500'000'000).file("u/c", "3").mtime("u/c", 0);
  const Fragment fragment(tree, "u", Mtimes::kept);
  EXPECT_TRUE(fragment.in_frames() == fragment.written(tree));
  EXPECT_EQ(entry_for(fragment.spec, fragment.scanned.contents.items[1], "u/b")->mtime, -1) << "rounded down, as stat(2) does";
}

TEST(Frames, have_no_owner_and_normal_modes)
{
  FileTree tree;
  tree.file("u/suid", "", 06711).file("u/private", "", 0600).directory("u/d", 01700).symlink("u/l", "x");
  const Fragment fragment(tree);
  std::map<std::string, std::uint32_t> modes;
  for (const auto& item : fragment.scanned.contents.items) {
    const auto entry = *entry_for(fragment.spec, item, fragment.scanned.contents.path(item));
    EXPECT_EQ(entry.uid, 0U);
    EXPECT_EQ(entry.gid, 0U);
    modes[entry.path] = entry.mode;
  }
  EXPECT_EQ(modes["opt/apps/u/suid"], 0775U);
  EXPECT_EQ(modes["opt/apps/u/private"], 0664U);
  EXPECT_EQ(modes["opt/apps/u/d"], 0775U);
  EXPECT_EQ(modes["opt/apps/u/l"], 0777U);
}

/// A tree that changes between scan and read.
class ChangedFile : public testing::Test {
protected:
  ChangedFile() { tree_.file("u/d/f", "content").mtime("u/d/f", 1'000'000'000); }
  void refused_after(const std::function<void()>& change)
  {
    const Fragment fragment(tree_);
    change();
    EXPECT_THAT([&] { return fragment.in_frames(); }, ThrowsError(Errc::changed, "u/d/f"));
  }
  FileTree tree_;
};

TEST_F(ChangedFile, by_growing_is_noticed)
{
  refused_after([&] { tree_.file("u/d/f", "content and more"); });
}
TEST_F(ChangedFile, by_shrinking_is_noticed)
{
  refused_after([&] { tree_.file("u/d/f", "c"); });
}
TEST_F(ChangedFile, by_another_time_is_noticed)
{
  refused_after([&] { tree_.mtime("u/d/f", 1'000'000'001); });
}
TEST_F(ChangedFile, by_other_content_of_the_same_size_and_time_is_noticed)
{
  // The change time tells; it moves by the kernel's tick.
  const auto ctime = [&] {
    struct stat status{};
    ::stat((tree_ / "u/d/f").c_str(), &status);
    return std::pair(status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  };
  refused_after([&] {
    for (const auto before = ctime(); ctime() == before;) tree_.file("u/d/f", "CONTENT").mtime("u/d/f", 1'000'000'000);
  });
}
TEST_F(ChangedFile, by_another_in_its_place_is_noticed)
{
  refused_after([&] { tree_.file("u/d/new", "content").mtime("u/d/new", 1'000'000'000).rename("u/d/new", "u/d/f"); });
}
TEST_F(ChangedFile, by_its_absence_is_noticed)
{
  refused_after([&] { tree_.remove("u/d/f"); });
}
TEST_F(ChangedFile, by_a_link_in_its_place_is_noticed)
{
  refused_after([&] { tree_.rename("u/d/f", "elsewhere").symlink("u/d/f", "../../elsewhere"); });
}
TEST_F(ChangedFile, by_the_absence_of_its_directory_is_noticed)
{
  const Fragment fragment(tree_);
  tree_.remove("u/d");
  EXPECT_THAT([&] { return fragment.in_frames(); }, ThrowsError(Errc::changed, "u/d"));
}
TEST_F(ChangedFile, by_a_link_in_its_directorys_place_is_noticed)
{
  const Fragment fragment(tree_);
  tree_.rename("u/d", "elsewhere").symlink("u/d", "../elsewhere");
  EXPECT_THAT([&] { return fragment.in_frames(); }, ThrowsError(Errc::changed, "u/d"));
}
TEST_F(ChangedFile, by_a_file_in_its_directorys_place_is_noticed)
{
  const Fragment fragment(tree_);
  tree_.remove("u/d").file("u/d");
  EXPECT_THAT([&] { return fragment.in_frames(); }, ThrowsError(Errc::changed, "u/d"));
}

TEST(ChangedBytecode, is_noticed_by_its_source)
{
  FileTree tree;
  const std::string header("\xa7\x0d\x0d\x0a\0\0\0\0\x01\0\0\0\x0e\0\0\0", 16);
  tree.file("u/p/m.py", "print('hello')").mtime("u/p/m.py", 1).file("u/p/__pycache__/m.cpython-311.pyc", header + "code");
  const Fragment fragment(tree);
  tree.remove("u/p/m.py");
  EXPECT_THAT([&] { return fragment.in_frames(); }, ThrowsError(Errc::changed, "u/p/m.py"));
}

}  // namespace
}  // namespace cairn::layer
