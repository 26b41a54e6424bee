// SPDX-License-Identifier: Apache-2.0
#include <cairn/release/result.hpp>

#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

namespace cairn::release {
namespace {

std::string file_name(const Plan& plan, const ReleaseImage& image) { return image.name.empty() ? plan.name : image.name; }

}  // namespace

std::string comment(const Plan& plan, const Results& results)
{
  if (!results.problem.empty())
    return fmt::format("### Release of `{}` failed\n\nNothing was pushed.\n\n```\n{}\n```\n\nCommit {}.\n", plan.tag, results.problem, plan.commit.substr(0, 12));
  std::string out = fmt::format("### Release `{}`\n\n| image | digest | |\n| --- | --- | --- |\n", plan.tag);
  for (const auto& outcome : results.outcomes)
    out += fmt::format("| `{}:{}` | `{}` | {} |\n", outcome.image->repository, outcome.image->tag, outcome.digest.str(),
                       outcome.was_there ? "was there already" : "pushed");
  if (!results.done.empty()) out += '\n';
  for (const auto& line : results.done) out += fmt::format("- {}\n", line);
  out += fmt::format("\nCommit {}.\n", plan.commit.substr(0, 12));
  return out;
}

std::string provenance(const Plan& plan, const Outcome& outcome)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("_type", "https://in-toto.io/Statement/v1").begin_array("subject").begin_object();
  json.member("name", outcome.image->repository).begin_object("digest").member("sha256", outcome.digest.hex()).end_object().end_object().end_array();
  json.member("predicateType", "https://slsa.dev/provenance/v1").begin_object("predicate").begin_object("buildDefinition");
  json.member("buildType", "https://cairn.dev/release/v1").begin_object("externalParameters");
  json.member("tag", plan.tag).member("kind", build::name(outcome.image->project.kind)).member("image", outcome.image->repository);
  json.end_object().begin_array("resolvedDependencies").begin_object();
  json.member("uri", plan.source.empty() ? plan.name : "git+" + plan.source).begin_object("digest").member("gitCommit", plan.commit).end_object();
  json.end_object().end_array().end_object().begin_object("runDetails").begin_object("builder").member("id", "https://cairn.dev/cairn").end_object();
  json.end_object().end_object().end_object();
  return json.finish();
}

void write_results(const std::filesystem::path& directory, const Plan& plan, const Results& results)
{
  std::filesystem::create_directories(directory);
  write_file_atomically(directory / "comment.md", comment(plan, results));
  if (!results.problem.empty()) return;
  for (const auto& outcome : results.outcomes) {
    const auto name = file_name(plan, *outcome.image);
    write_file_atomically(directory / (name + ".digest"), outcome.digest.str() + '\n');
    write_file_atomically(directory / (name + ".provenance.json"), provenance(plan, outcome));
  }
  if (results.outcomes.empty()) return;
  const auto& first = results.outcomes.front();
  write_file_atomically(directory / "IMAGE_URL", fmt::format("{}:{}", first.image->repository, first.image->tag));
  write_file_atomically(directory / "IMAGE_DIGEST", first.digest.str());
}

}  // namespace cairn::release
