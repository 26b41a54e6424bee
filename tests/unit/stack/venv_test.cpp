// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/venv.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>
#include <unit/stack/host_python.hpp>

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <sstream>

namespace cairn::stack {
namespace {

using cairn::test::ThrowsError;
using testing::ElementsAre;
using testing::HasSubstr;

class Venv : public testing::Test {
protected:
  void SetUp() override
  {
    const auto python = test::host_python();
    if (!python) GTEST_SKIP() << "no Python in /usr/bin";
    interpreter.root = "/";
    interpreter.python = *python;
    interpreter.program = "/usr/bin/python" + *python;
  }
  image::Layer make(const std::string& prefix)
  {
    store::StoreTarget target(store);
    return make_venv_layer(prefix, interpreter, {}, target, Task{});
  }
  [[nodiscard]] std::filesystem::path unpacked(const image::Layer& layer) const
  {
    const auto image = image::append({}, {layer}, "");
    const auto root = directory.path() / layer.diff_id.hex();
    image::unpack(store, image, root, Task{});
    return root;
  }
  static std::string content(const std::filesystem::path& path)
  {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  TempDir directory;
  store::Store store{directory.path() / "store", store::Access::write};
  Interpreter interpreter;
};

TEST_F(Venv, is_what_python_makes_and_the_same_twice)
{
  const auto layer = make("/opt/app-root");
  EXPECT_EQ(layer.descriptor.digest, make("/opt/app-root").descriptor.digest);
  const auto root = unpacked(layer);
  const auto venv = root / "opt/app-root";
  const auto ours = directory.path() / "theirs/app-root";
  Program program;
  program.arguments = {interpreter.program, "-m", "venv", "--without-pip", ours.string()};
  ASSERT_EQ(run_program(program, Task{}).status, 0);
  std::map<std::string, std::string> found;
  std::map<std::string, std::string> expected;
  for (auto* each : {&found, &expected}) {
    const auto& top = each == &found ? venv : ours;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
      auto& text = (*each)[entry.path().lexically_relative(top).string()];
      if (entry.is_symlink()) text = std::filesystem::read_symlink(entry.path()).string();
      else if (entry.is_regular_file()) text = content(entry.path());
      for (std::size_t at = 0; (at = text.find(ours.string(), at)) != std::string::npos;)
        text.replace(at, ours.string().size(), "/opt/app-root");
    }
  }
  EXPECT_EQ(found, expected);
  EXPECT_THAT(content(venv / "pyvenv.cfg"), HasSubstr("home = /usr/bin\n"));
}

TEST_F(Venv, lets_a_random_user_of_its_group_install)
{
  const auto root = unpacked(make("/opt/app-root"));
  std::set<unsigned> modes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "opt/app-root"))
    if (!entry.is_symlink()) modes.insert(static_cast<unsigned>(entry.symlink_status().permissions()));
  EXPECT_THAT(modes, ElementsAre(0664, 0775));
  EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(root / "opt/app-root").permissions()), 0775u);
  EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(root / "opt").permissions()), 0755u);
}

TEST_F(Venv, works_with_an_unpacked_interpreter_and_says_when_that_has_no_module)
{
  auto found = find_interpreter(store, test::python_image(directory.path(), interpreter.python, store), directory.path() / "cache", Task{});
  const auto same = make("/opt/app-root").descriptor.digest;
  interpreter = found;
  EXPECT_EQ(make("/opt/app-root").descriptor.digest, same);
  std::filesystem::remove_all(found.root / ("usr/lib/python" + found.python) / "venv");
  EXPECT_THAT([&] { make("/opt/app-root"); },
              ThrowsError(Errc::tool, "virtual environment /opt/app-root: the image's " + found.program + " could not make it: "));
}

TEST_F(Venv, refuses_paths_that_scripts_would_quote)
{
  EXPECT_THAT([&] { make("/opt/a b"); }, ThrowsError(Errc::bad_input, "prefix '/opt/a b': "));
  EXPECT_THAT([&] { make("opt"); }, ThrowsError(Errc::bad_input, "is not an absolute path"));
}

}  // namespace
}  // namespace cairn::stack
