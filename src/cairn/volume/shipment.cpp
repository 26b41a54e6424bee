// SPDX-License-Identifier: Apache-2.0
//
// Three kinds of thread. A *stream* takes a piece of a layer, fetches it, unpacks and proves fragment after fragment and
// queues what they hold. *Writers* (writers.hpp) put that on disk. The *publisher* waits until enough units are whole, flushes the file
// system once, and gives them their names. What one of them throws stops the others.
#include <cairn/volume/shipment.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/volume/fetch.hpp>
#include <cairn/volume/pour.hpp>
#include <cairn/volume/publish.hpp>
#include <cairn/volume/removal.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

/// Flushed together: a share of all, and no more than a disk writes in seconds. While one batch is flushed at most one more is
/// gathered: a run that is killed loses two, and the units that were being written.
constexpr std::uint64_t batch_share = 64;
constexpr std::uint64_t least_batch_bytes = std::uint64_t{4} << 20;
constexpr std::uint64_t largest_batch_bytes = std::uint64_t{1} << 30;

/// A piece of a blob, read from front to back: bytes are skipped until a fragment begins, and no more are given than it has.
class Piece final : public LendingSource {
public:
  Piece(Source& inner, std::uint64_t offset, std::atomic<std::uint64_t>& fetched, const Task& task)
      : inner_(inner), at_(offset), fetched_(fetched), task_(task)
  {
  }
  void begin(std::uint64_t offset, std::uint64_t size_bytes, const std::string& what)
  {
    left_ = offset - at_;
    std::vector<std::byte> gap(std::size_t{64} << 10);
    while (left_ != 0)
      if (read(gap) == 0) throw Error(Errc::corrupt, fmt::format("{}: the layer ends before its fragment", what));
    left_ = size_bytes;
  }
  /// To its end, which leaves a connection ready for the next piece.
  void drain()
  {
    std::vector<std::byte> rest(std::size_t{64} << 10);
    left_ = UINT64_MAX;
    while (!next(rest).empty()) {}
  }

private:
  std::span<const std::byte> lend(std::span<std::byte> buffer) override
  {
    if (left_ == 0) return {};
    if (ahead_.empty()) ahead_ = inner_.next(buffer.first(most(buffer.size())));
    const auto bytes = ahead_.first(most(ahead_.size()));
    ahead_ = ahead_.subspan(bytes.size());
    at_ += bytes.size();
    left_ -= bytes.size();
    fetched_ += bytes.size();
    task_.advance(bytes.size());
    return bytes;
  }
  [[nodiscard]] std::size_t most(std::size_t bytes) const { return static_cast<std::size_t>(std::min<std::uint64_t>(bytes, left_)); }

  Source& inner_;
  std::span<const std::byte> ahead_;  ///< of `inner`, beyond the fragment
  std::uint64_t at_;
  std::uint64_t left_ = 0;
  std::atomic<std::uint64_t>& fetched_;
  const Task& task_;
};

struct Staged {
  std::string key;
  std::uint64_t bytes = 0;
};

/// Flushes units that are whole and renames them. Its own thread runs `run`; `staged` may be called by any.
class Publisher {
public:
  Publisher(const Layout& layout, const Turn& turn, std::uint64_t batch_bytes, std::size_t streams)
      : layout_(layout), turn_(turn), batch_bytes_(batch_bytes), streams_(streams)
  {
  }

  /// Until another unit of so many bytes may be begun. All that are begun together come to little more than a batch; a large unit
  /// counts for no more than the share of one stream until it is whole, or it would hold up the others.
  void wait_to_begin(std::uint64_t bytes)
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || begun_bytes_ < batch_bytes_; });
    begun_bytes_ += begun(bytes);
  }
  void staged(Staged unit)
  {
    const std::scoped_lock lock(mutex_);
    begun_bytes_ += unit.bytes - begun(unit.bytes);
    staged_bytes_ += unit.bytes;
    waiting_.push_back(std::move(unit));
    ++total_;
    changed_.notify_all();
  }
  /// Units that are to come in all; nothing: stop now.
  void run(std::size_t expected)
  {
    std::size_t published = 0;
    while (published < expected) {
      std::vector<Staged> batch;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopped_ || staged_bytes_ >= batch_bytes_ || total_ == expected; });
        if (stopped_) return;
        batch = std::exchange(waiting_, {});
        begun_bytes_ -= std::exchange(staged_bytes_, 0);
        changed_.notify_all();
      }
      publish(batch);
      published += batch.size();
    }
  }
  void stop()
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] std::string part_name(const std::string& key) const { return fmt::format("{}.{}{}", key, turn_.number(), part_suffix); }

