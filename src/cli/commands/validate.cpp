// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/image/image.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::optional<std::string> image;
  bool all = false;
  RegistryFlags registry;
};

struct Row {
  std::string image;
  image::Finding finding;
};

std::vector<image::Finding> check(Program& program, const std::string& name, const RegistryFlags& registry)
{
  const auto task = program.task("validate " + name);
  const auto open = open_image(program, name, registry);
  auto findings = image::validate(*open.blobs, open.manifest, task);
  if (!findings.empty()) return findings;  // a broken image would only be broken again as a library
  try {
    static_cast<void>(load_library(open, image::load(*open.blobs, open.manifest)));
  } catch (const Error& error) {
    findings.push_back({"library", error.what()});
  }
  return findings;
}

Exit run(const Options& options, Program& program)
{
  if (options.all == options.image.has_value()) throw UsageError("'validate' needs IMAGE or --all, one of them; see cairn validate --help");
  std::vector<std::string> names;
  if (options.image) names.push_back(*options.image);
  else
    for (const auto& tag : program.open_store(store::Access::read).tags()) names.push_back(tag.name);

  std::vector<Row> rows;
  for (const auto& name : names) {
    for (auto& finding : check(program, name, options.registry)) rows.push_back({name, std::move(finding)});
  }
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("images", names).begin_array("findings");
    for (const auto& row : rows) {
      json.begin_object().member("image", row.image).member("where", row.finding.where).member("what", safe(row.finding.what)).end_object();
    }
    json.end_array().end_object();
    program.print(json);
  } else if (!rows.empty()) {
    Table table({{"IMAGE"}, {"WHERE"}, {"WHAT"}});
    for (const auto& row : rows) table.add({row.image, row.finding.where, row.finding.what});
    program.print(table);
  }
  program.note(fmt::format("{} checked, {}", count_text(names.size(), "image", "images"), count_text(rows.size(), "finding", "findings")));
  return rows.empty() ? Exit::done : Exit::found;
}

}  // namespace

void add_validate(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "validate",
                  .summary = "Check that an image is whole and that every tool reads it alike",
                  .description = "Reads every byte: digests and sizes of manifest, config and layers, what each layer unpacks to, and that "
                                 "its tar has no "
                                 "entry that readers disagree about (a path twice, a child before its parent, a name that leads out). Of a "
                                 "library, the "
                                 "index too. What is wrong is listed, and the exit code is 3 then.",
                  .examples = {{"cairn validate library:2026.11", "Check one image."},
                               {"cairn validate --all --quiet",
                                "Check everything in the store, for a cron job: says nothing unless something is wrong."}},
                  .sections =
                      {{"JSON",
                        "One object: `images` (the names that were checked) and `findings`, each with `image`, `where` and `what`."}},
              },
              [options, &program] { return run(*options, program); })
          .optional_word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
          .flag("--all", "every image of the store", options->all);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
