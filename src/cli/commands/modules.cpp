// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/library/library.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/library_report.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  RegistryFlags registry;
  std::vector<std::string> words;
};

library::Library open_library(Program& program, const std::string& argument, const RegistryFlags& registry)
{
  const auto open = open_image(program, argument, registry);
  return library::load(*open.blobs, open.manifest);
}

Exit run(const Options& options, Program& program)
{
  auto words = options.words;
  std::string action = "list";
  if (words.front() == "list" || words.front() == "show" || words.front() == "closure") {
    action = words.front();
    words.erase(words.begin());
  }
  const std::vector<std::string> names(words.begin() + (words.empty() ? 0 : 1), words.end());
  if (words.empty()) throw UsageError(fmt::format("'modules {}' needs IMAGE; see cairn modules --help", action));
  if (action == "list" && !names.empty())
    throw UsageError(fmt::format("'modules list': {} is one word too many; see cairn modules --help", printable(names.front())));
  if (action == "show" && names.size() != 1) throw UsageError("'modules show' needs IMAGE and one NAME; see cairn modules --help");
  if (action == "closure" && names.empty()) throw UsageError("'modules closure' needs IMAGE and NAME…; see cairn modules --help");

  const auto library = open_library(program, words.front(), options.registry);
  const auto& document = library.document;
  if (action == "list") {
    if (program.json()) program.print(modules_record(document));
    else program.print(modules_table(document));
  } else if (action == "show") {
    const auto& unit = library::find_unit(document, names.front());
    if (program.json()) program.print(unit_record(document, unit));
    else program.print(unit_text(document, unit, program.columns()));
  } else {
    const auto units = library::closure(document, names);
    if (program.json()) program.print(closure_record(document, units));
    else program.print(closure_table(document, units));
  }
  return Exit::done;
}

}  // namespace

void add_modules(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "modules",
                  .summary = "Show the modules of a library",
                  .description =
                      "Reads the library's index layer, a few kilobytes, and nothing else.\n\n"
                      "  cairn modules [list] IMAGE            every module\n"
                      "  cairn modules show IMAGE NAME         all about one\n"
                      "  cairn modules closure IMAGE NAME…     what these need, themselves included\n\n"
                      "NAME is a module (`zlib/1.3.1`), a unit, or an alias; a name without a version (`zlib`) means its default. UNIT is "
                      "what is shipped alone; LAYER counts from the lowest, 0. Modules that `module avail` hides are marked `hidden`.",
                  .examples = {{"cairn modules library:2026.11", "Every module."},
                               {"cairn modules show library:2026.11 Hello/1.0", "All about one."},
                               {"cairn modules closure library:2026.11 Greeting/2.0", "What a volume must hold so that this one loads."}},
                  .sections = {{"JSON",
                                "`list`: an object with `target` and `modules`, each with `name`, `unit`, `description`, `hidden`, "
                                "`content_bytes`, "
                                "`packed_bytes`, `layer`. `show`: an object with `unit`, `kind`, `modules`, `dependencies`, `missing`, "
                                "`needed_by`, "
                                "`files`, "
                                "`content_bytes`, `packed_bytes`, `layer`, `layer_digest`, `roots`. `closure`: an object with `units` "
                                "(each `name`, "
                                "`content_bytes`, `packed_bytes`, `layer`), `content_bytes` and `packed_bytes`."}},
              },
              [options, &program] { return run(*options, program); })
          .words("[list|show|closure] IMAGE [NAME…]", "see above", OptionSpec::Count::some, options->words, ValueKind::image);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
