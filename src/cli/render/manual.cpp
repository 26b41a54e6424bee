// SPDX-License-Identifier: Apache-2.0
#include <cli/render/manual.hpp>

#include <cli/render/terminal.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace cairn::cli {
namespace {

using Count = OptionSpec::Count;

std::vector<std::string_view> paragraphs(std::string_view text)
{
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find("\n\n"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 2));
  }
  return out;
}

/// `--tag NAME:TAG`, `-j, --jobs N`, `TREE`.
std::string option_title(const OptionSpec& spec)
{
  const auto value = spec.value.empty() ? "" : " " + spec.value;
  return spec.letter == 0 ? spec.name + value : fmt::format("-{}, {}{}", spec.letter, spec.name, value);
}

/// As it stands in the line of usage: optional things in brackets.
std::string usage_of(const OptionSpec& spec)
{
  auto text = spec.value.empty() ? spec.name : spec.name + ' ' + spec.value;
  switch (spec.count) {
    case Count::required: return text;
    case Count::some: return text.ends_with(']') ? text : text + "…";  // one that shows its own grammar
    case Count::any: return '[' + text + (spec.is_positional() ? "…]" : "]…");
    default: return '[' + text + ']';
  }
}

/// Positional words first, then what must be given, then the rest.
std::string usage(const Command& command)
{
  std::vector<const OptionSpec*> order;
  for (const auto& spec : command.options()) order.push_back(&spec);
  std::ranges::stable_sort(order, {}, [](const OptionSpec* spec) {
    return spec->is_positional() ? 0 : spec->count == Count::required ? 1 : 2;
  });
  std::string out = "cairn " + command.text().name;
  for (const auto* spec : order) out += ' ' + usage_of(*spec);
  return out;
}

const CommandText& text_of(const CommandLine& line, const Command* command) { return command == nullptr ? line.text() : command->text(); }

// --- for the terminal

std::size_t help_columns() { return std::clamp<std::size_t>(terminal_columns(STDOUT_FILENO).value_or(80), 40, 100); }

/// Backquotes and emphasis are for the other forms.
std::string plain(std::string_view text)
{
  std::string out;
  bool code = false;
  for (const char c : text) {
    if (c == '`') code = !code;
    else if (code || c != '*') out += c;
  }
  return out;
}

/// `text` wrapped, but never within the brackets of one option.
std::string wrap_usage(const std::string& text, std::size_t columns, std::size_t indent)
{
  constexpr char kept_space = '\x01';
  std::string joined;
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    joined += c == ' ' && depth > 0 ? kept_space : c;
  }
  auto out = wrap(joined, columns, indent);
  std::ranges::replace(out, kept_space, ' ');
  return out;
}

struct Row {
  std::string left, right;
};

void add_rows(std::string& out, const std::vector<Row>& rows, std::size_t columns)
{
  constexpr std::size_t most_left = 26;
  std::size_t left = 0;
  for (const auto& row : rows) {
    if (width(row.left) <= most_left) left = std::max(left, width(row.left));
  }
  for (const auto& row : rows) {
    const auto used = width(row.left);
    out += "  " + row.left;
    out += used > left ? '\n' + std::string(left + 4, ' ') : std::string(left + 2 - used, ' ');
    out += wrap(plain(row.right), columns, left + 4) + '\n';
  }
}

std::vector<Row> option_rows(const Command& command)
{
  std::vector<Row> rows;
  for (const auto& spec : command.options()) rows.push_back({option_title(spec), spec.help});
  return rows;
}

std::string description(const CommandText& text, std::size_t columns)
{
  std::string out;
  for (const auto paragraph : paragraphs(text.description)) out += wrap(plain(paragraph), columns) + "\n\n";
  return out;
}

std::string examples(const CommandText& text, std::size_t columns)
{
  std::string out = "Examples:\n";
  for (const auto& example : text.examples) {
    out += "  " + wrap(plain(example.explains), columns, 2) + "\n    " + example.command + '\n';
  }
  return out;
}

// --- for man(1)

/// Text without a meaning for troff. A dot or quote at the start of a line would be a request; `-` would become a hyphen.
std::string troff(std::string_view text)
{
  std::string out;
  bool code = false;
  bool emphasis = false;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '`') out += std::exchange(code, !code) ? "\\fR" : "\\fB";
    else if (c == '*' && !code) out += std::exchange(emphasis, !emphasis) ? "\\fR" : "\\fI";
    else if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
  }
  return out;
}

void add_troff(std::string& out, std::string_view text)
{
  for (const auto paragraph : paragraphs(text)) {
    if (paragraph.starts_with("  ")) {
      out += ".PP\n.nf\n" + troff(paragraph) + "\n.fi\n";
    } else {
      out += ".PP\n" + troff(paragraph) + '\n';
    }
  }
}

void add_options(std::string& out, const Command& command)
{
  for (const auto& spec : command.options()) {
    out += ".TP\n\\fB" + troff(option_title(spec)) + "\\fR\n" + troff(spec.help) + ".\n";
  }
}

