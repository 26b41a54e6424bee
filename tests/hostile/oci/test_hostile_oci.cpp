// SPDX-License-Identifier: Apache-2.0
// Each file and layout beside this one, against what expected.tsv says of it (make.py writes them all).
#include <cairn/base/error.hpp>
#include <cairn/image/image.hpp>
#include <cairn/store/store.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace cairn {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  std::string kind;
  std::string verdict;
  std::string fragment;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

std::vector<Case> cases()
{
  std::vector<Case> all;
  std::ifstream file(fs::path(HOSTILE_DIR) / "expected.tsv");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream fields(line);
    Case one;
    std::getline(fields, one.name, '\t');
    std::getline(fields, one.kind, '\t');
    std::getline(fields, one.verdict, '\t');
    std::getline(fields, one.fragment, '\t');
    all.push_back(std::move(one));
  }
  return all;
}

struct Outcome {
  std::string verdict;
  std::string text;
};

Outcome outcome(const Case& one)
{
  const auto path = fs::path(HOSTILE_DIR) / one.name;
  try {
    if (one.kind == "layout") {
      const store::Store store(path, store::Access::read);
      const auto manifest = store.resolve("it");
      (void)image::load(store, manifest);
      std::string text;
      for (const auto& finding : image::validate(store, manifest, Task())) text += finding.where + ": " + finding.what + "\n";
      return {text.empty() ? "accept" : "finding", text};
    }
    const auto text = read_small_file(path, std::uint64_t{1} << 20);
    if (one.kind == "manifest") (void)oci::Manifest::parse(text, one.name);
    else if (one.kind == "index") (void)oci::Index::parse(text, one.name);
    else if (one.kind == "config") (void)oci::ImageConfig::parse(text, one.name);
    else return {"unknown kind", one.kind};
    return {"accept", ""};
  } catch (const Error& error) {
    return {std::string(name(error.code())), error.what()};
  }
}

class HostileOci : public ::testing::TestWithParam<Case> {};

TEST_P(HostileOci, ends_as_expected)
{
  const auto& expected = GetParam();
  const auto found = outcome(expected);
  EXPECT_EQ(found.verdict, expected.verdict) << found.text;
  EXPECT_NE(found.text.find(expected.fragment), std::string::npos) << found.text;
  for (const char c : found.text) EXPECT_FALSE((c >= 0 && c < 0x20 && c != '\n') || c == 0x7f) << "control characters reach the terminal";
}

INSTANTIATE_TEST_SUITE_P(Corpus, HostileOci, ::testing::ValuesIn(cases()), [](const auto& one) {
  auto text = one.param.name.substr(0, one.param.name.find('.'));
  for (char& c : text)
    if (c == '-') c = '_';
  return text + "_" + one.param.kind;
});

TEST(HostileOciCorpus, has_an_expectation_for_every_file)
{
  std::set<std::string> listed, there;
  for (const auto& one : cases()) listed.insert(one.name);
  for (const auto& entry : fs::directory_iterator(HOSTILE_DIR))
    if (entry.is_directory() || entry.path().extension() == ".json") there.insert(entry.path().filename());
  EXPECT_EQ(listed, there);
}

}  // namespace
}  // namespace cairn
