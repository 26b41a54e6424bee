// SPDX-License-Identifier: Apache-2.0
#include <cairn/check/server.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include <netinet/in.h>
#include <sys/socket.h>

namespace cairn::check {
namespace {

constexpr const char* stop_name = ".cairn-check.stop";
constexpr const char* end_name = ".cairn-check.end";
constexpr const char* log_name = ".cairn-check.log";
constexpr std::uint64_t answer_limit_bytes = std::uint64_t{16} << 20;
constexpr std::chrono::milliseconds pause{100};
constexpr std::chrono::minutes longest{10};

/// Runs its arguments until they end or a file appears: what runs in a container must end by itself, since a signal to buildah does not reach it.
constexpr const char* watcher = R"(
cd /tmp && "$@" >.cairn-check.log 2>&1 &
p=$!
while kill -0 $p 2>/dev/null; do
  if [ -e /tmp/.cairn-check.stop ]; then
    kill $p
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -0 $p 2>/dev/null || break; sleep 0.1; done
    kill -9 $p 2>/dev/null
    break
  fi
  sleep 0.1
done
: >/tmp/.cairn-check.end
exit 0
)";

http::Options client_options()
{
  http::Options options;
  options.user_agent = "cairn-check";
  options.retry.tries = 1;
  options.retry.unreachable_tries = 1;
  return options;
}

}  // namespace

unsigned free_port()
{
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0) throw_errno(errno, "a free port");
  return ntohs(address.sin_port);
}

Server::Server(const build::Container& container, build::ContainerRun run, const Task& task)
    : place_(container.mount() / "tmp"), client_(client_options()), task_(task)
{
  for (const auto* name : {stop_name, end_name, log_name}) std::filesystem::remove(place_ / name);
  std::vector<std::string> arguments{"/bin/sh", "-c", watcher, "check"};
  arguments.insert(arguments.end(), run.arguments.begin(), run.arguments.end());
  run.arguments = std::move(arguments);
  run.has_network = true;
  auto program = container_program(container, run);
  program.deadline = longest;
  thread_ = std::jthread([this, program = std::move(program)] {
    try {
      trouble_ = run_program(program, Task{}).errors;
    } catch (const std::exception& error) {
      trouble_ = error.what();
    }
    is_over_ = true;  // after `trouble_`, which others read then
  });
}

Server::~Server()
{
  std::ofstream(place_ / stop_name).put('\n');
  thread_.join();
  std::error_code ignored;
  for (const auto* name : {stop_name, end_name, log_name}) std::filesystem::remove(place_ / name, ignored);
}

bool Server::has_ended() const { return is_over_ || std::filesystem::exists(place_ / end_name); }

std::optional<int> Server::get(const std::string& url) const
{
  try {
    http::Request request{.url = http::Url::parse(url)};
    request.redirects = http::Redirects::follow;
    request.answer_within = std::chrono::seconds(20);
    return client_.send(request, answer_limit_bytes, task_).status;
  } catch (const Error& error) {
    log::debug("{}: {}", url, error.what());
    return std::nullopt;
  }
}

std::optional<std::chrono::milliseconds> Server::wait_for(const std::string& url, std::chrono::seconds within) const
{
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < within) {
    task_.check();
    if (get(url) == 200) return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    if (has_ended()) return std::nullopt;
    std::this_thread::sleep_for(pause);
  }
  return std::nullopt;
}

std::string Server::said() const
{
  std::ifstream file(place_ / log_name);
  std::stringstream text;
  text << file.rdbuf();
  auto all = text.str();
  if (all.empty() && is_over_) all = trouble_;
  while (all.ends_with('\n')) all.pop_back();
  const auto at = all.rfind('\n');
  return printable(at == std::string::npos ? all : all.substr(at + 1));
}

}  // namespace cairn::check
