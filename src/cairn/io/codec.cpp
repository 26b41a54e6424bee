// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/codec.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>
#include <libdeflate.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY  // for ZSTD_d_stableOutBuffer; where the library does not know it, it says so
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace cairn {
namespace {

constexpr std::size_t input_buffer_bytes = std::size_t{256} << 10;
/// Cairn's own frames have half of that.
constexpr std::uint64_t whole_frame_bytes = std::uint64_t{8} << 20;

/// Lets decoders look at what comes next from `inner`.
class Lookahead {
public:
  explicit Lookahead(Source& inner) : inner_(inner), buffer_(input_buffer_bytes) {}

  /// What is at hand, after asking for more when there is nothing. Empty: the end.
  std::span<const std::byte> available()
  {
    if (bytes_.empty()) bytes_ = inner_.next(buffer_);
    return bytes_;
  }
  void consume(std::size_t bytes) { bytes_ = bytes_.subspan(bytes); }

  /// Try to have at least `bytes` (at most the buffer's size) at hand and show what there is.
  std::span<const std::byte> peek(std::size_t bytes)
  {
    if (available().size() < bytes) {
      const auto have = bytes_.size();
      if (have != 0) std::memmove(buffer_.data(), bytes_.data(), have);
      bytes_ = std::span(buffer_).first(have + read_full(inner_, std::span(buffer_).subspan(have, bytes - have)));
    }
    return bytes_;
  }

private:
  Source& inner_;
  std::vector<std::byte> buffer_;
  std::span<const std::byte> bytes_;
};

/// Counts what comes out of a decoder against the limit.
class Meter {
public:
  Meter(std::uint64_t limit_bytes, std::string what) : limit_bytes_(limit_bytes), what_(std::move(what)) {}
  std::size_t count(std::size_t bytes)
  {
    total_ += bytes;
    if (total_ > limit_bytes_) throw Error(Errc::limit, fmt::format("{}: unpacks to more than the limit of {} bytes", what_, limit_bytes_));
    return bytes;
  }
  [[noreturn]] void corrupt(std::string_view why) const { throw Error(Errc::corrupt, fmt::format("{}: {}", what_, why)); }
  [[nodiscard]] const std::string& what() const { return what_; }

private:
  std::uint64_t limit_bytes_;
  std::uint64_t total_ = 0;
  std::string what_;
};

class PlainSource final : public Source {
public:
  PlainSource(Source& inner, Meter meter) : inner_(inner), meter_(std::move(meter)) {}
  std::size_t read(std::span<std::byte> buffer) override { return meter_.count(inner_.read(buffer)); }

private:
  Source& inner_;
  Meter meter_;
};

class ZstdSource final : public LendingSource {
public:
  ZstdSource(Source& inner, std::uint64_t window_bytes, Meter meter) : input_(inner), meter_(std::move(meter)), context_(ZSTD_createDCtx())
  {
    if (context_ == nullptr) throw std::bad_alloc();
    window_log_ = static_cast<int>(std::bit_width(window_bytes)) - 1;
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, window_log_);
  }
  ~ZstdSource() override { ZSTD_freeDCtx(context_); }
  ZstdSource(const ZstdSource&) = delete;
  ZstdSource& operator=(const ZstdSource&) = delete;

private:
  std::span<const std::byte> lend(std::span<std::byte> buffer) override
  {
    while (in_frame_ || begin_frame()) {
      const auto place = whole_bytes_ != 0 ? std::span(frame_).first(whole_bytes_) : buffer;
      const auto begin = whole_bytes_ != 0 ? frame_end_ : 0;
      ZSTD_outBuffer out{place.data(), place.size(), begin};
      step(out);
      frame_end_ = out.pos;
      if (out.pos != begin) return place.subspan(begin, meter_.count(out.pos - begin));
    }
    return {};
  }

  void step(ZSTD_outBuffer& out)
  {
    const auto packed = input_.available();
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    const auto before = out.pos;
    const auto left = ZSTD_decompressStream(context_, &out, &in);
    if (ZSTD_isError(left) != 0) fail(left);
    input_.consume(in.pos);
    in_frame_ = left != 0;
    if (left == 0) ++frames_;
    // Only now: with its input read the decoder may still have held output back.
    if (out.pos == before && in_frame_ && packed.empty()) meter_.corrupt("zstd stream ends inside a frame");
  }

  /// A frame that says how long it is, and is not too long, is unpacked in one place: that saves the decoder its window, and a copy.
  void choose_place(std::span<const std::byte> header)
  {
    const auto size = ZSTD_getFrameContentSize(header.data(), header.size());
    whole_bytes_ = size <= whole_frame_bytes ? static_cast<std::size_t>(size) : 0;  // also where it is not known
    if (ZSTD_isError(ZSTD_DCtx_setParameter(context_, ZSTD_d_stableOutBuffer, whole_bytes_ != 0 ? 1 : 0)) != 0) whole_bytes_ = 0;
    if (frame_.size() < whole_bytes_) frame_.resize(whole_bytes_);
    frame_end_ = 0;
  }

  /// False at the end. Only the frames of RFC 8878 are taken: libzstd also reads those of its first versions, which
  /// no other reader knows.
  bool begin_frame()
  {
    const auto bytes = input_.peek(ZSTD_FRAMEHEADERSIZE_MAX);
    if (bytes.empty()) {
      if (frames_ == 0) meter_.corrupt("not a zstd stream: it is empty");
      return false;
    }
    std::uint32_t magic = 0;
    if (bytes.size() >= 4)
      for (std::size_t i = 4; i-- > 0;) magic = magic << 8 | std::to_integer<std::uint32_t>(bytes[i]);
    if (magic != ZSTD_MAGICNUMBER && (magic & ZSTD_MAGIC_SKIPPABLE_MASK) != ZSTD_MAGIC_SKIPPABLE_START)
      meter_.corrupt(frames_ == 0 ? "not a zstd stream" : "other bytes follow the last zstd frame");
    choose_place(bytes);
    return in_frame_ = true;
  }

  [[noreturn]] void fail(std::size_t code)
  {
    switch (ZSTD_getErrorCode(code)) {
      case ZSTD_error_frameParameter_windowTooLarge:
        throw Error(Errc::limit, fmt::format("{}: zstd window is larger than 2^{} bytes", meter_.what(), window_log_));
      case ZSTD_error_dictionary_wrong: throw Error(Errc::unsupported, fmt::format("{}: zstd frame needs a dictionary", meter_.what()));
      default: meter_.corrupt(fmt::format("zstd: {}", ZSTD_getErrorName(code)));
    }
  }

  Lookahead input_;
  Meter meter_;
  ZSTD_DCtx* context_;
  int window_log_ = 0;
  bool in_frame_ = false;
  std::uint64_t frames_ = 0;
  std::size_t whole_bytes_ = 0;  ///< of the frame that is unpacked in frame_; 0: it is not
  std::vector<std::byte> frame_;
  std::size_t frame_end_ = 0;  ///< how much of it is unpacked
};

class GzipSource final : public Source {
public:
  GzipSource(Source& inner, Meter meter) : input_(inner), meter_(std::move(meter))
  {
    // 15 window bits, +16: exactly a gzip wrapper, header and trailer checked by zlib.
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::size_t read(std::span<std::byte> buffer) override
  {
    while (!ended_) {
      if (!in_member_ && !begin_member()) return 0;
      const auto packed = input_.available();
      if (packed.empty()) meter_.corrupt("gzip stream ends inside a member");
      const auto out_size = static_cast<uInt>(std::min<std::size_t>(buffer.size(), UINT32_MAX / 2));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
      stream_.avail_in = static_cast<uInt>(packed.size());
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = out_size;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_NEED_DICT) throw Error(Errc::unsupported, fmt::format("{}: gzip member needs a dictionary", meter_.what()));
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        meter_.corrupt(fmt::format("gzip: {}", stream_.msg != nullptr ? stream_.msg : "invalid data"));
      input_.consume(packed.size() - stream_.avail_in);
      const auto made = out_size - stream_.avail_out;
      if (status == Z_STREAM_END) {
        in_member_ = false;
        ++members_;
      }
      if (made != 0) return meter_.count(made);
    }
    return 0;
  }

private:
  /// False at the end: nothing, or only the NUL padding that some builders append, is left.
  bool begin_member()
  {
    const auto magic = input_.peek(2);
    if (members_ == 0 && magic.empty()) meter_.corrupt("not a gzip stream: it is empty");
    if (magic.size() >= 2 && magic[0] == std::byte{0x1f} && magic[1] == std::byte{0x8b}) {
      if (inflateReset(&stream_) != Z_OK) throw std::bad_alloc();
      return in_member_ = true;
    }
    if (members_ == 0) meter_.corrupt("not a gzip stream");
    for (auto rest = input_.available(); !rest.empty(); rest = input_.available()) {
      if (std::ranges::any_of(rest, [](std::byte b) { return b != std::byte{0}; }))
        meter_.corrupt("other bytes follow the last gzip member");
      input_.consume(rest.size());
    }
    ended_ = true;
    return false;
  }

  Lookahead input_;
  Meter meter_;
  z_stream stream_{};
  bool in_member_ = false;
  bool ended_ = false;
  std::uint64_t members_ = 0;
};

}  // namespace

