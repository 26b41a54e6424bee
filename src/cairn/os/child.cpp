// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/child.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn {
namespace {

constexpr std::size_t kept_errors_bytes = 4096;
constexpr int look_every_ms = 50;  // for a stop request, which no descriptor tells

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe()
{
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno(errno, "pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

/// The environment with `variables` added or replaced.
std::vector<std::string> environment(const std::vector<std::pair<std::string, std::string>>& variables)
{
  std::vector<std::string> all;
  for (char** at = ::environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const bool replaced = std::ranges::any_of(variables, [&](const auto& one) { return entry.starts_with(one.first + '='); });
    if (!replaced) all.emplace_back(entry);
  }
  for (const auto& [name, value] : variables) all.push_back(name + '=' + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// A running child; killed with its whole group unless it was waited for.
class Child {
public:
  Child(const Program& program, Pipe& in, Pipe& out, Pipe& errors)
  {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors.write.get(), STDERR_FILENO);
    // What happens to be open here is not the child's: dash, for one, knows no descriptor above 9 (mmdebstrap's hooks).
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    sigset_t none;
    sigset_t standard;
    ::sigemptyset(&none);
    ::sigemptyset(&standard);
    for (const int number : {SIGINT, SIGTERM, SIGPIPE}) ::sigaddset(&standard, number);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &standard);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    auto words = program.arguments;
    auto variables = environment(program.variables);
    const int problem =
        ::posix_spawnp(&pid_, words.front().c_str(), &actions, &attributes, pointers(words).data(), pointers(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (problem == 0) return;
    pid_ = -1;
    throw_errno(problem, printable(program.arguments.front()));
  }
  ~Child()
  {
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);
    (void)wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int wait()
  {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

private:
  pid_t pid_ = -1;
};

/// Read what is there; false at the end.
bool drain(Fd& fd, std::string& into)
{
  std::array<char, 4096> buffer{};
  const auto size = ::read(fd.get(), buffer.data(), buffer.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (size <= 0) {
    fd.reset();
    return false;
  }
  into.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

}  // namespace

ProgramResult run_program(const Program& program, const Task& task)
{
  auto in = make_pipe();
  auto out = make_pipe();
  auto errors = make_pipe();
  Child child(program, in, out, errors);
  in.read.reset();
  out.write.reset();
  errors.write.reset();
  ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);

  const auto what = printable(program.arguments.front());
  const auto end = std::chrono::steady_clock::now() + program.deadline;
  std::string_view rest = program.input;
  ProgramResult result;
  if (rest.empty()) in.write.reset();
  while (out.read || errors.read) {
    task.check();
    if (std::chrono::steady_clock::now() >= end)
      throw Error(Errc::tool, fmt::format("{}: no answer within {} s", what, program.deadline.count()));
    std::array<pollfd, 3> polled{pollfd{out.read.get(), POLLIN, 0}, pollfd{errors.read.get(), POLLIN, 0},
                                 pollfd{in.write.get(), POLLOUT, 0}};
    if (::poll(polled.data(), polled.size(), look_every_ms) < 0 && errno != EINTR) throw_errno(errno, what);
    if (out.read && polled[0].revents != 0) drain(out.read, result.output);
    if (errors.read && polled[1].revents != 0) drain(errors.read, result.errors);
    if (result.errors.size() > kept_errors_bytes) result.errors.erase(0, result.errors.size() - kept_errors_bytes);
    if (result.output.size() > program.output_limit_bytes)
      throw Error(Errc::limit, fmt::format("{}: more than {} bytes of output", what, program.output_limit_bytes));
    if (in.write && polled[2].revents != 0) {
      // A child that does not read its input is no reason to fail (the program ignores SIGPIPE).
      const auto size = (polled[2].revents & POLLERR) != 0 ? -1 : ::write(in.write.get(), rest.data(), rest.size());
      if (size > 0) rest.remove_prefix(static_cast<std::size_t>(size));
      if (rest.empty() || (size < 0 && errno != EAGAIN && errno != EINTR)) in.write.reset();
    }
  }
  result.status = child.wait();
  return result;
}

}  // namespace cairn
