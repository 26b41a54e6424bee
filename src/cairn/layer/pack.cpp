// SPDX-License-Identifier: Apache-2.0
//
// A pipeline of frames. Every worker takes the next frame, reads it, passes the "hash" turnstile (diff_id and the
// fragment's plain digest), compresses, and passes the "write" turnstile (packed digest, blob). Reading and compressing
// run side by side on bytes that are still in the core's cache; what must be in order is. Frames of one layer follow
// those of the layer before without a pause.
#include <cairn/layer/pack.hpp>

#include <cairn/io/hash.hpp>
#include <cairn/io/sha256_pair.hpp>
#include <cairn/layer/turnstile.hpp>
#include <cairn/tar/writer.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace cairn::layer {
namespace {

/// Frames in flight beyond one a thread keep the cores busy while a frame waits for its turn.
constexpr std::size_t extra_frames = 2;
constexpr std::size_t most_frames_in_flight = 12;
/// Frames in flight may take this much: high levels of compression have fewer threads, whatever the cores.
constexpr std::size_t most_memory_bytes = std::size_t{140} << 20;

std::size_t frames_in_flight(std::size_t threads, const Compression& compression)
{
  const auto buffers = compression.codec == Codec::none ? frame_bytes : 2 * frame_bytes;
  const auto most = most_memory_bytes / (buffers + FramePacker::memory_bytes(compression));
  return std::max<std::size_t>(1, std::min({threads + extra_frames, most_frames_in_flight, most}));
}

enum class Part { skeleton, fragment, end };

/// One frame to make.
struct Job {
  std::uint64_t index = 0;
  std::size_t layer = 0;
  std::size_t fragment = 0;
  Part part = Part::skeleton;
  FrameStart start;
  std::size_t bytes = 0;
  bool first = false;  ///< of its layer
  bool last_of_fragment = false;
  std::shared_ptr<const std::vector<std::byte>> skeleton;  ///< shared by the frames of one skeleton
};

/// What the frames are for.
enum class Purpose { layers, measure };

/// Hands out the frames of all layers, in order. Any thread.
class Dispenser {
public:
  Dispenser(const std::vector<LayerSpec>& layers, Purpose purpose) : layers_(layers), purpose_(purpose) {}

  std::optional<Job> next()
  {
    const std::scoped_lock lock(mutex_);
    while (layer_ < layers_.size()) {
      if (auto job = next_of_layer()) {
        job->index = index_++;
        return job;
      }
      ++layer_;
      part_ = Part::skeleton;
      fragment_ = 0;
      at_ = 0;
    }
    return std::nullopt;
  }

private:
  std::optional<Job> next_of_layer()
  {
    const auto& spec = layers_[layer_];
    Job job;
    job.layer = layer_;
    job.part = part_;
    if (purpose_ == Purpose::measure && part_ == Part::skeleton) job.part = part_ = Part::fragment;
    if (part_ == Part::skeleton) {
      job.first = at_ == 0;
      if (job.first) skeleton_ = std::make_shared<const std::vector<std::byte>>(skeleton_bytes(spec.skeleton));
      if (at_ < skeleton_->size()) {
        job.skeleton = skeleton_;
        job.start.offset = at_;
        job.bytes = std::min(frame_bytes, skeleton_->size() - at_);
        at_ += job.bytes;
        return job;
      }
      job.part = part_ = Part::fragment;
      job.first = false;
      skeleton_.reset();
    }
    while (part_ == Part::fragment && fragment_ < spec.fragments.size()) {
      if (!cursor_) {
        cursor_.emplace(spec.fragments[fragment_]);
        coming_ = cursor_->next();
      }
      if (coming_) {
        job.fragment = fragment_;
        job.start = coming_->start;
        job.bytes = coming_->bytes;
        coming_ = cursor_->next();
        job.last_of_fragment = !coming_;
        if (!coming_) next_fragment();
        return job;
      }
      next_fragment();  // an empty fragment has no frames
    }
    if (part_ == Part::end || purpose_ == Purpose::measure) return std::nullopt;
    job.part = part_ = Part::end;
    job.bytes = 2 * tar::block_bytes;
    return job;
  }

  void next_fragment()
  {
    cursor_.reset();
    ++fragment_;
  }

