// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/offer.hpp>
#include <cairn/python/resolve.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <fstream>
#include <map>

namespace cairn::python {
namespace {

using cairn::test::ThrowsError;
using testing::IsEmpty;

const Digest known = sha256("known");
const Digest other = sha256("other");

Pin pin(const std::string& name, const std::string& version)
{
  Pin made;
  made.name = made.written_name = name;
  made.version = Version::parse(version);
  made.hashes = {known};
  return made;
}

Offer offer(const std::string& file, std::optional<Digest> digest = known)
{
  Offer made;
  made.file = file;
  made.digest = digest;
  return made;
}

std::string chosen(const Pin& pin, const std::vector<Offer>& offers, Target target = {})
{
  const auto best = choose(pin, offers, target, TagRanks(target));
  return best ? best->file : "nothing";
}

TEST(Choose, takes_the_file_whose_hash_is_locked)
{
  EXPECT_EQ(chosen(pin("torch", "2.7.1"),
                   {offer("torch-2.7.1-cp311-cp311-linux_x86_64.whl", other), offer("torch-2.7.1+cpu-cp311-cp311-linux_x86_64.whl")}),
            "torch-2.7.1+cpu-cp311-cp311-linux_x86_64.whl");
}

TEST(Choose, follows_the_order_of_linux_tags)
{
  const std::vector<Offer> offers{offer("a-1-cp311-cp311-linux_x86_64.whl"), offer("a-1-cp311-cp311-manylinux_2_28_x86_64.whl")};
  EXPECT_EQ(chosen(pin("a", "1"), offers), "a-1-cp311-cp311-manylinux_2_28_x86_64.whl");
  Target newer;
  newer.linux_tags = LinuxTags::first;
  EXPECT_EQ(chosen(pin("a", "1"), offers, newer), "a-1-cp311-cp311-linux_x86_64.whl");
}

TEST(Choose, takes_the_highest_build)
{
  std::vector<Offer> offers{offer("a-1-py3-none-any.whl")};
  for (const auto* build : {"1", "3", "10", "10a"}) offers.push_back(offer("a-1-" + std::string(build) + "-py3-none-any.whl"));
  EXPECT_EQ(chosen(pin("a", "1"), offers), "a-1-10a-py3-none-any.whl");
}

TEST(Choose, takes_yanked_files_only_when_all_are)
{
  auto yanked = offer("a-1-cp311-cp311-manylinux_2_28_x86_64.whl");
  yanked.yanked = true;
  EXPECT_EQ(chosen(pin("a", "1"), {yanked, offer("a-1-py3-none-any.whl")}), "a-1-py3-none-any.whl");
  EXPECT_EQ(chosen(pin("a", "1"), {yanked}), yanked.file);
}

TEST(Choose, takes_files_whose_hash_is_not_told_by_their_tags)
{
  EXPECT_EQ(chosen(pin("a", "1"),
                   {offer("a-1-py3-none-any.whl", std::nullopt), offer("a-1-cp311-cp311-manylinux_2_17_x86_64.whl", std::nullopt)}),
            "a-1-cp311-cp311-manylinux_2_17_x86_64.whl");
}

TEST(Choose, tells_why_each_file_fell_out)
{
  auto python = offer("a-1-py3-none-any.whl");
  python.requires_python = ">=3.12";
  EXPECT_THAT(
      [&] { chosen(pin("a", "1"), {offer("a-1-cp310-cp310-linux_x86_64.whl"), offer("a-1-cp311-cp311-linux_x86_64.whl", other), python}); },
      ThrowsError(Errc::not_found,
                  "a 1: none of 3 wheels fits Python 3.11 on x86_64 with glibc 2.34: a-1-cp310-cp310-linux_x86_64.whl: its tags are for "
                  "other targets; "
                  "a-1-cp311-cp311-linux_x86_64.whl: its hash is not locked; a-1-py3-none-any.whl: requires Python >=3.12"));
  EXPECT_EQ(chosen(pin("a", "1"), {offer("a-1.tar.gz"), offer("b-1-py3-none-any.whl"), offer("a-2-py3-none-any.whl")}), "nothing");
}

/// An index in memory.
class FakeSource final : public WheelSource {
public:
  std::map<std::string, std::vector<Offer>> files;
  std::map<std::string, std::string> content;
  bool is_down = false;
  int asked = 0;
  std::string key() const override { return "fake"; }
  std::string shown() const override { return "https://fake.example.org/simple"; }
  std::vector<Offer> offers(const std::string& name, const Task&) override
  {
    ++asked;
    if (is_down) throw Error(Errc::network, "down");
    return files[name];
  }
  std::unique_ptr<Source> open(const Offer& offer, const Task&) override
  {
    ++asked;
    if (!content.contains(offer.file)) throw Error(Errc::not_found, offer.file + ": 404");
    return std::make_unique<MemorySource>(std::string_view(content[offer.file]));
  }
};

class Resolve : public testing::Test {
protected:
  Resolve()
  {
    source->files["a"] = {offer("a-1-py3-none-any.whl", sha256("content of a")), offer("a-1.tar.gz")};
    source->content["a-1-py3-none-any.whl"] = "content of a";
    a.hashes = {sha256("content of a")};
    lock.file = directory_.path() / "Pipfile.lock";
    settings.sources = {{"main", source}, {"corp", corp}};
  }
  Resolved run(const std::vector<Pin>& pins)
  {
    return resolve(lock, pins, settings, *std::make_unique<WheelCache>(directory_.path() / "cache"), Task{});
  }

