// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/transfer.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace cairn::http {

/// libcurl's multi handle and the one thread that touches it. For the room's own use. Any thread.
class Loop {
public:
  explicit Loop(const Options& options);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // A transfer is shared by the loop, which drives it, and the exchange, which reads it.
  void add(std::shared_ptr<Transfer> transfer) { tell(What::add, std::move(transfer)); }
  void resume(std::shared_ptr<Transfer> transfer) { tell(What::resume, std::move(transfer)); }
  /// Nobody reads it any more.
  void remove(std::shared_ptr<Transfer> transfer) { tell(What::remove, std::move(transfer)); }

private:
  enum class What { add, resume, remove };
  void tell(What what, std::shared_ptr<Transfer> transfer);
  void run();
  void obey();
  void finish_done();
  void finish_late();

  void* multi_;
  int tick_ms_;
  std::mutex mutex_;
  std::vector<std::pair<What, std::shared_ptr<Transfer>>> told_;
  bool over_ = false;
  std::map<void*, std::shared_ptr<Transfer>> active_;  ///< the thread's own
  std::thread thread_;
};

}  // namespace cairn::http
