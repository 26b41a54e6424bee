// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// What a user may type. A command is described once, here; parsing, `--help`, man pages, docs/commands and shell
/// completion are all made from that.
namespace cairn::cli {

/// Exit codes (docs/commands/exit-codes.md).
enum class Exit { done = 0, failed = 1, usage = 2, found = 3, interrupted = 130 };

/// What was typed makes no sense: exit code 2. Text as for `Error`.
class UsageError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What a value is: shells complete it accordingly.
enum class ValueKind { text, directory, file, image, command };

/// One option or positional word of a command.
struct OptionSpec {
  enum class Count { flag, optional, required, any, some };  ///< any: none or more; some: one or more
  std::string name;    ///< `--tag`; a positional word is named by its meaning: `TREE`
  char letter = 0;     ///< `-q`
  std::string value;   ///< what stands for the value in help: `NAME:TAG`; empty for flags and positional words
  std::string help;    ///< begins in lower case, no full stop
  Count count = Count::optional;
  ValueKind kind = ValueKind::text;
  std::vector<std::string> choices;  ///< the only values, if any
  std::function<void(const std::string&)> set;

  [[nodiscard]] bool is_positional() const { return !name.starts_with('-'); }
};

struct Example {
  std::string command;
  std::string explains;  ///< one sentence
};

/// More for the manual than `--help` shows.
struct Section {
  std::string title;
  std::string body;
};

/// Texts are paragraphs, separated by empty lines; lines that begin with two spaces are kept as they are; what stands
/// between backquotes is typed or seen literally.
struct CommandText {
  std::string name;
  std::string summary;      ///< one line, begins with a verb in the imperative, no full stop
  std::string description;
  std::vector<Example> examples;
  std::vector<Section> sections;
};

class Command {
public:
  Command(CommandText text, std::function<Exit()> run) : text_(std::move(text)), run_(std::move(run)) {}

  [[nodiscard]] const CommandText& text() const { return text_; }
  [[nodiscard]] const std::vector<OptionSpec>& options() const { return options_; }
  [[nodiscard]] Exit run() const { return run_(); }

  // Each adds one option that writes to `field`, which must outlive the command.
  Command& flag(std::string name, std::string help, bool& field);
  Command& option(std::string name, std::string value, std::string help, std::optional<std::string>& field,
                  ValueKind kind = ValueKind::text);
  Command& option(std::string name, std::string value, std::string help, std::vector<std::string>& field, ValueKind kind = ValueKind::text);
  /// A whole number from `least` to `most`.
  Command& number(std::string name, std::string value, std::string help, std::uint64_t least, std::uint64_t most,
                  std::optional<std::uint64_t>& field);
  Command& choice(std::string name, std::vector<std::string> choices, std::string help, std::optional<std::string>& field);
  /// A word without a dash; must be there.
  Command& word(std::string name, std::string help, std::string& field, ValueKind kind = ValueKind::text);
  /// Words at the end; `count` is any or some.
  Command& words(std::string name, std::string help, OptionSpec::Count count, std::vector<std::string>& field,
                 ValueKind kind = ValueKind::text);
  Command& optional_word(std::string name, std::string help, std::optional<std::string>& field, ValueKind kind = ValueKind::text);
  /// The option added last may also be given as `-letter`.
  Command& letter(char letter);
  /// The option added last must be given.
  Command& required();

private:
  CommandText text_;
  std::function<Exit()> run_;
  std::vector<OptionSpec> options_;
};

/// A number as users write it. Throws UsageError that begins with `what`.
[[nodiscard]] std::uint64_t parse_number(const std::string& what, const std::string& text, std::uint64_t least, std::uint64_t most);

/// The program: its commands, and the options that all of them take.
class CommandLine {
public:
  explicit CommandLine(CommandText text) : all_({std::move(text), [] { return Exit::usage; }}) {}

  [[nodiscard]] const CommandText& text() const { return all_.text(); }
  /// A reference that stays good.
  Command& add(CommandText text, std::function<Exit()> run);
  [[nodiscard]] const std::vector<std::unique_ptr<Command>>& commands() const { return commands_; }
  [[nodiscard]] const Command* find(std::string_view name) const;
  /// As `find`. Throws UsageError that lists near names.
  [[nodiscard]] const Command& get(std::string_view name) const;
  /// Options that every command takes.
  [[nodiscard]] Command& global() { return all_; }
  [[nodiscard]] const Command& global() const { return all_; }

  struct Parsed {
    const Command* command = nullptr;  ///< null: none was named
    bool help = false;
    bool version = false;
  };
  /// Fill the fields from `arguments` (without the program's name). Throws UsageError.
  [[nodiscard]] Parsed parse(const std::vector<std::string>& arguments) const;

private:
  Command all_;
  std::vector<std::unique_ptr<Command>> commands_;
};

}  // namespace cairn::cli
