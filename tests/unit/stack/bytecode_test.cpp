// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/bytecode.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/stack/layers.hpp>
#include <cairn/stack/target_python.hpp>

#include <support/error_matcher.hpp>
#include <unit/stack/host_python.hpp>
#include <unit/stack/wheel_maker.hpp>

#include <gmock/gmock.h>

#include <fmt/format.h>

#include <fstream>

namespace cairn::stack {
namespace {

using cairn::test::ThrowsError;
using testing::ElementsAre;
using testing::HasSubstr;

std::string content(const std::filesystem::path& path)
{
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// This machine's Python stands for the target's.
class Bytecode : public testing::Test {
protected:
  void SetUp() override
  {
    const auto python = test::host_python();
    if (!python) GTEST_SKIP() << "no Python in /usr/bin";
    install.target.set_python(*python);
    maker = {"/", "/usr/bin/python" + *python, "one"};
    tag = fmt::format("cpython-3{}", install.target.minor);
    install.layout = python::Layout::venv("/opt/app", install.target);
    site = install.layout.purelib.substr(1) + "/";
    std::filesystem::create_directory(cache);
  }

  python::Installed installed(const python::Chosen& chosen)
  {
    const auto wheel = python::Wheel::open(chosen.path, chosen.wheel.file);
    auto files = python::plan_install(wheel, chosen.pin.name, "", install);
    add_bytecode(files, wheel, chosen.digest, install, maker, cache, Task{});
    return files;
  }

  [[nodiscard]] static std::vector<std::string> bytecode_of(const python::Installed& files)
  {
    std::vector<std::string> paths;
    for (const auto& file : files.files)
      if (file.path.ends_with(".pyc")) paths.push_back(file.path);
    return paths;
  }

  [[nodiscard]] std::size_t packs() const
  {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(cache), std::filesystem::directory_iterator()));
  }

  TempDir directory;
  std::filesystem::path cache = directory.path() / "cache";
  python::InstallSettings install;
  BytecodeMaker maker;
  std::string tag;
  std::string site;
};

TEST_F(Bytecode, is_beside_its_source_and_in_record)
{
  const auto files = installed(test::make_wheel(directory.path(), "aaa", "1.0",
                                                {{"aaa/__init__.py", "x = 1\n"},
                                                 {"aaa/bad.py", "this does not compile\n"},
                                                 {"aaa/zero.py", std::string("\0", 1)},
                                                 {"aaa-1.0.data/scripts/run.py", "#!python\nprint(1)\n"},
                                                 {"aaa-1.0.dist-info/entry_points.txt", "[console_scripts]\nmade.py = aaa:x\n"}}));
  const auto init = site + "aaa/__pycache__/__init__." + tag + ".pyc";
  const auto run = "opt/app/bin/__pycache__/run." + tag + ".pyc";
  EXPECT_THAT(bytecode_of(files), ElementsAre(run, init));
  EXPECT_TRUE(std::ranges::is_sorted(files.files, {}, &python::InstalledFile::path));
  const auto record = std::ranges::find_if(files.files, [](const auto& file) { return file.path.ends_with("/RECORD"); });
  EXPECT_THAT(record->content, HasSubstr("\r\naaa/__pycache__/__init__." + tag + ".pyc,,\r\n"));
  EXPECT_THAT(record->content, testing::StartsWith("../../../bin/__pycache__/run." + tag + ".pyc,,\r\n"));
  EXPECT_EQ(record->size_bytes, record->content.size());
}

TEST_F(Bytecode, takes_the_place_of_what_the_wheel_has)
{
  const auto old = "aaa/__pycache__/__init__." + tag + ".pyc";
  const auto files = installed(test::make_wheel(directory.path(), "aaa", "1.0", {{"aaa/__init__.py", "x = 1\n"}, {old, "old"}}));
  EXPECT_THAT(bytecode_of(files), ElementsAre(site + old));
  const auto record = std::ranges::find_if(files.files, [](const auto& file) { return file.path.ends_with("/RECORD"); });
  EXPECT_THAT(record->content, HasSubstr(old + ",,\r\n"));
  EXPECT_THAT(record->content, testing::Not(HasSubstr(old + ",sha256")));
}

TEST_F(Bytecode, is_made_once_for_each_wheel_and_python)
{
  const auto one = test::make_wheel(directory.path(), "aaa", "1.0", {{"aaa.py", "x = 1\n"}});
  static_cast<void>(installed(one));
  maker.python = "/usr/bin/nothing";  // would fail if it ran
  EXPECT_EQ(bytecode_of(installed(one)).size(), 1u);
  EXPECT_EQ(packs(), 1u);
  maker.digest = "two";
  EXPECT_THAT([&] { installed(one); }, ThrowsError(Errc::tool, "aaa-1.0-py3-none-any.whl: /usr/bin/nothing could not compile it: "));
  EXPECT_EQ(packs(), 1u);
}

TEST_F(Bytecode, made_anew_when_its_file_is_broken_and_removed_when_it_is_old)
{
  const auto one = test::make_wheel(directory.path(), "aaa", "1.0", {{"aaa.py", "x = 1\n"}});
  static_cast<void>(installed(one));
  const auto pack = std::filesystem::directory_iterator(cache)->path();
  const auto whole = content(pack);
  std::filesystem::resize_file(pack, 20);
  EXPECT_EQ(bytecode_of(installed(one)).size(), 1u);
  EXPECT_EQ(content(pack), whole);
  std::filesystem::last_write_time(pack, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * 31));
  static_cast<void>(installed(test::make_wheel(directory.path(), "bbb", "1.0", {{"bbb.py", "x = 1\n"}})));
  EXPECT_FALSE(std::filesystem::exists(pack));
  EXPECT_EQ(packs(), 1u);
}

