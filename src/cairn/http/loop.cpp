// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/loop.hpp>

#include <cairn/base/error.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <new>

namespace cairn::http {
namespace {

/// libcurl's own, once a process.
void set_up_libcurl()
{
  static const CURLcode code = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw Error(Errc::unsupported, ::curl_easy_strerror(code));
}

}  // namespace

Loop::Loop(const Options& options)
{
  set_up_libcurl();
  multi_ = ::curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc();
  ::curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.connections));
  ::curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(2 * options.connections));
  tick_ms_ = static_cast<int>(std::clamp<std::int64_t>(options.patience.count() / 4, 10, 1000));
  thread_ = std::thread([this] { run(); });
}

Loop::~Loop()
{
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  ::curl_multi_wakeup(multi_);
  thread_.join();
  ::curl_multi_cleanup(multi_);
}

void Loop::tell(What what, std::shared_ptr<Transfer> transfer)
{
  {
    const std::scoped_lock lock(mutex_);
    told_.emplace_back(what, std::move(transfer));
  }
  ::curl_multi_wakeup(multi_);
}

void Loop::obey()
{
  decltype(told_) told;
  {
    const std::scoped_lock lock(mutex_);
    told.swap(told_);
  }
  for (auto& [what, transfer] : told) {
    auto* easy = transfer->handle();
    if (what == What::add) {
      if (const auto code = ::curl_multi_add_handle(multi_, easy); code == CURLM_OK) active_.emplace(easy, std::move(transfer));
      else transfer->finish(CURLE_FAILED_INIT);
    } else if (active_.contains(easy)) {
      if (what == What::resume) {
        ::curl_easy_pause(easy, CURLPAUSE_CONT);
      } else {
        ::curl_multi_remove_handle(multi_, easy);
        active_.erase(easy);
      }
    }
  }
}

void Loop::finish_done()
{
  int left = 0;
  while (const auto* message = ::curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    auto* easy = message->easy_handle;
    const auto code = message->data.result;
    ::curl_multi_remove_handle(multi_, easy);
    if (const auto found = active_.find(easy); found != active_.end()) {
      const auto transfer = std::move(found->second);
      active_.erase(found);
      transfer->finish(code);
    }
  }
}

void Loop::finish_late()
{
  const auto now = std::chrono::steady_clock::now();
  for (auto at = active_.begin(); at != active_.end();) {
    const auto transfer = at->second;
    if (!transfer->is_late(now)) {
      ++at;
      continue;
    }
    ::curl_multi_remove_handle(multi_, at->first);
    at = active_.erase(at);
    transfer->finish_late();
  }
}

void Loop::run()
{
  for (;;) {
    {
      const std::scoped_lock lock(mutex_);
      if (over_) break;
    }
    obey();
    int running = 0;
    ::curl_multi_perform(multi_, &running);
    finish_done();
    finish_late();
    ::curl_multi_poll(multi_, nullptr, 0, active_.empty() ? 1000 : tick_ms_, nullptr);
  }
  for (auto& [easy, transfer] : active_) {
    ::curl_multi_remove_handle(multi_, easy);
    transfer->finish(CURLE_ABORTED_BY_CALLBACK);
  }
  active_.clear();
}

}  // namespace cairn::http
