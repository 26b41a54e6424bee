// SPDX-License-Identifier: Apache-2.0
#include <cli/command_line.hpp>

#include <cairn/base/error.hpp>
#include <cairn/recipe/yaml.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace cairn::cli {
namespace {

using Count = OptionSpec::Count;

/// `; did you mean …?` for the nearest of `names`, or nothing.
std::string suggestion(std::string_view typed, const std::vector<std::string>& names)
{
  const auto near = recipe::near_miss(typed, {names.begin(), names.end()});
  return near ? fmt::format("; did you mean '{}'?", *near) : "";
}

std::vector<std::string> option_names(const Command& command, const Command& all)
{
  std::vector<std::string> names{"--help"};
  for (const auto* specs : {&command.options(), &all.options()}) {
    for (const auto& spec : *specs) {
      if (!spec.is_positional()) names.push_back(spec.name);
    }
  }
  return names;
}

/// Its name for CLI11, which takes fewer names than people read well (`NAME:TAG`). Never shown.
std::string own_name(const Command& command, const OptionSpec& spec)
{
  return spec.is_positional() ? fmt::format("word{}", &spec - command.options().data()) : spec.name;
}

/// Register `command`'s options with CLI11, which only splits the words: values reach the fields through `set`.
void register_options(CLI::App& app, const Command& command)
{
  for (const auto& spec : command.options()) {
    const auto own = own_name(command, spec);
    const auto name = spec.letter == 0 ? own : fmt::format("-{},{}", spec.letter, own);
    if (spec.count == Count::flag) {
      app.add_flag_callback(name, [&spec] { spec.set({}); })->disable_flag_override();
      continue;
    }
    auto* option = app.add_option(name, [&spec](const CLI::results_t& values) {
      for (const auto& value : values) {
        if (!spec.choices.empty() && std::ranges::find(spec.choices, value) == spec.choices.end()) {
          throw UsageError(fmt::format("{}: {} is none of {}", spec.name, printable(value), fmt::join(spec.choices, ", ")));
        }
        spec.set(value);
      }
      return true;
    });
    if (spec.is_positional()) {
      if (spec.count == Count::any) option->expected(0, -1)->allow_extra_args();
      if (spec.count == Count::some) option->expected(1, -1)->allow_extra_args();
      if (spec.count == Count::required || spec.count == Count::some) option->required();
    } else {
      option->type_size(1)->allow_extra_args(false);
      if (spec.count == Count::any) option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      if (spec.count == Count::required) option->required();
    }
  }
}

/// `TREE and --tag NAME:TAG`
std::string what_is_missing(const Command& command, const CLI::App& app)
{
  std::vector<std::string> missing;
  for (const auto& spec : command.options()) {
    if (spec.count != Count::required && spec.count != Count::some) continue;
    if (app.get_option(own_name(command, spec))->count() == 0)
      missing.push_back(spec.value.empty() ? spec.name : spec.name + ' ' + spec.value);
  }
  return fmt::format("{}", fmt::join(missing, " and "));
}

/// What was typed wrong, in our words. `app` is the command's, or the program's when `command` is null.
std::string explain(const CLI::ParseError& error, const CommandLine& line, const Command* command, const CLI::App& app)
{
  const auto& names = command == nullptr ? line.global() : *command;
  const auto name = command == nullptr ? std::string("cairn") : printable(command->text().name);
  const auto see = command == nullptr ? std::string("see cairn --help") : fmt::format("see cairn {} --help", command->text().name);
  // Words that nobody wanted explain more than what is missing because of them.
  const auto extras = app.remaining(true);
  for (const auto& extra : extras) {
    if (!extra.starts_with('-') || extra == "--") continue;
    const auto typed = extra.substr(0, extra.find('='));
    const auto hint = suggestion(typed, option_names(names, line.global()));
    return fmt::format("{} has no option {}{}", name, printable(typed), hint.empty() ? "; " + see : hint);
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return fmt::format("{} needs {}; {}", name, what_is_missing(names, app), see);
  if (!extras.empty()) {
    if (command == nullptr) static_cast<void>(line.get(extras.front()));  // no such command
    return fmt::format("{}: {} is one word too many; {}", name, printable(extras.front()), see);
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string_view text = error.what();
    const auto option = text.substr(0, text.find(':'));
    return text.find("missing") == std::string_view::npos ? fmt::format("{} is given more than once; {}", option, see)
                                                          : fmt::format("{} needs a value; {}", option, see);
  }
  return fmt::format("{}: {}; {}", name, error.what(), see);
}

}  // namespace

std::uint64_t parse_number(const std::string& what, const std::string& text, std::uint64_t least, std::uint64_t most)
{
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || stop != end || number < least || number > most) {
    throw UsageError(fmt::format("{}: {} is no number from {} to {}", what, printable(text), least, most));
  }
  return number;
}

