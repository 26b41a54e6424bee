// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/error.hpp>
#include <cairn/http/client.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// One request on its way: what the loop's thread and the caller's thread share. For the room's own use.
namespace cairn::http {

/// No connection came about: what will not be there in a minute either.
class Unreachable final : public Error {
public:
  using Error::Error;
};

/// A bounded buffer of bytes, whose memory comes with the first of them.
class Ring {
public:
  explicit Ring(std::size_t bound) : bound_(bound) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t room() const { return bound_ - size_; }
  /// As many of `bytes` as there is room for.
  std::size_t put(std::span<const std::byte> bytes);
  std::size_t take(std::span<std::byte> buffer);
  /// The oldest bytes that lie side by side; they stay until `drop`, whatever is put.
  [[nodiscard]] std::span<const std::byte> front() const { return {bytes_.data() + begin_, std::min(size_, bytes_.size() - begin_)}; }
  void drop(std::size_t bytes)
  {
    begin_ = (begin_ + bytes) % bound_;
    size_ -= bytes;
  }

private:
  std::size_t bound_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  std::vector<std::byte> bytes_;
};

/// Bytes pass two rings: from the caller's source to libcurl, and from libcurl to the caller. A full or empty ring pauses that
/// direction and nothing else, so that memory is bounded and the loop never waits.
class Transfer {
public:
  using Time = std::chrono::steady_clock::time_point;

  /// `wake` asks the loop to go on with this transfer. Throws Error where libcurl refuses the request.
  Transfer(const Request& request, const Options& options);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // The caller's side.

  /// Give the request's body and wait for the response's headers. Throws Error{network, permission, limit}, Cancelled.
  void send(const std::function<void()>& resume, const Task& task);
  /// As Source::read.
  [[nodiscard]] std::size_t read(std::span<std::byte> buffer, const std::function<void()>& resume, const std::stop_token& stop);
  /// As Source::next, out of the ring itself.
  [[nodiscard]] std::span<const std::byte> next(const std::function<void()>& resume, const std::stop_token& stop);
  [[nodiscard]] const Response& response() const { return response_; }  ///< after `send`

  // The loop's side.

  [[nodiscard]] void* handle() const { return easy_; }
  /// libcurl is done with it (a CURLcode).
  void finish(int code);
  /// Whether nothing has moved for too long though neither side was waiting for us: `finish_late` then.
  [[nodiscard]] bool is_late(Time now);
  void finish_late();

private:
  struct Callbacks;
  friend struct Callbacks;
  void set_up(const Request& request, const Options& options);
  void set_up_method(const Request& request);
  void set_up_proxy(const Request& request, const Options& options);
  void set_up_tls(const Options& options);
  void add_header(const std::string& line);
  std::size_t take_header(std::string_view line);
  [[nodiscard]] bool sends() const { return body_size_bytes_ != 0; }
  void moved(std::size_t bytes) { window_bytes_ += bytes; }
  /// Whether there is something to read; false at the end. Gives back first what `next` lent.
  [[nodiscard]] bool wait_for_bytes(std::unique_lock<std::mutex>& lock, const std::function<void()>& resume, const std::stop_token& stop);
  [[noreturn]] void fail() const;

  void* easy_ = nullptr;
  void* header_list_ = nullptr;
  std::string error_text_;  ///< libcurl's buffer
  std::string what_;
  const Body* body_ = nullptr;
  std::uint64_t body_size_bytes_ = 0;
  Reach reach_ = Reach::anywhere;
  bool by_proxy_ = false;
  std::chrono::milliseconds patience_;
  std::chrono::milliseconds answer_within_;
  Tls tls_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Ring outgoing_;
  Ring incoming_;
  std::size_t lent_bytes_ = 0;     ///< of incoming_, by `next`
  std::uint64_t fed_bytes_ = 0;    ///< put into outgoing_
  std::uint64_t taken_bytes_ = 0;  ///< that libcurl took from it
  bool send_paused_ = false;
  bool receive_paused_ = false;
  Response response_;
  std::size_t header_bytes_ = 0;
  bool headers_done_ = false;
  bool finished_ = false;
  int code_ = 0;
  bool late_ = false;
  std::optional<std::string> forbidden_;  ///< an address that was not connected to
  std::exception_ptr thrown_;             ///< in a callback
  std::uint64_t window_bytes_ = 0;        ///< moved since window_begin_
  Time window_begin_;
};

}  // namespace cairn::http
