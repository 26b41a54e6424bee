// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/lock.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <fstream>

namespace cairn::python {
namespace {

using cairn::test::ThrowsError;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string hash_a = "sha256:" + std::string(64, 'a');

class LockTest : public testing::Test {
protected:
  Lock read(const std::string& name, const std::string& text, const LockOptions& options = {})
  {
    std::ofstream(directory_.path() / name) << text;
    return read_lock(directory_.path() / name, options);
  }
  /// A Pipfile.lock for Python 3.11 with two sources.
  Lock pipfile(const std::string& entries, const LockOptions& options = {})
  {
    return read("Pipfile.lock",
                R"({"_meta": {"hash": {"sha256": "h"}, "pipfile-spec": 6, "requires": {"python_version": "3.11"},
      "sources": [{"name": "main", "url": "https://main.example.org/simple", "verify_ssl": true},
                  {"name": "corp", "url": "https://${USER_NAME}:${PASS}@corp.example.org/simple", "verify_ssl": false}]},
      "default": {)" +
                    entries + R"(}, "develop": {"pytest": {"version": "==8.0", "hashes": [")" + hash_a + R"("]}}})",
                options);
  }
  static Target target(const std::string& python = "3.11")
  {
    Target made;
    made.set_python(python);
    return made;
  }
  TempDir directory_;
};

TEST_F(LockTest, hashes_a_pipfile_in_three_ways)
{
  // The same as pipenv 2026.8, plette and micropipenv compute.
  const auto hashes = pipfile_hashes(R"(
[[source]]
name = "main"
url = "https://pypi.example.org/simple"
verify_ssl = true

[[source]]
name = "corp"
url = "https://${PIP_USER}:${PIP_PASS}@pkgs.example.org/simple"
verify_ssl = true

[packages]
My_Lib = {version = "==1.4.0", index = "corp"}
requests = {version = ">=2.31", extras = ["socks"]}
"Flask" = "*"
tool = {git = "https://git.example.org/tool.git", ref = "v0.3", editable = true}
uvloop = {version = "*", sys_platform = "== 'linux'"}

[dev-packages]
pytest = "*"

[docs]
sphinx = "~=7.0"

[requires]
python_version = "3.12"

[scripts]
t = "pytest"

[pipenv]
allow_prereleases = true
)",
                                     "Pipfile", {});
  EXPECT_EQ(hashes.legacy, "ef60eef818dce7e3ce275b9c90825455bdf28d9b663f3a49d3c33873c7d4a186");
  EXPECT_EQ(hashes.with_categories, "b9c2050553a99956b21de2c5276c18e33c4c1ad116424bb454aeecb4e4637965");
  EXPECT_EQ(hashes.canonical, "364142a0a0a8cbc669b6ba98e6d35f0b89fe1e52143344443ddcc719cf6ed0a9");
}

TEST_F(LockTest, hashes_text_beyond_ascii_and_floats_as_python_does)
{
  // hashlib.sha256(json.dumps({"_meta":{"requires":{},"sources":[]},"default":{"x":1.1,"y":"h\xe9 \U0001F40D\x7f"},"develop":{}},
  //                           sort_keys=True, separators=(",", ":")).encode()).hexdigest()
  const auto hashes = pipfile_hashes("[packages]\nx = 1.10\ny = \"h\xc3\xa9 \xf0\x9f\x90\x8d\\u007f\"\n", "Pipfile", {});
  EXPECT_EQ(hashes.legacy, "3028773f65900ee7a6dc451510dd4504555cfe03d1493b36e04c1366d655cd79");
}

TEST_F(LockTest, hashes_the_sources_of_the_lock_where_the_pipfile_has_none)
{
  const std::vector<PackageSource> sources{{"main", "https://main.example.org/simple", true}};
  EXPECT_EQ(
      pipfile_hashes("[packages]\n", "Pipfile", sources).legacy,
      pipfile_hashes("[[source]]\nname = \"main\"\nurl = \"https://main.example.org/simple\"\nverify_ssl = true\n", "Pipfile", {}).legacy);
}

TEST_F(LockTest, names_line_and_column_of_broken_toml)
{
  EXPECT_THAT([] { static_cast<void>(pipfile_hashes("[packages\n", "Pipfile", {})); },
              ThrowsError(Errc::bad_input, "Pipfile: line 1, column"));
}

TEST_F(LockTest, reads_pins_with_hashes_markers_and_sources)
{
  const auto lock =
      pipfile(R"("A_B": {"version": "==1.0", "hashes": [")" + hash_a + R"("], "index": "corp", "markers": "python_version < '3.10'"},
                               "bare": "==2", "vcs": {"git": "https://g.example.org/x", "ref": "abc", "markers": "os_name == 'nt'"})");
  ASSERT_EQ(lock.pins.size(), 3u);
  EXPECT_EQ(lock.pins[0].name, "a-b");
  EXPECT_EQ(lock.pins[0].written_name, "A_B");
  EXPECT_EQ(lock.pins[0].source, "corp");
  EXPECT_EQ(lock.pins[2].needs_build, "git https://g.example.org/x at abc");
  EXPECT_EQ(lock.python, "3.11");
  EXPECT_EQ(lock.pipfile_hash, "h");
  const auto pins = select(lock, {}, target());  // markers that do not hold: not even built
  ASSERT_EQ(pins.size(), 1u);
  EXPECT_EQ(pins[0].name, "bare");
  EXPECT_THAT(pins[0].hashes, IsEmpty());
}

