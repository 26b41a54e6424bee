// SPDX-License-Identifier: Apache-2.0
#include <cairn/tar/reader.hpp>

#include <cairn/tar/writer.hpp>

#include <support/tar_maker.hpp>
#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <limits>

namespace cairn::tar {
namespace {

using test::TarMaker;
using test::ThrowsError;
using testing::ElementsAre;
using testing::Field;
using testing::Pair;

std::vector<Entry> read_entries(std::string_view bytes, const ReadLimits& limits = {})
{
  MemorySource source(bytes);
  Reader reader(source, "layer", limits);
  std::vector<Entry> entries;
  while (auto entry = reader.next()) entries.push_back(std::move(*entry));
  return entries;
}

Entry read_one(const TarMaker& maker)
{
  const auto entries = read_entries(maker.ended());
  EXPECT_EQ(entries.size(), 1u);
  return entries.empty() ? Entry{} : entries.front();
}

/// Gives one byte at a time.
class Dribble final : public Source {
public:
  explicit Dribble(std::string_view bytes) : inner_(bytes) {}
  std::size_t read(std::span<std::byte> buffer) override { return inner_.read(buffer.first(1)); }

private:
  MemorySource inner_;
};

TEST(Reader, gives_each_entry_and_its_content)
{
  const auto bytes = TarMaker{}.directory("a/").file("a/x", "hello").symlink("a/y", "/etc/passwd").ended();
  MemorySource source(bytes);
  Reader reader(source, "layer");
  auto entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->type, Type::directory);
  EXPECT_EQ(entry->path, "a");
  EXPECT_EQ(reader.offset(), 0u);
  entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->size_bytes, 5u);
  EXPECT_EQ(reader.offset(), 512u);
  std::array<std::byte, 3> part{};
  EXPECT_EQ(reader.read(part), 3u);
  EXPECT_EQ(reader.read(part), 2u);
  EXPECT_EQ(reader.read(part), 0u);
  entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->link, "/etc/passwd");
  EXPECT_EQ(reader.offset(), 1536u);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(Reader, reads_a_source_that_gives_single_bytes)
{
  const auto bytes = TarMaker{}.pax({{"path", "long"}, {"mtime", "7.5"}}).file("short", std::string(1500, 'x')).file("b").ended();
  Dribble source(bytes);
  Reader reader(source, "layer");
  EXPECT_EQ(reader.next()->path, "long");
  EXPECT_EQ(reader.next()->path, "b");
  EXPECT_FALSE(reader.next());
}

TEST(Reader, reads_back_what_the_writer_wrote)
{
  std::vector<Entry> entries;
  entries.push_back({.type = Type::directory, .path = "", .mode = 0755});
  entries.push_back({.type = Type::directory, .path = std::string(200, 'd'), .mode = 01777});
  entries.push_back(
      {.path = "some/" + std::string(120, 'p') + "/" + std::string(99, 'n'), .mode = 04755, .uid = 65534, .gid = 65534, .mtime = 1});
  entries.push_back({.path = std::string(255, 'n'), .uid = 4294967294, .gid = 3000000, .mtime = -5});
  entries.push_back(
      {.type = Type::symlink, .path = "link", .mode = 0777, .mtime = 1'000'000'000'000, .link = "../" + std::string(300, 't')});
  entries.push_back({.type = Type::hard_link, .path = "hard", .link = std::string(255, 'n')});
  entries.push_back({.type = Type::char_device, .path = "null", .device_major = 1, .device_minor = 3});
  entries.push_back({.type = Type::block_device, .path = "sda", .device_major = 8, .device_minor = 1});
  entries.push_back({.type = Type::fifo, .path = "fifo"});
  entries.push_back({.path = "caps", .xattrs = {{"security.capability", std::string("\1\0\0\2\n=", 6)}, {"user.empty", ""}}});
  entries.push_back({.path = "caf\xc3\xa9 \xff\n"});
  MemorySink sink;
  Writer writer(sink);
  for (const auto& entry : entries) writer.add(entry);
  writer.finish();
  EXPECT_EQ(read_entries(sink.text()), entries);
}

