// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/transfer.hpp>

#include <cairn/base/error.hpp>

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cairn::http {
namespace {

constexpr std::size_t bulk_ring_bytes = std::size_t{2} << 20;
constexpr std::size_t small_ring_bytes = std::size_t{256} << 10;
constexpr std::size_t feed_bytes = std::size_t{256} << 10;
constexpr std::size_t header_limit_bytes = std::size_t{64} << 10;
constexpr std::uint64_t least_rate = 1024;  // bytes a second

std::size_t ring_bytes(const Request& request) { return request.traffic == Traffic::bulk ? bulk_ring_bytes : small_ring_bytes; }

/// Numeric address for messages, and whether a `reach` forbids it.
struct Address {
  std::string text;
  bool loopback = false;
  bool link = false;  ///< link-local (169.254.0.0/16, where clouds hand out credentials; fe80::/10) or unspecified
};

Address address_of(const sockaddr& address)
{
  Address out;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto judge_v4 = [&](std::uint32_t v4) {
    out.loopback = (v4 >> 24) == 127;
    out.link = (v4 >> 16) == 0xa9fe || v4 == 0;
  };
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    judge_v4(ntohl(v4.sin_addr.s_addr));
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    out.loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    out.link = IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      std::uint32_t v4 = 0;
      std::memcpy(&v4, &v6.sin6_addr.s6_addr[12], sizeof v4);
      judge_v4(ntohl(v4));
    }
  }
  out.text = text.data();
  return out;
}

template <class Value>
void set(void* easy, CURLoption option, Value value)
{
  const auto code = ::curl_easy_setopt(easy, option, value);
  if (code != CURLE_OK)
    throw Error(Errc::unsupported, fmt::format("libcurl: option {}: {}", static_cast<int>(option), ::curl_easy_strerror(code)));
}