  std::mutex mutex_;
  const std::vector<LayerSpec>& layers_;
  Purpose purpose_;
  std::uint64_t index_ = 0;
  std::size_t layer_ = 0;
  Part part_ = Part::skeleton;
  std::size_t fragment_ = 0;
  std::size_t at_ = 0;
  std::shared_ptr<const std::vector<std::byte>> skeleton_;
  std::optional<FrameCursor> cursor_;
  std::optional<FrameCursor::Frame> coming_;
};

/// Counts the calling thread's processor time into `total` while it lives.
class Timer {
public:
  explicit Timer(std::atomic<std::int64_t>& total) : total_(total), begin_(now()) {}
  ~Timer() { total_ += now() - begin_; }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

private:
  static std::int64_t now()
  {
    timespec time{};
    if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return 0;  // a figure for people, no more
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }
  std::atomic<std::int64_t>& total_;
  std::int64_t begin_;
};

class Pipeline {
public:
  /// Without `target`: only plain digests.
  Pipeline(int tree, const std::vector<LayerSpec>& layers, const Compression& compression, LayerTarget* target, const Task& task)
      : tree_(tree),
        layers_(layers),
        compression_(compression),
        target_(target),
        task_(task),
        dispenser_(layers, target != nullptr ? Purpose::layers : Purpose::measure)
  {
    done_.resize(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) done_[i].fragments.resize(layers[i].fragments.size(), empty_fragment());
  }

  Packed run(std::size_t threads)
  {
    const auto workers = frames_in_flight(threads, compression_);
    {
      std::vector<std::jthread> others;
      for (std::size_t i = 1; i < workers; ++i) others.emplace_back([this] { work(); });
      work();
    }
    Packed packed;
    if (failure_) {
      try {
        std::rethrow_exception(failure_);
      } catch (const Error& error) {
        packed.failure = PackFailure{failed_.layer, failed_.part == Part::fragment ? std::optional(failed_.fragment) : std::nullopt, error};
      }
      done_.resize(published_);
    }
    packed.layers = std::move(done_);
    const auto time = [](const std::atomic<std::int64_t>& ns) { return std::chrono::nanoseconds(ns.load()); };
    packed.times = {time(reading_ns_), time(hashing_ns_), time(compressing_ns_), time(writing_ns_)};
    return packed;
  }

private:
  static PackedFragment empty_fragment()
  {
    static const Digest nothing = sha256(std::string_view{});
    PackedFragment fragment;
    fragment.plain_digest = fragment.packed_digest = nothing;
    return fragment;
  }

  void work()
  {
    FrameReader reader(tree_);
    const bool packs = target_ != nullptr && compression_.codec != Codec::none;
    auto plain = std::make_unique_for_overwrite<std::byte[]>(frame_bytes);
    std::optional<FramePacker> packer;
    std::unique_ptr<std::byte[]> packed;
    if (packs) {
      packer.emplace(compression_);
      packed = std::make_unique_for_overwrite<std::byte[]>(packer->bound(frame_bytes));
    }
    while (!stopped_) {
      Job job;
      job.index = UINT64_MAX;  // nothing waits for what could not even be begun
      try {
        if (auto next = dispenser_.next()) job = std::move(*next);
        else return;
        const std::span<std::byte> bytes(plain.get(), job.bytes);
        read(job, reader, bytes);
        if (!hash(job, bytes)) return;
        std::span<const std::byte> out = bytes;
        if (packs) {
          const Timer timer(compressing_ns_);
          out = std::span<const std::byte>(packed.get(), packer->pack(bytes, {packed.get(), packer->bound(bytes.size())}));
        }
        if (target_ != nullptr && !write(job, bytes.size(), out)) return;
        task_.advance(bytes.size());
      } catch (...) {
        fail(job, std::current_exception());
        return;
      }
    }
  }

  void read(const Job& job, FrameReader& reader, std::span<std::byte> bytes)
  {
    const Timer timer(reading_ns_);
    switch (job.part) {
      case Part::skeleton: std::memcpy(bytes.data(), job.skeleton->data() + job.start.offset, bytes.size()); break;
      case Part::fragment: reader.read(layers_[job.layer].fragments[job.fragment], job.start, bytes); break;
      case Part::end: std::memset(bytes.data(), 0, bytes.size()); break;
    }
  }

  bool hash(const Job& job, std::span<const std::byte> bytes)
  {
    if (!hash_turn_.enter(job.index)) return false;
    const bool of_layer = target_ != nullptr && compression_.codec != Codec::none;  // else the blob's digest is the diff_id
    {
      const Timer timer(hashing_ns_);
      if (job.part != Part::fragment) {
        if (of_layer) plain_hash_.update_outer(bytes);
      } else if (of_layer) {
        plain_hash_.update_both(bytes);
      } else {
        plain_hash_.update_inner(bytes);
      }
    }
    if (job.part == Part::fragment) {
      auto& fragment = done_[job.layer].fragments[job.fragment];
      fragment.plain_bytes += bytes.size();
      if (job.last_of_fragment) fragment.plain_digest = plain_hash_.finish_inner();
    }
    if (of_layer && job.part == Part::end) done_[job.layer].diff_id = plain_hash_.finish_outer();
    hash_turn_.leave();
    return true;
  }

