// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/git.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/tool.hpp>
#include <cairn/os/child.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cairn::build {
namespace {

ProgramResult git(const std::filesystem::path& directory, const std::vector<std::string>& arguments, const Task& task)
{
  require_tool("git", "git", "a repository");
  Program program;
  program.arguments = {"git", "-C", directory.native(), "-c", "advice.detachedHead=false"};
  program.arguments.insert(program.arguments.end(), arguments.begin(), arguments.end());
  program.variables = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C.UTF-8"}};
  return run_tool("git " + arguments.front(), std::move(program), task);
}

}  // namespace

std::optional<GitPlace> GitPlace::parse(std::string_view text)
{
  constexpr std::array<std::string_view, 6> schemes{"https://", "http://", "ssh://", "git://", "file://", "git@"};
  if (std::ranges::none_of(schemes, [&](std::string_view scheme) { return text.starts_with(scheme); })) return std::nullopt;
  GitPlace out;
  const auto hash = text.find('#');
  out.url = text.substr(0, hash);
  if (hash == std::string_view::npos) return out;
  const auto rest = text.substr(hash + 1);
  const auto colon = rest.find(':');
  out.ref = rest.substr(0, colon);
  if (colon != std::string_view::npos) out.directory = rest.substr(colon + 1);
  const std::filesystem::path directory(out.directory);
  if (directory.is_absolute() || directory.lexically_normal().native().starts_with("..") || out.ref.starts_with('-'))
    throw Error(Errc::bad_input, fmt::format("{}: what follows '#' is REF or REF:DIRECTORY inside the repository", printable(text)));
  return out;
}

std::filesystem::path check_out(const GitPlace& place, const std::filesystem::path& directory, const Task& task)
{
  const auto step = task.step(fmt::format("fetch {}", place.url));
  (void)git(directory, {"init", "--quiet"}, step);
  (void)git(directory, {"fetch", "--quiet", "--depth", "1", "--", place.url, place.ref.empty() ? "HEAD" : place.ref}, step);
  (void)git(directory, {"checkout", "--quiet", "FETCH_HEAD"}, step);
  auto out = directory / place.directory;
  if (!std::filesystem::is_directory(out))
    throw Error(Errc::not_found, fmt::format("{}: has no directory {}", printable(place.url), printable(place.directory)));
  return out;
}

std::string without_credentials(std::string url)
{
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const auto at = url.find('@', scheme);
  const auto slash = url.find('/', scheme + 3);
  if (at != std::string::npos && at < slash) url.erase(scheme + 3, at + 1 - scheme - 3);
  return url;
}

std::string git_output(const std::filesystem::path& directory, const std::vector<std::string>& arguments, const Task& task)
{
  auto out = git(directory, arguments, task).output;
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

std::string try_git(const std::filesystem::path& directory, const std::vector<std::string>& arguments, const Task& task)
{
  try {
    return git_output(directory, arguments, task);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace cairn::build
