// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/interpreter.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/stack/target_python.hpp>

#include <support/error_matcher.hpp>
#include <unit/stack/host_python.hpp>

#include <gmock/gmock.h>

namespace cairn::stack {
namespace {

using cairn::test::ThrowsError;

class InterpreterTest : public testing::Test {
protected:
  void SetUp() override
  {
    const auto found = test::host_python();
    if (!found) GTEST_SKIP() << "no Python in /usr/bin";
    python = *found;
  }
  TempDir directory;
  store::Store store{directory.path() / "store", store::Access::write};
  std::filesystem::path cache = directory.path() / "cache";
  std::string python;
};

TEST_F(InterpreterTest, is_found_runs_and_is_kept)
{
  const auto image = test::python_image(directory.path(), python, store);
  const auto found = find_interpreter(store, image, cache, Task{});
  EXPECT_EQ(found.program, "/usr/bin/python" + python);
  EXPECT_EQ(found.python, python);
  EXPECT_THAT(found.full_version, testing::StartsWith(python + "."));
  EXPECT_EQ(found.glibc_major, 2u);
  EXPECT_GT(found.glibc_minor, 16u);
  auto program = target_python(found.root, found.program);
  program.arguments.insert(program.arguments.end(), {"-c", "import os, sys, importlib.util; print(os.__file__ if sys.path else '')"});
  EXPECT_EQ(run_program(program, Task{}).output, (found.root / ("usr/lib/python" + python) / "os.py\n").string());

  store.collect(store::Store::Really::yes, Task{});  // what is kept needs no image
  const auto again = find_interpreter(store, image, cache, Task{});
  EXPECT_EQ(again.root, found.root);
  EXPECT_EQ(again.full_version, found.full_version);
  EXPECT_EQ(again.digest, found.digest);
}

TEST_F(InterpreterTest, is_the_same_in_an_image_that_differs_elsewhere)
{
  const auto one = find_interpreter(store, test::python_image(directory.path(), python, store), cache, Task{});
  const auto two = find_interpreter(store, test::python_image(directory.path(), python, store, "more"), cache, Task{});
  EXPECT_NE(one.root, two.root);
  EXPECT_EQ(one.digest, two.digest);
}

TEST_F(InterpreterTest, is_made_anew_where_its_record_is_broken)
{
  const auto image = test::python_image(directory.path(), python, store);
  const auto found = find_interpreter(store, image, cache, Task{});
  write_file_atomically(found.root.parent_path() / "interpreter.json", "{");
  std::filesystem::remove_all(found.root / "usr");
  EXPECT_EQ(find_interpreter(store, image, cache, Task{}).digest, found.digest);
  EXPECT_TRUE(std::filesystem::exists(found.root / "usr"));
}

TEST_F(InterpreterTest, says_what_is_missing)
{
  const auto image = test::python_image(directory.path(), python, store);
  EXPECT_THAT([&] { static_cast<void>(find_interpreter(store, image, cache, Task{}, "3.1")); },
              ThrowsError(Errc::not_found, "image " + image.descriptor.digest.str() + ": has no /usr/bin/python3.1"));
  EXPECT_EQ(find_interpreter(store, image, cache, Task{}, python).python, python);
  std::filesystem::create_directories(directory.path() / "empty/etc");
  store::StoreTarget target(store);
  const auto layer = image::layer_of_directory(directory.path() / "empty", "", image::DirectoryRules{}, {}, target, Task{});
  EXPECT_THAT([&] { static_cast<void>(find_interpreter(store, image::append({}, {layer}, ""), cache, Task{})); },
              ThrowsError(Errc::not_found, "has no /usr/bin/python3"));
}

}  // namespace
}  // namespace cairn::stack
