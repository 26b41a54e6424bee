// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/volume/lease.hpp>
#include <cli/commands/commands.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn::cli {
namespace {

struct Options {
  std::string action;
  std::string directory;
  std::vector<std::string> command;
};

/// Start `command` with the signals that a program expects to begin with.
pid_t start(const std::vector<std::string>& command)
{
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t standard;
  sigemptyset(&none);
  sigemptyset(&standard);
  sigaddset(&standard, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &standard);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int why = posix_spawnp(&child, words.front(), nullptr, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (why != 0) throw_errno(why, printable(command.front()));
  return child;
}

/// What a shell would say of it.
Exit wait_for(pid_t child)
{
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) throw_errno(errno, "waitpid");
  return static_cast<Exit>(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

Exit run(const Options& options, Program& program)
{
  if (options.action != "hold") throw UsageError(fmt::format("lease: {} is not 'hold'; see cairn lease --help", printable(options.action)));
  const volume::OpenUmask umask;
  const volume::Layout layout(options.directory, volume::Access::read);
  const volume::Lease lease(layout, options.command.front());
  const auto task = program.task("hold " + lease.generation());
  const auto child = start(options.command);
  // Whoever stops us means the command; the lease ends when that has ended.
  const std::stop_callback pass_on(task.stop(), [child] { ::kill(child, SIGTERM); });
  return wait_for(child);
}

}  // namespace

void add_lease(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "lease",
              .summary = "Run a command while a volume's current generation stays",
              .description =
                  "Writes into the volume that its current generation is in use, runs COMMAND, and takes that back. Meanwhile `cairn "
                  "volume "
                  "gc` keeps the generation, also when a newer one is current. A lease whose program died, or that was not "
                  "renewed for 15 minutes, counts no more.\n\n"
                  "COMMAND needs none of this to work: it is for jobs that run longer than the grace of `cairn volume gc`, a week. "
                  "The exit code is COMMAND's.",
              .examples = {{"cairn lease hold volume -- sleep 0", "Keep what ./volume shows now for as long as the command runs."}},
              .sections = {},
          },
          [options, &program] { return run(*options, program); })
      .word("hold", "the only action", options->action)
      .word("DIR", "the volume", options->directory, ValueKind::directory)
      .words("COMMAND…", "what to run; put -- before it", OptionSpec::Count::some, options->command, ValueKind::command);
}

}  // namespace cairn::cli
