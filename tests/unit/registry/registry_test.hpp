// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/client.hpp>
#include <cairn/registry/repository.hpp>

#include <support/error_matcher.hpp>
#include <support/image_maker.hpp>
#include <support/memory_blobs.hpp>
#include <support/registry/quirk_registry.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace cairn::registry {

using test::MemoryBlobs;
using test::QuickClock;
using test::QuirkRegistry;
using test::ThrowsError;

/// A quirk registry for all tests of a suite, empty for each, and repositories in it.
class RegistryTest : public ::testing::Test {
protected:
  static void SetUpTestSuite() { server = std::make_unique<QuirkRegistry>(); }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override { server->reset(); }

  /// What a repository needs, each time anew, as each run of the program.
  struct Opened {
    std::unique_ptr<http::Client> client;
    std::unique_ptr<Repository> repository;
    Repository* operator->() const { return repository.get(); }
    Repository& operator*() const { return *repository; }
  };
  [[nodiscard]] Opened open(const std::string& name = "team/app", const std::optional<Credentials>& credentials = {},
                            TransferLimits limits = {}) const
  {
    http::Options options;
    options.clock = clock;
    options.patience = std::chrono::milliseconds(5000);
    options.tls = [](const http::Url&) {
      return http::Tls{.verify = http::VerifyTls::no, .authorities = {}, .certificate = {}, .key = {}};
    };
    Opened out;
    out.client = std::make_unique<http::Client>(std::move(options));
    auto host = std::make_shared<Host>(
        *out.client, server->host(), Security::unchecked, [credentials](const std::string&, const Task&) { return credentials; },
        "~/auth.json");
    out.repository = std::make_unique<Repository>(std::move(host), name, task, limits);
    return out;
  }
  /// A chunk of 16 KiB instead of 64 MiB.
  [[nodiscard]] static TransferLimits small_chunks() { return {.chunk_bytes = 16 << 10, .small_chunk_bytes = 4 << 10}; }

  /// `size` bytes that do not repeat.
  [[nodiscard]] static std::string bytes(std::size_t size, unsigned seed = 1)
  {
    std::string out(size, '\0');
    std::uint32_t state = seed * 2654435761U + 1;
    for (auto& c : out) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
    return out;
  }
  [[nodiscard]] static std::size_t count(const std::string& method, const std::string& part = {})
  {
    std::size_t out = 0;
    for (const auto& one : server->requests()) out += one.method == method && one.path.find(part) != std::string::npos;
    return out;
  }
  [[nodiscard]] static std::string read(const oci::BlobSource& from, const oci::Descriptor& blob)
  {
    return read_all(*from.open(blob), 64 << 20, "blob");
  }
  /// Keep `content` in the registry, past all quirks.
  oci::Descriptor keep(const std::string& content, std::string_view media_type = "application/octet-stream") const
  {
    const auto blob = here.add(content, media_type);
    open()->take(blob, here, task);
    return blob;
  }

  static inline std::unique_ptr<QuirkRegistry> server;
  std::shared_ptr<QuickClock> clock = std::make_shared<QuickClock>();
  Task task;
  mutable MemoryBlobs here;
};

}  // namespace cairn::registry
