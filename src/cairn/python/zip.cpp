// SPDX-License-Identifier: Apache-2.0
//
// The central directory is read first, from the end of the file. Then every local header is read and must say the same,
// and headers, contents, descriptors, directory and end record must fill the file without gap or overlap: nothing is in
// the file that this reader does not see, wherever another reader starts.
#include <cairn/python/zip.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::python {
namespace {

// APPNOTE 4.3: signatures and sizes of the fixed parts.
constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t descriptor_signature = 0x08074b50;
constexpr std::uint32_t central_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50;
constexpr std::uint32_t locator64_signature = 0x07064b50;
constexpr std::size_t local_bytes = 30;
constexpr std::size_t central_bytes = 46;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t end64_bytes = 56;
constexpr std::size_t locator64_bytes = 20;
constexpr std::size_t comment_limit = 0xFFFF;

// APPNOTE 4.4.4: flags.
constexpr std::uint16_t flag_encrypted = 1u << 0;
constexpr std::uint16_t flag_descriptor = 1u << 3;
constexpr std::uint16_t flag_patched = 1u << 5;
constexpr std::uint16_t flag_strong = 1u << 6;
constexpr std::uint16_t flag_utf8 = 1u << 11;
constexpr std::uint16_t flag_masked = 1u << 13;

constexpr std::uint32_t sentinel32 = 0xFFFFFFFF;
constexpr std::uint16_t extra_zip64 = 0x0001;
constexpr std::uint16_t extra_unicode_path = 0x7075;

template <class Integer>
Integer little(std::span<const std::byte> bytes, std::size_t at)
{
  Integer value = 0;
  for (std::size_t i = sizeof(Integer); i-- > 0;)
    value = static_cast<Integer>(static_cast<std::uint64_t>(value) << 8 | std::to_integer<std::uint64_t>(bytes[at + i]));
  return value;
}
std::uint16_t u16(std::span<const std::byte> bytes, std::size_t at) { return little<std::uint16_t>(bytes, at); }
std::uint32_t u32(std::span<const std::byte> bytes, std::size_t at) { return little<std::uint32_t>(bytes, at); }
std::uint64_t u64(std::span<const std::byte> bytes, std::size_t at) { return little<std::uint64_t>(bytes, at); }

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

/// The extra fields that matter; false when they cannot be told apart or one comes twice.
struct Extra {
  std::span<const std::byte> zip64;
  std::span<const std::byte> unicode_path;
  bool has_zip64 = false;
  bool has_unicode_path = false;

  bool read(std::span<const std::byte> bytes)
  {
    while (!bytes.empty()) {
      if (bytes.size() < 4) return false;
      const auto id = u16(bytes, 0);
      const std::size_t size = u16(bytes, 2);
      if (bytes.size() - 4 < size) return false;
      const auto body = bytes.subspan(4, size);
      if (id == extra_zip64) {
        if (has_zip64) return false;
        has_zip64 = true;
        zip64 = body;
      } else if (id == extra_unicode_path) {
        if (has_unicode_path) return false;
        has_unicode_path = true;
        unicode_path = body;
      }
      bytes = bytes.subspan(4 + size);
    }
    return true;
  }
};

/// What is wrong with a name, or nothing.
std::string_view name_problem(std::string_view name, std::uint16_t flags)
{
  if (name.empty()) return "has no name";
  if (std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c >= 0x7F; })) {
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
      return "has a control character in its name";
    if ((flags & flag_utf8) == 0) return "has a name beyond ASCII that does not say it is UTF-8";
    if (!is_utf8(name)) return "has a name that is not UTF-8";
  }
  if (name.front() == '/') return "has an absolute name";
  if (name.find('\\') != std::string_view::npos) return "has a backslash in its name";
  if (name.size() > 1 && name[1] == ':') return "has a drive in its name";
  if (name.size() > 4096) return "has a name of more than 4096 bytes";
  if (name.ends_with('/')) name.remove_suffix(1);
  for (const auto part : split(name, '/')) {
    if (part.empty()) return "has an empty component in its name";
    if (part == "." || part == "..") return "has '.' or '..' in its name";
    if (part.size() > 255) return "has a component of more than 255 bytes in its name";
    if (part.starts_with(".wh.")) return "has a component that layers take for a whiteout in its name";
  }
  return {};
}

}  // namespace