TEST(Reader, takes_the_forms_of_names_that_builders_write)
{
  EXPECT_EQ(read_one(TarMaker{}.file("./a/b")).path, "a/b");
  EXPECT_EQ(read_one(TarMaker{}.directory("./a/b/")).path, "a/b");
  EXPECT_EQ(read_one(TarMaker{}.directory("a")).path, "a");
  for (const auto* root : {".", "./", "/"}) EXPECT_EQ(read_one(TarMaker{}.directory(root)).path, "");
  EXPECT_EQ(read_one(TarMaker{}.hard_link("b", "./a")).link, "a");
  EXPECT_EQ(read_one(TarMaker{}.hard_link("b", "/usr/a")).link, "usr/a");
  EXPECT_EQ(read_one(TarMaker{}.header({.name = "name", .prefix = "pre/fix"})).path, "pre/fix/name");
}

TEST(Reader, keeps_names_as_bytes)
{
  for (const auto* name : {"a\nb", "a\rb", "\x1b[31m", "back\\slash", "c:olon", "\xff\xfe", "\xc0\xaf", "e\xcc\x81", "\xc3\xa9", "..data",
                           "...", ".wh", ".nfs0001"})
    EXPECT_EQ(read_one(TarMaker{}.file(name)).path, name);
}

TEST(Reader, takes_gnu_long_names)
{
  const std::string name(150, 'n');
  const std::string target(150, 't');
  const auto entry =
      read_one(TarMaker{}
                   .gnu_long('K', target + '\0')
                   .gnu_long('L', name + '\0')
                   .header({.name = name.substr(0, 100), .type = '2', .link = target.substr(0, 100), .magic = test::gnu_magic}));
  EXPECT_EQ(entry.path, name);
  EXPECT_EQ(entry.link, target);
}

TEST(Reader, takes_pax_values_before_header_fields)
{
  const auto entry = read_one(TarMaker{}
                                  .pax({{"path", "long"},
                                        {"uid", "3000000"},
                                        {"gid", "0"},
                                        {"mtime", "-1.25"},
                                        {"atime", "1"},
                                        {"ctime", "x"},
                                        {"comment", "c"},
                                        {"uname", "root"},
                                        {"hdrcharset", "BINARY"},
                                        {"LIBARCHIVE.creationtime", "1"},
                                        {"SCHILY.xattr.user.a", "v=1\n"}})
                                  .file("short", "x"));
  EXPECT_EQ(entry.path, "long");
  EXPECT_EQ(entry.uid, 3000000u);
  EXPECT_EQ(entry.mtime, -2);
  EXPECT_EQ(entry.size_bytes, 1u);
  EXPECT_THAT(entry.xattrs, ElementsAre(Pair("user.a", "v=1\n")));
}

