// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/evaluation_cache.hpp>

#include <cairn/module/tree.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace cairn::module {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

/// All that an evaluation says, as text.
std::string told(const Tree& tree)
{
  auto out = fmt::format("{}\n{}\n", fmt::join(tree.modulepath, " "), fmt::join(tree.warnings, "\n"));
  for (const auto& file : tree.modulefiles) {
    out += fmt::format("{} {} {} {} {} | {} | {} | {} | {} | {}\n", file.path, file.modulepath, file.full_name,
                       file.language == Language::lua, file.hidden, file.description, file.url, file.category, file.version, file.family);
    out += fmt::format("{} | {} | {} | {} | {} | {}\n", fmt::join(file.extensions, " "), fmt::join(file.prefixes, " "),
                       file.root.value_or("-"), fmt::join(file.modulepaths, " "), fmt::join(file.impure, " "), file.error.value_or("-"));
    for (const auto& dependency : file.dependencies) out += fmt::format("{} {}\n", static_cast<int>(dependency.kind), dependency.name);
  }
  for (const auto& file : tree.default_files) out += fmt::format("{} {}\n", file.path, file.error.value_or("-"));
  for (const auto& alias : tree.aliases) out += fmt::format("{} {}\n", alias.name, alias.target);
  return out + tree.spider_cache;
}

class Remembering : public testing::Test {
protected:
  void write(const std::string& path, const std::string& text) const
  {
    fs::create_directories((tree_.path() / path).parent_path());
    std::ofstream(tree_.path() / path) << text;
  }
  [[nodiscard]] Tree fresh() const { return evaluate({tree_.path(), "/apps", {}, 2}, Task()); }
  [[nodiscard]] Tree remembered(bool full = false) const { return evaluate({tree_.path(), "/apps", {}, 2, cache_.path(), full}, Task()); }
  [[nodiscard]] fs::path base() const
  {
    for (const auto& entry : fs::directory_iterator(cache_.path()))
      if (entry.path().extension() != ".changes") return entry.path();
    return {};
  }

  TempDir tree_;
  TempDir cache_;
};

std::string lua(const std::string& name, std::uint64_t number)
{
  return fmt::format(
      "help([==[{0}\n{1}]==])\nwhatis('Description: {0} {1}')\nwhatis('URL: https://{1}')\nsetenv('EBROOT{1}', '/apps/software/{0}')\n"
      "depends_on('b/{2}')\nextensions('e/{2}')\nfamily('{2}')\nprepend_path('PATH', '/apps/{1}/bin')\n",
      name, number, number % 3);
}

TEST_F(Remembering, gives_what_a_fresh_evaluation_gives_over_a_random_history)
{
  std::mt19937 random(7);
  const auto any = [&](std::uint64_t below) { return random() % below; };
  for (int step = 0; step < 60; ++step) {
    const auto name = fmt::format("{}/{}", std::string(1, static_cast<char>('a' + any(4))), any(3));
    switch (any(9)) {
      case 0: fs::remove(tree_.path() / "modules/all" / (name + ".lua")); break;
      case 1:
        write("modules/all/" + name.substr(0, 1) + "/.modulerc.lua",
              fmt::format("module_version('{}', 'x{}')\nhide_version('{}')\n", name, any(2), name));
        break;
      case 2: fs::remove(tree_.path() / "modules/all" / name.substr(0, 1) / ".modulerc.lua"); break;
      case 3: {
        const auto link = tree_.path() / "modules/all" / name.substr(0, 1) / "default";
        fs::create_directories(link.parent_path());
        fs::remove(link);
        fs::create_symlink(name.substr(2) + ".lua", link);
        break;
      }
      case 4:
        write("modules/all/" + name, fmt::format("#%Module1.0\nmodule-whatis \"Tcl {}\"\nprepend-path PATH /apps/{}\n", any(9), any(9)));
        break;
      case 5: write("modules/all/" + name + ".lua", "prepend_path('MODULEPATH', '/apps/modules/more')\n"); break;
      case 6: write("modules/more/" + name + ".lua", lua(name, any(5))); break;
      case 7: write("modules/all/deep/" + name + ".lua", lua(name, any(5))); break;
      default: write("modules/all/" + name + ".lua", lua(name, any(5)) + (any(8) == 0 ? "error('no')" : "")); break;
    }
    ASSERT_EQ(told(remembered()), told(fresh())) << "step " << step;
    ASSERT_EQ(told(remembered(step % 2 == 0)), told(fresh())) << "again, step " << step;
  }
}

TEST_F(Remembering, writes_the_changes_alone_when_few_changed)
{
  for (int i = 0; i < 40; ++i) write(fmt::format("modules/all/m{}/1.lua", i), lua("m", static_cast<std::uint64_t>(i)));
  static_cast<void>(remembered());
  const auto before = read_small_file(base(), 1 << 20);
  write("modules/all/m3/1.lua", lua("other", 1));
  static_cast<void>(remembered());
  EXPECT_EQ(read_small_file(base(), 1 << 20), before);
  EXPECT_LT(fs::file_size(base().native() + ".changes"), before.size() / 4);
  // Changes of another base count for nothing.
  const auto changes = read_small_file(base().native() + ".changes", 1 << 20);
  for (int i = 0; i < 40; ++i) write(fmt::format("modules/all/m{}/1.lua", i), lua("new", static_cast<std::uint64_t>(i)));
  static_cast<void>(remembered());
  EXPECT_FALSE(fs::exists(base().native() + ".changes"));
  std::ofstream(base().native() + ".changes") << changes;
  EXPECT_EQ(told(remembered()), told(fresh()));
}

TEST_F(Remembering, forgets_what_is_damaged)
{
  for (int i = 0; i < 8; ++i) write(fmt::format("modules/all/m{}/1.lua", i), lua("m", static_cast<std::uint64_t>(i)));
  const auto expected = told(fresh());
  static_cast<void>(remembered());
  const auto good = read_small_file(base(), 1 << 20);
  for (std::size_t at = 0; at < good.size(); at += 97) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    std::ofstream(base(), std::ios::trunc) << bad;
    ASSERT_EQ(told(remembered()), expected) << "byte " << at;
  }
  std::ofstream(base(), std::ios::trunc) << good.substr(0, good.size() / 2);
  EXPECT_EQ(told(remembered()), expected);
}

}  // namespace
}  // namespace cairn::module
