// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/check/check.hpp>
#include <cairn/image/copy.hpp>
#include <cli/base_options.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  std::optional<std::string> user;
  std::optional<std::string> isolation;
  RegistryFlags registry;
};

std::string_view outcome_text(check::Outcome outcome)
{
  return outcome == check::Outcome::passed ? "passed" : outcome == check::Outcome::failed ? "failed" : "skipped";
}

Exit run(const Options& options, Program& program)
{
  auto store = program.open_store(store::Access::write);
  const auto open = open_image(program, options.image, options.registry);
  const auto image = image::load(*open.blobs, open.manifest);
  check::Settings settings;
  if (options.user) settings.user = *options.user;
  settings.isolation = isolation_of(options.isolation);
  const auto results = [&] {
    const auto task = program.task("check " + options.image);
    const auto hold = store.hold(LockMode::shared, task);
    image::copy_image(*open.blobs, image, store, task);
    return check::run(image, store, settings, task);
  }();
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("manifest", image.descriptor.digest).begin_array("checks");
    for (const auto& result : results)
      json.begin_object().member("group", result.group).member("name", result.name).member("outcome", outcome_text(result.outcome)).member("detail", result.detail).end_object();
    json.end_array().end_object();
    program.print(json);
  } else {
    Table table({{"GROUP"}, {"CHECK"}, {"RESULT"}, {"SEEN", Align::left, Shrink::yes}});
    for (const auto& result : results) table.add({result.group, result.name, std::string(outcome_text(result.outcome)), result.detail});
    program.print(table);
  }
  const auto failed = static_cast<std::size_t>(std::ranges::count(results, check::Outcome::failed, &check::Result::outcome));
  program.note(fmt::format("{}, {} failed", count_text(results.size(), "check", "checks"), failed));
  return failed == 0 ? Exit::done : Exit::found;
}

}  // namespace

void add_check(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "check",
          .summary = "Start an image and see whether it keeps what it promises",
          .description =
              "Runs a container of IMAGE by buildah, as a random user of group 0. An image that exposes port 8888 must keep the contract of notebook "
              "images of Open Data Hub and JupyterHub: it starts as several users, honours NB_PREFIX, NOTEBOOK_PORT, NOTEBOOK_BASE_URL and "
              "NOTEBOOK_ARGS, and has what these platforms call. An S2I builder must have its scripts. What a recipe says in `tests` must succeed.\n\n"
              "Exit code 3 when a check fails.",
          .examples = {{"cairn check project:1", "Try the image of a recipe with tests."}},
          .sections = {{"JSON", "One object: `manifest`, `checks` (each `group`, `name`, `outcome`: `passed`, `failed`, `skipped`; `detail`)."}},
      },
      [options, &program] { return run(*options, program); });
  command.word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
      .option("--user", "UID:GID", "who runs it: 1000720000:0", options->user)
      .choice("--isolation", {"auto", "oci", "chroot"}, "how buildah isolates the container", options->isolation);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
