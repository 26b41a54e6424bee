// SPDX-License-Identifier: Apache-2.0
#include <cli/interrupt.hpp>

#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace cairn::cli {
namespace {

constexpr int wake = SIGUSR1;  // ends the waiting thread

bool is_ignored(int signal)
{
  struct sigaction action{};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Interrupt::Interrupt()
{
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM}) {
    if (!is_ignored(signal)) sigaddset(&signals_, signal);
  }
  sigaddset(&signals_, wake);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));  // a write then fails with EPIPE, which Output knows
  waiter_ = std::thread([this] { wait(); });
}

Interrupt::~Interrupt()
{
  over_ = true;
  pthread_kill(waiter_.native_handle(), wake);
  waiter_.join();
}

void Interrupt::on_stop(std::function<void()> tell)
{
  const std::scoped_lock lock(mutex_);
  tell_ = std::move(tell);
}

void Interrupt::wait()
{
  while (true) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0) return;
    if (signal == wake) {
      if (over_) return;
      continue;
    }
    if (source_.request_stop()) {
      const std::scoped_lock lock(mutex_);
      if (tell_) tell_();
      continue;
    }
    // The second one: die of it, as a shell expects. What was being written is a temporary that the next run removes.
    static_cast<void>(std::signal(signal, SIG_DFL));
    kill(getpid(), signal);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  }
}

}  // namespace cairn::cli
