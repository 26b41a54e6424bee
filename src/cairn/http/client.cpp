// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/client.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/http/loop.hpp>
#include <cairn/http/retry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cairn::http {
namespace {

constexpr unsigned most_redirects = 5;

/// An exchange whose headers have come.
class OpenExchange final : public Exchange {
public:
  OpenExchange(Loop& loop, std::shared_ptr<Transfer> transfer, std::stop_token stop)
      : loop_(loop), transfer_(std::move(transfer)), stop_(std::move(stop))
  {
  }
  ~OpenExchange() override { loop_.remove(transfer_); }
  OpenExchange(const OpenExchange&) = delete;
  OpenExchange& operator=(const OpenExchange&) = delete;

  void send(const Task& task)
  {
    transfer_->send([this] { loop_.resume(transfer_); }, task);
  }
  std::size_t read(std::span<std::byte> buffer) override
  {
    return transfer_->read(buffer, [this] { loop_.resume(transfer_); }, stop_);
  }
  std::span<const std::byte> next(std::span<std::byte>) override
  {
    return transfer_->next([this] { loop_.resume(transfer_); }, stop_);
  }
  const Response& response() const override { return transfer_->response(); }

private:
  Loop& loop_;
  std::shared_ptr<Transfer> transfer_;  // shared with the loop
  std::stop_token stop_;
};

bool is_redirect(const Response& response)
{
  const auto status = response.status;
  return (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) && response.header("location").has_value();
}

/// A PATCH is not repeated: only its sender knows how much of it arrived.
unsigned tries_of(const Request& request, const Options& options)
{
  return request.method == "PATCH" ? 1 : request.tries != 0 ? request.tries : options.retry.tries;
}

/// Where `response` to `request` leads. The credential stays behind unless it is the same origin.
Request redirected(const Request& request, const Response& response)
{
  auto next = request;
  next.url = in_context([&] { return fmt::format("{}: its redirect", request.url.redacted()); },
                        [&] { return request.url.resolve(*response.header("location")); });
  if (request.url.scheme == "https" && next.url.scheme != "https")
    throw Error(Errc::permission, fmt::format("{}: redirects from https to {}", request.url.redacted(), next.url.redacted()));
  if (next.url.same_origin(request.url)) return next;
  next.authorization = Secret();
  if (is_loopback(request.url.host)) next.reach = Reach::no_link;
  else next.reach = Reach::no_local;
  return next;
}

}  // namespace

Client::Client(Options options) : options_(std::move(options)), loop_(std::make_unique<Loop>(options_)) {}
Client::~Client() = default;

std::unique_ptr<Exchange> Client::open_once(const Request& request, const Task& task) const
{
  task.check();
  const auto begin = options_.clock->now();
  auto exchange = std::make_unique<OpenExchange>(
      *loop_,
      [&] {
        auto transfer = std::make_shared<Transfer>(request, options_);  // shared by loop and exchange
        loop_->add(transfer);
        return transfer;
      }(),
      task.stop());
  exchange->send(task);
  log::debug("{} {}: {} after {} ms", request.method, request.url.redacted(), exchange->response().status,
             std::chrono::duration_cast<std::chrono::milliseconds>(options_.clock->now() - begin).count());
  return exchange;
}

std::unique_ptr<Exchange> Client::follow(Request request, const Task& task) const
{
  auto exchange = open_once(request, task);
  for (unsigned count = 0; request.redirects == Redirects::follow && is_redirect(exchange->response()); ++count) {
    if (count == most_redirects)
      throw Error(Errc::limit, fmt::format("{}: more than {} redirects", request.url.redacted(), most_redirects));
    request = redirected(request, exchange->response());
    exchange = open_once(request, task);
  }
  return exchange;
}

void Client::wait(unsigned failed, const Task& task) const
{
  options_.clock->sleep(backoff(options_.retry, failed, options_.clock->chance()), task);
}

void Client::wait_as_told(const Response& response, unsigned failed, const Task& task) const
{
  const auto value = response.header("retry-after");
  const auto told = value ? retry_after(*value, options_.clock->wall()) : std::nullopt;
  if (!told || told->count() == 0) return wait(failed, task);
  if (*told > options_.retry.longest_asked)
    throw Error(Errc::limit, fmt::format("{}: status {}, asks to wait {} s, the limit is {}; try again later", response.url.redacted(),
                                         response.status, told->count(), options_.retry.longest_asked.count()));
  log::info("{}: status {}, waiting {} s as it asks", response.url.redacted(), response.status, told->count());
  options_.clock->sleep(*told, task);
}

std::unique_ptr<Exchange> Client::open(const Request& request, const Task& task) const
{
  const auto tries = tries_of(request, options_);
  for (unsigned failed = 0;;) {
    try {
      auto exchange = follow(request, task);
      if (!is_transient(exchange->response().status) || ++failed >= tries) return exchange;
      const auto response = exchange->response();
      exchange.reset();
      wait_as_told(response, failed, task);
    } catch (const Error& error) {
      const bool unreachable = dynamic_cast<const Unreachable*>(&error) != nullptr;
      if (error.code() != Errc::network || ++failed >= (unreachable ? std::min(tries, options_.retry.unreachable_tries) : tries)) throw;
      log::debug("try {} of {} failed: {}", failed, tries, error.what());
      wait(failed, task);
    }
  }
}

Reply Client::send(const Request& request, std::uint64_t limit_bytes, const Task& task) const
{
  for (unsigned failed = 0;;) {
    const auto exchange = open(request, task);
    try {
      Reply reply;
      static_cast<Response&>(reply) = exchange->response();
      reply.body = read_all(*exchange, limit_bytes, fmt::format("{} {}", request.method, request.url.redacted()));
      return reply;
    } catch (const Error& error) {
      const auto tries = tries_of(request, options_);
      if (error.code() != Errc::network || ++failed >= tries) throw;
      log::debug("try {} of {} failed: {}", failed, tries, error.what());
      wait(failed, task);
    }
  }
}

}  // namespace cairn::http