TEST_F(LockTest, takes_the_sections_that_are_asked_for)
{
  LockOptions options;
  options.groups = {"default", "develop"};
  EXPECT_EQ(pipfile(R"("a": "==1")", options).pins.size(), 2u);
  options.groups = {"docs"};
  EXPECT_THAT([&] { pipfile("", options); }, ThrowsError(Errc::bad_input, "has no section 'docs'"));
}

TEST_F(LockTest, ignores_hashes_that_are_not_sha256)
{
  const auto lock = pipfile(R"("a": {"version": "==1", "hashes": ["md5:00", "sha1:00"]})");
  EXPECT_THAT(lock.pins[0].hashes, IsEmpty());
  EXPECT_THAT([&] { pipfile(R"("a": {"version": "==1", "hashes": ["sha256:00"]})"); }, ThrowsError(Errc::bad_input, "2 hex digits"));
  EXPECT_THAT([&] { pipfile(R"("a": {"version": "==1", "hashes": ["00"]})"); }, ThrowsError(Errc::bad_input, "names no algorithm"));
}

TEST_F(LockTest, refuses_what_makes_no_pin)
{
  EXPECT_THAT([&] { pipfile(R"("a": ">=1")"); }, ThrowsError(Errc::bad_input, "'>=1' is no pin"));
  EXPECT_THAT([&] { pipfile(R"("a": {"version": "==1.*"})"); }, ThrowsError(Errc::bad_input, "is no pin"));
  EXPECT_THAT([&] { pipfile(R"("a": {"version": "==1", "index": "other"})"); },
              ThrowsError(Errc::bad_input, "index 'other' is none of the lock's sources"));
  EXPECT_THAT([&] { pipfile(R"("A.b": "==1", "a-b": "==1")"); }, ThrowsError(Errc::bad_input, "a second entry for a-b"));
}

TEST_F(LockTest, tells_what_needs_a_build)
{
  const auto lock = pipfile(R"("a": {"editable": true, "path": "./a"}, "b": {"path": "./b"}, "c": {"version": "==1", "no_binary": true},
                               "d": {"file": "https://x.example.org/d-1.tar.gz"}, "e": {"file": "https://x.example.org/e-1-py3-none-any.whl#sha256=1"})");
  EXPECT_EQ(lock.pins[0].needs_build, "editable path ./a");
  EXPECT_EQ(lock.pins[1].needs_build, "path ./b");
  EXPECT_EQ(lock.pins[2].needs_build, "no_binary");
  EXPECT_THAT(lock.pins[3].needs_build, HasSubstr("d-1.tar.gz"));
  EXPECT_THAT(lock.pins[4].needs_build, IsEmpty());
  EXPECT_THAT(lock.pins[4].direct_url, HasSubstr("e-1-py3-none-any.whl"));
}

TEST_F(LockTest, refuses_another_python)
{
  const auto lock = pipfile(R"("a": "==1")");
  EXPECT_THAT([&] { static_cast<void>(select(lock, {}, target("3.12"))); },
              ThrowsError(Errc::bad_input, "was made for Python 3.11, this stack is for 3.12"));
}

TEST_F(LockTest, refuses_markers_that_it_cannot_answer)
{
  const auto with = [&](const std::string& marker) { return pipfile(R"("a": {"version": "==1", "markers": ")" + marker + "\"}"); };
  EXPECT_THAT([&] { static_cast<void>(select(with("platform_release != '5'"), {}, target())); },
              ThrowsError(Errc::bad_input, "name one with --platform-release"));
  auto el9 = target();
  el9.platform_release = "5.14.0-503.el9.x86_64";
  EXPECT_THAT(select(with("platform_release != '5'"), {}, el9), IsEmpty());  // what is no version is neither equal nor unequal
  EXPECT_THAT([&] { static_cast<void>(select(with("colour == 'red'"), {}, target())); },
              ThrowsError(Errc::bad_input, "expected a marker variable"));
  EXPECT_THAT([&] { static_cast<void>(select(with("python_version ~= '3'"), {}, target())); },
              ThrowsError(Errc::bad_input, "has no meaning"));
  EXPECT_EQ(select(with("python_version >= '2.7' and python_version not in '3.0, 3.1, 3.2'"), {}, target()).size(), 1u);
}