/// A directory with what a layer of the stack holds; Python itself says whether the bytecode is good.
TEST_F(Bytecode, is_valid_whatever_the_times_and_the_same_twice)
{
  const std::string source = "import sys\nNAMES = {'b', 'a', 'c'}\ndef f(x=(1, 'a')):\n  return x in {'x', 'y', 'z', 10} or NAMES\n";
  const std::vector wheels{test::make_wheel(directory.path(), "aaa", "1.0", {{"aaa/__init__.py", source}, {"aaa/sub.py", source + "#\n"}}),
                           test::make_wheel(directory.path(), "bbb", "1.0", {{"bbb.py", source}})};
  MakeSettings settings;
  settings.install = install;
  settings.bytecode = maker;
  settings.threads = 2;
  std::set<Digest> digests;
  for (const auto* name : {"one", "two"}) {
    store::Store store(directory.path() / name, store::Access::write);
    const auto made = make(wheels, settings, store, Task{});
    digests.insert(made.manifest.digest);
    image::unpack(store, image::load(store, made.manifest), directory.path() / name / "root", Task{});
  }
  EXPECT_EQ(digests.size(), 1u);
  auto program = target_python("/", maker.python);
  const auto root = directory.path() / "one" / "root";
  program.arguments.insert(program.arguments.end(),
                           {"-c", R"(if True:
    import marshal, sys, _imp
    from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
    root, *paths = sys.argv[1:]
    for path in paths:
        pyc = open(root + cache_from_source(path), "rb").read()
        source = open(root + path, "rb").read()
        assert pyc[:16] == MAGIC_NUMBER + b"\1\0\0\0" + source_hash(source), path
        code = marshal.loads(pyc[16:])
        assert code == compile(source, path, "exec") and code.co_filename == path, code.co_filename
    print(len(paths)))",
                            root.string(), "/" + site + "aaa/__init__.py", "/" + site + "aaa/sub.py", "/" + site + "bbb.py"});
  const auto result = run_program(program, Task{});
  EXPECT_EQ(result.output, "3\n") << result.errors;
}

TEST_F(Bytecode, of_one_bumped_wheel_leaves_the_others_layers)
{
  MakeSettings settings;
  settings.install = install;
  settings.bytecode = maker;
  settings.tag = "stack:1";
  store::Store store(directory.path() / "store", store::Access::write);
  const auto big = [](const char* text) { return std::string(text) + " = 1\n#" + std::string(2 << 20, 'x'); };
  std::vector wheels{test::make_wheel(directory.path(), "aaa", "1.0", {{"aaa.py", big("a")}}, false),
                     test::make_wheel(directory.path(), "bbb", "1.0", {{"bbb.py", big("b")}}, false)};
  static_cast<void>(make(wheels, settings, store, Task{}));
  settings.bytecode.reset();
  EXPECT_EQ(make(wheels, settings, store, Task{}).new_layers, 2u);  // without it they are others
  settings.bytecode = maker;
  EXPECT_TRUE(make(wheels, settings, store, Task{}).unchanged);
  wheels[1] = test::make_wheel(directory.path(), "bbb", "1.1", {{"bbb.py", big("c")}}, false);
  EXPECT_EQ(make(wheels, settings, store, Task{}).new_layers, 1u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(store.cache("bytecode")), std::filesystem::directory_iterator()), 3);
}

}  // namespace
}  // namespace cairn::stack
