// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/library_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/fd.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cairn::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

LibraryFile read(std::string_view text) { return LibraryFile::parse(text, "library.yaml"); }

std::string refused(std::string_view text)
{
  try {
    (void)read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    return error.what();
  }
  return "(nothing was thrown)";
}

std::string docs(const std::string& name) { return read_small_file(std::filesystem::path(CAIRN_DOCS_DIR) / "formats" / name, 1 << 20); }

/// The first example of the documentation page.
std::string documented_example()
{
  const auto page = docs("library-file.md");
  constexpr std::string_view fence = "```yaml\n";
  const auto begin = page.find(fence) + fence.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

TEST(LibraryFile, reads_the_documented_example)
{
  const auto file = read(documented_example());
  EXPECT_EQ(file.target, "/opt/apps/easybuild");
  EXPECT_THAT(file.modulepath, ElementsAre("modules/all"));
  EXPECT_THAT(file.prefixes, ElementsAre("apps/*/*"));
  EXPECT_THAT(file.shared, ElementsAre("data/reference/*"));
  EXPECT_THAT(file.excludes, ElementsAre("software/*/share/doc", "*.orig"));
  EXPECT_THAT(file.includes, ElementsAre("*/easybuild/easybuild-*.log.bz2"));
  EXPECT_THAT(file.featured, ElementsAre("zlib/1.3.1-GCCcore-12.2.0"));
  EXPECT_THAT(file.descriptions, ElementsAre(Pair("zlib/1.3.1-GCCcore-12.2.0", "Compression, as the platform supports it")));
  EXPECT_THAT(file.requirements, ElementsAre(Pair("BLAS/1.0-avx512", HardwareNeed{"x86-64-v4", ""}), Pair("CuPy", HardwareNeed{"", "nvidia"})));
  EXPECT_EQ(file.layers, 64u);
}

TEST(LibraryFile, takes_processor_flags_as_requirements)
{
  EXPECT_THAT(read("requires: {a/1: {cpu: avx512_vnni, gpu: amd}}").requirements, ElementsAre(Pair("a/1", HardwareNeed{"avx512_vnni", "amd"})));
}

TEST(LibraryFile, refuses_requirements_that_nobody_can_check)
{
  EXPECT_THAT(refused("requires: {a/1: {cpu: x86-64-v5}}"), HasSubstr("library.yaml:1:23: 'requires.a/1.cpu': 'x86-64-v5' is neither a level"));
  EXPECT_THAT(refused("requires: {a/1: {gpu: matrox}}"), HasSubstr("'matrox' is not known: nvidia or amd"));
  EXPECT_THAT(refused("requires: {a/1: {}}"), HasSubstr("says nothing"));
  EXPECT_THAT(refused("requires: {a/1: {cpus: avx}}"), HasSubstr("did you mean 'cpu'?"));
  EXPECT_THAT(refused("requires: {a/: {gpu: amd}}"), HasSubstr("is not a module name"));
}

TEST(LibraryFile, says_nothing_when_it_is_empty)
{
  EXPECT_EQ(read(""), LibraryFile{});
  EXPECT_EQ(read("target:\nexclude:\n#  - x\nlayers: ~\n"), LibraryFile{});
}

TEST(LibraryFile, refuses_paths_that_leave_the_tree)
{
  EXPECT_EQ(refused("exclude: [/etc]"), "library.yaml:1:11: 'exclude[0]': '/etc' is absolute; write it relative to the tree");
  EXPECT_THAT(refused("include: [a, ../b]"), HasSubstr("'include[1]': has a component '..'"));
  EXPECT_THAT(refused("shared: [a/../b]"), HasSubstr("has a component '..'"));
  EXPECT_THAT(refused("prefixes: [./a]"), HasSubstr("has a component '.'"));
  EXPECT_THAT(refused("modulepath: [a//b]"), HasSubstr("has an empty component"));
  EXPECT_THAT(refused("modulepath: [a/]"), HasSubstr("has an empty component"));
  EXPECT_THAT(refused("modulepath: ['']"), HasSubstr("is empty"));
  EXPECT_THAT(refused("exclude: [\"a\\nb\"]"), HasSubstr("has a control character"));
  EXPECT_NO_THROW((void)read("exclude: [a..b, .hidden, '*/..x']"));
}

TEST(LibraryFile, wants_an_absolute_target)
{
  EXPECT_EQ(refused("target: opt/apps"), "library.yaml:1:9: 'target': 'opt/apps' is not an absolute path");
  EXPECT_THAT(refused("target: /"), HasSubstr("cannot be the root directory"));
  EXPECT_THAT(refused("target: /opt/../apps"), HasSubstr("has a component '..'"));
  EXPECT_THAT(refused("target: /opt/apps/"), HasSubstr("has an empty component"));
  EXPECT_THAT(refused("target: //opt"), HasSubstr("has an empty component"));
}

TEST(LibraryFile, wants_a_budget_that_an_image_can_have)
{
  EXPECT_EQ(read("layers: 2").layers, 2u);
  EXPECT_EQ(read("layers: 480").layers, 480u);
  for (const auto* text : {"layers: 1", "layers: 481", "layers: '64'", "layers: many"})
    EXPECT_THAT(refused(text), HasSubstr("'layers': expected a whole number from 2 to 480")) << text;
}

TEST(LibraryFile, wants_module_names)
{
  EXPECT_THAT(refused("featured: [/zlib]"), HasSubstr("is not a module name"));
  EXPECT_THAT(refused("featured: [zlib/]"), HasSubstr("is not a module name"));
  EXPECT_THAT(refused("featured: [\"zlib 1.3\"]"), HasSubstr("is not a module name"));
  EXPECT_THAT(refused("descriptions: {'': x}"), HasSubstr("is not a module name"));
  EXPECT_THAT(refused("descriptions: {zlib: ''}"), HasSubstr("'descriptions.zlib': is empty"));
}

TEST(LibraryFile, refuses_what_is_in_a_list_twice)
{
  EXPECT_EQ(refused("featured: [a, b, a]"), "library.yaml:1:18: 'featured[2]': 'a' is here twice");
}

TEST(LibraryFile, refuses_other_types)
{
  EXPECT_THAT(refused("exclude: '*.log'"), HasSubstr("'exclude': expected a list"));
  EXPECT_THAT(refused("target: [/opt]"), HasSubstr("'target': expected text, found a list"));
  EXPECT_THAT(refused("descriptions: [a]"), HasSubstr("'descriptions': expected a map"));
  EXPECT_THAT(refused("- target"), HasSubstr("library.yaml:1:1: expected a map"));
  EXPECT_THAT(refused("target"), HasSubstr("library.yaml:1:1: expected a map"));
}

TEST(LibraryFile, proposes_the_key_that_was_meant)
{
  EXPECT_EQ(refused("excludes: []"), "library.yaml:1:1: unknown key 'excludes'; did you mean 'exclude'?");
}

TEST(LibraryFileSchema, has_the_keys_that_the_reader_knows)
{
  const auto schema = oci::JsonDocument::parse(docs("library-file.schema.json"), "schema");
  std::vector<std::string> published;
  for (const auto property : schema.root().at("properties").object()) published.emplace_back(property.key());
  const auto message = refused("_: 1");
  const auto list = message.substr(message.find("known are ") + 10);
  std::vector<std::string> known;
  for (std::size_t at = 0; at < list.size();) {
    const auto comma = std::min(list.find(", ", at), list.size());
    known.push_back(list.substr(at, comma - at));
    at = comma + 2;
  }
  EXPECT_THAT(known, ::testing::UnorderedElementsAreArray(published));
}

TEST(LibraryFileSchema, gives_examples_that_the_reader_takes)
{
  const auto schema = oci::JsonDocument::parse(docs("library-file.schema.json"), "schema");
  for (const auto property : schema.root().at("properties").object()) {
    oci::JsonWriter json;
    json.begin_object().key(property.key()).value(property.at("examples").array()[0]).end_object();
    const auto text = json.finish();
    EXPECT_NO_THROW(EXPECT_NE(read(text), LibraryFile{})) << text;
  }
}

TEST(LibraryFileSchema, is_satisfied_by_the_documented_example)
{
  const auto schema = oci::JsonDocument::parse(docs("library-file.schema.json"), "schema");
  const auto document = YamlDocument::parse(documented_example(), "example");
  const auto properties = schema.root().at("properties");
  const auto example = document.root().map();
  EXPECT_EQ(example.size(), properties.object().size()) << "the example shows every key";
  for (const auto& [key, value] : example) {
    const auto property = properties.find(key);
    ASSERT_TRUE(property) << key;
    const auto type = property->find("$ref") ? std::string("array") : std::string(property->at("type").string());
    if (type == "array") EXPECT_EQ(value.kind(), Yaml::Kind::list) << key;
    else if (type == "object") EXPECT_EQ(value.kind(), Yaml::Kind::map) << key;
    else if (type == "integer") EXPECT_NO_THROW((void)value.uint64(property->at("minimum").uint64(), property->at("maximum").uint64())) << key;
    else EXPECT_EQ(value.kind(), Yaml::Kind::scalar) << key;
  }
  EXPECT_EQ(schema.root().at("properties").at("layers").at("minimum").uint64(), library_file_least_layers);
  EXPECT_EQ(schema.root().at("properties").at("layers").at("maximum").uint64(), library_file_most_layers);
}

}  // namespace
}  // namespace cairn::recipe
