// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/container_storage.hpp>
#include <cairn/http/client.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cairn::check {

/// A port of the loopback address that nobody listens on now.
[[nodiscard]] unsigned free_port();

/// The image's own command, running in a container until this ends. One at a time in a container.
class Server {
public:
  Server(const build::Container& container, build::ContainerRun run, const Task& task);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The status of GET `url`, following redirects; nothing when nobody answers.
  [[nodiscard]] std::optional<int> get(const std::string& url) const;
  /// Until `url` answers with 200, the server ends or `within` is over: how long it took, or nothing.
  [[nodiscard]] std::optional<std::chrono::milliseconds> wait_for(const std::string& url, std::chrono::seconds within) const;
  /// The last lines of what it said.
  [[nodiscard]] std::string said() const;

private:
  [[nodiscard]] bool has_ended() const;
  std::filesystem::path place_;  ///< the container's /tmp
  http::Client client_;
  const Task& task_;
  std::jthread thread_;
};

}  // namespace cairn::check