TEST_F(LockTest, fills_in_variables_of_sources)
{
  const auto lock = pipfile("");
  const auto get = [](const std::string& name) -> std::optional<std::string> {
    if (name == "USER_NAME") return "u@x";
    if (name == "PASS") return "p/w";
    return std::nullopt;
  };
  EXPECT_EQ(expand_source(lock.sources[1], get), "https://u%40x:p%2Fw@corp.example.org/simple");
  EXPECT_FALSE(lock.sources[1].verify_tls);
  EXPECT_EQ(expand_source({"x", "https://${HOST:-h.example.org}/simple"}, get), "https://h.example.org/simple");
  EXPECT_THAT([&] { static_cast<void>(expand_source({"x", "$NONE/simple"}, get)); },
              ThrowsError(Errc::bad_input, "needs the variable NONE, which is not set"));
}

TEST_F(LockTest, reads_pylock)
{
  const auto text = std::string(R"(lock-version = "1.0"
created-by = "x"
requires-python = ">=3.10"
environments = ["sys_platform == 'linux'"]
[[packages]]
name = "demo"
version = "1.0"
marker = "'dev' in dependency_groups"
[[packages.wheels]]
url = "https://x.example.org/demo-1.0%2Bcpu-py3-none-any.whl"
size = 3
hashes = {sha256 = ")") +
                    std::string(64, 'a') + R"("}
[[packages]]
name = "src"
version = "1"
[packages.sdist]
url = "https://x.example.org/src-1.tar.gz"
hashes = {sha256 = ")" +
                    std::string(64, 'b') + R"("}
[[packages]]
name = "vcs"
[packages.vcs]
type = "git"
url = "https://g.example.org/x"
commit-id = "abc"
)";
  LockOptions options;
  options.groups = {"dev"};
  const auto lock = read("pylock.toml", text, options);
  ASSERT_EQ(lock.pins.size(), 3u);
  EXPECT_EQ(lock.pins[0].wheels[0].file, "demo-1.0+cpu-py3-none-any.whl");
  EXPECT_TRUE(lock.pins[1].has_sdist);
  EXPECT_EQ(lock.pins[2].needs_build, "git https://g.example.org/x at abc");
  EXPECT_EQ(select(lock, options, target()).size(), 3u);
  EXPECT_EQ(select(lock, {}, target()).size(), 2u);
  EXPECT_THAT([&] { static_cast<void>(select(lock, {}, target("3.9"))); },
              ThrowsError(Errc::bad_input, "requires Python '>=3.10', this stack is for 3.9"));
  EXPECT_THAT([&] { read("pylock.x.toml", "lock-version = \"2.0\"\npackages = []\n"); },
              ThrowsError(Errc::unsupported, "lock-version '2.0'"));
  EXPECT_THAT([&] { read("pylock.toml", "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\n"); },
              ThrowsError(Errc::bad_input, "has 0 of vcs"));
}

TEST_F(LockTest, reads_hashed_requirements)
{
  std::ofstream(directory_.path() / "more.txt") << "c==3 --hash=" << hash_a << "\n";
  const auto lock = read(
      "requirements.txt",
      "# comment\n-i https://i.example.org/simple\n--extra-index-url=https://j.example.org/simple\n--find-links ./wheels\n--no-binary d\n"
      "A.b[x]==1.0 ; python_version > '3' \\\n    --hash=" +
          hash_a + " \\\n    --hash=md5:00  # why\n-r more.txt\nd==4 --hash=" + hash_a +
          "\ne @ https://x.example.org/e-1-py3-none-any.whl --hash=" + hash_a + "\n");
  ASSERT_EQ(lock.pins.size(), 4u);
  EXPECT_EQ(lock.pins[0].name, "a-b");
  EXPECT_EQ(lock.pins[0].marker, "python_version > '3'");
  EXPECT_EQ(lock.pins[0].hashes.size(), 1u);
  EXPECT_EQ(lock.pins[1].name, "c");
  EXPECT_EQ(lock.pins[2].needs_build, "no_binary");
  EXPECT_EQ(lock.pins[3].direct_url, "https://x.example.org/e-1-py3-none-any.whl");
  EXPECT_EQ(lock.sources.size(), 2u);
  EXPECT_EQ(lock.wheel_directories.size(), 1u);
  EXPECT_THAT([&] { read("requirements.txt", "a>=1\n"); }, ThrowsError(Errc::bad_input, "line 1: 'a' is not pinned"));
  EXPECT_THAT([&] { read("requirements.txt", "\n--what\n"); }, ThrowsError(Errc::bad_input, "line 2: option '--what' is not known"));
  EXPECT_THAT([&] { read("requirements.txt", "-r requirements.txt\n"); }, ThrowsError(Errc::limit, "include one another"));
}

TEST_F(LockTest, finds_the_lock_of_a_directory)
{
  EXPECT_THAT([&] { static_cast<void>(find_lock(directory_.path())); },
              ThrowsError(Errc::not_found, "has no pylock.toml, Pipfile.lock or requirements.txt"));
  std::ofstream(directory_.path() / "Pipfile.lock") << "{}";
  EXPECT_EQ(find_lock(directory_.path()).filename(), "Pipfile.lock");
  std::ofstream(directory_.path() / "pylock.toml") << "";
  EXPECT_EQ(find_lock(directory_.path()).filename(), "pylock.toml");
}

}  // namespace
}  // namespace cairn::python