struct ZipArchive::Directory {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t entries = 0;
};

/// Content of one entry as it comes, checked at its end.
class ZipArchive::EntrySource final : public Source {
public:
  EntrySource(const ZipArchive& archive, const ZipEntry& entry)
      : archive_(archive),
        entry_(entry),
        packed_(Fd(::fcntl(archive.fd_.get(), F_DUPFD_CLOEXEC, 0)), entry.offset, entry.packed_bytes, archive.what_)
  {
    if (entry.method == ZipEntry::Method::deflate) inflate_.emplace(packed_, fmt::format("{}: {}", archive.what_, printable(entry.name)));
  }

  std::size_t read(std::span<std::byte> buffer) override
  {
    const auto n = inflate_ ? inflate_->read(buffer) : packed_.read(buffer);
    if (n > entry_.plain_bytes - done_) archive_.fail(entry_.name, "is longer than its headers say");
    crc_ = crc32(crc_, buffer.first(n));
    done_ += n;
    if (n == 0) {
      if (done_ != entry_.plain_bytes) archive_.fail(entry_.name, "is shorter than its headers say");
      if (crc_ != entry_.crc) archive_.fail(entry_.name, "has another CRC than its headers say");
    }
    return n;
  }

private:
  const ZipArchive& archive_;
  const ZipEntry& entry_;
  FileSource packed_;
  std::optional<InflateSource> inflate_;
  std::uint64_t done_ = 0;
  std::uint32_t crc_ = 0;
};

ZipArchive::ZipArchive(const std::filesystem::path& file, const ZipLimits& limits)
    : what_(printable(file.filename().string())), fd_(open_file(file, O_RDONLY | O_NONBLOCK))
{
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0) throw_errno(errno, what_);
  if (!S_ISREG(status.st_mode)) throw Error(Errc::bad_input, fmt::format("{}: is not a regular file", what_));
  size_bytes_ = static_cast<std::uint64_t>(status.st_size);
  mtime_ns_ = nanoseconds(status.st_mtim);
  ctime_ns_ = nanoseconds(status.st_ctim);
  const auto directory = find_directory();
  read_directory(directory, limits);
}

void ZipArchive::fail(std::string_view entry, std::string_view problem) const
{
  throw Error(Errc::bad_input,
              entry.empty() ? fmt::format("{}: {}", what_, problem) : fmt::format("{}: entry {} {}", what_, printable(entry), problem));
}

void ZipArchive::check_unchanged() const
{
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0) throw_errno(errno, what_);
  if (static_cast<std::uint64_t>(status.st_size) != size_bytes_ || nanoseconds(status.st_mtim) != mtime_ns_ ||
      nanoseconds(status.st_ctim) != ctime_ns_)
    throw Error(Errc::changed, fmt::format("{}: changed while it was read", what_));
}

std::vector<std::byte> ZipArchive::read_at(std::uint64_t offset, std::uint64_t size_bytes) const
{
  if (offset > size_bytes_ || size_bytes > size_bytes_ - offset) fail({}, "is cut short, or its offsets lead beyond its end");
  std::vector<std::byte> bytes(static_cast<std::size_t>(size_bytes));
  if (read_full_at(fd_.get(), bytes, offset, what_) != bytes.size()) fail({}, "became shorter while it was read");
  return bytes;
}