  TempDir directory_;
  Pin a = pin("a", "1");
  std::shared_ptr<FakeSource> source = std::make_shared<FakeSource>();  // shared with the settings
  std::shared_ptr<FakeSource> corp = std::make_shared<FakeSource>();
  Lock lock;
  ResolveSettings settings;
};

TEST_F(Resolve, fetches_once_and_then_asks_nothing)
{
  const auto first = run({a});
  ASSERT_EQ(first.wheels.size(), 1u);
  EXPECT_EQ(first.fetched, 1u);
  EXPECT_EQ(first.asked, 1u);
  source->is_down = true;
  source->asked = 0;
  const auto second = run({a});
  EXPECT_EQ(second.wheels[0].digest, sha256("content of a"));
  EXPECT_EQ(second.fetched + second.asked, 0u);
  EXPECT_EQ(source->asked, 0);
}

TEST_F(Resolve, refuses_swapped_content)
{
  source->content["a-1-py3-none-any.whl"] = "swapped";
  EXPECT_THAT([&] { run({a}); },
              ThrowsError(Errc::corrupt, "a-1-py3-none-any.whl from https://fake.example.org/simple: hash mismatch: the lock expects " +
                                             sha256("content of a").str() + ", got " + sha256("swapped").str()));
}

TEST_F(Resolve, checks_a_file_whose_hash_the_index_does_not_tell)
{
  source->files["a"] = {offer("a-1-py3-none-any.whl", std::nullopt)};
  EXPECT_EQ(run({a}).wheels.size(), 1u);
  source->content["a-1-py3-none-any.whl"] = "swapped";
  std::filesystem::remove_all(directory_.path() / "cache");
  EXPECT_THAT([&] { run({a}); }, ThrowsError(Errc::corrupt, "hash mismatch"));
}

TEST_F(Resolve, asks_the_source_that_the_lock_names)
{
  a.source = "corp";
  EXPECT_THAT([&] { run({a}); }, ThrowsError(Errc::not_found, "a 1: not offered by https://fake.example.org/simple"));
  EXPECT_EQ(source->asked, 0);
  a.source = "none";
  EXPECT_THAT([&] { run({a}); }, ThrowsError(Errc::bad_input, "index 'none' is none of the lock's sources"));
  auto b = pin("b", "1");
  corp->files["b"] = {offer("b-1-py3-none-any.whl")};
  EXPECT_THAT([&] { run({b}); }, ThrowsError(Errc::not_found, "not offered"));  // only the first source stands for pins that name none
}

TEST_F(Resolve, installs_nothing_that_is_not_hashed)
{
  a.hashes.clear();
  EXPECT_THAT([&] { run({a}); }, ThrowsError(Errc::bad_input, "a 1: the lock has no sha256 for it"));
}

TEST_F(Resolve, lists_what_needs_a_build)
{
  auto b = pin("b", "1");
  b.needs_build = "git x";
  auto c = pin("c", "1");
  source->files["c"] = {offer("c-1.tar.gz")};
  const auto resolved = run({a, b, c});
  ASSERT_EQ(resolved.unbuilt.size(), 2u);
  EXPECT_EQ(resolved.unbuilt[0].why, "git x");
  EXPECT_EQ(resolved.unbuilt[1].why, "no wheel of this version is offered");
}

TEST_F(Resolve, says_which_file_is_gone)
{
  source->content.clear();
  EXPECT_THAT([&] { run({a}); }, ThrowsError(Errc::not_found, "a-1-py3-none-any.whl: 404"));
}

TEST_F(Resolve, reads_wheels_where_they_lie)
{
  std::ofstream(directory_.path() / "a-1-py3-none-any.whl") << "content of a";
  settings.extra = {directory_source(directory_.path())};
  const auto resolved = run({a});
  EXPECT_EQ(resolved.wheels[0].path, directory_.path() / "a-1-py3-none-any.whl");
  EXPECT_EQ(source->asked, 0);
  std::ofstream(directory_.path() / "a-1-py3-none-any.whl") << "changed";
  EXPECT_THAT([&] { run({a}); }, ThrowsError(Errc::corrupt, "hash mismatch"));
}

TEST_F(Resolve, enforces_hashes_of_direct_references)
{
  a.direct_url = "./a-1-py3-none-any.whl#egg=a";
  std::ofstream(directory_.path() / "a-1-py3-none-any.whl") << "content of a";
  EXPECT_EQ(run({a}).wheels.size(), 1u);
  a.hashes = {other};
  EXPECT_THAT([&] { run({a}); }, ThrowsError(Errc::corrupt, "hash mismatch"));
}

}  // namespace
}  // namespace cairn::python
