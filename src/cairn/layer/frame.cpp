// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/frame.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/bytecode.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::layer {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

bool is_shipped(const Contents& contents, const Item& item)
{
  if (item.kind == Kind::stale_bytecode) return false;
  return item.kind != Kind::hard_link || contents.items[item.link_at].kind != Kind::stale_bytecode;
}

std::uint64_t content_bytes(const Item& item) { return item.kind == Kind::file || item.kind == Kind::bytecode ? item.size_bytes : 0; }

/// Bytes that the item takes in the archive.
std::uint64_t archive_bytes(const FragmentSpec& spec, const Item& item)
{
  const auto& contents = *spec.contents;
  if (!is_shipped(contents, item)) return 0;
  // Almost every entry fits plain ustar: only the long ones are worth building to be measured.
  constexpr std::size_t surely_short = 98;
  const auto content = tar::padded(content_bytes(item));
  const bool plain_time = spec.mtimes == Mtimes::constant || (item.mtime_ns >= 0 && item.mtime_ns / second_ns < (std::int64_t{1} << 32));
  if (item.kind != Kind::hard_link && item.link_size <= surely_short && item.size_bytes < (std::uint64_t{1} << 32) && plain_time) {
    std::size_t length = spec.prefix.size() + contents.roots[item.root].path.size() + item.name_size + 3;
    for (auto at = item.parent; at != Item::none && length <= surely_short; at = contents.items[at].parent)
      length += contents.items[at].name_size + 1u;
    if (length <= surely_short) return tar::block_bytes + content;
  }
  return tar::header_bytes(*entry_for(spec, item, contents.path(item))) + content;
}

/// Rounded down, as stat(2) has them.
std::int64_t whole_seconds(std::int64_t ns) { return ns / second_ns - (ns % second_ns < 0 ? 1 : 0); }

[[noreturn]] void changed(const std::string& path)
{
  throw Error(Errc::changed, fmt::format("{}: changed while it was read", printable(path)));
}

/// Open what the scan has seen: that it is gone, or of another kind now, is a change.
Fd open_seen(int tree, const std::string& path, int flags)
{
  try {
    return open_beneath(tree, path, flags, path);
  } catch (const Error& error) {
    const bool is_gone = error.code() == Errc::not_found || error.code() == Errc::bad_input;  // bad_input: a link
    struct stat status{};
    const bool is_no_directory =
        ::fstatat(tree, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ? errno == ENOTDIR : !S_ISDIR(status.st_mode);
    if (is_gone || ((flags & O_DIRECTORY) != 0 && is_no_directory)) changed(path);
    throw;
  }
}

}  // namespace

std::optional<tar::Entry> entry_for(const FragmentSpec& spec, const Item& item, const std::string& path)
{
  const auto& contents = *spec.contents;
  if (!is_shipped(contents, item)) return std::nullopt;
  tar::Entry entry;
  entry.path = spec.prefix + "/" + path;
  entry.mode = normal_mode(item.mode, item.kind == Kind::directory);
  entry.mtime = spec.mtimes == Mtimes::constant ? constant_mtime : whole_seconds(item.mtime_ns);
  switch (item.kind) {
    case Kind::directory: entry.type = tar::Type::directory; break;
    case Kind::symlink:
      entry.type = tar::Type::symlink;
      entry.mode = 0777;
      entry.link = contents.link(item);
      break;
    case Kind::hard_link:
      entry.type = tar::Type::hard_link;
      entry.link = spec.prefix + "/" + contents.path(contents.items[item.link_at]);
      break;
    default: entry.type = tar::Type::file; entry.size_bytes = item.size_bytes;
  }
  return entry;
}

FrameCursor::FrameCursor(const FragmentSpec& spec) : spec_(&spec) {}

std::optional<FrameCursor::Frame> FrameCursor::next()
{
  if (spec_->bytes != nullptr) {
    const auto left = spec_->bytes->size_bytes() - offset_;
    if (left == 0) return std::nullopt;
    const Frame frame{{0, offset_}, static_cast<std::size_t>(std::min<std::uint64_t>(left, frame_bytes))};
    offset_ += frame.bytes;
    return frame;
  }
  const auto& items = spec_->contents->items;
  while (item_ < items.size() && item_bytes_ == 0) {
    item_bytes_ = archive_bytes(*spec_, items[item_]);
    if (item_bytes_ == 0) ++item_;
  }
  if (item_ == items.size()) return std::nullopt;
  Frame frame{{item_, offset_}, 0};
  while (item_ < items.size() && frame.bytes < frame_bytes) {
    if (item_bytes_ == 0) item_bytes_ = archive_bytes(*spec_, items[item_]);
    const auto take = std::min<std::uint64_t>(item_bytes_ - offset_, frame_bytes - frame.bytes);
    frame.bytes += static_cast<std::size_t>(take);
    offset_ += take;
    if (offset_ == item_bytes_) {
      ++item_;
      offset_ = 0;
      item_bytes_ = 0;
    }
  }
  return frame;
}