ZipArchive::Directory ZipArchive::find_directory() const
{
  if (size_bytes_ < end_bytes) fail({}, "is no zip archive: too short");
  const auto tail_at = size_bytes_ - std::min<std::uint64_t>(size_bytes_, end_bytes + comment_limit);
  const auto tail = read_at(tail_at, size_bytes_ - tail_at);
  // The last end record whose comment reaches the end; any other one would be an end for another reader.
  std::optional<std::size_t> at;
  for (std::size_t i = tail.size() - end_bytes + 1; i-- > 0 && !at;)
    if (u32(tail, i) == end_signature) {
      if (i + end_bytes + u16(tail, i + 20) != tail.size()) fail({}, "bytes follow its end record, or its comment is cut");
      at = i;
    }
  if (!at) fail({}, "is no zip archive: it has no end record");
  const auto end = std::span(tail).subspan(*at);
  const auto comment = end.subspan(end_bytes);
  if (std::ranges::any_of(comment, [](std::byte byte) { return std::to_integer<unsigned>(byte) < 0x09; }))
    fail({}, "its comment holds what looks like zip records");
  if (u16(end, 4) != 0 || u16(end, 6) != 0) fail({}, "is one part of an archive in several files");
  if (u16(end, 8) != u16(end, 10)) fail({}, "its end record counts entries in two ways");
  Directory directory{u32(end, 16), u32(end, 12), u16(end, 10)};
  auto directory_end = tail_at + *at;
  const bool wants_zip64 = directory.offset == sentinel32 || directory.size_bytes == sentinel32 || directory.entries == 0xFFFF;
  const bool has_locator = directory_end >= locator64_bytes && u32(read_at(directory_end - locator64_bytes, 4), 0) == locator64_signature;
  if (has_locator) {
    const auto locator = read_at(directory_end - locator64_bytes, locator64_bytes);
    if (directory_end < locator64_bytes + end64_bytes || u64(locator, 8) != directory_end - locator64_bytes - end64_bytes ||
        u32(locator, 4) != 0 || u32(locator, 16) != 1)
      fail({}, "its zip64 locator does not lead to the record before it");
    const auto end64 = read_at(u64(locator, 8), end64_bytes);
    if (u32(end64, 0) != end64_signature) fail({}, "its zip64 end record is missing");
    if (u64(end64, 4) != end64_bytes - 12) fail({}, "its zip64 end record has extensible data");
    if (u32(end64, 16) != 0 || u32(end64, 20) != 0 || u64(end64, 24) != u64(end64, 32))
      fail({}, "is one part of an archive in several files");
    const Directory wide{u64(end64, 48), u64(end64, 40), u64(end64, 32)};
    const auto agrees = [](std::uint64_t narrow, std::uint64_t value, std::uint64_t sentinel) {
      return narrow == sentinel || narrow == value;
    };
    if (!agrees(directory.offset, wide.offset, sentinel32) || !agrees(directory.size_bytes, wide.size_bytes, sentinel32) ||
        !agrees(directory.entries, wide.entries, 0xFFFF))
      fail({}, "its two end records disagree");
    directory = wide;
    directory_end -= locator64_bytes + end64_bytes;
  } else if (wants_zip64 && directory.entries != 0xFFFF) {
    fail({}, "its zip64 end record is missing");
  }
  if (directory.offset > directory_end || directory.size_bytes != directory_end - directory.offset)
    fail({}, "its central directory does not end where its end record begins");
  return directory;
}

