// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>
#include <cli/render/manual.hpp>

#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {

void add_help(CommandLine& line, Program& program)
{
  const auto command = std::make_shared<std::optional<std::string>>();  // shared with the command's option, which fills it
  line.add(
          {
              .name = "help",
              .summary = "Teach about a command",
              .description = "The same as `cairn COMMAND --help`.",
              .examples = {{"cairn help split", "What split does and takes."}},
              .sections = {},
          },
          [command, &program] {
            Flags flags;
            const auto all = make_command_line(program, flags);
            program.print(*command ? help_text(all, all.get(**command)) : help_text(all));
            return Exit::done;
          })
      .optional_word("COMMAND", "a command", *command, ValueKind::command);
}

}  // namespace cairn::cli
