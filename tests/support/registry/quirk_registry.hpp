// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/client.hpp>
#include <cairn/oci/json.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cairn::test {

/// Time that passes only in `sleep`, which does not wait. Any thread.
class QuickClock final : public http::Clock {
public:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const override { return Clock::now() + std::chrono::milliseconds(slept_ms); }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override { return std::chrono::system_clock::from_time_t(784111777); }
  void sleep(std::chrono::milliseconds time, const Task& task) const override
  {
    task.check();
    slept_ms += time.count();
  }
  [[nodiscard]] double chance() const override { return 0.5; }
  mutable std::atomic<std::int64_t> slept_ms{0};
};

/// tests/support/registry/quirk_registry.py, running. One thread at a time.
class QuirkRegistry {
public:
  explicit QuirkRegistry(std::vector<std::string> arguments = {});
  ~QuirkRegistry();
  QuirkRegistry(const QuirkRegistry&) = delete;
  QuirkRegistry& operator=(const QuirkRegistry&) = delete;

  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }
  /// Switches as JSON (see SWITCHES there).
  void quirks(const std::string& json);
  void reset() { control("POST", "/_reset"); }
  void forget_requests() { control("DELETE", "/_requests"); }
  void forget_blob(const Digest& digest) { control("POST", "/_forget/" + digest.str()); }

  struct Seen {
    std::string method, path, authorization, range, content_range;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] std::vector<Seen> requests();
  /// `blobs`, `manifests`, `tags`.
  [[nodiscard]] oci::JsonDocument state();

private:
  std::string control(const std::string& method, const std::string& path, const std::string& body = {});
  int port_ = 0;
  int stdin_ = -1;
  pid_t pid_ = -1;
  http::Client client_{http::Options{}};
};

}  // namespace cairn::test