Command& Command::flag(std::string name, std::string help, bool& field)
{
  options_.push_back(
      {std::move(name), 0, {}, std::move(help), Count::flag, ValueKind::text, {}, [&field](const std::string&) { field = true; }});
  return *this;
}

Command& Command::option(std::string name, std::string value, std::string help, std::optional<std::string>& field, ValueKind kind)
{
  options_.push_back({std::move(name), 0, std::move(value), std::move(help), Count::optional, kind, {}, [&field](const std::string& text) {
                        field = text;
                      }});
  return *this;
}

Command& Command::option(std::string name, std::string value, std::string help, std::vector<std::string>& field, ValueKind kind)
{
  options_.push_back({std::move(name), 0, std::move(value), std::move(help), Count::any, kind, {}, [&field](const std::string& text) {
                        field.push_back(text);
                      }});
  return *this;
}

Command& Command::number(std::string name, std::string value, std::string help, std::uint64_t least, std::uint64_t most,
                         std::optional<std::uint64_t>& field)
{
  auto set = [&field, name, least, most](const std::string& text) { field = parse_number(name, text, least, most); };
  options_.push_back({name, 0, std::move(value), std::move(help), Count::optional, ValueKind::text, {}, std::move(set)});
  return *this;
}

Command& Command::choice(std::string name, std::vector<std::string> choices, std::string help, std::optional<std::string>& field)
{
  auto value = name.starts_with('-') ? fmt::format("{}", fmt::join(choices, "|")) : std::string();
  options_.push_back({std::move(name), 0, std::move(value), std::move(help), Count::optional, ValueKind::text, std::move(choices),
                      [&field](const std::string& text) { field = text; }});
  return *this;
}

Command& Command::word(std::string name, std::string help, std::string& field, ValueKind kind)
{
  options_.push_back(
      {std::move(name), 0, {}, std::move(help), Count::required, kind, {}, [&field](const std::string& text) { field = text; }});
  return *this;
}

Command& Command::words(std::string name, std::string help, Count count, std::vector<std::string>& field, ValueKind kind)
{
  options_.push_back(
      {std::move(name), 0, {}, std::move(help), count, kind, {}, [&field](const std::string& text) { field.push_back(text); }});
  return *this;
}

Command& Command::optional_word(std::string name, std::string help, std::optional<std::string>& field, ValueKind kind)
{
  options_.push_back(
      {std::move(name), 0, {}, std::move(help), Count::optional, kind, {}, [&field](const std::string& text) { field = text; }});
  return *this;
}

Command& Command::letter(char letter)
{
  options_.back().letter = letter;
  return *this;
}

Command& Command::required()
{
  options_.back().count = Count::required;
  return *this;
}

Command& CommandLine::add(CommandText text, std::function<Exit()> run)
{
  return *commands_.emplace_back(std::make_unique<Command>(std::move(text), std::move(run)));
}

const Command* CommandLine::find(std::string_view name) const
{
  for (const auto& command : commands_) {
    if (command->text().name == name) return command.get();
  }
  return nullptr;
}

const Command& CommandLine::get(std::string_view name) const
{
  if (const auto* command = find(name)) return *command;
  std::vector<std::string> names;
  for (const auto& command : commands_) names.push_back(command->text().name);
  const auto hint = suggestion(name, names);
  throw UsageError(fmt::format("no command {}{}", printable(name), hint.empty() ? "; see cairn --help" : hint));
}

CommandLine::Parsed CommandLine::parse(const std::vector<std::string>& arguments) const
{
  // CLI11 only splits the words; its own texts, settings files and environment variables are not used.
  CLI::App root;
  root.set_help_flag("-h,--help");
  root.set_version_flag("-V,--version", std::string());
  root.allow_extras(false);
  root.require_subcommand(0, 1);
  register_options(root, all_);
  for (const auto& command : commands_) {
    auto* app = root.add_subcommand(command->text().name);
    app->set_help_flag("-h,--help");
    register_options(*app, *command);
    register_options(*app, all_);
  }
  const auto chosen = [&]() -> const Command* {
    const auto parsed = root.get_subcommands();
    return parsed.empty() ? nullptr : find(parsed.front()->get_name());
  };

  try {
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 wants them backwards
  } catch (const CLI::CallForHelp&) {
    return {chosen(), true, false};
  } catch (const CLI::CallForVersion&) {
    return {nullptr, false, true};
  } catch (const CLI::ParseError& error) {
    const auto* command = chosen();
    throw UsageError(explain(error, *this, command, command == nullptr ? root : *root.get_subcommands().front()));
  }
  return {chosen(), false, false};
}

}  // namespace cairn::cli