std::string_view name(Codec codec)
{
  switch (codec) {
    case Codec::none: return "none";
    case Codec::gzip: return "gzip";
    case Codec::zstd: return "zstd";
  }
  return "none";
}

std::optional<Codec> codec_from(std::string_view text)
{
  for (const auto codec : {Codec::none, Codec::gzip, Codec::zstd})
    if (name(codec) == text) return codec;
  return std::nullopt;
}

Compression Compression::standard(Codec codec)
{
  switch (codec) {
    case Codec::none: return {codec, 0};
    case Codec::gzip: return {codec, 3};  // smaller than Go's default, in half the time of 6
    case Codec::zstd: return {codec, 3};
  }
  return {};
}

struct FramePacker::State {
  Compression compression;
  ZSTD_CCtx* zstd = nullptr;
  libdeflate_compressor* deflate = nullptr;

  explicit State(const Compression& wanted) : compression(wanted)
  {
    if (wanted.codec == Codec::zstd) {
      if (wanted.level < 1 || wanted.level > 19)
        throw Error(Errc::bad_input, fmt::format("zstd level {} is not between 1 and 19", wanted.level));
      zstd = ZSTD_createCCtx();
      if (zstd == nullptr) throw std::bad_alloc();
      ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, wanted.level);
      ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
      ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 1);
    }
    if (wanted.codec == Codec::gzip) {
      if (wanted.level < 1 || wanted.level > 12)
        throw Error(Errc::bad_input, fmt::format("gzip level {} is not between 1 and 12", wanted.level));
      deflate = libdeflate_alloc_compressor(wanted.level);
      if (deflate == nullptr) throw std::bad_alloc();
    }
  }
  ~State()
  {
    ZSTD_freeCCtx(zstd);
    if (deflate != nullptr) libdeflate_free_compressor(deflate);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

FramePacker::FramePacker(const Compression& compression) : state_(std::make_unique<State>(compression)) {}
FramePacker::~FramePacker() = default;
FramePacker::FramePacker(FramePacker&&) noexcept = default;

std::size_t FramePacker::memory_bytes(const Compression& compression)
{
  constexpr std::size_t mib = std::size_t{1} << 20;
  const auto level = compression.level;
  // gzip: what libdeflate 1.14 allocates. zstd: ZSTD_sizeof_CCtx of 1.5.4 after 4 MiB, rounded up.
  if (compression.codec == Codec::none) return 0;
  if (compression.codec == Codec::gzip) return (level <= 9 ? 1 : 10) * mib;
  if (level <= 3) return 2 * mib;
  if (level <= 8) return 7 * mib;
  if (level == 9) return 13 * mib;
  if (level <= 11) return 25 * mib;
  return (level == 15 ? 65 : 50) * mib;
}

std::size_t FramePacker::bound(std::size_t plain_bytes) const
{
  switch (state_->compression.codec) {
    case Codec::none: return plain_bytes;
    case Codec::gzip: return libdeflate_gzip_compress_bound(state_->deflate, plain_bytes);
    case Codec::zstd: return ZSTD_compressBound(plain_bytes);
  }
  return plain_bytes;
}

std::size_t FramePacker::pack(std::span<const std::byte> plain, std::span<std::byte> packed)
{
  switch (state_->compression.codec) {
    case Codec::none: {
      if (!plain.empty()) std::memcpy(packed.data(), plain.data(), plain.size());
      return plain.size();
    }
    case Codec::gzip: {
      // libdeflate writes no name, time 0 and OS 255 ("unknown") into the header.
      const auto size = libdeflate_gzip_compress(state_->deflate, plain.data(), plain.size(), packed.data(), packed.size());
      if (size == 0) throw Error(Errc::io, "libdeflate: output buffer too small");
      return size;
    }
    case Codec::zstd: {
      const auto size = ZSTD_compress2(state_->zstd, packed.data(), packed.size(), plain.data(), plain.size());
      if (ZSTD_isError(size) != 0) throw Error(Errc::io, fmt::format("zstd: {}", ZSTD_getErrorName(size)));
      return size;
    }
  }
  return 0;
}

std::unique_ptr<Source> unpack(Source& packed, Codec codec, const UnpackLimits& limits, std::string what)
{
  Meter meter(limits.plain_bytes, std::move(what));
  switch (codec) {
    case Codec::none: return std::make_unique<PlainSource>(packed, std::move(meter));
    case Codec::gzip: return std::make_unique<GzipSource>(packed, std::move(meter));
    case Codec::zstd: return std::make_unique<ZstdSource>(packed, limits.window_bytes, std::move(meter));
  }
  return nullptr;
}

}  // namespace cairn
