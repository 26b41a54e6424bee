// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/target.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/version.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::python {
namespace {

/// Older names of three platforms (PEP 513, 571, 599).
std::string_view legacy_name(unsigned glibc_minor)
{
  switch (glibc_minor) {
    case 5: return "manylinux1";
    case 12: return "manylinux2010";
    case 17: return "manylinux2014";
    default: return {};
  }
}

std::vector<std::string> platforms(const Target& target)
{
  const auto& machine = target.machine;
  std::vector<std::string> names;
  if (target.libc == Libc::musl) {
    for (int minor = static_cast<int>(target.libc_minor); minor >= 0; --minor)
      names.push_back(fmt::format("musllinux_{}_{}_{}", target.libc_major, minor, machine));
  } else {
    const int oldest = machine == "x86_64" || machine == "i686" ? 5 : 17;
    for (int minor = static_cast<int>(target.libc_minor); minor >= oldest; --minor) {
      names.push_back(fmt::format("manylinux_2_{}_{}", minor, machine));
      if (const auto legacy = legacy_name(static_cast<unsigned>(minor)); !legacy.empty())
        names.push_back(fmt::format("{}_{}", legacy, machine));
    }
  }
  names.insert(target.linux_tags == LinuxTags::first ? names.begin() : names.end(), "linux_" + machine);
  return names;
}

}  // namespace

std::string Target::python() const { return fmt::format("{}.{}", major, minor); }

void Target::set_python(std::string_view text)
{
  const auto version = Version::parse(text);
  if (!version || version->epoch != 0 || version->release.size() < 2 || version->release.size() > 3 || version->release[0] != 3 ||
      version->release[1] < 2 || version->release[1] > 99)
    throw Error(Errc::bad_input, fmt::format("Python {}: expected a version such as 3.11 or 3.11.7", printable(text)));
  major = static_cast<unsigned>(version->release[0]);
  minor = static_cast<unsigned>(version->release[1]);
  full_version = version->release.size() == 3 ? version->str() : std::string();
}

MarkerEnvironment Target::environment() const
{
  const auto full = full_version.empty() ? python() + ".0" : full_version;
  MarkerEnvironment environment{
      {"os_name", "posix"},          {"sys_platform", "linux"},          {"platform_system", "Linux"},
      {"platform_machine", machine}, {"implementation_name", "cpython"}, {"platform_python_implementation", "CPython"},
      {"python_version", python()},  {"python_full_version", full},      {"implementation_version", full}};
  if (platform_release) environment.emplace("platform_release", *platform_release);
  return environment;
}

std::vector<Tag> supported_tags(const Target& target)
{
  const auto names = platforms(target);
  std::vector<Tag> tags;
  const auto add = [&](const std::string& python, const std::string& abi) {
    for (const auto& platform : names) tags.push_back({python, abi, platform});
  };
  const auto interpreter = fmt::format("cp{}{}", target.major, target.minor);
  const bool has_pymalloc_flag = target.minor < 8;
  const auto abi = interpreter + (target.free_threaded ? "t" : has_pymalloc_flag ? "m" : "");
  const std::string stable = target.free_threaded ? "abi3t" : "abi3";
  const unsigned first_stable = target.free_threaded ? 15 : 2;
  add(interpreter, abi);
  if (target.minor >= first_stable) add(interpreter, stable);
  add(interpreter, "none");
  for (unsigned minor = target.minor; minor-- > first_stable;) add(fmt::format("cp{}{}", target.major, minor), stable);
  std::vector<std::string> pure{fmt::format("py{}{}", target.major, target.minor), fmt::format("py{}", target.major)};
  for (unsigned minor = target.minor; minor-- > 0;) pure.push_back(fmt::format("py{}{}", target.major, minor));
  for (const auto& python : pure) add(python, "none");
  tags.push_back({interpreter, "none", "any"});
  for (const auto& python : pure) tags.push_back({python, "none", "any"});
  return tags;
}

TagRanks::TagRanks(const Target& target)
{
  for (const auto& tag : supported_tags(target)) ranks_.try_emplace(tag.str(), ranks_.size());
}

std::optional<std::size_t> TagRanks::best(const std::vector<Tag>& tags) const
{
  std::optional<std::size_t> best;
  for (const auto& tag : tags)
    if (const auto found = ranks_.find(tag.str()); found != ranks_.end()) best = std::min(best.value_or(SIZE_MAX), found->second);
  return best;
}

}  // namespace cairn::python
