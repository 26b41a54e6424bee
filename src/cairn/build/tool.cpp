// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/tool.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/skeleton.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include <unistd.h>

namespace cairn::build {

void require_tool(std::string_view program, std::string_view package, std::string_view needed_by)
{
  const char* found = ::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing sets variables while threads run
  std::string_view path = found != nullptr ? found : "/usr/bin:/bin";
  for (;;) {
    const auto colon = path.find(':');
    const auto candidate = fmt::format("{}/{}", path.substr(0, colon), program);
    if (::access(candidate.c_str(), X_OK) == 0) return;
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
  throw Error(Errc::not_found, fmt::format("{} is not installed, which {} needs; it is in the Debian package {}", program, needed_by, package));
}

namespace {

/// A line may be a whole command with a hundred files: its beginning and its end tell enough.
std::string shortened(std::string_view line)
{
  constexpr std::size_t most = 300;
  constexpr std::size_t beginning = 120;
  if (line.size() <= most) return printable(line);
  return printable(line.substr(0, beginning)) + " … " + printable(line.substr(line.size() - (most - beginning)));
}

}  // namespace

std::string last_lines(std::string_view text)
{
  constexpr std::size_t most = 10;
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string> lines;
  while (lines.size() < most && !text.empty()) {
    const auto newline = text.rfind('\n');
    const auto line = newline == std::string_view::npos ? text : text.substr(newline + 1);
    if (!line.empty()) lines.push_back(shortened(line));
    text = newline == std::string_view::npos ? std::string_view() : text.substr(0, newline);
  }
  return fmt::format("{}", fmt::join(lines.rbegin(), lines.rend(), " / "));
}

ProgramResult run_tool(const std::string& title, Program program, const Task& task)
{
  program.deadline = std::chrono::hours(24);
  auto result = run_program(program, task);
  if (result.status == 0) return result;
  const auto said = last_lines(result.errors);
  throw Error(Errc::tool, fmt::format("{}: exit status {}{}{}", title, result.status, said.empty() ? "" : "; it said: ", said));
}

std::vector<std::string> in_empty_environment(const std::vector<std::string>& more, const std::vector<std::string>& arguments)
{
  std::vector<std::string> out = {"env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC",
                                  fmt::format("SOURCE_DATE_EPOCH={}", layer::constant_mtime)};
  out.insert(out.end(), more.begin(), more.end());
  for (const auto* word : {"sh", "-c", "umask 022; exec \"$@\"", "sh"}) out.emplace_back(word);
  out.insert(out.end(), arguments.begin(), arguments.end());
  return out;
}

}  // namespace cairn::build