  bool write(const Job& job, std::size_t plain_bytes, std::span<const std::byte> out)
  {
    if (!write_turn_.enter(job.index)) return false;
    auto& layer = done_[job.layer];
    if (job.first) sink_ = &target_->begin(job.layer);
    if (job.part == Part::fragment) {
      auto& fragment = layer.fragments[job.fragment];
      if (fragment.packed_bytes == 0) fragment.offset = layer.size_bytes;
      fragment.packed_bytes += out.size();
      if (compression_.codec != Codec::none) {
        const Timer timer(hashing_ns_);
        packed_hash_.update(out);
        if (job.last_of_fragment) fragment.packed_digest = packed_hash_.finish();
      } else if (job.last_of_fragment) {
        fragment.packed_digest = fragment.plain_digest;
      }
    }
    const Timer timer(writing_ns_);
    sink_->write(out);
    layer.size_bytes += out.size();
    layer.plain_bytes += plain_bytes;
    if (job.part == Part::end) {
      const auto stored = target_->end(job.layer);
      layer.digest = stored.digest;
      layer.size_bytes = stored.size_bytes;
      if (compression_.codec == Codec::none) layer.diff_id = stored.digest;
      ++published_;
    }
    write_turn_.leave();
    return true;
  }

  void fail(const Job& job, std::exception_ptr failure)
  {
    const std::scoped_lock lock(failure_mutex_);
    stopped_ = true;
    for (auto* turn : {&hash_turn_, &write_turn_}) turn->stop(job.index);
    if (failure_ && failed_.index < job.index) return;
    failed_ = job;
    failure_ = std::move(failure);
  }

  int tree_;
  const std::vector<LayerSpec>& layers_;
  Compression compression_;
  LayerTarget* target_;
  const Task& task_;
  Dispenser dispenser_;
  Turnstile hash_turn_;
  Turnstile write_turn_;
  // Each of these is used only inside its turnstile.
  Sha256Pair plain_hash_;  ///< of the layer (outer) and of the fragment (inner)
  Sha256 packed_hash_;
  Sink* sink_ = nullptr;
  std::size_t published_ = 0;
  std::vector<PackedLayer> done_;
  std::atomic<bool> stopped_{false};
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
  Job failed_;
  std::atomic<std::int64_t> reading_ns_{0};
  std::atomic<std::int64_t> hashing_ns_{0};
  std::atomic<std::int64_t> compressing_ns_{0};
  std::atomic<std::int64_t> writing_ns_{0};
};

}  // namespace

Packed pack(int tree, const std::vector<LayerSpec>& layers, const Compression& compression, std::size_t threads, LayerTarget& target,
            const Task& task)
{
  return Pipeline(tree, layers, compression, &target, task).run(threads);
}

std::vector<PackedFragment> measure(int tree, const std::vector<FragmentSpec>& fragments, std::size_t threads, const Task& task)
{
  const std::vector<LayerSpec> layers{{.skeleton = {}, .fragments = fragments}};
  auto packed = Pipeline(tree, layers, Compression{Codec::none, 0}, nullptr, task).run(threads);
  if (packed.failure) throw packed.failure->error;
  return std::move(packed.layers.at(0).fragments);
}

PackedLayer pack_plain(std::span<const std::byte> plain, const Compression& compression, LayerTarget& target)
{
  FramePacker packer(compression);
  std::vector<std::byte> frame(packer.bound(frame_bytes));
  PackedLayer layer;
  Sha256 hash;
  auto& sink = target.begin(0);
  const auto write = [&](std::span<const std::byte> bytes) {
    hash.update(bytes);
    layer.plain_bytes += bytes.size();
    sink.write(std::span(frame).first(packer.pack(bytes, frame)));
  };
  for (; !plain.empty(); plain = plain.subspan(std::min(plain.size(), frame_bytes)))
    write(plain.first(std::min(plain.size(), frame_bytes)));
  write(tar::end_of_archive());
  const auto stored = target.end(0);
  layer.digest = stored.digest;
  layer.size_bytes = stored.size_bytes;
  layer.diff_id = hash.finish();
  return layer;
}

}  // namespace cairn::layer
