// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>
#include <cli/time.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  std::vector<std::string> env, no_env, label, no_label, entrypoint, cmd, port, no_port, volume, no_volume;
  std::optional<std::string> user, workdir, stop_signal;
  bool no_user = false, no_workdir = false, no_stop_signal = false, no_entrypoint = false, no_cmd = false;
  ResultOptions result;
};

/// Words of a command line: each value one word, or a JSON array of words.
std::vector<std::string> command_words(const std::string& option, const std::vector<std::string>& values)
{
  std::vector<std::string> words;
  for (const auto& value : values) {
    if (!value.starts_with('[')) {
      words.push_back(value);
      continue;
    }
    try {
      for (auto& word : oci::JsonDocument::parse(value, option).root().strings()) words.push_back(std::move(word));
    } catch (const Error& error) {
      throw UsageError(error.what());
    }
  }
  return words;
}

std::optional<std::string> text(const std::string& option, const std::optional<std::string>& value, bool remove)
{
  if (value && remove) throw UsageError(fmt::format("{} and --no-{} exclude one another", option, option.substr(2)));
  return remove ? std::optional<std::string>("") : value;
}

std::optional<std::vector<std::string>> words(const std::string& option, const std::vector<std::string>& values, bool remove)
{
  if (!values.empty() && remove) throw UsageError(fmt::format("{} and --no-{} exclude one another", option, option.substr(2)));
  if (remove) return std::vector<std::string>();
  if (values.empty()) return std::nullopt;
  return command_words(option, values);
}

image::ConfigChanges changes_of(const Options& options)
{
  image::ConfigChanges changes;
  for (const auto& value : options.env) changes.set_env.push_back(split_assignment("--env", value));
  changes.remove_env = options.no_env;
  changes.labels = name_changes("--label", options.label, options.no_label);
  changes.add_ports = options.port;
  changes.remove_ports = options.no_port;
  changes.add_volumes = options.volume;
  changes.remove_volumes = options.no_volume;
  changes.user = text("--user", options.user, options.no_user);
  changes.working_dir = text("--workdir", options.workdir, options.no_workdir);
  changes.stop_signal = text("--stop-signal", options.stop_signal, options.no_stop_signal);
  changes.entrypoint = words("--entrypoint", options.entrypoint, options.no_entrypoint);
  changes.cmd = words("--cmd", options.cmd, options.no_cmd);
  return changes;
}

/// What the history says: the kinds of what changed, no values, which may be secret.
std::string summary(const image::ConfigChanges& changes)
{
  std::vector<std::string_view> kinds;
  const auto add = [&](std::string_view kind, bool changed) {
    if (changed) kinds.push_back(kind);
  };
  add("env", !changes.set_env.empty() || !changes.remove_env.empty());
  add("labels", !changes.labels.set.empty() || !changes.labels.remove.empty());
  add("ports", !changes.add_ports.empty() || !changes.remove_ports.empty());
  add("volumes", !changes.add_volumes.empty() || !changes.remove_volumes.empty());
  add("user", changes.user.has_value());
  add("workdir", changes.working_dir.has_value());
  add("stop signal", changes.stop_signal.has_value());
  add("entrypoint", changes.entrypoint.has_value());
  add("cmd", changes.cmd.has_value());
  if (kinds.empty()) throw UsageError("'mutate' needs something to change; see cairn mutate --help");
  return fmt::format("cairn mutate: {}", fmt::join(kinds, ", "));
}

Exit run(const Options& options, Program& program)
{
  check_result_options(options.result);
  const auto changes = changes_of(options);
  const oci::History step{created_time(), summary(changes), "", true};
  auto store = program.open_store(store::Access::write);
  const auto hold = store.hold(LockMode::shared, program.task("wait for the store"));
  const auto open = open_image(program, options.image, options.result.registry);
  const auto image = image::mutate(image::load(*open.blobs, open.manifest), changes, step);
  publish_result(program, store, image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return *open.blobs; }, options.result);
  return Exit::done;
}

}  // namespace

void add_mutate(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "mutate",
          .summary = "Change an image's config: variables, user, command",
          .description =
              "Makes an image with the layers of IMAGE and another config. Options may be given more than once where that makes sense; "
              "removals are done first, and what is to be removed must be there.\n\n"
              "`--entrypoint` and `--cmd` take one word a time, or a JSON array of words: `--cmd sleep --cmd 60` is `--cmd '[\"sleep\", "
              "\"60\"]'`. Each leaves the other as it is.",
          .examples = {{"cairn mutate library:2026.11 --env LANG=C.UTF-8 --user 1001:0 --workdir /opt/app --tag library:user",
                        "Variables, user and directory."},
                       {"cairn mutate library:2026.11 --entrypoint '[\"/bin/bash\", \"-lc\"]' --no-cmd --port 8888 --tag library:served",
                        "Another command line, and a port."}},
          .sections = {result_section()},
      },
      [options, &program] { return run(*options, program); });
  command.word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
      .option("--env", "NAME=VALUE", "set a variable", options->env)
      .option("--no-env", "NAME", "remove a variable", options->no_env)
      .option("--label", "KEY=VALUE", "set a label", options->label)
      .option("--no-label", "KEY", "remove a label", options->no_label)
      .option("--user", "USER[:GROUP]", "run as this user", options->user)
      .flag("--no-user", "say nothing of a user", options->no_user)
      .option("--entrypoint", "WORD", "the program, and its first arguments", options->entrypoint)
      .flag("--no-entrypoint", "no entrypoint", options->no_entrypoint)
      .option("--cmd", "WORD", "default arguments, or the program when there is no entrypoint", options->cmd)
      .flag("--no-cmd", "no default arguments", options->no_cmd)
      .option("--port", "PORT[/PROTOCOL]", "a port that it listens on; tcp if not said", options->port)
      .option("--no-port", "PORT[/PROTOCOL]", "remove a port", options->no_port)
      .option("--workdir", "PATH", "start in this directory", options->workdir)
      .flag("--no-workdir", "say nothing of a directory", options->no_workdir)
      .option("--volume", "PATH", "a directory that holds data of its own", options->volume)
      .option("--no-volume", "PATH", "remove such a directory", options->no_volume)
      .option("--stop-signal", "SIGNAL", "what asks it to stop: SIGTERM, 15", options->stop_signal)
      .flag("--no-stop-signal", "say nothing of a signal", options->no_stop_signal);
  add_result_options(command, options->result);
}

}  // namespace cairn::cli
