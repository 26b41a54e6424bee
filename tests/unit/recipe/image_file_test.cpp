// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/image_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cairn::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class ImageFileTest : public ::testing::Test {
protected:
  std::filesystem::path write(const std::string& path, const std::string& text)
  {
    const auto file = place_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    write_file_atomically(file, text);
    return file;
  }
  ImageFile read(const Variables& set = {}) const { return read_image_file(place_.path(), set); }
  ImageFile read(const std::string& text, const Variables& set = {})
  {
    write("cairn.yaml", text);
    return read(set);
  }
  std::string refused(const std::string& text, const Variables& set = {})
  {
    try {
      (void)read(text, set);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::bad_input);
      std::string what = error.what();
      const auto directory = place_.path().native() + "/";
      for (auto at = what.find(directory); at != std::string::npos; at = what.find(directory)) what.erase(at, directory.size());
      return what;
    }
    return "(nothing was thrown)";
  }
  TempDir place_;
};

std::string documented_example()
{
  const auto page = read_small_file(std::filesystem::path(CAIRN_DOCS_DIR) / "formats/recipe.md", 1 << 20);
  constexpr std::string_view fence = "```yaml\n";
  const auto begin = page.find(fence) + fence.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

TEST_F(ImageFileTest, reads_the_documented_example)
{
  write("layers/tools/layer.yaml", "env: {TOOLS: '1'}\nsteps:\n- run: make\n");
  const auto file = read(documented_example());
  EXPECT_EQ(file.base_image, "base:1");
  ASSERT_EQ(file.steps.size(), 3u);
  EXPECT_EQ(file.steps[0].layer, "tools");
  EXPECT_EQ(std::get<RunStep>(file.steps[0].what).script, "make");
  const auto& files = std::get<FilesStep>(file.steps[1].what);
  EXPECT_EQ(files.to, "/opt/app");
  EXPECT_THAT(files.excludes, ElementsAre("*.orig"));
  EXPECT_EQ(file.steps[1].layer, "files");
  const auto& modules = std::get<ModulesStep>(file.steps[2].what);
  EXPECT_EQ(modules.library, "library:2026.11");
  EXPECT_THAT(modules.modules, ElementsAre("Hello/2.0"));
  EXPECT_THAT(file.config.env, ElementsAre(Pair("TOOLS", "1"), Pair("PATH", "/opt/app/bin:${PATH}")));
  EXPECT_EQ(file.config.user, "1001:0");
  ASSERT_EQ(file.tests.size(), 1u);
  EXPECT_THAT(file.tests[0].command, ElementsAre("hello", "--version"));
}

TEST_F(ImageFileTest, set_overrides_variables)
{
  const std::string text = "base: {image: '${BASE}'}\nvariables: {BASE: 'one:1', TITLE: x}\nlabels: {title: 'costs $$5: ${TITLE}'}\n";
  EXPECT_EQ(read(text, {{"BASE", "two:2"}}).base_image, "two:2");
  EXPECT_THAT(read().config.labels, ElementsAre(Pair("title", "costs $5: x")));
  EXPECT_EQ(refused(text, {{"BASIS", "x"}}).substr(0, 12), "--set 'BASIS");
  EXPECT_EQ(refused("base: {image: '${BASE}'}\n"), "cairn.yaml:1:15: 'base.image': variable BASE is not set; add it to 'variables' or give --set BASE=…");
}

TEST_F(ImageFileTest, extends_another)
{
  write("parent/cairn.yaml", "base: {image: '${BASE}'}\nvariables: {BASE: 'one:1'}\nlayers:\n- files: a\n  to: /a\nuser: root\nenv: {A: '1'}\n");
  const auto file = read("extends: parent\nvariables: {BASE: 'two:2'}\nlayers:\n- files: b\n  to: /b\nuser: '7'\nenv: {B: '2'}\n");
  EXPECT_EQ(file.base_image, "two:2");
  ASSERT_EQ(file.steps.size(), 2u);
  EXPECT_EQ(std::filesystem::path(file.steps[0].directory).filename(), "parent");
  EXPECT_EQ(file.config.user, "7");
  EXPECT_THAT(file.config.env, ElementsAre(Pair("A", "1"), Pair("B", "2")));
  EXPECT_THAT(refused("extends: .\n"), HasSubstr("a circle"));
}

struct Case {
  const char* text;
  const char* says;
};

class Refused : public ImageFileTest, public ::testing::WithParamInterface<Case> {};

TEST_P(Refused, with_place_and_reason) { EXPECT_EQ(refused(GetParam().text), GetParam().says); }

INSTANTIATE_TEST_SUITE_P(
    ImageFile, Refused,
    ::testing::Values(
        Case{"base: {image: a}\nlaers: []\n", "cairn.yaml:2:1: unknown key 'laers'; did you mean 'layers'?"},
        Case{"base: base\n", "cairn.yaml:1:7: 'base': 'base/base.yaml': no such file"},
        Case{"base: {image: a}\nlayers:\n- files: ../x\n  to: /x\n", "cairn.yaml:3:10: 'layers[0].files': '../x' leads out of the recipe's directory"},
        Case{"base: {image: a}\nlayers:\n- files: x\n  to: x\n", "cairn.yaml:4:7: 'layers[0].to': 'x' is no plain absolute path"},
        Case{"base: {image: a}\nlayers:\n- files: x\n  run: y\n", "cairn.yaml:3:3: 'layers[0]': 'files' and 'run' in one step; make two of them"},
        Case{"base: {image: a}\nlayers:\n- file: x\n", "cairn.yaml:3:3: unknown key 'file' in 'layers[0]'; did you mean 'files'?"},
        Case{"base: {image: a}\nlayers:\n- packages: [-x]\n", "cairn.yaml:3:14: 'layers[0].packages[0]': '-x' is no name of a package"},
        Case{"base: {image: a}\nlayers:\n- python: l\n  prefix: /p\n  bytecode: yes\n", "cairn.yaml:5:13: 'layers[0].bytecode': neither 'none' nor 'unchecked-hash'"},
        Case{"base: {image: a}\nlayers:\n- modules: l\n  only: [a]\n  collection: c\n",
             "cairn.yaml:5:15: 'layers[0].collection': 'only' is there too: give one of them"},
        Case{"base: {image: a}\nenv: {'A B': c}\n", "cairn.yaml:2:14: 'env.A B': 'A B' is no name of a variable"},
        Case{"base: {image: a}\ntests:\n- name: x\n  command: []\n", "cairn.yaml:4:12: 'tests[0].command': an empty list"},
        Case{"layers: []\n", "cairn.yaml:1:1: 'base' is missing: a directory with a base.yaml or {image: REFERENCE}"}));

TEST(ImageFileSchemas, are_json)
{
  for (const auto* name : {"recipe.schema.json", "layer.schema.json"}) {
    const auto text = read_small_file(std::filesystem::path(CAIRN_DOCS_DIR) / "formats" / name, 1 << 20);
    EXPECT_NO_THROW((void)oci::JsonDocument::parse(text, name));
  }
}

}  // namespace
}  // namespace cairn::recipe
