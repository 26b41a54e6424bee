// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/package_step.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/apt.hpp>
#include <cairn/build/tool.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace cairn::build {
namespace {

constexpr std::string_view place = "/run/cairn-sources";

/// Runs in the image; the packages are its arguments. Everything that apt would keep goes to a directory that no layer has.
constexpr std::string_view script = R"sh(
sources=/run/cairn-sources
if command -v apt-get >/dev/null; then
  . /etc/os-release
  state=/tmp/cairn-apt
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  grep -E "^deb (\[[^]]*\] )?[^ ]+ $VERSION_CODENAME(-updates|-security|/updates)? " "$sources/sources.list" >"$state/sources.list" ||
    { echo "this machine's apt has no source for $VERSION_CODENAME, component main" >&2; exit 1; }
  {
    cat "$sources/settings"
    printf 'Dir::Etc::SourceList "%s";\nDir::Etc::SourceParts "/dev/null";\n' "$state/sources.list"
    printf 'Dir::State::Lists "%s";\nDir::Cache "%s";\nAPT::Sandbox::User "root";\n' "$state/lists" "$state/cache"
    [ ! -e "$sources/auth.conf" ] || printf 'Dir::Etc::Netrc "%s";\n' "$sources/auth.conf"
  } >"$state/settings"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -c "$state/settings" -qq -o APT::Update::Error-Mode=any update
  if ! apt-get -c "$state/settings" -qq --simulate --no-install-recommends install "$@" >/dev/null 2>"$state/problem"; then
    cat "$state/problem" >&2
    for one; do
      name=${one%%=*}
      if ! apt-cache -c "$state/settings" show "$name" >/dev/null 2>&1; then
        near=$(apt-cache -c "$state/settings" pkgnames | grep -i -F "$(printf %.4s "$name")" | sort | head -n 5 | tr '\n' ' ')
        echo "there is no package $name${near:+; near names: $near}" >&2
      elif [ "$one" != "$name" ] && ! apt-cache -c "$state/settings" show "$one" >/dev/null 2>&1; then
        echo "there is no $one; there is $(apt-cache -c "$state/settings" show "$name" | sed -n 's/^Version: //p' | tr '\n' ' ')" >&2
      fi
    done
    exit 1
  fi
  apt-get -c "$state/settings" -qq -o Dpkg::Use-Pty=0 -o DPkg::Options::=--force-unsafe-io --no-install-recommends -y install "$@"
  rm -rf "$state"
elif command -v microdnf >/dev/null; then
  microdnf -y --setopt=install_weak_deps=0 --setopt=tsflags=nodocs install $(printf '%s\n' "$@" | sed 's/=/-/')
  microdnf clean all
elif command -v dnf >/dev/null; then
  dnf -y --setopt=install_weak_deps=False --setopt=tsflags=nodocs install $(printf '%s\n' "$@" | sed 's/=/-/')
  dnf clean all
else
  echo "the image has none of apt-get, microdnf, dnf" >&2
  exit 1
fi
)sh";

/// What of apt's settings says how archives are reached, as apt-config prints it; files it names are copied beside and renamed in it.
std::string way_to_archives(const std::filesystem::path& directory, const Task& task)
{
  Program program;
  program.arguments = {"apt-config", "dump", "--no-empty"};
  const auto dumped = run_tool("apt-config dump", std::move(program), task).output;
  std::string out;
  std::size_t certificates = 0;
  for (std::size_t at = 0; at < dumped.size();) {
    const auto end = std::min(dumped.find('\n', at), dumped.size());
    auto line = dumped.substr(at, end - at);
    at = end + 1;
    const bool is_way = line.starts_with("Acquire::http") || line.starts_with("Acquire::Check-") || line.starts_with("Acquire::Retries") ||
                        line.starts_with("Acquire::ForceIPv");
    if (!is_way) continue;
    const auto value = line.find(" \"/");
    if (value != std::string::npos && line.ends_with("\";")) {
      const std::filesystem::path file = line.substr(value + 2, line.size() - value - 4);
      if (std::filesystem::is_regular_file(file)) {
        const auto copy = fmt::format("file-{}", certificates++);
        std::filesystem::copy_file(file, directory / copy);
        line = fmt::format("{} \"{}/{}\";", line.substr(0, value), place, copy);
      }
    }
    out += line + '\n';
  }
  return out;
}

void write_sources(const std::filesystem::path& directory, const Task& task)
{
  auto sources = machine_apt_sources(task);
  std::set<std::string> keyrings;
  for (auto& one : sources) {
    if (one.signed_by.empty() || !std::filesystem::is_regular_file(one.signed_by)) continue;
    const auto name = std::filesystem::path(one.signed_by).filename().native();
    if (keyrings.insert(name).second) std::filesystem::copy_file(one.signed_by, directory / name);
    one.signed_by = fmt::format("{}/{}", place, name);
  }
  write_file_atomically(directory / "sources.list", sources_list(sources), Flush::no);
  write_file_atomically(directory / "settings", way_to_archives(directory, task), Flush::no);
  const std::filesystem::path credentials = "/etc/apt/auth.conf";
  if (std::filesystem::is_regular_file(credentials)) std::filesystem::copy_file(credentials, directory / "auth.conf");
}

bool has_apt()
{
  return std::filesystem::exists("/usr/bin/apt-get");
}

}  // namespace

ContainerStep package_step(std::string title, const std::vector<std::string>& packages, const std::filesystem::path& directory, const Task& task)
{
  if (has_apt()) write_sources(directory, task);
  ContainerStep step;
  step.title = std::move(title);
  step.arguments = {"/bin/sh", "-euc", std::string(script), "sh"};
  step.arguments.insert(step.arguments.end(), packages.begin(), packages.end());
  step.mounts.emplace_back(directory, std::string(place));
  step.has_network = true;
  return step;
}

}  // namespace cairn::build
