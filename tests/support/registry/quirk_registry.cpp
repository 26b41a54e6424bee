// SPDX-License-Identifier: Apache-2.0
#include <support/registry/quirk_registry.hpp>

#include <cairn/base/error.hpp>

#include <array>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn::test {

QuirkRegistry::QuirkRegistry(std::vector<std::string> arguments)
{
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  arguments.insert(arguments.begin(), {"python3", "-B", CAIRN_TEST_REGISTRY});
  std::vector<char*> words;
  for (auto& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const int problem = ::posix_spawnp(&pid_, "python3", &actions, nullptr, words.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  stdin_ = in[1];
  if (problem != 0) throw std::runtime_error("python3 does not start");
  std::string line;
  for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
  ::close(out[0]);
  port_ = std::stoi(line);
}

QuirkRegistry::~QuirkRegistry()
{
  ::close(stdin_);
  ::waitpid(pid_, nullptr, 0);
}

std::string QuirkRegistry::control(const std::string& method, const std::string& path, const std::string& body)
{
  const http::MemoryBody content(body);
  http::Request request{.method = method, .url = http::Url::parse("http://" + host() + path), .body = body.empty() ? nullptr : &content};
  const auto reply = client_.send(request, 64 << 20, Task());
  if (reply.status != 200) throw std::runtime_error(path + ": " + reply.body);
  return reply.body;
}

void QuirkRegistry::quirks(const std::string& json) { control("PUT", "/_quirks", json); }

std::vector<QuirkRegistry::Seen> QuirkRegistry::requests()
{
  const auto document = oci::JsonDocument::parse(control("GET", "/_requests"), "requests");
  std::vector<Seen> out;
  for (const oci::Json one : document.root().array()) {
    const auto text = [&](const char* key) { return std::string(one.at(key).string()); };
    out.push_back({text("method"), text("path"), text("authorization"), text("range"), text("content_range"), one.at("bytes").uint64()});
  }
  return out;
}

oci::JsonDocument QuirkRegistry::state() { return oci::JsonDocument::parse(control("GET", "/_state"), "state"); }

}  // namespace cairn::test
