// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/install.hpp>
#include <cairn/python/wheel.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>
#include <support/zip_maker.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

namespace cairn::python {
namespace {

using cairn::test::ThrowsError;
using cairn::test::ZipMaker;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// A wheel of `demo` 1.0: `files` beside the metadata, which RECORD lists rightly.
class WheelTest : public testing::Test {
protected:
  WheelTest()
  {
    text["demo-1.0.dist-info/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    text["demo-1.0.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: Demo\nVersion: 1.0\n";
    text["demo/__init__.py"] = "";
  }
  std::map<std::string, std::string> text;
  std::map<std::string, std::uint32_t> mode;
  std::optional<std::string> record;

  Wheel open(const std::string& name = "demo-1.0-py3-none-any.whl")
  {
    ZipMaker maker;
    std::string rows;
    for (const auto& [path, content] : text) {
      maker.add(path, content, mode.contains(path) ? mode[path] : 0100644u);
      rows += path + "," + record_hash(content) + "," + std::to_string(content.size()) + "\n";
    }
    maker.add("demo-1.0.dist-info/RECORD", record.value_or(rows + "demo-1.0.dist-info/RECORD,,\n"));
    maker.write(directory_.path() / name);
    return Wheel::open(directory_.path() / name, name);
  }

  static InstallSettings settings()
  {
    InstallSettings settings;
    settings.layout = Layout::venv("/opt/app", settings.target);
    return settings;
  }
  std::map<std::string, InstalledFile> install(const Wheel& wheel, const InstallSettings& how = settings())
  {
    std::map<std::string, InstalledFile> files;
    for (auto& file : plan_install(wheel, "Demo", "", how).files) files[file.path] = file;
    return files;
  }
  static constexpr const char* library = "opt/app/lib/python3.11/site-packages/";
  TempDir directory_;
};

TEST_F(WheelTest, installs_what_pip_does)
{
  text["demo-1.0.dist-info/entry_points.txt"] =
      "# no\n[console_scripts]\ndemo = demo.cli:main [extra]\n[other]\nbad line\n[gui_scripts]\ngui=demo:App.run\n";
  text["demo-1.0.data/scripts/old"] = "#!python -E\nprint()\n";
  text["demo-1.0.data/scripts/demo"] = "#!python\n";
  text["demo-1.0.data/data/share/x"] = "data";
  text["demo-1.0.data/headers/demo.h"] = "h";
  text["demo-1.0.data/platlib/demo_native.so"] = "so";
  const auto wheel = open();
  EXPECT_THAT(wheel.warnings, IsEmpty());
  auto files = install(wheel);
  const std::string info = std::string(library) + "demo-1.0.dist-info/";
  EXPECT_EQ(files.at(info + "INSTALLER").content, "pip\n");
  EXPECT_EQ(files.at(info + "REQUESTED").content, "");
  EXPECT_EQ(files.at("opt/app/bin/old").content, "#!/opt/app/bin/python\nprint()\n");
  EXPECT_FALSE(files.at("opt/app/bin/old").is_executable);  // as the archive says
  EXPECT_TRUE(files.at("opt/app/bin/demo").is_executable);
  EXPECT_THAT(files.at("opt/app/bin/demo").content, HasSubstr("from demo.cli import main\n"));
  EXPECT_THAT(files.at("opt/app/bin/gui").content, HasSubstr("from demo import App\n"));
  EXPECT_THAT(files.at("opt/app/bin/gui").content, HasSubstr("sys.exit(App.run())"));
  EXPECT_TRUE(files.contains("opt/app/share/x"));
  EXPECT_TRUE(files.contains("opt/app/include/site/python3.11/Demo/demo.h"));
  EXPECT_TRUE(files.contains(std::string(library) + "demo_native.so"));
  const auto& installed = files.at(info + "RECORD").content;
  EXPECT_THAT(installed, HasSubstr("../../../bin/demo,sha256="));
  EXPECT_THAT(installed, HasSubstr("../../../bin/old," + record_hash("#!/opt/app/bin/python\nprint()\n") + ",30\r\n"));
  EXPECT_THAT(installed, HasSubstr("demo-1.0.data/scripts/demo,"));  // pip keeps the row of the script that it replaces
  EXPECT_THAT(installed, HasSubstr("demo-1.0.dist-info/RECORD,,\r\n"));
  EXPECT_FALSE(files.contains("opt/app/bin/demo-script.py"));
}

TEST_F(WheelTest, takes_the_executable_bit_from_the_archive)
{
  text["demo-1.0.data/scripts/run"] = "#!/bin/sh\r\n";
  mode["demo-1.0.data/scripts/run"] = 0100755;
  text["demo-1.0.data/scripts/crlf"] = "#!python\r\nx\r\n";
  auto files = install(open());
  EXPECT_TRUE(files.at("opt/app/bin/run").is_executable);
  EXPECT_TRUE(files.at("opt/app/bin/run").entry.has_value());
  EXPECT_EQ(files.at("opt/app/bin/crlf").content, "#!/opt/app/bin/python\nx\r\n");
}

TEST_F(WheelTest, refuses_a_target_that_it_is_not_for)
{
  text["demo-1.0.dist-info/METADATA"] += "Requires-Python: >=3.13\n";
  const auto wheel = open();
  EXPECT_THAT([&] { install(wheel); }, ThrowsError(Errc::bad_input, "requires Python '>=3.13', this stack is for 3.11"));
  auto how = settings();
  how.target.set_python("3.13.1");
  how.layout = Layout::venv("/opt/app", how.target);
  EXPECT_FALSE(install(wheel, how).empty());
}

TEST_F(WheelTest, refuses_unknown_schemes)
{
  text["demo-1.0.data/evil/x"] = "";
  const auto wheel = open();
  EXPECT_THAT([&] { install(wheel); }, ThrowsError(Errc::bad_input, "'evil' is no scheme"));
}

TEST_F(WheelTest, refuses_two_files_at_one_path)
{
  text["demo-1.0.data/purelib/demo/__init__.py"] = "x";
  const auto wheel = open();
  EXPECT_THAT([&] { install(wheel); }, ThrowsError(Errc::bad_input, "two of its files go to"));
}

TEST_F(WheelTest, checks_its_metadata_against_its_name)
{
  text["other-1.0.dist-info/x"] = "";
  EXPECT_THAT([&] { open(); }, ThrowsError(Errc::bad_input, "several .dist-info directories"));
  text.erase("other-1.0.dist-info/x");
  EXPECT_THAT([&] { open("other-1.0-py3-none-any.whl"); }, ThrowsError(Errc::bad_input, "belongs to another project"));
  EXPECT_THAT([&] { open("demo-2.0-py3-none-any.whl"); }, ThrowsError(Errc::bad_input, "belongs to another version"));
  EXPECT_THAT([&] { open("demo-1.0-py3-none.whl"); }, ThrowsError(Errc::bad_input, "has not 5 or 6 parts"));
  text["demo-1.0.dist-info/WHEEL"] = "Wheel-Version: 2.0\n";
  EXPECT_THAT([&] { open(); }, ThrowsError(Errc::unsupported, "Wheel-Version '2.0': cairn reads version 1"));
  text["demo-1.0.dist-info/WHEEL"] = "Wheel-Version: 1.9\n";
  EXPECT_THAT(open().warnings, Contains(HasSubstr("newer than 1.0")));
  text["demo-1.0.dist-info/METADATA"] = "Name: demo\nVersion: 3\n";
  EXPECT_THAT([&] { open(); }, ThrowsError(Errc::bad_input, "METADATA is of another version"));
  text.erase("demo-1.0.dist-info/METADATA");
  EXPECT_THAT([&] { open(); }, ThrowsError(Errc::bad_input, "has no 'demo-1.0.dist-info/METADATA'"));
}

TEST_F(WheelTest, tells_where_its_record_is_wrong)
{
  record =
      "demo/__init__.py,sha256=x,7,more\r\ndemo-1.0.dist-info/WHEEL,sha256=wrong=,\"68\"\n./gone,,\n/abs,md5=1,1\n../up,,\n\"a,\"\"b\",,\n";
  const auto wheel = open();
  EXPECT_THAT(wheel.warnings, Contains(HasSubstr("says that 'demo/__init__.py' has '7' bytes, it has 0")));
  EXPECT_THAT(wheel.warnings, Contains(HasSubstr("another hash of 'demo-1.0.dist-info/WHEEL'")));
  EXPECT_THAT(wheel.warnings, Contains(HasSubstr("RECORD lacks 'demo-1.0.dist-info/METADATA'")));
  EXPECT_THAT(wheel.warnings, Contains(HasSubstr("RECORD lists './gone', which is not there")));
  EXPECT_THAT(wheel.warnings, Contains(HasSubstr("'/abs'")));
  EXPECT_THAT(wheel.warnings, Contains(HasSubstr("'a,\"b'")));
  EXPECT_THAT(verify_record(wheel), Contains(HasSubstr("another hash of 'demo/__init__.py'")));
  // What pip writes then: rows as they were, and one for each file that had none.
  const auto files = install(wheel);
  EXPECT_THAT(files.at(std::string(library) + "demo-1.0.dist-info/RECORD").content, HasSubstr("demo-1.0.dist-info/METADATA,,\r\n"));
  record = "a,\"open\n";
  EXPECT_THAT([&] { open(); }, ThrowsError(Errc::bad_input, "quote is not closed"));
}

TEST_F(WheelTest, makes_a_file_of_a_link)
{
  text["demo/link"] = "/etc/passwd";
  mode["demo/link"] = 0120777;
  const auto wheel = open();
  EXPECT_THAT(wheel.warnings, Contains(HasSubstr("is a symbolic link")));
  EXPECT_EQ(install(wheel).at(std::string(library) + "demo/link").size_bytes, 11u);
}

}  // namespace
}  // namespace cairn::python
