// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Git checkouts, through the program `git`. All throw Error{not_found} when it or the checkout is not there, and Error{tool} with what it
/// said.
namespace cairn::release {

struct Checkout {
  std::filesystem::path root;
  std::string commit;             ///< 40 digits
  std::string commit_date;        ///< RFC 3339
  std::vector<std::string> tags;  ///< that name the commit, sorted
  std::vector<std::string> dirty; ///< tracked files that differ from the commit, relative, sorted
  std::string remote_url;         ///< of `origin`, without a password; may be empty
};

[[nodiscard]] Checkout read_checkout(const std::filesystem::path& directory, const Task& task);

/// The tag to release: `wanted`, or the only one. Throws Error{bad_input} when the checkout is not at it, has changes, or it is not clear which.
[[nodiscard]] std::string tag_to_release(const Checkout& checkout, const std::optional<std::string>& wanted);

/// Commit what changed in `files` (relative to `root`), on the branch that is checked out. False: nothing had changed.
bool commit_files(const std::filesystem::path& root, const std::vector<std::string>& files, const std::string& message, const Task& task);

}  // namespace cairn::release
