// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::release {

/// An image that was pushed.
struct Pushed {
  std::string repository;  ///< `host/repository`
  Digest digest;
  std::vector<std::string> tags;
};

struct Result {
  std::string commit;
  std::string source_url;
  std::string tag;
  std::vector<Pushed> images;
  std::string failure;  ///< why nothing was pushed; empty: it was
};

/// For machines: `commit`, `source`, `tag`, `images` (each `repository`, `digest`, `tags`), `failure`.
[[nodiscard]] std::string result_json(const Result& result);
/// A comment for people, in Markdown.
[[nodiscard]] std::string result_comment(const Result& result);
/// IMAGE_URL and IMAGE_DIGEST of the first image, as Tekton Chains reads them (no line end), result.json and comment.md. `directory` is made.
void write_results(const std::filesystem::path& directory, const Result& result);

}  // namespace cairn::release
