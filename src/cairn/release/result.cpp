// SPDX-License-Identifier: Apache-2.0
#include <cairn/release/result.hpp>

#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

namespace cairn::release {

std::string result_json(const Result& result)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("commit", result.commit).member("source", result.source_url).member("tag", result.tag).begin_array("images");
  for (const auto& image : result.images)
    json.begin_object().member("repository", image.repository).member("digest", image.digest).member("tags", image.tags).end_object();
  json.end_array().member_unless_empty("failure", result.failure).end_object();
  return json.finish() + '\n';
}

std::string result_comment(const Result& result)
{
  if (!result.failure.empty())
    return fmt::format("**{} was not released.** Nothing was pushed.\n\n```\n{}\n```\n", result.tag, result.failure);
  auto out = fmt::format("**{} is released** (commit {}).\n\n| image | digest |\n| --- | --- |\n", result.tag, result.commit.substr(0, 12));
  for (const auto& image : result.images)
    for (const auto& tag : image.tags) out += fmt::format("| `{}:{}` | `{}` |\n", image.repository, tag, image.digest.str());
  return out;
}

void write_results(const std::filesystem::path& directory, const Result& result)
{
  std::filesystem::create_directories(directory);
  if (!result.images.empty() && result.failure.empty()) {
    const auto& image = result.images.front();
    write_file_atomically(directory / "IMAGE_URL",
                          fmt::format("{}:{}", image.repository, image.tags.empty() ? result.tag : image.tags.front()));
    write_file_atomically(directory / "IMAGE_DIGEST", image.digest.str());
  }
  write_file_atomically(directory / "result.json", result_json(result));
  write_file_atomically(directory / "comment.md", result_comment(result));
}

}  // namespace cairn::release