void ZipArchive::read_directory(const Directory& directory, const ZipLimits& limits)
{
  if (directory.entries > limits.entries)
    throw Error(Errc::limit, fmt::format("{}: has {} entries, the limit is {}", what_, directory.entries, limits.entries));
  if (directory.size_bytes > limits.directory_bytes)
    throw Error(Errc::limit, fmt::format("{}: its central directory has {} bytes, the limit is {}", what_, directory.size_bytes,
                                         limits.directory_bytes));
  const auto bytes = read_at(directory.offset, directory.size_bytes);
  std::span<const std::byte> rest = bytes;
  struct Place {
    std::uint64_t begin;
    std::uint64_t end;
  };
  std::vector<Place> places;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    if (rest.size() < central_bytes || u32(rest, 0) != central_signature)
      fail({}, fmt::format("its central directory breaks off at entry {}", i));
    const std::size_t name_size = u16(rest, 28);
    const std::size_t extra_size = u16(rest, 30);
    const std::size_t comment_size = u16(rest, 32);
    if (rest.size() - central_bytes < name_size + extra_size + comment_size)
      fail({}, fmt::format("its central directory breaks off at entry {}", i));
    const auto raw_name = as_text(rest.subspan(central_bytes, name_size));
    const auto flags = u16(rest, 8);
    if (const auto problem = name_problem(raw_name, flags); !problem.empty()) fail(raw_name, problem);
    if ((flags & (flag_encrypted | flag_strong | flag_masked)) != 0)
      throw Error(Errc::unsupported, fmt::format("{}: entry {} is encrypted", what_, printable(raw_name)));
    if ((flags & flag_patched) != 0) throw Error(Errc::unsupported, fmt::format("{}: entry {} is a patch", what_, printable(raw_name)));
    if (comment_size != 0) fail(raw_name, "has a comment");
    if (u16(rest, 34) != 0) fail(raw_name, "lies in another file");
    const auto method = u16(rest, 10);
    if (method != 0 && method != 8)
      throw Error(Errc::unsupported, fmt::format("{}: entry {} is packed with method {}; wheels use 0 (stored) and 8 (deflate)", what_,
                                                 printable(raw_name), method));
    ZipEntry entry;
    entry.method = method == 0 ? ZipEntry::Method::stored : ZipEntry::Method::deflate;
    entry.crc = u32(rest, 16);
    entry.packed_bytes = u32(rest, 20);
    entry.plain_bytes = u32(rest, 24);
    std::uint64_t header_at = u32(rest, 42);
    Extra extra;
    if (!extra.read(rest.subspan(central_bytes + name_size, extra_size))) fail(raw_name, "has extra fields that are broken or come twice");
    auto wide = extra.zip64;
    for (auto* field : {&entry.plain_bytes, &entry.packed_bytes, &header_at}) {
      if (*field != sentinel32) continue;
      if (wide.size() < 8) fail(raw_name, "lacks a size in its zip64 field");
      *field = u64(wide, 0);
      wide = wide.subspan(8);
    }
    if (!wide.empty()) fail(raw_name, "has a zip64 field that says more than is asked");
    if (extra.has_unicode_path && (extra.unicode_path.size() < 5 || as_text(extra.unicode_path.subspan(5)) != raw_name))
      fail(raw_name, "has a second name");
    entry.mode = u32(rest, 38) >> 16;  // whatever system made it, as pip reads it
    const auto type = entry.mode & 0170000;
    if (type != 0 && type != 0100000 && type != 0040000 && type != 0120000) fail(raw_name, "is no file, directory or link");
    entry.is_directory = raw_name.ends_with('/');
    if (entry.is_directory != (type == 0040000) && type != 0) fail(raw_name, "is a directory by its name or its mode, not by both");
    if (entry.is_directory && entry.plain_bytes != 0) fail(raw_name, "is a directory with content");
    if (entry.method == ZipEntry::Method::stored && entry.packed_bytes != entry.plain_bytes)
      fail(raw_name, "is stored in another size than its own");
    entry.name = raw_name.substr(0, raw_name.size() - (entry.is_directory ? 1 : 0));
    std::uint64_t end = 0;
    check_local(entry, header_at, flags, end, raw_name);
    places.push_back({header_at, end});
    entries_.push_back(std::move(entry));
    rest = rest.subspan(central_bytes + name_size + extra_size);
  }
  if (!rest.empty()) fail({}, "its central directory holds more than the entries that its end record counts");
  std::ranges::sort(places, {}, &Place::begin);
  std::uint64_t at = 0;
  for (const auto& place : places) {
    if (place.begin != at)
      fail({}, fmt::format("{} at byte {}", place.begin < at ? "its entries overlap" : "has bytes that belong to no entry",
                           std::min(at, place.begin)));
    at = place.end;
  }
  finish(limits, directory.offset);
  if (at != directory.offset) fail({}, fmt::format("has bytes that belong to no entry at byte {}", at));
}

