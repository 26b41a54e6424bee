// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/release/plan.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What came of a release, for people and programs.
namespace cairn::release {

struct Outcome {
  const ReleaseImage* image = nullptr;
  Digest digest;
  bool was_there = false;  ///< the registry had the tag with this digest already
};

struct Results {
  std::vector<Outcome> outcomes;
  std::vector<std::string> done;  ///< lines: what was changed elsewhere
  std::string problem;            ///< why it failed; empty: it did not
};

/// A comment in Markdown, as for an issue or a pull request.
[[nodiscard]] std::string comment(const Plan& plan, const Results& results);

/// An unsigned in-toto statement (v1) with SLSA provenance (v1) of one image: to be signed by whoever has a key.
[[nodiscard]] std::string provenance(const Plan& plan, const Outcome& outcome);

/// Write into `directory`: `IMAGE_URL` and `IMAGE_DIGEST` (Tekton's results, of the first image), for each image `<name>.digest` and
/// `<name>.provenance.json`, and `comment.md`. Each file appears whole.
void write_results(const std::filesystem::path& directory, const Plan& plan, const Results& results);

}  // namespace cairn::release