std::string lower(std::string_view text)
{
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string_view trimmed(std::string_view text)
{
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

std::size_t Ring::put(std::span<const std::byte> bytes)
{
  if (bytes_.empty()) bytes_.resize(bound_);
  const auto count = std::min(bytes.size(), room());
  const auto at = (begin_ + size_) % bound_;
  const auto first = std::min(count, bound_ - at);
  std::memcpy(bytes_.data() + at, bytes.data(), first);
  std::memcpy(bytes_.data(), bytes.data() + first, count - first);
  size_ += count;
  return count;
}

std::size_t Ring::take(std::span<std::byte> buffer)
{
  const auto count = std::min(buffer.size(), size_);
  if (count == 0) return 0;
  const auto first = std::min(count, bound_ - begin_);
  std::memcpy(buffer.data(), bytes_.data() + begin_, first);
  std::memcpy(buffer.data() + first, bytes_.data(), count - first);
  begin_ = (begin_ + count) % bound_;
  size_ -= count;
  return count;
}

/// What libcurl calls, on the loop's thread. Nothing may be thrown through it.
struct Transfer::Callbacks {
  static std::size_t header(char* text, std::size_t, std::size_t size, void* self)
  {
    auto& transfer = *static_cast<Transfer*>(self);
    try {
      return transfer.take_header({text, size});
    } catch (...) {
      const std::scoped_lock lock(transfer.mutex_);
      transfer.thrown_ = std::current_exception();
      return 0;
    }
  }

  static std::size_t body(char* bytes, std::size_t, std::size_t size, void* self)
  {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::scoped_lock lock(transfer.mutex_);
    if (transfer.incoming_.room() < size) {
      transfer.receive_paused_ = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    const bool was_empty = transfer.incoming_.size() == 0;
    transfer.incoming_.put({reinterpret_cast<const std::byte*>(bytes), size});
    transfer.moved(size);
    if (was_empty) transfer.changed_.notify_all();
    return size;
  }

  static std::size_t upload(char* buffer, std::size_t, std::size_t size, void* self)
  {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::scoped_lock lock(transfer.mutex_);
    const auto count = transfer.outgoing_.take({reinterpret_cast<std::byte*>(buffer), size});
    if (count == 0 && transfer.taken_bytes_ < transfer.body_size_bytes_) {
      transfer.send_paused_ = true;
      return CURL_READFUNC_PAUSE;
    }
    transfer.taken_bytes_ += count;
    transfer.moved(count);
    transfer.changed_.notify_all();
    return count;
  }

  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* where)
  {
    auto& transfer = *static_cast<Transfer*>(self);
    const auto address = address_of(where->addr);
    if (transfer.reach_ != Reach::anywhere && !transfer.by_proxy_ &&
        (address.link || (address.loopback && transfer.reach_ == Reach::no_local))) {
      const std::scoped_lock lock(transfer.mutex_);
      transfer.forbidden_ = address.text;
      return CURL_SOCKET_BAD;
    }
    return ::socket(where->family, where->socktype | SOCK_CLOEXEC, where->protocol);
  }
};

Transfer::Transfer(const Request& request, const Options& options)
    : what_(fmt::format("{} {}", request.method, request.url.redacted())),
      body_(request.body),
      body_size_bytes_(request.body == nullptr ? 0 : request.body->size_bytes()),
      reach_(request.reach),
      patience_(options.patience),
      answer_within_(request.answer_within),
      outgoing_(ring_bytes(request)),
      incoming_(ring_bytes(request)),
      window_begin_(std::chrono::steady_clock::now())
{
  response_.url = request.url;
  error_text_.resize(CURL_ERROR_SIZE);
  easy_ = ::curl_easy_init();
  if (easy_ == nullptr) throw std::bad_alloc();
  try {
    set_up(request, options);
  } catch (...) {
    ::curl_easy_cleanup(easy_);
    ::curl_slist_free_all(static_cast<curl_slist*>(header_list_));
    throw;
  }
}

Transfer::~Transfer()
{
  ::curl_easy_cleanup(easy_);
  ::curl_slist_free_all(static_cast<curl_slist*>(header_list_));
}

void Transfer::add_header(const std::string& line)
{
  auto* longer = ::curl_slist_append(static_cast<curl_slist*>(header_list_), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  header_list_ = longer;
}

void Transfer::set_up(const Request& request, const Options& options)
{
  const bool bulk = request.traffic == Traffic::bulk;
  set(easy_, CURLOPT_URL, request.url.str().c_str());
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_PATH_AS_IS, 1L);
  set(easy_, CURLOPT_HTTP_VERSION, bulk ? long{CURL_HTTP_VERSION_1_1} : long{CURL_HTTP_VERSION_2TLS});
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_within.count()));
  set(easy_, CURLOPT_USERAGENT, options.user_agent.c_str());
  set(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  set(easy_, CURLOPT_BUFFERSIZE, bulk ? 512L << 10 : 64L << 10);
  set(easy_, CURLOPT_HEADERFUNCTION, &Callbacks::header);
  set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_WRITEFUNCTION, &Callbacks::body);
  set(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, &Callbacks::open_socket);
  set(easy_, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set_up_method(request);
  set_up_proxy(request, options);
  if (request.url.scheme == "https") {
    if (options.tls) tls_ = options.tls(request.url);
    set_up_tls(options);
  }
  for (const auto& header : request.headers) add_header(header.value.empty() ? header.name + ';' : header.name + ": " + header.value);
  // Transparent compression would break digests (Harbor does it to whoever does not refuse).
  add_header("Accept-Encoding: identity");
  add_header("Expect:");
  if (!request.authorization.empty()) add_header("Authorization: " + request.authorization.reveal());
  set(easy_, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(header_list_));
}

void Transfer::set_up_method(const Request& request)
{
  if (request.method == "HEAD") {
    set(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  if (sends()) {
    set(easy_, CURLOPT_UPLOAD, 1L);
    set(easy_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_size_bytes_));
    set(easy_, CURLOPT_READFUNCTION, &Callbacks::upload);
    set(easy_, CURLOPT_READDATA, static_cast<void*>(this));
    set(easy_, CURLOPT_UPLOAD_BUFFERSIZE, request.traffic == Traffic::bulk ? 512L << 10 : 64L << 10);
  } else if (request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
    set(easy_, CURLOPT_POSTFIELDS, "");
    set(easy_, CURLOPT_POSTFIELDSIZE, 0L);
    if (std::ranges::none_of(request.headers, [](const Header& header) { return lower(header.name) == "content-type"; }))
      add_header("Content-Type:");
  }
  set(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Transfer::set_up_proxy(const Request& request, const Options& options)
{
  const auto& proxy = request.url.scheme == "https" ? options.https_proxy : options.http_proxy;
  // As Go has it: what is on this machine is never asked of a proxy.
  by_proxy_ = !proxy.empty() && !is_loopback(request.url.host);
  set(easy_, CURLOPT_PROXY, by_proxy_ ? proxy.c_str() : "");
  set(easy_, CURLOPT_NOPROXY, options.no_proxy.c_str());
  set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void Transfer::set_up_tls(const Options&)
{
  set(easy_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (tls_.verify == VerifyTls::no) {
    set(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    set(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
    // Reading the system's authorities costs more than the whole request.
    set(easy_, CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    set(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!tls_.authorities.empty()) {
    // Beside the system's own, which are found in the default directory.
    curl_blob blob{tls_.authorities.data(), tls_.authorities.size(), CURL_BLOB_COPY};
    set(easy_, CURLOPT_CAINFO_BLOB, &blob);
  }
  if (!tls_.certificate.empty()) {
    set(easy_, CURLOPT_SSLCERT, tls_.certificate.c_str());
    set(easy_, CURLOPT_SSLKEY, tls_.key.c_str());
  }
}

std::size_t Transfer::take_header(std::string_view line)
{
  const std::scoped_lock lock(mutex_);
  if (headers_done_) return line.size();  // trailers
  header_bytes_ += line.size();
  moved(line.size());
  if (header_bytes_ > header_limit_bytes)
    throw Error(Errc::limit, fmt::format("{}: more than {} bytes of headers", what_, header_limit_bytes));
  const auto text = trimmed(line);
  if (text.starts_with("HTTP/")) {
    const auto space = std::min(text.find(' ') + 1, text.size());
    response_.headers.clear();
    response_.status = 0;
    std::from_chars(text.data() + space, text.data() + text.size(), response_.status);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    response_.headers.push_back({lower(trimmed(text.substr(0, colon))), std::string(trimmed(text.substr(colon + 1)))});
  } else if (text.empty() && response_.status >= 200) {
    headers_done_ = true;
    changed_.notify_all();
  }
  return line.size();
}

void Transfer::finish(int code)
{
  const std::scoped_lock lock(mutex_);
  finished_ = true;
  code_ = code;
  changed_.notify_all();
}

bool Transfer::is_late(Time now)
{
  const std::scoped_lock lock(mutex_);
  const bool waits_for_us = receive_paused_ || send_paused_;
  const bool waits_for_answer = !headers_done_ && taken_bytes_ == body_size_bytes_;
  const auto allowed = waits_for_answer ? std::max(answer_within_, patience_) : patience_;
  if (waits_for_us) {
    window_begin_ = now;
    window_bytes_ = 0;
    return false;
  }
  if (now - window_begin_ < allowed) return false;
  const auto least = least_rate * static_cast<std::uint64_t>(patience_.count()) / 1000;
  if (window_bytes_ < std::max<std::uint64_t>(least, 1)) return true;
  window_begin_ = now;
  window_bytes_ = 0;
  return false;
}

void Transfer::finish_late()
{
  {
    const std::scoped_lock lock(mutex_);
    late_ = true;
  }
  finish(CURLE_OPERATION_TIMEDOUT);
}

void Transfer::fail() const
{
  if (thrown_) std::rethrow_exception(thrown_);
  const std::string_view detail = error_text_.c_str();
  const auto said = detail.empty() ? std::string(::curl_easy_strerror(static_cast<CURLcode>(code_))) : std::string(detail);
  if (forbidden_)
    throw Error(Errc::permission,
                fmt::format("{}: leads to {}, an address of this machine or its link, where a registry elsewhere must not send us", what_,
                            *forbidden_));
  if (late_)
    throw Error(Errc::network,
                fmt::format("{}: {}", what_,
                            headers_done_ ? fmt::format("less than 1 KiB/s for {} s", patience_.count() / 1000) : "no answer in time"));
  long proxy_status = 0;
  ::curl_easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status == 407)
    throw Error(Errc::permission, fmt::format("{}: the proxy wants credentials (407): put them into HTTPS_PROXY", what_));
  if (code_ == CURLE_SSL_CONNECT_ERROR &&
      (said.find("wrong version number") != std::string::npos || said.find("http request") != std::string::npos))
    throw Error(Errc::unsupported, fmt::format("{}: answers without TLS; --tls-verify false takes it all the same", what_));
  switch (code_) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      throw Error(Errc::permission, fmt::format("{}: {}; --cert-dir names a directory with its authority (*.crt)", what_, said));
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: throw Unreachable(Errc::network, fmt::format("{}: {}", what_, said));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT: throw Error(Errc::bad_input, fmt::format("{}: {}", what_, said));
    case CURLE_OUT_OF_MEMORY: throw Error(Errc::limit, fmt::format("{}: a header over 100 KiB", what_));
    default: throw Error(Errc::network, fmt::format("{}: {}", what_, said));
  }
}

void Transfer::send(const std::function<void()>& resume, const Task& task)
{
  const auto source = sends() ? body_->open() : nullptr;
  std::vector<std::byte> buffer(sends() ? std::min<std::uint64_t>(feed_bytes, body_size_bytes_) : 0);
  std::unique_lock lock(mutex_);
  const auto answered = [&] { return finished_ || (headers_done_ && (response_.status >= 300 || taken_bytes_ == body_size_bytes_)); };
  while (!answered()) {
    if (fed_bytes_ == body_size_bytes_) {
      changed_.wait(lock, task.stop(), answered);
    } else if (outgoing_.room() < std::min<std::uint64_t>(buffer.size(), body_size_bytes_ - fed_bytes_)) {
      changed_.wait(lock, task.stop(), [&] { return answered() || outgoing_.room() >= buffer.size(); });
    } else {
      lock.unlock();
      const auto size = source->read(buffer);
      if (size == 0 || size > body_size_bytes_ - fed_bytes_)
        throw Error(Errc::corrupt,
                    fmt::format("{}: what is sent has {} bytes, {} were announced", what_, fed_bytes_ + size, body_size_bytes_));
      task.advance(size);
      lock.lock();
      outgoing_.put(std::span(buffer).first(size));
      fed_bytes_ += size;
      if (std::exchange(send_paused_, false)) resume();
    }
    task.check();
  }
  // What came before the connection broke can be read, and an answer that came early is the answer: a registry that has
  // seen enough closes.
  if (thrown_ || (finished_ && !headers_done_)) fail();
}

bool Transfer::wait_for_bytes(std::unique_lock<std::mutex>& lock, const std::function<void()>& resume, const std::stop_token& stop)
{
  incoming_.drop(std::exchange(lent_bytes_, 0));
  if (receive_paused_ && incoming_.size() <= bulk_ring_bytes / 2) {
    receive_paused_ = false;
    resume();
  }
  changed_.wait(lock, stop, [&] { return finished_ || incoming_.size() != 0; });
  if (incoming_.size() != 0) return true;
  if (!finished_) throw Cancelled{};
  if (code_ != CURLE_OK) fail();
  return false;
}

std::size_t Transfer::read(std::span<std::byte> buffer, const std::function<void()>& resume, const std::stop_token& stop)
{
  std::unique_lock lock(mutex_);
  return wait_for_bytes(lock, resume, stop) ? incoming_.take(buffer) : 0;
}

std::span<const std::byte> Transfer::next(const std::function<void()>& resume, const std::stop_token& stop)
{
  std::unique_lock lock(mutex_);
  if (!wait_for_bytes(lock, resume, stop)) return {};
  const auto bytes = incoming_.front();
  lent_bytes_ = bytes.size();
  return bytes;
}

}  // namespace cairn::http
