// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/conflict.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>
#include <unit/stack/wheel_maker.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <list>

namespace cairn::stack {
namespace {

using cairn::test::ThrowsError;
using testing::ElementsAre;
using testing::IsEmpty;

class Conflict : public testing::Test {
protected:
  void wheel(const std::string& name, const std::map<std::string, std::string>& files)
  {
    const auto chosen = test::make_wheel(directory_.path(), name, "1", files);
    wheels_.push_back(python::Wheel::open(chosen.path, chosen.wheel.file));
    python::InstallSettings settings;
    settings.layout = python::Layout::venv("/opt/app", settings.target);
    files_.push_back(python::plan_install(wheels_.back(), name, "", settings).files);
    owned_.push_back({name, &wheels_.back(), &files_.back()});
  }
  bool has(std::size_t index, const std::string& path)
  {
    auto at = files_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(index));
    return std::ranges::any_of(*at, [&](const python::InstalledFile& file) { return file.path.ends_with(path); });
  }
  TempDir directory_;
  std::list<python::Wheel> wheels_;
  std::list<std::vector<python::InstalledFile>> files_;
  std::vector<OwnedFiles> owned_;
};

TEST_F(Conflict, keeps_equal_files_once)
{
  wheel("aaa", {{"ns/__init__.py", "same"}, {"ns/a.py", ""}});
  wheel("bbb", {{"ns/__init__.py", "same"}, {"ns/b.py", ""}});
  EXPECT_THAT(settle_conflicts(owned_, OnConflict::refuse), IsEmpty());
  EXPECT_TRUE(has(0, "ns/__init__.py"));
  EXPECT_FALSE(has(1, "ns/__init__.py"));
  EXPECT_TRUE(has(1, "ns/b.py"));
}

TEST_F(Conflict, refuses_different_files_or_follows_pip)
{
  wheel("aaa", {{"cv2/__init__.py", "a"}});
  wheel("bbb", {{"cv2/__init__.py", "b"}});
  EXPECT_THAT([&] { settle_conflicts(owned_, OnConflict::refuse); },
              ThrowsError(Errc::bad_input, "aaa and bbb both have 'opt/app/lib/python3.11/site-packages/cv2/__init__.py'"));
  EXPECT_THAT(settle_conflicts(owned_, OnConflict::pip),
              ElementsAre("opt/app/lib/python3.11/site-packages/cv2/__init__.py: of aaa; that of bbb is left out"));
  EXPECT_TRUE(has(0, "cv2/__init__.py"));
  EXPECT_FALSE(has(1, "cv2/__init__.py"));
}

TEST_F(Conflict, refuses_a_file_that_is_anothers_directory)
{
  wheel("aaa", {{"x", "file"}});
  wheel("bbb", {{"x/y", "below"}});
  EXPECT_THAT([&] { settle_conflicts(owned_, OnConflict::pip); },
              ThrowsError(Errc::bad_input, "is a file of aaa and a directory of another package"));
}

}  // namespace
}  // namespace cairn::stack
