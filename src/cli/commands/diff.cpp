// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/library/diff.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/diff_report.hpp>

#include <fmt/format.h>

#include <memory>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  RegistryFlags registry;
  std::string before;
  std::string after;
  bool markdown = false;
};

library::Library load(Program& program, const std::string& argument, const RegistryFlags& registry)
{
  return in_context([&] { return printable(argument); },
                    [&] {
                      const auto open = open_image(program, argument, registry);
                      return library::load(*open.blobs, open.manifest);
                    });
}

Exit run(const Options& options, Program& program)
{
  if (options.markdown && program.json()) throw UsageError("--markdown and --json: give one of them");
  const auto before = load(program, options.before, options.registry);
  const auto after = load(program, options.after, options.registry);
  const auto difference = library::diff(before, after);
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("before", before.image.descriptor.digest).member("after", after.image.descriptor.digest);
    write_diff(json, difference);
    json.end_object();
    program.print(json);
  } else if (options.markdown) {
    program.print(diff_markdown(options.before, options.after, difference));
  } else {
    if (!difference.units.empty()) program.print(diff_table(difference));
    for (const auto& line : diff_summary(difference)) program.note(line);
  }
  return Exit::done;
}

}  // namespace

void add_diff(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "diff",
          .summary = "Say what a release of a library changed, and what an update costs",
          .description =
              "Compares two libraries by their manifests, configs and index layers; no other blob is read or needed. The table has the "
              "units "
              "that were added, removed or changed. Then: what somebody fetches who has BEFORE and wants AFTER, beside the bytes that are "
              "really new; how many layers a container runtime must unpack again, which are all above the first that differs; and "
              "which layers carry bytes of old versions.",
          .examples =
              {
                  {"cairn tag library:2026.11 library:old; cairn diff library:old library:2026.11", "Compare two releases."},
                  {"cairn diff library:2026.11 library:2026.11 --markdown", "The same as Markdown, for a release note."},
                  {"cairn diff library:2026.11 library:2026.11 --json | jq .fetched_bytes", "What an update costs."},
              },
          .sections =
              {{"JSON",
                "One object: `before`, `after` (digests), `units` (each with `name`, `change`: `added`, `removed` or `changed`, "
                "`replaces`, "
                "`bytes_before`, `bytes_after`, `content`: whether its files differ, `dependencies_added`, `dependencies_removed`), "
                "`layers` "
                "(`kept`, `fetched`), `kept_bytes`, `fetched_bytes`, `new_bytes`, `amplification` (fetched to new; absent when nothing is "
                "new), `unpack` (`kept_layers`, `layers`, `bytes`), `live_bytes`, `dead_bytes`, and `dead`: layers with dead bytes "
                "(`layer`, "
                "`digest`, `live_bytes`, `dead_bytes`, `units`). Bytes are packed but for `unpack`."}},
      },
      [options, &program] { return run(*options, program); });
  command.word("BEFORE", "the library that a client has", options->before, ValueKind::image)
      .word("AFTER", "the library that it wants", options->after, ValueKind::image)
      .flag("--markdown", "print a text for people elsewhere", options->markdown);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
