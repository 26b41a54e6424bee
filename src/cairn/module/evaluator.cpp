// SPDX-License-Identifier: Apache-2.0
// A child is a fork without exec: it runs only interpreters that the parent never runs, so no lock that another thread of
// the parent held at the fork is ever wanted (malloc's are handled by glibc). It leaves by _exit or by a signal.
#include <cairn/module/evaluator.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <span>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn::module {
namespace {

constexpr std::uint64_t message_limit_bytes = std::uint64_t{256} << 20;
constexpr std::chrono::milliseconds stop_interval{100};  // how often a stop is looked for
constexpr rlim_t cpu_seconds_limit = 600;                // for a child whose parent was killed

std::string framed(const std::string& message)
{
  const std::uint64_t size = message.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + message;
}

/// The private memory that this process has now (proc(5), statm: data and stack), in bytes.
std::size_t data_bytes()
{
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  for (int column = 0; column < 6; ++column) file >> pages;
  return file ? pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void set_limit(int what, rlim_t value)
{
  const rlimit limit{value, value};
  ::setrlimit(static_cast<__rlimit_resource>(what), &limit);
}

/// What a child is: no files but the socket, as descriptor 3, and limits.
void confine(int socket)
{
  if (const int nothing = ::open("/dev/null", O_RDWR); nothing >= 0)
    for (int fd = 0; fd < 3; ++fd) ::dup2(nothing, fd);
  if (socket != 3) ::dup2(socket, 3);
  ::close_range(4, ~0U, 0);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_CPU, cpu_seconds_limit);
  if (const auto now = data_bytes(); now != 0) set_limit(RLIMIT_DATA, now + evaluation_limit_bytes);
}

[[noreturn]] void serve()
{
  const std::string what = "the evaluating process";
  try {
    for (;;) {
      std::uint64_t size = 0;
      if (read_full(3, std::as_writable_bytes(std::span(&size, 1)), what) != sizeof size) ::_exit(0);
      std::string message(size, '\0');
      if (read_full(3, std::as_writable_bytes(std::span(message)), what) != size) ::_exit(0);
      const auto answer = framed(packed(run(unpacked_script(message))));
      write_full(3, as_bytes(answer), what);
    }
  } catch (...) {
    ::_exit(1);
  }
}

/// What is left of a script's time, on the clock and on the child's processor.
class TimeLimit {
public:
  TimeLimit(pid_t child, std::chrono::milliseconds limit) : limit_(limit)
  {
    has_clock_ = ::clock_getcpuclockid(child, &clock_) == 0;
    used_before_ = used();
  }

  [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() > end_; }

  /// Whether the child worked for a good part of it: one that did not was kept from working, and the script is not to blame.
  [[nodiscard]] bool was_used() const { return used() - used_before_ > limit_ / 4; }

private:
  [[nodiscard]] std::chrono::nanoseconds used() const
  {
    timespec time{};
    if (!has_clock_ || ::clock_gettime(clock_, &time) != 0) return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  std::chrono::milliseconds limit_;
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + limit_;
  clockid_t clock_{};
  bool has_clock_ = false;
  std::chrono::nanoseconds used_before_{};
};

}  // namespace

/// One child. One thread at a time.
class Evaluator::Process {
public:
  ~Process() { end(); }

  void start()
  {
    if (id_ > 0) return;
    std::array<int, 2> sockets{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) throw_errno(errno, "socketpair");
    Fd ours(sockets[0]);
    const Fd theirs(sockets[1]);
    id_ = ::fork();
    if (id_ < 0) throw_errno(errno, "fork");
    if (id_ == 0) {
      confine(theirs.get());
      serve();
    }
    socket_ = std::move(ours);
  }