TEST(Reader, drops_fractions_of_seconds)
{
  const auto mtime = [](const std::string& text) { return read_one(TarMaker{}.pax({{"mtime", text}}).file("x")).mtime; };
  EXPECT_EQ(mtime("1700000000.999999999"), 1700000000);
  EXPECT_EQ(mtime("-0.5"), -1);
  EXPECT_EQ(mtime("-3.0"), -3);
  EXPECT_EQ(mtime("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const auto* text : {"", ".5", "1.", "1e9", "+1", " 1", "0x1", "nan", "9223372036854775808", "1.-5", "-9223372036854775808.5"})
    EXPECT_THAT([&] { mtime(text); }, ThrowsError(Errc::bad_input, "mtime")) << text;
}

TEST(Reader, reads_base_256_numbers)
{
  const auto entry = read_one(
      TarMaker{}.header({.name = "x", .uid = test::base256(3000000, 8), .mtime = test::base256(-5, 12, 0xff), .magic = test::gnu_magic}));
  EXPECT_EQ(entry.uid, 3000000u);
  EXPECT_EQ(entry.mtime, -5);
  EXPECT_EQ(read_one(TarMaker{}.header({.name = "x", .size = test::base256(0, 12)})).size_bytes, 0u);
}

TEST(Reader, masks_file_type_bits_out_of_the_mode)
{
  EXPECT_EQ(read_one(TarMaker{}.file("x", "", 0104755)).mode, 04755u);
  EXPECT_EQ(read_one(TarMaker{}.file("x", "", 0)).mode, 0u);
  EXPECT_THAT([] { read_one(TarMaker{}.file("x", "", 0200644)); }, ThrowsError(Errc::bad_input, "mode"));
}

TEST(Reader, accepts_a_pax_size_beyond_the_header_field_only)
{
  const auto nine_gib = std::uint64_t{9} << 30;
  const auto first = [](const std::string& bytes) {
    MemorySource source(bytes);
    Reader reader(source, "layer");
    return reader.next()->size_bytes;
  };
  const auto text = std::to_string(nine_gib);
  EXPECT_EQ(first(TarMaker{}.pax({{"size", text}}).header({.name = "x"}).unended()), nine_gib);
  EXPECT_EQ(
      first(
          TarMaker{}.pax({{"size", text}}).header({.name = "x", .size = test::base256(static_cast<std::int64_t>(nine_gib), 12)}).unended()),
      nine_gib);
  EXPECT_THAT([&] { first(TarMaker{}.pax({{"size", text}}).header({.name = "x", .size = "00000000001"}).unended()); },
              ThrowsError(Errc::bad_input, "disagree"));
  EXPECT_THAT([&] { first(TarMaker{}.pax({{"size", "512"}}).file("x").ended()); },
              ThrowsError(Errc::bad_input, "layer: 'x': PAX size 512 and header size 0 disagree"));
}

TEST(Reader, accepts_any_number_of_zero_blocks_at_the_end)
{
  const TarMaker maker = TarMaker{}.file("x", "1");
  for (const auto zeros : {0, 512, 1024, 10240, 1000})
    EXPECT_EQ(read_entries(maker.unended() + std::string(static_cast<std::size_t>(zeros), '\0')).size(), zeros == 1000 ? 1u : 1u);
  EXPECT_TRUE(read_entries("").empty());
  EXPECT_TRUE(read_entries(std::string(1024, '\0')).empty());
}

TEST(Reader, refuses_bytes_after_the_end)
{
  const auto bytes = TarMaker{}.file("x").zero_blocks(1).file("y").ended();
  EXPECT_THAT([&] { read_entries(bytes); }, ThrowsError(Errc::bad_input, "layer: byte 1024: data after the end of the archive"));
  EXPECT_THAT([&] { read_entries(TarMaker{}.ended() + std::string(100000, '\0') + "x"); },
              ThrowsError(Errc::bad_input, "data after the end"));
}

TEST(Reader, refuses_an_archive_cut_anywhere_but_between_entries)
{
  const auto bytes = TarMaker{}
                         .pax({{"path", "long"}})
                         .file("a", "hello")
                         .gnu_long('L', std::string("name\0", 5))
                         .file("b", std::string(600, 'x'))
                         .unended();
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    if (cut == 2048) continue;  // between the two entries
    EXPECT_THAT([&] { read_entries(std::string_view(bytes).substr(0, cut)); }, ThrowsError(Errc::bad_input, "archive ends")) << cut;
  }
}

TEST(Reader, names_the_archive_and_the_place_in_errors)
{
  EXPECT_THAT([] { read_entries(TarMaker{}.file("ok").file("../evil\n").ended()); },
              ThrowsError(Errc::bad_input, "layer: '../evil\\n': path has a '..' component"));
  EXPECT_THAT([] { read_entries(TarMaker{}.file("ok").raw(std::string(512, 'x')).ended()); },
              ThrowsError(Errc::bad_input, "layer: tar header at byte 512: "));
}

TEST(Reader, keeps_to_its_limits)
{
  const auto with = [](auto member, std::uint64_t value) {
    ReadLimits limits;
    limits.*member = value;
    return limits;
  };
  EXPECT_THAT([&] { read_entries(TarMaker{}.file("abcd").ended(), with(&ReadLimits::path_bytes, 3)); },
              ThrowsError(Errc::limit, "longer than 3 bytes"));
  EXPECT_THAT([&] { read_entries(TarMaker{}.file("a/bcd").ended(), with(&ReadLimits::component_bytes, 2)); },
              ThrowsError(Errc::limit, "longer than 2 bytes"));
  EXPECT_THAT([&] { read_entries(TarMaker{}.file("a/b/c").ended(), with(&ReadLimits::depth, 2)); },
              ThrowsError(Errc::limit, "more than 2 components"));
  EXPECT_THAT([&] { read_entries(TarMaker{}.file("a").file("b").ended(), with(&ReadLimits::entries, 1)); },
              ThrowsError(Errc::limit, "more than 1 entries"));
  EXPECT_THAT([&] { read_entries(TarMaker{}.pax({{"path", "x"}}).file("y").ended(), with(&ReadLimits::extension_bytes, 5)); },
              ThrowsError(Errc::limit, "more than 5"));
  EXPECT_THAT([&] { read_entries(TarMaker{}.pax({{"uid", "1"}, {"gid", "1"}}).file("y").ended(), with(&ReadLimits::records, 1)); },
              ThrowsError(Errc::limit, "more than 1 records"));
}

}  // namespace
}  // namespace cairn::tar
