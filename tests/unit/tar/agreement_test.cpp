// SPDX-License-Identifier: Apache-2.0
// What we accept, other readers understand the same way. tests/hostile does this for the whole corpus.
#include <cairn/os/temp.hpp>
#include <cairn/tar/writer.hpp>

#include <support/tar_listing.hpp>
#include <support/tar_maker.hpp>

#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>

namespace cairn::test {
namespace {

class Agreement : public testing::Test {
protected:
  std::filesystem::path archive(std::string_view bytes)
  {
    const auto path = directory_.path() / "archive.tar";
    write_file_atomically(path, bytes, Flush::no);
    return path;
  }
  void expect_agreement(const std::filesystem::path& path)
  {
    const auto ours = list_with_cairn(path);
    EXPECT_EQ(list_with_libarchive(path), ours);
    for (const auto* program : {"python", "gnu"}) {
      const auto outcomes = list_with_program(program, {path});
      ASSERT_TRUE(outcomes) << program << " is needed";
      ASSERT_EQ(outcomes->size(), 1u);
      EXPECT_EQ(outcomes->front().refusal, "") << program;
      EXPECT_EQ(without_digests(outcomes->front().listing), without_digests(ours)) << program;
      if (program == std::string_view("python")) {
        EXPECT_EQ(outcomes->front().listing, ours);
      }
    }
  }
  TempDir directory_;
};

TEST_F(Agreement, about_what_the_writer_writes)
{
  MemorySink sink;
  tar::Writer writer(sink);
  writer.add({.type = tar::Type::directory, .path = "", .mode = 0755});
  writer.add({.type = tar::Type::directory, .path = "software/" + std::string(150, 'd'), .mode = 0755});
  for (std::size_t length = 90; length <= 255; length += 5) {
    writer.add({.path = "software/" + std::string(150, 'd') + "/" + std::string(length, 'f'), .mode = 0644}, std::string(length * 7, 'x'));
    writer.add({.path = std::string(length, 'g'), .uid = 3000000, .mtime = -1}, "y");
    writer.add({.type = tar::Type::symlink, .path = "s" + std::to_string(length), .mode = 0777, .link = "/" + std::string(length, 't')});
  }
  writer.add({.path = "caf\xc3\xa9 with space\\ and \n", .xattrs = {{"user.a", std::string("\0\xff\n", 3)}}}, "z");
  writer.add({.type = tar::Type::hard_link, .path = "hard", .link = std::string(255, 'g')});
  writer.add({.type = tar::Type::char_device, .path = "null", .device_major = 1, .device_minor = 3});
  writer.add({.type = tar::Type::fifo, .path = "fifo"});
  writer.finish();
  expect_agreement(archive(sink.text()));
}

TEST_F(Agreement, about_gnu_long_names)
{
  const std::string name = std::string(150, 'n') + "/" + std::string(150, 'n');
  const std::string slash_at_100 = std::string(99, 'a') + "/" + std::string(50, 'b');
  expect_agreement(archive(TarMaker{}
                               .gnu_long('L', name + '\0')
                               .header({.name = name.substr(0, 100), .magic = gnu_magic})
                               .gnu_long('K', std::string(300, 't') + '\0')
                               .header({.name = "link", .type = '2', .link = std::string(100, 't'), .magic = gnu_magic})
                               .gnu_long('L', slash_at_100 + '\0')
                               .with_content({.name = slash_at_100.substr(0, 100), .magic = gnu_magic}, "content")
                               .ended()));
}

TEST_F(Agreement, about_what_other_programs_write)
{
  const auto tree = directory_.path() / "tree";
  const auto run = [&](const std::string& command) {
    return std::system(("cd '" + directory_.path().native() + "' && LC_ALL=C.UTF-8 && export LC_ALL && " + command).c_str());
  };
  ASSERT_EQ(run("mkdir -p tree/usr/lib tree/$(printf 'd%.0s' $(seq 120))/$(printf 'e%.0s' $(seq 150)) && "
                "echo hello > tree/usr/lib/x && ln tree/usr/lib/x tree/hard && ln -s usr/lib tree/lib && mkfifo tree/fifo && "
                "head -c 100000 /dev/urandom > tree/$(printf 'd%.0s' $(seq 120))/$(printf 'f%.0s' $(seq 200)) && "
                "touch tree/$(printf 'caf\\303\\251') tree/$(printf 'invalid\\377') && touch -d @-5 tree/old && chmod 4755 tree/old"),
            0);
  for (const auto* command : {"tar --format=gnu -C tree -cf out.tar .", "tar --format=posix -C tree -cf out.tar .",
                              "tar --format=gnu -cf out.tar tree", "bsdtar --format=pax -C tree -cf out.tar . 2> /dev/null",
                              "python3 -c \"import tarfile; tarfile.open('out.tar', 'w', format=tarfile.PAX_FORMAT).add('tree')\"",
                              "python3 -c \"import tarfile; tarfile.open('out.tar', 'w', format=tarfile.GNU_FORMAT).add('tree')\""}) {
    SCOPED_TRACE(command);
    if (std::string_view(command).starts_with("bsdtar") && run("command -v bsdtar > /dev/null") != 0) {
      std::cerr << "skipped: bsdtar is not installed\n";
      continue;
    }
    ASSERT_EQ(run(command), 0);
    expect_agreement(directory_.path() / "out.tar");
  }
}

}  // namespace
}  // namespace cairn::test
