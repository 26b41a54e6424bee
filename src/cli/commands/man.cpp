// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/temp.hpp>
#include <cli/commands/commands.hpp>
#include <cli/render/manual.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::optional<std::string> command;
  std::optional<std::string> output;
  std::optional<std::string> docs;
};

void write(const std::filesystem::path& directory, const std::string& name, const std::string& text)
{
  std::filesystem::create_directories(directory);
  write_file_atomically(directory / name, text, Flush::no);
}

Exit run(const Options& options, Program& program)
{
  Flags flags;
  const auto line = make_command_line(program, flags);
  std::vector<const Command*> pages;
  if (options.command) {
    pages.push_back(&line.get(*options.command));
  } else {
    pages.push_back(nullptr);
    for (const auto& command : line.commands()) pages.push_back(command.get());
  }
  if (options.output || options.docs) {
    for (const auto* page : pages) {
      if (options.output) write(*options.output, page_name(page) + ".1", man_page(line, page));
      if (options.docs) write(*options.docs, (page == nullptr ? "cairn" : page->text().name) + ".md", markdown_page(line, page));
    }
  } else {
    program.print(man_page(line, pages.front()));
  }
  return Exit::done;
}

}  // namespace

void add_man(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "man",
              .summary = "Print or write man pages",
              .description =
                  "Prints one page in man's own form, of `cairn` itself when no command is named; `man -l -` shows it. With `--output` "
                  "all pages (or the one named) are written as files.",
              .examples = {{"cairn man split | man -l - | head", "Read about split."},
                           {"cairn man --output man1", "Write all pages into ./man1."}},
              .sections = {},
          },
          [options, &program] { return run(*options, program); })
      .optional_word("COMMAND", "a command", options->command, ValueKind::command)
      .option("--output", "DIR", "write cairn.1, cairn-split.1, … there", options->output, ValueKind::directory)
      .option("--docs", "DIR", "write the pages of docs/commands there, in Markdown", options->docs, ValueKind::directory);
}

}  // namespace cairn::cli
