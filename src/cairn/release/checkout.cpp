// SPDX-License-Identifier: Apache-2.0
#include <cairn/release/checkout.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/child.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace cairn::release {
namespace {

ProgramResult try_git(const std::filesystem::path& directory, std::vector<std::string> arguments, const Task& task)
{
  Program git;
  git.arguments = {"git", "-C", directory.native()};
  git.arguments.insert(git.arguments.end(), arguments.begin(), arguments.end());
  git.variables = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
  return run_program(git, task);
}

std::string run_git(const std::filesystem::path& directory, const std::vector<std::string>& arguments, const Task& task)
{
  auto result = try_git(directory, arguments, task);
  if (result.status == 0) return std::move(result.output);
  const auto said = result.errors.substr(0, result.errors.find('\n'));
  throw Error(said.contains("not a git repository") ? Errc::not_found : Errc::tool,
              fmt::format("{}: git {}: {}", directory.native(), arguments.front(), printable(said)));
}

std::vector<std::string> split(std::string_view text, char separator)
{
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto one = text.substr(0, text.find(separator));
    if (!one.empty()) out.emplace_back(one);
    text.remove_prefix(std::min(text.size(), one.size() + 1));
  }
  std::ranges::sort(out);
  return out;
}

std::string line_of(std::string text)
{
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// `https://user:password@host/…` is nobody's business.
std::string without_credentials(std::string url)
{
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const auto at = url.substr(0, url.find('/', scheme + 3)).rfind('@');
  return at == std::string::npos ? url : url.erase(scheme + 3, at + 1 - (scheme + 3));
}

}  // namespace

Checkout read_checkout(const std::filesystem::path& directory, const Task& task)
{
  Checkout out;
  out.root = line_of(run_git(directory, {"rev-parse", "--show-toplevel"}, task));
  out.commit = line_of(run_git(out.root, {"rev-parse", "--verify", "HEAD"}, task));
  out.commit_date = line_of(run_git(out.root, {"show", "--no-patch", "--format=%cI", "HEAD"}, task));
  out.tags = split(run_git(out.root, {"tag", "--points-at", "HEAD"}, task), '\n');
  out.dirty = split(run_git(out.root, {"diff", "--name-only", "-z", "HEAD"}, task), '\0');
  if (const auto remote = try_git(out.root, {"config", "--get", "remote.origin.url"}, task); remote.status == 0)
    out.remote_url = without_credentials(line_of(remote.output));
  return out;
}

std::string tag_to_release(const Checkout& checkout, const std::optional<std::string>& wanted)
{
  const auto where = fmt::format("{}: commit {}", checkout.root.native(), checkout.commit.substr(0, 12));
  if (!checkout.dirty.empty())
    throw Error(Errc::bad_input, fmt::format("{} has changes ({}); commit or stash them, so that the tag says what is released", where,
                                             printable(checkout.dirty.front())));
  if (wanted) {
    if (std::ranges::find(checkout.tags, *wanted) != checkout.tags.end()) return *wanted;
    throw Error(Errc::bad_input, fmt::format("{} is not at tag {}; git checkout it first", where, printable(*wanted)));
  }
  if (checkout.tags.size() == 1) return checkout.tags.front();
  throw Error(Errc::bad_input, checkout.tags.empty()
                                   ? where + " has no tag; check one out"
                                   : fmt::format("{} has tags {}; choose one with --tag", where, fmt::join(checkout.tags, ", ")));
}

bool commit_files(const std::filesystem::path& root, const std::vector<std::string>& files, const std::string& message, const Task& task)
{
  std::vector<std::string> add{"add", "--"};
  add.insert(add.end(), files.begin(), files.end());
  (void)run_git(root, add, task);
  std::vector<std::string> changed{"diff", "--cached", "--quiet", "--"};
  changed.insert(changed.end(), files.begin(), files.end());
  if (try_git(root, changed, task).status == 0) return false;
  std::vector<std::string> commit{"commit", "--quiet", "--message", message, "--"};
  commit.insert(commit.end(), files.begin(), files.end());
  (void)run_git(root, commit, task);
  return true;
}

}  // namespace cairn::release
