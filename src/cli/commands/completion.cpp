// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>
#include <cli/render/completion.hpp>

#include <memory>
#include <string>

namespace cairn::cli {

void add_completion(CommandLine& line, Program& program)
{
  const auto shell = std::make_shared<std::optional<std::string>>();  // shared with the command's option, which fills it
  line.add(
          {
              .name = "completion",
              .summary = "Print a script that teaches a shell to complete cairn's words",
              .description = "Completes commands, options, their values, files, and the names of images in the store.\n\n"
                             "  bash: cairn completion bash > ~/.local/share/bash-completion/completions/cairn\n"
                             "  zsh:  cairn completion zsh > a file `_cairn` in a directory of $fpath\n"
                             "  fish: cairn completion fish > ~/.config/fish/completions/cairn.fish",
              .examples = {{"eval \"$(cairn completion bash)\"", "For the running bash."}},
              .sections = {},
          },
          [shell, &program] {
            Flags flags;
            const auto all = make_command_line(program, flags);
            program.print(completion_script(all, **shell));
            return Exit::done;
          })
      .choice("SHELL", {"bash", "zsh", "fish"}, "bash, zsh or fish", *shell)
      .required();
}

}  // namespace cairn::cli
