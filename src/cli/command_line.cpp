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

/// Register `command`'s options with CLI11, which only splits the words: values reach the fields through `set`.
void register_options(CLI::App& app, const Command& command)
{
  for (const auto& spec : command.options()) {
    // CLI11 takes fewer names than people read well (`NAME:TAG`), and never shows them.
    const auto name = spec.is_positional() ? fmt::format("word{}", &spec - command.options().data())
                      : spec.letter == 0   ? spec.name : fmt::format("-{},{}", spec.letter, spec.name);
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
      if (spec.count == Count::any) option->expected(0, -1);
      if (spec.count == Count::some) option->expected(1, -1);
      if (spec.count == Count::required || spec.count == Count::some) option->required();
    } else {
      option->type_size(1)->allow_extra_args(false);
      if (spec.count == Count::any) option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      if (spec.count == Count::required) option->required();
    }
  }
}

std::string what_is_missing(const Command& command)
{
  std::vector<std::string> missing;
  for (const auto& spec : command.options()) {
    if (spec.count == Count::required || spec.count == Count::some) {
      missing.push_back(spec.value.empty() ? spec.name : spec.name + ' ' + spec.value);
    }
  }
  return fmt::format("{}", fmt::join(missing, " "));
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
  options_.push_back({std::move(name), 0, {}, std::move(help), Count::flag, ValueKind::text, {}, [&field](const std::string&) { field = true; }});
  return *this;
}

Command& Command::option(std::string name, std::string value, std::string help, std::optional<std::string>& field, ValueKind kind)
{
  options_.push_back({std::move(name), 0, std::move(value), std::move(help), Count::optional, kind, {},
                      [&field](const std::string& text) { field = text; }});
  return *this;
}

Command& Command::option(std::string name, std::string value, std::string help, std::vector<std::string>& field, ValueKind kind)
{
  options_.push_back({std::move(name), 0, std::move(value), std::move(help), Count::any, kind, {},
                      [&field](const std::string& text) { field.push_back(text); }});
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
  auto value = fmt::format("{}", fmt::join(choices, "|"));
  options_.push_back({std::move(name), 0, std::move(value), std::move(help), Count::optional, ValueKind::text, std::move(choices),
                      [&field](const std::string& text) { field = text; }});
  return *this;
}

Command& Command::word(std::string name, std::string help, std::string& field, ValueKind kind)
{
  options_.push_back({std::move(name), 0, {}, std::move(help), Count::required, kind, {}, [&field](const std::string& text) { field = text; }});
  return *this;
}

Command& Command::words(std::string name, std::string help, Count count, std::vector<std::string>& field, ValueKind kind)
{
  options_.push_back({std::move(name), 0, {}, std::move(help), count, kind, {}, [&field](const std::string& text) { field.push_back(text); }});
  return *this;
}

Command& Command::optional_word(std::string name, std::string help, std::optional<std::string>& field, ValueKind kind)
{
  options_.push_back({std::move(name), 0, {}, std::move(help), Count::optional, kind, {}, [&field](const std::string& text) { field = text; }});
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
  throw UsageError(fmt::format("no command {}{}", printable(name), suggestion(name, names)));
}

CommandLine::Parsed CommandLine::parse(const std::vector<std::string>& arguments) const
{
  // CLI11's own texts, settings files and environment variables are not used (docs/decisions).
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
    const auto& names = command == nullptr ? all_ : *command;
    const auto where = command == nullptr ? std::string("cairn") : "cairn " + command->text().name;
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
      throw UsageError(fmt::format("{} needs {}; see {} --help", where, what_is_missing(names), where));
    }
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      auto extras = root.remaining(true);
      const auto extra = extras.empty() ? std::string() : extras.front();
      if (!extra.starts_with('-')) {
        if (command == nullptr) static_cast<void>(get(extra));
        throw UsageError(fmt::format("{}: {} is one word too many; see {} --help", where, printable(extra), where));
      }
      const auto typed = extra.substr(0, extra.find('='));
      throw UsageError(fmt::format("{} has no option {}{}", where, printable(typed), suggestion(typed, option_names(names, all_))));
    }
    throw UsageError(fmt::format("{}: {}; see {} --help", where, error.what(), where));
  }
  return {chosen(), false, false};
}

}  // namespace cairn::cli
