// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Repositories, by the git program.
namespace cairn::build {

/// `URL[#REF[:SUBDIR]]`, as other builders write it.
struct GitPlace {
  std::string url;
  std::string ref;        ///< branch, tag or commit; empty: what the repository's HEAD is
  std::string directory;  ///< in the repository; may be empty
  /// Nothing when `text` is no URL (`https://…`, `ssh://…`, `git://…`, `file://…`, `git@HOST:…`): a directory then. Throws Error{bad_input}
  /// for a directory that leads out.
  [[nodiscard]] static std::optional<GitPlace> parse(std::string_view text);
};

/// Check `place` out into `directory`, which is empty; the directory that was meant, in it. Credentials are git's own affair; it never asks
/// for them. Throws Error{tool} with what git said, Error{not_found} when git or the directory in the repository is missing.
[[nodiscard]] std::filesystem::path check_out(const GitPlace& place, const std::filesystem::path& directory, const Task& task);

/// A repository's URL without user and password.
[[nodiscard]] std::string without_credentials(std::string url);

/// What `git arguments…` in `directory` prints, without the last newline. Throws Error{tool}.
[[nodiscard]] std::string git_output(const std::filesystem::path& directory, const std::vector<std::string>& arguments, const Task& task);
/// The same; nothing when git fails or is missing.
[[nodiscard]] std::string try_git(const std::filesystem::path& directory, const std::vector<std::string>& arguments, const Task& task);

}  // namespace cairn::build