  Answer ask(const Script& script, std::chrono::milliseconds limit, const Task& task)
  {
    // A child may end for what an earlier script did to it, or for what the machine did: a script is blamed after the second.
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (auto answer = ask_once(script, limit, task)) return *std::move(answer);
    }
    if (timed_out_) return time_limit_answer(limit);
    Answer none;
    none.error =
        WIFSIGNALED(status_)
            ? fmt::format("ended by signal {}; the limit is {} MiB of memory", WTERMSIG(status_), evaluation_limit_bytes >> 20)
            : fmt::format("ended with status {}; the limit is {} MiB of memory", WEXITSTATUS(status_), evaluation_limit_bytes >> 20);
    return none;
  }

private:
  /// Nothing when the child ended.
  std::optional<Answer> ask_once(const Script& script, std::chrono::milliseconds limit, const Task& task)
  {
    start();
    const auto request = framed(packed(script));
    const TimeLimit time(id_, limit);
    timed_out_ = false;
    // A child that never answered may have been born into a lock that another thread held (sanitizers have such): it gets no blame.
    const bool first = !std::exchange(served_, true);
    std::string reply;
    std::size_t sent = 0;
    try {
      while (reply.size() < sizeof(std::uint64_t) || reply.size() < whole_size(reply)) {
        task.check();
        if (time.is_over()) {
          timed_out_ = true;
          return first || !time.was_used() ? end_of_child() : time_limit_answer(limit);
        }
        pollfd wait{socket_.get(), static_cast<short>(sent < request.size() ? POLLIN | POLLOUT : POLLIN), 0};
        if (::poll(&wait, 1, static_cast<int>(stop_interval.count())) < 0 && errno != EINTR) throw_errno(errno, "poll");
        if ((wait.revents & POLLOUT) != 0) {
          const auto n = ::send(socket_.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
          if (n >= 0) sent += static_cast<std::size_t>(n);
          else if (errno != EAGAIN && errno != EINTR) return end_of_child();
        }
        if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
          std::array<char, 65536> buffer;
          // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): it does not block
          const auto n = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
          if (n > 0) reply.append(buffer.data(), static_cast<std::size_t>(n));
          else if (n == 0 || (errno != EAGAIN && errno != EINTR)) return end_of_child();
        }
      }
      return unpacked_answer(std::string_view(reply).substr(sizeof(std::uint64_t)));
    } catch (...) {
      end();  // it may be in the middle of something
      throw;
    }
  }

  Answer time_limit_answer(std::chrono::milliseconds limit)
  {
    end();
    return Answer{{}, {}, fmt::format("took longer than {} ms", limit.count())};
  }

  static std::uint64_t whole_size(const std::string& reply)
  {
    std::uint64_t size = 0;
    std::memcpy(&size, reply.data(), sizeof size);
    if (size > message_limit_bytes) throw Error(Errc::corrupt, "the evaluating process sent too long an answer");
    return size + sizeof size;
  }

  std::optional<Answer> end_of_child() noexcept
  {
    end();
    return std::nullopt;
  }

  void end() noexcept
  {
    if (id_ <= 0) return;
    socket_.reset();
    ::kill(id_, SIGKILL);
    while (::waitpid(id_, &status_, 0) < 0 && errno == EINTR) {}
    id_ = -1;
    served_ = false;
  }

  pid_t id_ = -1;
  bool served_ = false;     ///< whether the child has had a script
  bool timed_out_ = false;  ///< whether the last script was given up for its time
  int status_ = 0;          ///< of the last child that ended
  Fd socket_;
};

Evaluator::Evaluator(std::size_t processes, std::chrono::milliseconds limit) : limit_(limit)
{
  for (std::size_t i = 0; i < std::max<std::size_t>(processes, 1); ++i) {
    idle_.push_back(std::make_unique<Process>());
    idle_.back()->start();
  }
}

Evaluator::~Evaluator() = default;

Answer Evaluator::run(const Script& script, const Task& task)
{
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return !idle_.empty(); });
  auto process = std::move(idle_.back());
  idle_.pop_back();
  lock.unlock();
  struct Return {
    Evaluator& self;
    std::unique_ptr<Process>& process;
    ~Return()
    {
      const std::scoped_lock again(self.mutex_);
      self.idle_.push_back(std::move(process));
      self.returned_.notify_one();
    }
  } const give_back{*this, process};
  return process->ask(script, limit_, task);
}

}  // namespace cairn::module