private:
  [[nodiscard]] std::uint64_t begun(std::uint64_t bytes) const { return std::min(bytes, batch_bytes_ / streams_); }

  void publish(const std::vector<Staged>& batch)
  {
    const auto shown = layout_.shown("units");
    while (::syncfs(layout_.units()) != 0)
      if (errno != EINTR) throw_errno(errno, printable(shown.native()));
    turn_.check();
    for (const auto& unit : batch) give_name(unit.key);
    flush(layout_.units(), shown);
  }

  /// When a damaged unit is poured again, the old one goes in the moment before the new one comes.
  void give_name(const std::string& key) const
  {
    const auto shown = layout_.shown("units/" + key);
    if (::renameat(layout_.units(), part_name(key).c_str(), layout_.units(), key.c_str()) == 0) return;
    if (errno == ENOTEMPTY || errno == EEXIST)
      if (::renameat(layout_.units(), key.c_str(), layout_.trash(), random_name().c_str()) != 0)
        throw_errno(errno, printable(shown.native()));
    rename_at(layout_.units(), part_name(key), key, shown);
  }

  const Layout& layout_;
  const Turn& turn_;
  const std::uint64_t batch_bytes_;
  const std::uint64_t streams_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Staged> waiting_;
  std::uint64_t begun_bytes_ = 0;   ///< of units that no batch has taken yet, as `begun` counts those that are not whole
  std::uint64_t staged_bytes_ = 0;  ///< of `waiting_`
  std::size_t total_ = 0;
  bool stopped_ = false;
};

class Shipment {
public:
  Shipment(const oci::BlobSource& blobs, const library::Library& library, const std::map<std::string, std::string>& units,
           const Layout& layout, const Turn& turn, const ShipOptions& options, const Task& task)
      : blobs_(blobs),
        library_(library),
        units_(units),
        layout_(layout),
        options_(options),
        task_(task),
        prefix_(layer::archive_prefix(library.document.target)),
        fetches_(plan_fetches(library.document, names(units))),
        publisher_(layout, turn, std::clamp(plain_bytes() / batch_share, least_batch_bytes, largest_batch_bytes),
                   std::max<std::size_t>(options.streams, 1))
  {
  }

  Shipped run()
  {
    std::exception_ptr failure;
    {
      const auto streams = std::max<std::size_t>(std::min(options_.streams, fetches_.size()), 1);
      Writers writers({.writers = options_.writers, .lanes = streams});
      std::jthread publishing([&] { guard(writers, failure, [&] { publisher_.run(units_.size()); }); });
      {
        std::vector<std::jthread> threads;
        threads.reserve(streams);
        for (std::size_t lane = 0; lane < streams; ++lane)
          threads.emplace_back([&, lane] { guard(writers, failure, [&] { stream(writers, lane); }); });
      }
      if (failed_) publisher_.stop();
      watch(writers, failure);
      publishing.join();
      shipped_.written = writers.written();
    }
    if (failure) give_up(failure);
    shipped_.fetched_bytes = fetched_;
    shipped_.requests = fetches_.size();
    return shipped_;
  }

private:
  static std::vector<std::string> names(const std::map<std::string, std::string>& units)
  {
    std::vector<std::string> list;
    list.reserve(units.size());
    for (const auto& [name, key] : units) list.push_back(name);
    return list;
  }

  [[nodiscard]] std::uint64_t plain_bytes() const
  {
    std::uint64_t bytes = 0;
    for (const auto& fetch : fetches_)
      for (const auto i : fetch.fragments) bytes += library_.document.layers[fetch.layer].fragments[i].plain_bytes;
    return bytes;
  }

  /// Run `body`; what it throws is kept, if it is the first, and stops everything.
  template <class Body>
  void guard(Writers& writers, std::exception_ptr& failure, Body&& body)
  {
    try {
      body();
    } catch (...) {
      {
        const std::scoped_lock lock(failure_mutex_);
        if (!failure) failure = std::current_exception();
      }
      failed_ = true;
      writers.stop(std::current_exception());
      publisher_.stop();
    }
  }