void ZipArchive::check_local(ZipEntry& entry, std::uint64_t header_at, std::uint16_t flags, std::uint64_t& end,
                             std::string_view raw_name) const
{
  // Most headers have no extra fields or small ones: one read is enough.
  std::vector<std::byte> header(local_bytes + raw_name.size() + 64);
  if (header_at > size_bytes_) fail(raw_name, "has its local header beyond the end");
  header.resize(read_full_at(fd_.get(), header, header_at, what_));
  if (header.size() < local_bytes || u32(header, 0) != local_signature) fail(raw_name, "has no local header where the directory says");
  const std::size_t name_size = u16(header, 26);
  const std::size_t extra_size = u16(header, 28);
  if (header.size() < local_bytes + name_size + extra_size) header = read_at(header_at, local_bytes + name_size + extra_size);
  if (as_text(std::span(header).subspan(local_bytes, name_size)) != raw_name) fail(raw_name, "has another name in its local header");
  if (u16(header, 6) != flags) fail(raw_name, "has other flags in its local header");
  if (u16(header, 8) != (entry.method == ZipEntry::Method::stored ? 0 : 8)) fail(raw_name, "has another method in its local header");
  Extra extra;
  if (!extra.read(std::span(header).subspan(local_bytes + name_size, extra_size)))
    fail(raw_name, "has extra fields that are broken or come twice");
  if (extra.has_unicode_path && (extra.unicode_path.size() < 5 || as_text(extra.unicode_path.subspan(5)) != raw_name))
    fail(raw_name, "has a second name");
  std::uint64_t packed = u32(header, 18);
  std::uint64_t plain = u32(header, 22);
  if (extra.has_zip64) {
    if (extra.zip64.size() != 16) fail(raw_name, "has a zip64 field in its local header that is not two sizes");
    if (plain == sentinel32) plain = u64(extra.zip64, 0);
    if (packed == sentinel32) packed = u64(extra.zip64, 8);
  }
  const bool has_descriptor = (flags & flag_descriptor) != 0;
  const auto same = [&](std::uint64_t local, std::uint64_t central) { return local == central || (has_descriptor && local == 0); };
  if (!same(u32(header, 14), entry.crc)) fail(raw_name, "has another CRC in its local header");
  if (!same(packed, entry.packed_bytes) || !same(plain, entry.plain_bytes)) fail(raw_name, "has other sizes in its local header");
  entry.offset = header_at + local_bytes + name_size + extra_size;
  if (entry.offset > size_bytes_ || entry.packed_bytes > size_bytes_ - entry.offset) fail(raw_name, "leads beyond the end");
  end = entry.offset + entry.packed_bytes;
  if (!has_descriptor) return;
  const std::size_t size = extra.has_zip64 ? 24 : 16;
  const auto descriptor = read_at(end, size);
  const bool agrees = u32(descriptor, 0) == descriptor_signature && u32(descriptor, 4) == entry.crc &&
                      (extra.has_zip64 ? u64(descriptor, 8) == entry.packed_bytes && u64(descriptor, 16) == entry.plain_bytes
                                       : u32(descriptor, 8) == entry.packed_bytes && u32(descriptor, 12) == entry.plain_bytes);
  if (!agrees) fail(raw_name, "has a data descriptor that disagrees with the directory");
  end += size;
}

