// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/left_out.hpp>

#include <algorithm>
#include <array>

namespace cairn::build {
namespace {

bool is_below(std::string_view path, std::string_view directory)
{
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

template <std::size_t N>
bool is_one_of(std::string_view path, const std::array<std::string_view, N>& all)
{
  return std::ranges::find(all, path) != all.end();
}

template <std::size_t N>
bool is_below_one_of(std::string_view path, const std::array<std::string_view, N>& all)
{
  return std::ranges::any_of(all, [path](std::string_view one) { return is_below(path, one); });
}

}  // namespace

bool belongs_to_runtime(std::string_view path)
{
  static constexpr std::array<std::string_view, 6> own = {"etc/hostname", "etc/hosts",          "etc/resolv.conf",
                                                          "etc/mtab",     "run/.containerenv", ".dockerenv"};
  static constexpr std::array<std::string_view, 4> below = {"dev", "proc", "sys", "run/secrets"};
  return is_one_of(path, own) || is_below_one_of(path, below) || path == "run/secrets";
}

bool is_leftover(std::string_view path, bool is_directory)
{
  // Nothing of these.
  static constexpr std::array<std::string_view, 4> emptied = {"tmp", "var/tmp", "var/lib/apt/lists", "var/cache/apt/archives"};
  if (is_below_one_of(path, emptied)) return path != "var/lib/apt/lists/partial" && path != "var/cache/apt/archives/partial";
  // Of these only the directories: packages own some, and programs write into them.
  static constexpr std::array<std::string_view, 8> without_files = {"run",          "var/log",       "var/cache/apt", "var/cache/ldconfig",
                                                                    "var/cache/dnf", "var/cache/yum", "var/cache/man", "var/lib/dnf"};
  if (!is_directory && is_below_one_of(path, without_files)) return true;
  static constexpr std::array<std::string_view, 14> leftovers = {"etc/.pwd.lock",
                                                                "etc/passwd-",
                                                                "etc/group-",
                                                                "etc/shadow-",
                                                                "etc/gshadow-",
                                                                "etc/subuid-",
                                                                "etc/subgid-",
                                                                "root/.bash_history",
                                                                "root/.wget-hsts",
                                                                "var/lib/dbus/machine-id",
                                                                "var/lib/dpkg/lock",
                                                                "var/lib/dpkg/lock-frontend",
                                                                "var/lib/dpkg/triggers/Lock",
                                                                "var/lib/systemd/random-seed"};
  if (is_one_of(path, leftovers)) return true;
  return path.ends_with("-old") && (is_below(path, "var/lib/dpkg") || is_below(path, "var/cache/debconf"));
}

}  // namespace cairn::build