  /// The streams are done; the writers may fail yet, which only they know.
  void watch(Writers& writers, std::exception_ptr& failure)
  {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    while (!failed_ && done_ < units_.size()) {
      guard(writers, failure, [&] {
        writers.check();
        task_.check();
      });
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }

  void stream(Writers& writers, std::size_t lane)
  {
    for (;;) {
      const auto index = next_fetch_++;
      if (index >= fetches_.size() || failed_) return;
      fetch(fetches_[index], writers, lane);
    }
  }

  void fetch(const Fetch& fetch, Writers& writers, std::size_t lane)
  {
    const auto& layer = library_.document.layers[fetch.layer];
    const auto& blob = library_.image.manifest.layers[fetch.layer];
    // Not `open`, even for all of it: that would prove the whole blob too, of which each fragment is proved below.
    const auto source = blobs_.open_range(blob, fetch.offset, fetch.size_bytes);
    Piece piece(*source, fetch.offset, fetched_, task_);
    for (const auto i : fetch.fragments) {
      const auto& fragment = layer.fragments[i];
      const PourSpec spec{&fragment, layer.compression, prefix_, "unit " + fragment.unit};
      publisher_.wait_to_begin(fragment.plain_bytes);
      const auto staging = stage(fragment, writers, lane, spec.what);
      piece.begin(fragment.offset, fragment.packed_bytes, spec.what);
      in_context([&] { return fmt::format("layer {}", layer.digest.str()); }, [&] { pour(piece, spec, *staging); });
    }
    piece.drain();
  }

  std::shared_ptr<Staging> stage(const library::FragmentInfo& fragment, Writers& writers, std::size_t lane, const std::string& what)
  {
    const auto& key = units_.at(fragment.unit);
    const auto part = publisher_.part_name(key);
    const auto shown = layout_.shown("units/" + part);
    if (::mkdirat(layout_.units(), part.c_str(), 0775) != 0) throw_errno(errno, printable(shown.native()));
    return writers.stage(open_beneath(layout_.units(), part, O_RDONLY | O_DIRECTORY, shown), lane, what,
                         [this, staged = Staged{key, fragment.plain_bytes}] {
                           ++done_;
                           publisher_.staged(staged);
                           changed_.notify_all();
                         });
  }

  [[noreturn]] void give_up(const std::exception_ptr& failure)
  {
    try {
      std::rethrow_exception(failure);
    } catch (const Error&) {
      remove_parts();
      throw;
    }
  }

  /// Best effort: what cannot be removed now, the next run removes.
  void remove_parts()
  {
    for (const auto& [name, key] : units_) {
      try {
        remove_tree(layout_.units(), publisher_.part_name(key), removal_threads, layout_.shown("units"));
      } catch (const Error&) {
        continue;
      }
    }
  }

  const oci::BlobSource& blobs_;
  const library::Library& library_;
  const std::map<std::string, std::string>& units_;
  const Layout& layout_;
  const ShipOptions& options_;
  const Task& task_;
  const std::string prefix_;
  const std::vector<Fetch> fetches_;
  Publisher publisher_;
  std::atomic<std::size_t> next_fetch_{0};
  std::atomic<std::size_t> done_{0};
  std::atomic<bool> failed_{false};
  std::atomic<std::uint64_t> fetched_{0};
  std::mutex failure_mutex_;
  std::condition_variable changed_;
  Shipped shipped_;
};

}  // namespace

Shipped ship(const oci::BlobSource& blobs, const library::Library& library, const std::map<std::string, std::string>& units,
             const Layout& layout, const Turn& turn, const ShipOptions& options, const Task& task)
{
  if (units.empty()) return {};
  std::uint64_t bytes = 0;
  std::vector<std::string> names;
  names.reserve(units.size());
  for (const auto& [name, key] : units) names.push_back(name);
  for (const auto& fetch : plan_fetches(library.document, names)) bytes += fetch.size_bytes;
  const auto step = task.step(fmt::format("pour {} units", units.size()), bytes);
  return Shipment(blobs, library, units, layout, turn, options, step).run();
}

}  // namespace cairn::volume