void ZipArchive::finish(const ZipLimits& limits, std::uint64_t directory_offset)
{
  std::uint64_t total = 0;
  for (const auto& entry : entries_) {
    if (entry.plain_bytes > limits.plain_bytes - total)
      throw Error(Errc::limit, fmt::format("{}: inflates to more than {} bytes", what_, limits.plain_bytes));
    total += entry.plain_bytes;
  }
  if (directory_offset > 0 && total / directory_offset > limits.ratio)
    throw Error(Errc::limit, fmt::format("{}: inflates to more than {} times its size", what_, limits.ratio));
  by_name_.resize(entries_.size());
  for (std::uint32_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
  std::ranges::stable_sort(by_name_, {}, [&](std::uint32_t i) -> const std::string& { return entries_[i].name; });
  std::set<std::uint32_t> doubles;
  for (std::size_t i = 1; i < by_name_.size(); ++i) {
    const auto& first = entries_[by_name_[i - 1]];
    const auto& second = entries_[by_name_[i]];
    if (first.name != second.name) continue;
    const auto digest = [&](const ZipEntry& entry) {
      DigestSink sink;
      copy(*open(entry), sink);
      return sink.finish();
    };
    if (first.is_directory != second.is_directory || first.mode != second.mode || first.plain_bytes != second.plain_bytes ||
        digest(first) != digest(second))
      fail(second.name, "comes twice with different content");
    doubles.insert(by_name_[i]);
  }
  // A file that is also the directory of another one.
  for (const auto& entry : entries_)
    for (auto slash = entry.name.find('/'); slash != std::string::npos; slash = entry.name.find('/', slash + 1))
      if (const auto* above = find(std::string_view(entry.name).substr(0, slash)); above != nullptr && !above->is_directory)
        fail(entry.name, "lies below an entry that is a file");
  if (doubles.empty()) return;
  std::vector<ZipEntry> kept;
  for (std::uint32_t i = 0; i < entries_.size(); ++i)
    if (!doubles.contains(i)) kept.push_back(std::move(entries_[i]));
  entries_ = std::move(kept);
  by_name_.resize(entries_.size());
  for (std::uint32_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
  std::ranges::sort(by_name_, {}, [&](std::uint32_t i) -> const std::string& { return entries_[i].name; });
}

const ZipEntry* ZipArchive::find(std::string_view name) const
{
  const auto found = std::ranges::lower_bound(by_name_, name, {}, [&](std::uint32_t i) { return std::string_view(entries_[i].name); });
  return found != by_name_.end() && entries_[*found].name == name ? &entries_[*found] : nullptr;
}

void ZipArchive::read(const ZipEntry& entry, std::span<std::byte> plain, Inflater& inflater, std::vector<std::byte>& scratch) const
{
  if (entry.method == ZipEntry::Method::stored) {
    if (read_full_at(fd_.get(), plain, entry.offset, what_) != plain.size()) fail(entry.name, "became shorter while it was read");
  } else {
    scratch.resize(static_cast<std::size_t>(entry.packed_bytes));
    if (read_full_at(fd_.get(), scratch, entry.offset, what_) != scratch.size()) fail(entry.name, "became shorter while it was read");
    inflater.inflate(scratch, plain, fmt::format("{}: {}", what_, printable(entry.name)));
  }
  if (crc32(0, plain) != entry.crc) fail(entry.name, "has another CRC than its headers say");
}

std::string ZipArchive::read(const ZipEntry& entry, std::uint64_t limit_bytes) const
{
  if (entry.plain_bytes > limit_bytes)
    throw Error(Errc::limit,
                fmt::format("{}: entry {} has {} bytes, the limit is {}", what_, printable(entry.name), entry.plain_bytes, limit_bytes));
  std::string text(static_cast<std::size_t>(entry.plain_bytes), '\0');
  Inflater inflater;
  std::vector<std::byte> scratch;
  read(entry, std::as_writable_bytes(std::span(text)), inflater, scratch);
  return text;
}

std::unique_ptr<Source> ZipArchive::open(const ZipEntry& entry) const { return std::make_unique<EntrySource>(*this, entry); }

}  // namespace cairn::python