std::string upper(std::string_view text)
{
  std::string out;
  for (const char c : text) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

// --- for docs/commands

/// Lines that are to be kept become a block of code, which Markdown wants four spaces deep.
std::string markdown(std::string_view text)
{
  std::string out;
  for (const auto paragraph : paragraphs(text)) {
    if (!out.empty()) out += "\n\n";
    for (std::size_t i = 0; i < paragraph.size(); ++i) {
      if (paragraph.starts_with(' ') && (i == 0 || paragraph[i - 1] == '\n')) out += "  ";
      out += paragraph[i];
    }
  }
  return out;
}

void add_option_list(std::string& out, const Command& command)
{
  for (const auto& spec : command.options()) out += fmt::format("- `{}`: {}\n", option_title(spec), spec.help);
}

}  // namespace

std::string help_text(const CommandLine& line)
{
  const auto columns = help_columns();
  const auto& text = line.text();
  std::string out = "cairn - " + text.summary + "\n\nUsage: cairn COMMAND [OPTION…]\n\n" + description(text, columns) + "Commands:\n";
  std::vector<Row> rows;
  for (const auto& command : line.commands()) rows.push_back({command->text().name, command->text().summary});
  add_rows(out, rows, columns);
  out += "\nOptions of every command:\n";
  rows = option_rows(line.global());
  rows.push_back({"-h, --help", "teach about a command"});
  rows.push_back({"-V, --version", "print the version"});
  add_rows(out, rows, columns);
  return out + '\n' + examples(text, columns);
}

std::string help_text(const CommandLine& line, const Command& command)
{
  const auto columns = help_columns();
  const auto& text = command.text();
  std::string out = "cairn " + text.name + " - " + text.summary + "\n\n" +
                    wrap_usage("Usage: " + usage(command) + " [OPTION…]", columns, 7) + "\n\n" + description(text, columns);
  if (!command.options().empty()) {
    out += "Options:\n";
    add_rows(out, option_rows(command), columns);
    out += '\n';
  }
  out += "Options of every command:\n";
  auto rows = option_rows(line.global());
  rows.push_back({"-h, --help", "show this text"});
  add_rows(out, rows, columns);
  out += '\n' + examples(text, columns);
  if (!text.sections.empty()) out += fmt::format("\nMore in the manual: cairn man {} | man -l -\n", text.name);
  return out;
}

std::string page_name(const Command* command) { return command == nullptr ? "cairn" : "cairn-" + command->text().name; }

std::string man_page(const CommandLine& line, const Command* command)
{
  const auto& text = text_of(line, command);
  const auto name = page_name(command);
  std::string out = fmt::format(".TH {} 1 \"\" \"cairn {}\" \"Cairn manual\"\n", troff(upper(name)), CAIRN_VERSION);
  out += ".SH NAME\n" + troff(name) + " \\- " + troff(text.summary) + '\n';
  out += ".SH SYNOPSIS\n\\fB" + troff(command == nullptr ? "cairn COMMAND" : usage(*command)) + "\\fR [OPTION…]\n";
  out += ".SH DESCRIPTION\n";
  add_troff(out, text.description);
  if (command == nullptr) {
    out += ".SH COMMANDS\n";
    for (const auto& one : line.commands()) {
      out += ".TP\n\\fBcairn\\-" + troff(one->text().name) + "\\fR(1)\n" + troff(one->text().summary) + ".\n";
    }
  } else if (!command->options().empty()) {
    out += ".SH OPTIONS\n";
    add_options(out, *command);
  }
  out += ".SH \"OPTIONS OF EVERY COMMAND\"\n";
  add_options(out, line.global());
  out += ".TP\n\\fB\\-h, \\-\\-help\\fR\nTeach about the command.\n";
  out += ".SH EXAMPLES\n";
  for (const auto& example : text.examples)
    out += ".PP\n" + troff(example.explains) + "\n.PP\n.nf\n  " + troff(example.command) + "\n.fi\n";
  for (const auto& section : text.sections) {
    out += ".SH \"" + troff(upper(section.title)) + "\"\n";
    add_troff(out, section.body);
  }
  if (command != nullptr) out += ".SH \"SEE ALSO\"\n\\fBcairn\\fR(1)\n";
  return out;
}

std::string markdown_page(const CommandLine& line, const Command* command)
{
  const auto& text = text_of(line, command);
  std::string out = fmt::format(
      "<!-- SPDX-License-Identifier: Apache-2.0 -->\n<!-- Made by `cairn man --docs docs/commands` from src/cli. -->\n# {}\n\n{}.\n\n",
      command == nullptr ? "cairn" : "cairn " + text.name, text.summary);
  out += fmt::format("    {} [OPTION…]\n\n{}\n\n", command == nullptr ? "cairn COMMAND" : usage(*command), markdown(text.description));
  if (command == nullptr) {
    out += "## Commands\n\n";
    for (const auto& one : line.commands()) out += fmt::format("- [{0}]({0}.md): {1}\n", one->text().name, one->text().summary);
    out += "\n## Options of every command\n\n";
    add_option_list(out, line.global());
    out += '\n';
  } else {
    if (!command->options().empty()) {
      out += "## Options\n\n";
      add_option_list(out, *command);
      out += '\n';
    }
    out += "[Options of every command](cairn.md#options-of-every-command)\n\n";
  }
  out += "## Examples\n\n";
  for (const auto& example : text.examples) out += fmt::format("{}\n\n```sh\n{}\n```\n\n", example.explains, example.command);
  for (const auto& section : text.sections) out += fmt::format("## {}\n\n{}\n\n", section.title, markdown(section.body));
  out.pop_back();
  return out;
}

}  // namespace cairn::cli
