// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/deploy/image_stream_edit.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// Writing a release into the repository that a cluster is made from.
namespace cairn::release {

enum class GitopsPush { no, yes };

struct GitopsEdit {
  std::string file;  ///< of the ImageStream, relative to the checkout
  deploy::ImageStreamEdit edit;
};

struct GitopsSettings {
  std::filesystem::path checkout;
  std::string branch;   ///< a new branch for it; empty: the one that is checked out
  GitopsPush push = GitopsPush::no;
  std::string message;
};

/// Edit, commit, and push where asked; one commit for all. False: all was so already, and nothing is done. Throws Error: not_found naming a file that is
/// not there, bad_input as edit_image_stream and for a checkout with changes of others; tool as git says. After an Error the files are as
/// they were.
[[nodiscard]] bool write_gitops(const std::vector<GitopsEdit>& edits, const GitopsSettings& settings, const Task& task);

}  // namespace cairn::release