void FrameReader::enter(const Contents& contents, const Item& item)
{
  if (open_contents_ == &contents && open_parent_ == item.parent && open_root_ == item.root) return;
  open_contents_ = nullptr;
  directory_path_ = contents.directory(item);
  directory_ = open_seen(tree_, directory_path_, O_RDONLY | O_DIRECTORY);
  open_contents_ = &contents;
  open_parent_ = item.parent;
  open_root_ = item.root;
}

void FrameReader::read(const FragmentSpec& spec, const FrameStart& start, std::span<std::byte> buffer)
{
  if (spec.bytes != nullptr) return spec.bytes->read(start.offset, buffer);
  const auto& contents = *spec.contents;
  auto offset = start.offset;
  for (auto at = start.item; !buffer.empty(); ++at, offset = 0) {
    const auto& item = contents.items[at];
    if (!is_shipped(contents, item)) continue;
    enter(contents, item);
    auto path = directory_path_;
    if (!path.empty()) path += '/';
    path += contents.name(item);
    header_.clear();
    tar::append_header(*entry_for(spec, item, path), header_);
    if (offset < header_.size()) {
      const auto n = std::min(buffer.size(), header_.size() - static_cast<std::size_t>(offset));
      std::memcpy(buffer.data(), header_.data() + offset, n);
      buffer = buffer.subspan(n);
      offset = 0;
    } else {
      offset -= header_.size();
    }
    const auto size = content_bytes(item);
    if (size == 0 || buffer.empty()) continue;
    if (offset < size) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - offset));
      content(contents, item, offset, buffer.first(n));
      buffer = buffer.subspan(n);
      offset += n;
    }
    const auto padding = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), tar::padded(size) - offset));
    std::memset(buffer.data(), 0, padding);
    buffer = buffer.subspan(padding);
  }
}

void FrameReader::content(const Contents& contents, const Item& item, std::uint64_t offset, std::span<std::byte> buffer)
{
  const std::string name(contents.name(item));
  const auto path = [&] { return directory_path_.empty() ? name : directory_path_ + "/" + name; };
  const Fd fd(::openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) {
    if (errno == ENOENT || errno == ELOOP) changed(path());
    throw_errno(errno, printable(path()));
  }
  if (read_full_at(fd.get(), buffer, offset, printable(path())) != buffer.size()) changed(path());
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) throw_errno(errno, printable(path()));
  const auto ns = [](const timespec& time) { return std::int64_t{time.tv_sec} * second_ns + time.tv_nsec; };
  if (static_cast<std::uint64_t>(status.st_size) != item.size_bytes || ns(status.st_mtim) != item.mtime_ns ||
      ns(status.st_ctim) != item.ctime_ns || status.st_ino != item.inode)
    changed(path());
  if (item.kind == Kind::bytecode && offset < pyc_header_bytes) rewrite_bytecode(contents, item, fd.get(), offset, buffer);
}

void FrameReader::rewrite_bytecode(const Contents& contents, const Item& item, int fd, std::uint64_t offset, std::span<std::byte> buffer)
{
  const auto path = contents.path(item);
  PycHeader header{};
  if (read_full_at(fd, header, 0, printable(path)) != header.size()) changed(path);
  const auto timestamp = pyc_timestamp(header);
  const auto above = contents.directory(contents.items[item.parent]);
  const auto source_path = (above.empty() ? "" : above + "/") + *pyc_source_name(contents.name(item));
  const auto source_fd = open_seen(tree_, source_path, O_RDONLY | O_NONBLOCK);
  struct stat status{};
  if (::fstat(source_fd.get(), &status) != 0) throw_errno(errno, printable(source_path));
  if (!timestamp || !S_ISREG(status.st_mode) || timestamp->mtime != static_cast<std::uint32_t>(status.st_mtim.tv_sec) ||
      timestamp->size_bytes != static_cast<std::uint32_t>(status.st_size))
    changed(path);
  std::vector<std::byte> source(static_cast<std::size_t>(status.st_size));
  if (read_full_at(source_fd.get(), source, 0, printable(source_path)) != source.size()) changed(source_path);
  const auto rewritten = unchecked_header(header, source);
  const auto n = std::min(buffer.size(), pyc_header_bytes - static_cast<std::size_t>(offset));
  std::memcpy(buffer.data(), rewritten.data() + offset, n);
}

}  // namespace cairn::layer
