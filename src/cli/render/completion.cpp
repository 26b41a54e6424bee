// SPDX-License-Identifier: Apache-2.0
#include <cli/render/completion.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

namespace cairn::cli {
namespace {

using Count = OptionSpec::Count;

/// In single quotes, for every one of the three shells (fish too knows no other escape than these two there).
std::string quoted(std::string_view text, std::string_view quote_as)
{
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += quote_as;
    else if (c != '`') out += c;
  }
  return out + "'";
}

std::vector<std::string> command_names(const CommandLine& line)
{
  std::vector<std::string> names;
  for (const auto& command : line.commands()) names.push_back(command->text().name);
  return names;
}

std::vector<const OptionSpec*> options_of(const CommandLine& line, const Command& command)
{
  std::vector<const OptionSpec*> specs;
  for (const auto* from : {&command, &line.global()}) {
    for (const auto& spec : from->options()) specs.push_back(&spec);
  }
  return specs;
}

/// What positional words of the command are: of the first kind that says more than text.
ValueKind words_kind(const Command& command)
{
  for (const auto& spec : command.options()) {
    if (spec.is_positional() && spec.kind != ValueKind::text) return spec.kind;
  }
  return ValueKind::text;
}

std::vector<std::string> word_choices(const Command& command)
{
  for (const auto& spec : command.options()) {
    if (spec.is_positional() && !spec.choices.empty()) return spec.choices;
  }
  return {};
}

// --- bash

std::string bash_reply(ValueKind kind, const std::vector<std::string>& choices, const CommandLine& line)
{
  if (!choices.empty()) return fmt::format("_cairn_words '{}'", fmt::join(choices, " "));
  switch (kind) {
    case ValueKind::directory: return "_cairn_files -d";
    case ValueKind::file: return "_cairn_files -f";
    case ValueKind::image: return "_cairn_words \"$(cairn images --names 2>/dev/null)\"";
    case ValueKind::command: return fmt::format("_cairn_words '{}'", fmt::join(command_names(line), " "));
    case ValueKind::text: break;
  }
  return ":";
}

std::string bash(const CommandLine& line)
{
  std::string out =
      "# bash completion for cairn; made by `cairn completion bash`\n"
      "_cairn_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
      "_cairn_files() { compopt -o filenames; mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\"); }\n"
      "_cairn() {\n"
      "  # Words anew, so that the colon in NAME:TAG does not break them.\n"
      "  local line=${COMP_LINE:0:COMP_POINT} words cur prev command= word i\n"
      "  read -ra words <<<\"$line\"\n"
      "  [[ $line == *[[:space:]] ]] && words+=('')\n"
      "  cur=${words[-1]} prev=${words[-2]-}\n"
      "  for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
      "    word=${words[i]}\n"
      "    case $word in --store|--jobs|-j|--progress) ((i++)) ;; -*) ;; *) command=$word; break ;; esac\n"
      "  done\n"
      "  case $command:$prev in\n";
  for (const auto& command : line.commands()) {
    for (const auto& spec : command->options()) {
      if (spec.is_positional() || spec.count == Count::flag) continue;
      out += fmt::format("    {}:{}) {} ;;\n", command->text().name, spec.name, bash_reply(spec.kind, spec.choices, line));
    }
  }
  for (const auto& spec : line.global().options()) {
    if (spec.count != Count::flag) out += fmt::format("    *:{}) {} ;;\n", spec.name, bash_reply(spec.kind, spec.choices, line));
  }
  out += "    *)\n      case $command:$cur in\n";
  for (const auto& command : line.commands()) {
    std::vector<std::string> names{"--help"};
    for (const auto* spec : options_of(line, *command)) {
      if (!spec->is_positional()) names.push_back(spec->name);
    }
    out += fmt::format("        {}:-*) _cairn_words '{}' ;;\n", command->text().name, fmt::join(names, " "));
    out += fmt::format("        {}:*) {} ;;\n", command->text().name, bash_reply(words_kind(*command), word_choices(*command), line));
  }
  std::vector<std::string> global{"--help", "--version"};
  for (const auto& spec : line.global().options()) global.push_back(spec.name);
  out += fmt::format("        :-*) _cairn_words '{}' ;;\n        :*) _cairn_words '{}' ;;\n      esac ;;\n  esac\n", fmt::join(global, " "),
                     fmt::join(command_names(line), " "));
  // readline replaces only what follows the last colon.
  out +=
      "  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
      "    COMPREPLY=(\"${COMPREPLY[@]#\"${cur%\"${cur##*:}\"}\"}\")\n"
      "  fi\n"
      "}\n"
      "complete -F _cairn cairn\n";
  return out;
}

// --- zsh

std::string zsh_action(ValueKind kind, const std::vector<std::string>& choices, const CommandLine& line)
{
  if (!choices.empty()) return fmt::format("({})", fmt::join(choices, " "));
  switch (kind) {
    case ValueKind::directory: return "_files -/";
    case ValueKind::file: return "_files";
    case ValueKind::image: return "_cairn_images";
    case ValueKind::command: return fmt::format("({})", fmt::join(command_names(line), " "));
    case ValueKind::text: break;
  }
  return " ";
}

/// `_arguments` reads `[`, `]` and `:` itself.
std::string zsh_text(std::string_view text)
{
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh(const CommandLine& line)
{
  std::string out =
      "#compdef cairn\n# zsh completion for cairn; made by `cairn completion zsh`\n"
      "_cairn_images() { local -a names; names=(${(f)\"$(cairn images --names 2>/dev/null)\"}); compadd -a names }\n"
      "_cairn() {\n  local -a commands\n  commands=(\n";
  for (const auto& command : line.commands()) {
    out += "    " + quoted(zsh_text(command->text().name) + ":" + command->text().summary, "'\\''") + "\n";
  }
  out +=
      "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  local command=$words[2]\n"
      "  shift words; (( CURRENT-- ))\n  case $command in\n";
  for (const auto& command : line.commands()) {
    out += fmt::format("    {})\n      _arguments -s", command->text().name);
    for (const auto* spec : options_of(line, *command)) {
      const auto action = zsh_action(spec->kind, spec->choices, line);
      std::string text;
      if (spec->is_positional()) {
        text = (spec->count == Count::some || spec->count == Count::any ? "*:" : ":") + zsh_text(spec->name) + ":" + action;
      } else {
        text = (spec->count == Count::any ? "*" : "") + spec->name + "[" + zsh_text(spec->help) + "]";
        if (spec->count != Count::flag) text += ":" + zsh_text(spec->value) + ":" + action;
      }
      out += " \\\n        " + quoted(text, "'\\''");
    }
    out += " ;;\n";
  }
  return out + "  esac\n}\n_cairn \"$@\"\n";
}

// --- fish

std::string fish(const CommandLine& line)
{
  std::string out = "# fish completion for cairn; made by `cairn completion fish`\ncomplete -c cairn -f\n";
  const auto values = [&](const OptionSpec& spec) -> std::string {
    if (!spec.choices.empty()) return fmt::format(" -a '{}'", fmt::join(spec.choices, " "));
    switch (spec.kind) {
      case ValueKind::directory: return " -a '(__fish_complete_directories)'";
      case ValueKind::file: return " -F";
      case ValueKind::image: return " -a '(cairn images --names 2>/dev/null)'";
      case ValueKind::command: return fmt::format(" -a '{}'", fmt::join(command_names(line), " "));
      case ValueKind::text: break;
    }
    return "";
  };
  const auto add = [&](const std::string& when, const OptionSpec& spec) {
    out += "complete -c cairn" + when;
    if (!spec.is_positional()) {
      out +=
          " -l " + spec.name.substr(2) + (spec.letter == 0 ? "" : fmt::format(" -s {}", spec.letter)) + " -d " + quoted(spec.help, "\\'");
      if (spec.count != Count::flag) out += " -x";
    }
    out += values(spec) + '\n';
  };
  for (const auto& spec : line.global().options()) add("", spec);
  for (const auto& command : line.commands()) {
    out += fmt::format("complete -c cairn -n __fish_use_subcommand -a {} -d {}\n", command->text().name,
                       quoted(command->text().summary, "\\'"));
    for (const auto& spec : command->options()) {
      if (!spec.is_positional() || !values(spec).empty())
        add(fmt::format(" -n '__fish_seen_subcommand_from {}'", command->text().name), spec);
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const CommandLine& line, const std::string& shell)
{
  return shell == "bash" ? bash(line) : shell == "zsh" ? zsh(line) : fish(line);
}

}  // namespace cairn::cli
