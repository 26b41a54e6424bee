// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::vector<std::string> names;
};

Exit run(const Options& options, Program& program)
{
  auto store = program.open_store(store::Access::write);
  const auto task = program.task("untag");
  for (const auto& name : options.names) store.untag(name, task);
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("untagged", options.names).end_object();
    program.print(json);
  }
  return Exit::done;
}

}  // namespace

void add_untag(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "untag",
              .summary = "Take names from images of the store",
              .description = "The bytes of an image without a name stay until `cairn gc`; until then its digest finds it.",
              .examples = {{"cairn untag library:2026.11", "Give up a release; cairn gc frees its space."}},
              .sections = {{"JSON", "One object: `untagged` (names)."}},
          },
          [options, &program] { return run(*options, program); })
      .words("NAME:TAG", "names in the store", OptionSpec::Count::some, options->names, ValueKind::image);
}

}  // namespace cairn::cli
