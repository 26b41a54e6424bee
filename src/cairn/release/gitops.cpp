// SPDX-License-Identifier: Apache-2.0
#include <cairn/release/gitops.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/git.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <map>

namespace cairn::release {
namespace {

constexpr std::uint64_t manifest_limit_bytes = std::uint64_t{4} << 20;

/// New texts by file, those that change alone.
std::map<std::string, std::string> changed_files(const std::vector<GitopsEdit>& edits, const std::filesystem::path& checkout)
{
  std::map<std::string, std::string> before, after;
  for (const auto& one : edits) {
    const auto path = checkout / one.file;
    if (!std::filesystem::is_regular_file(path))
      throw Error(Errc::not_found, fmt::format("{}: no such file in the GitOps checkout; 'overlay-contextpath' says so", printable(path.native())));
    if (!after.contains(one.file)) before[one.file] = after[one.file] = read_small_file(path, manifest_limit_bytes);
    after[one.file] = deploy::edit_image_stream(after[one.file], one.file, one.edit);
  }
  std::erase_if(after, [&](const auto& file) { return before.at(file.first) == file.second; });
  return after;
}

}  // namespace

bool write_gitops(const std::vector<GitopsEdit>& edits, const GitopsSettings& settings, const Task& task)
{
  const auto& checkout = settings.checkout;
  const auto git = [&](std::vector<std::string> arguments) { return build::git_output(checkout, arguments, task); };
  const auto changed = git({"status", "--porcelain", "--untracked-files=no"});
  if (!changed.empty())
    throw Error(Errc::bad_input, fmt::format("{}: has changes of somebody else ({})", printable(checkout.native()), printable(changed.substr(0, changed.find('\n')))));
  const auto files = changed_files(edits, checkout);
  if (files.empty()) return false;
  const auto before = git({"rev-parse", "HEAD"});
  if (!settings.branch.empty()) (void)git({"checkout", "--quiet", "-b", settings.branch});
  for (const auto& [file, text] : files) {
    write_file_atomically(checkout / file, text);
    (void)git({"add", "--", file});
  }
  try {
    (void)git({"commit", "--quiet", "-m", settings.message});
    if (settings.push == GitopsPush::yes) (void)git({"push", "--quiet", "origin", "HEAD"});
  } catch (const Error&) {
    (void)git({"reset", "--quiet", "--hard", before});
    throw;
  }
  return true;
}

}  // namespace cairn::release
