// SPDX-License-Identifier: Apache-2.0
// Every file of the corpus is read and extracted as expected.tsv says, in a box with canaries around the root: nothing
// but the root may change. What is accepted must mean the same to other readers.
#include <cairn/base/error.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/io/file.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/tar/extract.hpp>
#include <cairn/tar/reader.hpp>

#include <support/tar_listing.hpp>
#include <support/tar_maker.hpp>
#include <support/error_matcher.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cctype>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include <sys/resource.h>
#include <sys/stat.h>

namespace cairn::test {
namespace {

namespace fs = std::filesystem;

constexpr auto longest_run = std::chrono::seconds(2);
constexpr std::uint64_t plain_limit = std::uint64_t{64} << 20;
#ifdef __SANITIZE_ADDRESS__
constexpr long memory_limit_kib = 900L << 10;  // freed memory is kept for a while
#else
constexpr long memory_limit_kib = 128L << 10;
#endif

struct Verdict {
  bool accepted = false;
  std::string text;  ///< a part of the error's
};

struct Case {
  std::string file;
  Verdict read;
  Verdict extract;
};
void PrintTo(const Case& hostile, std::ostream* out) { *out << hostile.file; }

std::vector<Case> load_cases()
{
  std::vector<Case> cases;
  std::ifstream table(CAIRN_HOSTILE "/expected.tsv");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    Case hostile;
    std::string read;
    std::string extract;
    std::getline(fields, hostile.file, '\t');
    std::getline(fields, read, '\t');
    std::getline(fields, hostile.read.text, '\t');
    std::getline(fields, extract, '\t');
    std::getline(fields, hostile.extract.text, '\t');
    hostile.read.accepted = read == "accept";
    hostile.extract.accepted = extract == "accept";
    cases.push_back(std::move(hostile));
  }
  return cases;
}

Codec codec_of(const std::string& file)
{
  if (file.ends_with(".gz")) return Codec::gzip;
  return file.ends_with(".zst") ? Codec::zstd : Codec::none;
}

/// All that a change outside the root would show in: path -> inode, mode, links, size, times of change.
std::map<std::string, std::string> watch(const fs::path& box)
{
  std::map<std::string, std::string> seen;
  for (auto at = fs::recursive_directory_iterator(box); at != fs::recursive_directory_iterator(); ++at) {
    if (at->path() == box / "root") {
      at.disable_recursion_pending();
      continue;
    }
    struct stat status{};
    EXPECT_EQ(::lstat(at->path().c_str(), &status), 0);
    seen[at->path().native()] = fmt::format("{} {:o} {} {} {}.{}", status.st_ino, status.st_mode, status.st_nlink, status.st_size,
                                            status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  }
  return seen;
}

void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

/// A box that holds the root with a lower layer, and canaries.
void prepare(const fs::path& box)
{
  const auto root = box / "root";
  fs::create_directories(box / "canary/directory");
  fs::create_directories(box / "root-evil");
  write(box / "canary/secret", "secret");
  write(box / "secret", "secret");
  fs::create_directories(root / "usr/lib");
  fs::create_directories(root / "low");
  write(root / "usr/lib/low", "low");
  write(root / "low/file", "low");
  fs::create_directory_symlink("usr/lib", root / "lib");
  fs::create_directory_symlink("../canary", root / "canary-link");
  fs::create_directory_symlink(box / "canary", root / "host");
  fs::create_symlink("../canary/secret", root / "secret-link");
  fs::create_directory_symlink("loop", root / "loop");
}

void expect_verdict(const Verdict& expected, const std::function<void()>& run)
{
  const auto begin = std::chrono::steady_clock::now();
  try {
    run();
    EXPECT_TRUE(expected.accepted) << "accepted, expected to be refused with: " << expected.text;
  } catch (const Error& error) {
    EXPECT_FALSE(expected.accepted) << error.what();
    if (!expected.accepted) {
      EXPECT_THAT(error.what(), testing::HasSubstr(expected.text));
    }
    // One line that is safe on a terminal.
    for (const char c : std::string_view(error.what())) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << error.what();
    EXPECT_NE(error.code(), Errc::io) << error.what();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, longest_run);
}

class Hostile : public testing::TestWithParam<Case> {
protected:
  /// Hand the plain bytes of the case's file to `use`.
  template <class Use>
  void with_source(const Use& use)
  {
    FileSource file(fs::path(CAIRN_HOSTILE) / GetParam().file);
    use(*unpack(file, codec_of(GetParam().file), {.plain_bytes = plain_limit}, "layer"));
  }
};

INSTANTIATE_TEST_SUITE_P(Corpus, Hostile, testing::ValuesIn(load_cases()), [](const auto& hostile) {
  auto text = hostile.param.file;
  for (auto& c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return text;
});

TEST_P(Hostile, is_read_as_expected)
{
  expect_verdict(GetParam().read, [&] {
    with_source([](Source& source) {
      tar::Reader reader(source, "layer");
      while (reader.next()) {}
    });
  });
}

TEST_P(Hostile, is_extracted_as_expected_and_touches_nothing_outside)
{
  const TempDir directory;
  const auto box = directory.path() / "box";
  prepare(box);
  const auto before = watch(box);
  expect_verdict(GetParam().extract,
                 [&] { with_source([&](Source& source) { tar::extract_layer(source, box / "root", {}, "layer", Task{}); }); });
  EXPECT_EQ(watch(box), before);
  EXPECT_FALSE(fs::exists("/cairn-hostile"));
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, memory_limit_kib);
}

/// The accepted archives, unpacked, with what we read in them.
class Accepted : public testing::Test {
protected:
  void SetUp() override
  {
    for (const auto& hostile : load_cases()) {
      if (!hostile.read.accepted) continue;
      FileSource file(fs::path(CAIRN_HOSTILE) / hostile.file);
      const auto plain = read_all(*unpack(file, codec_of(hostile.file), {}, hostile.file), plain_limit, hostile.file);
      archives_.push_back(directory_.path() / (hostile.file + ".plain"));
      write(archives_.back(), plain);
      ours_.push_back(list_with_cairn(archives_.back()));
    }
  }
  TempDir directory_;
  std::vector<fs::path> archives_;
  std::vector<Listing> ours_;
};

TEST_F(Accepted, archives_mean_the_same_to_libarchive)
{
  for (std::size_t i = 0; i < archives_.size(); ++i) {
    SCOPED_TRACE(archives_[i]);
    try {
      EXPECT_EQ(list_with_libarchive(archives_[i]), ours_[i]);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

TEST_F(Accepted, archives_mean_the_same_to_python)
{
  const auto outcomes = list_with_program("python", archives_);
  ASSERT_TRUE(outcomes) << "python3 is needed";
  ASSERT_EQ(outcomes->size(), archives_.size());
  for (std::size_t i = 0; i < archives_.size(); ++i) {
    SCOPED_TRACE(archives_[i]);
    EXPECT_EQ((*outcomes)[i].refusal, "");
    EXPECT_EQ((*outcomes)[i].listing, ours_[i]);
  }
}

TEST_F(Accepted, archives_mean_the_same_to_gnu_tar)
{
  const auto outcomes = list_with_program("gnu", archives_);
  if (!outcomes) GTEST_SKIP() << "GNU tar is not installed";
  ASSERT_EQ(outcomes->size(), archives_.size());
  for (std::size_t i = 0; i < archives_.size(); ++i) {
    SCOPED_TRACE(archives_[i]);
    EXPECT_EQ((*outcomes)[i].refusal, "");
    EXPECT_EQ((*outcomes)[i].listing, without_digests(ours_[i]));
  }
}

/// Bytes without end, or as many as wanted, without holding them.
class Repeated final : public Source {
public:
  Repeated(std::string_view head, std::string_view body, std::uint64_t times) : head_(head), body_(body), left_(times) {}
  std::size_t read(std::span<std::byte> buffer) override
  {
    if (head_.empty()) {
      if (left_ == 0) return 0;
      --left_;
      head_ = body_;
    }
    const auto n = std::min(buffer.size(), head_.size());
    std::memcpy(buffer.data(), head_.data(), n);
    head_.remove_prefix(n);
    return n;
  }

private:
  std::string_view head_;
  std::string_view body_;
  std::uint64_t left_;
};

TEST(Bomb, of_entries_stops_at_the_limit)
{
  const std::string entry = TarMaker{}.file("x").unended();
  Repeated source("", entry, UINT64_MAX);
  tar::Reader reader(source, "layer", {.entries = 100'000});
  EXPECT_THAT(
      [&] {
        while (reader.next()) {}
      },
      ThrowsError(Errc::limit, "archive has more than 100000 entries"));
}

TEST(Bomb, of_zeros_after_the_end_needs_no_memory)
{
  const std::string zeros(std::size_t{1} << 20, '\0');
  Repeated source("", zeros, 2048);
  tar::Reader reader(source, "layer");
  EXPECT_FALSE(reader.next());
}

TEST(Bomb, of_layers_stops_at_the_limit)
{
  for (const auto codec : {Codec::gzip, Codec::zstd}) {
    FramePacker packer(Compression::standard(codec));
    const auto pack = [&](std::string_view plain) {
      std::string packed(packer.bound(plain.size()), '\0');
      packed.resize(packer.pack(std::as_bytes(std::span(plain)), std::as_writable_bytes(std::span(packed))));
      return packed;
    };
    const auto head = pack(TarMaker{}.header({.name = "zeros", .size = base256(std::int64_t{1} << 40, 12)}).unended());
    const auto body = pack(std::string(std::size_t{4} << 20, '\0'));
    Repeated packed(head, body, std::uint64_t{1} << 18);
    const auto plain = unpack(packed, codec, {.plain_bytes = plain_limit}, "layer");
    const TempDir root;
    EXPECT_THAT([&] { tar::extract_layer(*plain, root.path(), {}, "layer", Task{}); },
                ThrowsError(Errc::limit, "unpacks to more than the limit"));
    EXPECT_LE(fs::file_size(root.path() / "zeros"), plain_limit);
  }
}

}  // namespace
}  // namespace cairn::test
