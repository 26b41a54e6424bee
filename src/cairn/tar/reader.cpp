// SPDX-License-Identifier: Apache-2.0
//
// Tar has no single grammar: ustar, PAX, GNU and star extensions overlap, and where they do, readers choose
// differently. An attacker writes an archive that a scanner reads one way and a runtime another; a fault does the same
// by accident. So this is not a reader of everything that is called tar but of the part that all readers agree on. It
// is built as an accept-list: each field has one grammar, each header type one place, each value one source, and
// whatever has no rule here is refused. docs/formats/layer.md is the list; tests/hostile has a file for each refusal.
#include <cairn/tar/reader.hpp>

#include <cairn/base/error.hpp>
#include <cairn/tar/block.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace cairn::tar {

/// What PAX and GNU long-name headers said about the entry that follows them.
struct Reader::Extensions {
  bool pax = false;
  bool gnu = false;
  std::optional<std::string> path;
  std::optional<std::string> link;
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::uint64_t> uid;
  std::optional<std::uint64_t> gid;
  std::optional<std::int64_t> mtime;
  std::map<std::string, std::string> xattrs;

  [[nodiscard]] bool any() const { return pax || gnu; }
};

namespace {

constexpr std::size_t buffer_bytes = std::size_t{64} << 10;
constexpr std::uint64_t largest_octal_size = 077777777777;
constexpr std::uint64_t largest_size = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - block_bytes;
constexpr std::uint64_t largest_id = std::numeric_limits<std::uint32_t>::max() - 1;  // -1 means "leave it" to chown(2)
constexpr std::uint64_t largest_mode = 0177777;  // old Go writers store the file type bits too
constexpr std::size_t largest_link = 4095;       // PATH_MAX less its NUL: no Linux link is longer
constexpr std::size_t largest_xattr_name = 255;  // XATTR_NAME_MAX
constexpr std::string_view xattr_prefix = "SCHILY.xattr.";

[[noreturn]] void refuse(const std::string& why) { throw Error(Errc::bad_input, why); }
[[noreturn]] void over_limit(const std::string& why) { throw Error(Errc::limit, why); }

/// For errors: what an archive says may be a megabyte.
std::string shown(std::string_view text)
{
  constexpr std::size_t longest = 255;
  return text.size() <= longest ? printable(text) : printable(text.substr(0, longest)) + "...";
}

template <std::size_t N>
std::string_view view(const char (&field)[N])
{
  return {static_cast<const char*>(field), N};
}

bool all_zero(std::string_view bytes)
{
  return std::ranges::all_of(bytes, [](char c) { return c == '\0'; });
}

/// Text up to the first NUL; nothing may hide behind it.
std::string_view text(std::string_view field, std::string_view label)
{
  const auto end = std::min(field.find('\0'), field.size());
  if (!all_zero(field.substr(end))) refuse(fmt::format("header field {} has bytes after its end", label));
  return field.substr(0, end);
}

/// Spaces, octal digits, then spaces and NULs only. An empty field is 0, as every reader takes it.
std::uint64_t octal(std::string_view field, std::string_view label)
{
  const auto begin = std::min(field.find_first_not_of(' '), field.size());
  const auto digits = field.substr(begin);
  const auto end = std::min(digits.find_first_not_of("01234567"), digits.size());
  if (digits.find_first_not_of(std::string_view(" \0", 2), end) != std::string_view::npos)
    refuse(fmt::format("header field {} is not an octal number", label));
  std::uint64_t value = 0;  // at most 12 digits: 36 bits
  for (const char c : digits.substr(0, end)) value = value * 8 + static_cast<std::uint64_t>(c - '0');
  return value;
}

bool is_binary(std::string_view field) { return (static_cast<unsigned char>(field[0]) & 0x80) != 0; }

/// GNU base-256: a marker byte, 0x80 for positive and 0xff for negative numbers, then two's complement.
std::int64_t binary(std::string_view field, std::string_view label)
{
  const auto marker = static_cast<unsigned char>(field[0]);
  if (marker != 0x80 && marker != 0xff) refuse(fmt::format("header field {} is not a number", label));
  const std::uint64_t fill = marker == 0xff ? 0xff : 0;
  std::uint64_t bits = marker == 0xff ? ~std::uint64_t{0} : 0;
  for (const char c : field.substr(1)) {
    if (bits >> 56 != fill) refuse(fmt::format("header field {} is too large", label));
    bits = bits << 8 | static_cast<unsigned char>(c);
  }
  const auto value = static_cast<std::int64_t>(bits);
  if ((value < 0) != (marker == 0xff)) refuse(fmt::format("header field {} is too large", label));
  return value;
}

std::uint64_t number(std::string_view field, std::string_view label, std::uint64_t largest)
{
  std::uint64_t value = 0;
  if (is_binary(field)) {
    const auto wide = binary(field, label);
    if (wide < 0) refuse(fmt::format("header field {} is negative", label));
    value = static_cast<std::uint64_t>(wide);
  } else {
    value = octal(field, label);
  }
  if (value > largest) refuse(fmt::format("header field {} is {}, more than {}", label, value, largest));
  return value;
}

/// One header block with its fields decoded and its own rules checked.
struct Header {
  char type = 0;
  std::string_view name;  // views into the block
  std::string_view prefix;
  std::string_view link;
  std::uint32_t mode = 0;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
};

void check_checksum(const Block& block)
{
  std::uint64_t sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&block);
  for (std::size_t i = 0; i < sizeof block; ++i) {
    const bool own = i >= offsetof(Block, checksum) && i < offsetof(Block, checksum) + sizeof block.checksum;
    sum += own ? std::uint64_t{' '} : std::uint64_t{bytes[i]};
  }
  if (octal(view(block.checksum), "checksum") != sum) refuse("header checksum is wrong: damaged, or not a tar archive");
}

Header decode(const Block& block)
{
  check_checksum(block);
  const std::string_view magic(static_cast<const char*>(block.magic), sizeof block.magic + sizeof block.version);
  const bool gnu = magic == std::string_view("ustar  \0", 8);
  if (!gnu && magic != std::string_view("ustar\00000", 8)) refuse("header is neither ustar nor GNU");
  // GNU keeps times and sparse maps where ustar has the prefix; star keeps times in the last bytes. Readers that know
  // only one of the three would see another name.
  if (gnu && !all_zero(view(block.prefix))) refuse("GNU header has extra fields");
  if (!all_zero(view(block.rest))) refuse("header has bytes after its last field");

  Header header;
  header.type = block.type;
  header.name = text(view(block.name), "name");
  header.prefix = text(view(block.prefix), "prefix");
  header.link = text(view(block.link), "linkname");
  const auto mode = octal(view(block.mode), "mode");
  if (mode > largest_mode) refuse(fmt::format("header field mode is {:o}, more than {:o}", mode, largest_mode));
  header.mode = static_cast<std::uint32_t>(mode) & 07777;
  header.uid = number(view(block.uid), "uid", largest_id);
  header.gid = number(view(block.gid), "gid", largest_id);
  header.size_bytes = number(view(block.size), "size", largest_size);
  header.mtime =
      is_binary(view(block.mtime)) ? binary(view(block.mtime), "mtime") : static_cast<std::int64_t>(octal(view(block.mtime), "mtime"));
  constexpr std::uint64_t largest_device = std::numeric_limits<std::uint32_t>::max();
  header.device_major = static_cast<std::uint32_t>(number(view(block.device_major), "devmajor", largest_device));
  header.device_minor = static_cast<std::uint32_t>(number(view(block.device_minor), "devminor", largest_device));
  return header;
}

std::uint64_t decimal(std::string_view value, std::string_view key, std::uint64_t largest)
{
  std::uint64_t result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (value.empty() || end != value.data() + value.size() || error != std::errc{} || result > largest)
    refuse(fmt::format("PAX {} is {}, not a number up to {}", key, shown(value), largest));
  return result;
}

/// `-12.75`: whole seconds, rounded down as stat(2) gives them.
std::int64_t seconds(std::string_view value)
{
  const auto bad = [&] { refuse(fmt::format("PAX mtime is {}, not a time in seconds", shown(value))); };
  const auto point = std::min(value.find('.'), value.size());
  const auto whole = value.substr(0, point);
  const auto fraction = point < value.size() ? value.substr(point + 1) : std::string_view("0");
  std::int64_t result = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), result);
  if (whole.empty() || error != std::errc{} || end != whole.data() + whole.size()) bad();
  if (fraction.empty() || fraction.find_first_not_of("0123456789") != std::string_view::npos) bad();
  if (whole.starts_with('-') && fraction.find_first_not_of('0') != std::string_view::npos) {
    if (result == std::numeric_limits<std::int64_t>::min()) bad();
    --result;
  }
  return result;
}

/// Keys that change nothing that an `Entry` holds, whatever their value.
bool is_harmless(std::string_view key)
{
  constexpr std::string_view exact[] = {"atime",      "ctime",      "comment",      "uname",        "gname",
                                        "SCHILY.dev", "SCHILY.ino", "SCHILY.nlink", "SCHILY.fflags"};
  constexpr std::string_view families[] = {"LIBARCHIVE.", "SCHILY.acl.", "RHT.security.selinux", "MSWINDOWS.", "APK-TOOLS.checksum."};
  return std::ranges::find(exact, key) != std::end(exact) ||
         std::ranges::any_of(families, [&](std::string_view family) { return key.starts_with(family); });
}

struct Record {
  std::string_view key;
  std::string_view value;
};

/// Cut "LENGTH KEY=VALUE\n" off `body` (POSIX.1-2017 pax "pax Extended Header").
Record take_record(std::string_view& body)
{
  const auto space = body.find(' ');
  const auto digits = body.substr(0, std::min(space, std::size_t{8}));
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (space == std::string_view::npos || space != digits.size() || digits.empty() || digits.front() == '0' || error != std::errc{} ||
      end != digits.data() + digits.size())
    refuse("PAX record has no valid length");
  if (length > body.size() || length < space + 2) refuse(fmt::format("PAX record has the wrong length {}", length));
  const auto record = body.substr(space + 1, length - space - 1);
  if (record.back() != '\n') refuse(fmt::format("PAX record does not end with a newline at its length {}", length));
  const auto equals = record.find('=');
  if (equals == std::string_view::npos || equals == 0) refuse("PAX record has no key");
  body.remove_prefix(length);
  return {record.substr(0, equals), record.substr(equals + 1, record.size() - equals - 2)};
}

void check_key(std::string_view key, std::set<std::string_view>& seen)
{
  if (std::ranges::any_of(key, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    refuse(fmt::format("PAX key {} has control characters", shown(key)));
  if (!seen.insert(key).second) refuse(fmt::format("PAX key {} comes twice", shown(key)));
}

/// A value of `path` or the like: text that must say something.
std::string_view checked(const Record& record)
{
  if (record.value.empty()) refuse(fmt::format("PAX {} is empty", record.key));
  if (record.value.find('\0') != std::string_view::npos) refuse(fmt::format("PAX {} has a NUL byte", record.key));
  return record.value;
}

void check_records(std::uint64_t& count, const ReadLimits& limits)
{
  if (++count > limits.records) over_limit(fmt::format("PAX header has more than {} records", limits.records));
}

/// A global header may only carry a comment, as `git archive` writes it: readers differ about everything else.
void check_global(std::string_view body, const ReadLimits& limits)
{
  std::set<std::string_view> seen;
  std::uint64_t count = 0;
  if (body.empty()) refuse("PAX header is empty");
  while (!body.empty()) {
    check_records(count, limits);
    const auto record = take_record(body);
    check_key(record.key, seen);
    if (record.key != "comment") refuse(fmt::format("global PAX header sets {}, only a comment is accepted", shown(record.key)));
  }
}

template <class Extensions>
void take_pax(std::string_view body, Extensions& extensions, const ReadLimits& limits)
{
  std::set<std::string_view> seen;
  std::uint64_t count = 0;
  if (body.empty()) refuse("PAX header is empty");
  while (!body.empty()) {
    check_records(count, limits);
    const auto record = take_record(body);
    const auto key = record.key;
    check_key(key, seen);
    if (key == "path") extensions.path = checked(record);
    else if (key == "linkpath") extensions.link = checked(record);
    else if (key == "size") extensions.size_bytes = decimal(record.value, key, largest_size);
    else if (key == "uid") extensions.uid = decimal(record.value, key, largest_id);
    else if (key == "gid") extensions.gid = decimal(record.value, key, largest_id);
    else if (key == "mtime") extensions.mtime = seconds(record.value);
    else if (key == "hdrcharset") {
      if (record.value != "ISO-IR 10646 2000 UTF-8" && record.value != "BINARY")
        refuse(fmt::format("PAX hdrcharset {} is unknown", shown(record.value)));
    } else if (key.starts_with(xattr_prefix)) {
      const auto name = key.substr(xattr_prefix.size());
      if (name.empty() || name.size() > largest_xattr_name)
        refuse(fmt::format("xattr name {} is not 1 to {} bytes long", shown(name), largest_xattr_name));
      if (record.value.size() > limits.xattr_bytes)
        over_limit(fmt::format("xattr {} has more than {} bytes", shown(name), limits.xattr_bytes));
      extensions.xattrs.emplace(name, record.value);
    } else if (key.starts_with("GNU.sparse.") || key == "SCHILY.realsize" || key == "SUN.holesdata")
      refuse("sparse files are not accepted");
    else if (!is_harmless(key)) refuse(fmt::format("PAX key {} is not accepted", shown(key)));
  }
}

/// The name in the body of a GNU `L` or `K` header: it ends with a NUL, and so does the body.
std::string_view gnu_name(std::string_view body)
{
  const auto end = body.find('\0');
  if (end == std::string_view::npos) refuse("GNU long name does not end with a NUL byte");
  if (end == 0) refuse("GNU long name is empty");
  if (!all_zero(body.substr(end))) refuse("GNU long name has bytes after its end");
  return body.substr(0, end);
}

Type entry_type(char flag)
{
  switch (flag) {
    case '0':
    case '\0': return Type::file;
    case '1': return Type::hard_link;
    case '2': return Type::symlink;
    case '3': return Type::char_device;
    case '4': return Type::block_device;
    case '5': return Type::directory;
    case '6': return Type::fifo;
    case 'S': refuse("sparse files are not accepted");
    default: refuse(fmt::format("entry type {} is not accepted", shown(std::string_view(&flag, 1))));
  }
}

/// `name` without the one leading `./` that many builders write, checked to be a plain relative path.
std::string plain_path(std::string_view name, const ReadLimits& limits)
{
  if (name.size() > limits.path_bytes) over_limit(fmt::format("path is longer than {} bytes", limits.path_bytes));
  if (name.starts_with('/')) refuse("absolute path");
  if (name.starts_with("./")) name.remove_prefix(2);
  std::uint64_t depth = 0;
  for (std::string_view rest = name;;) {
    const auto slash = rest.find('/');
    const auto component = rest.substr(0, slash);
    if (component.empty()) refuse("path has an empty component");
    if (component == ".") refuse("path has a '.' component");
    if (component == "..") refuse("path has a '..' component");
    if (component.size() > limits.component_bytes)
      over_limit(fmt::format("path component is longer than {} bytes", limits.component_bytes));
    if (++depth > limits.depth) over_limit(fmt::format("path has more than {} components", limits.depth));
    if (slash == std::string_view::npos) return std::string(name);
    rest.remove_prefix(slash + 1);
  }
}

std::string entry_path(std::string_view name, Type type, const ReadLimits& limits)
{
  if (name.empty()) refuse("entry has no name");
  // `.` and `./` as everybody writes it, `/` as kaniko does.
  if (name == "." || name == "./" || name == "/") {
    if (type != Type::directory) refuse("the root can only be a directory");
    return {};
  }
  if (name.ends_with('/')) {
    // Readers disagree whether that makes it a directory.
    if (type != Type::directory) refuse("name of something that is not a directory ends with a slash");
    name.remove_suffix(1);
  }
  return plain_path(name, limits);
}

std::string entry_link(std::string_view link, Type type, const ReadLimits& limits)
{
  if (type == Type::symlink) {
    if (link.empty()) refuse("symbolic link has no target");
    if (link.size() > largest_link) over_limit(fmt::format("link target is longer than {} bytes", largest_link));
    return std::string(link);
  }
  if (type != Type::hard_link) {
    if (!link.empty()) refuse("has a link target but is no link");
    return {};
  }
  if (link.empty()) refuse("hard link has no target");
  // kaniko writes targets from the root; there is nothing else that they could start from.
  if (link.starts_with('/')) link.remove_prefix(1);
  return in_context([&] { return fmt::format("hard link to {}", shown(link)); }, [&] { return plain_path(link, limits); });
}

/// ustar's field and PAX's record must tell one size: readers that know only one of them must find the next header too.
std::uint64_t entry_size(const Header& header, const std::optional<std::uint64_t>& pax)
{
  if (!pax || *pax == header.size_bytes) return header.size_bytes;
  const bool fits = *pax <= largest_octal_size;
  if (fits || (header.size_bytes != 0 && header.size_bytes != largest_octal_size))
    refuse(fmt::format("PAX size {} and header size {} disagree", *pax, header.size_bytes));
  return *pax;
}

std::string header_name(const Header& header)
{
  if (header.name.empty()) return {};
  return header.prefix.empty() ? std::string(header.name) : fmt::format("{}/{}", header.prefix, header.name);
}

template <class Extensions>
Entry make_entry(const Header& header, std::string_view name, Extensions& extensions, const ReadLimits& limits)
{
  Entry entry;
  entry.type = entry_type(header.type);
  // Before POSIX a directory was a file with a slash after its name; Python still asks the header for it, not PAX.
  if (header.type == '\0' && header.name.ends_with('/')) refuse("old-style directory entry");
  entry.path = entry_path(name, entry.type, limits);
  entry.link = entry_link(extensions.link ? *extensions.link : header.link, entry.type, limits);
  if (entry.type == Type::hard_link && entry.link == entry.path) refuse("hard link to itself");
  const auto size = entry_size(header, extensions.size_bytes);
  if (entry.type != Type::file && size != 0) refuse("something that is not a file has content");
  entry.size_bytes = size;
  entry.mode = header.mode;
  entry.uid = extensions.uid.value_or(header.uid);
  entry.gid = extensions.gid.value_or(header.gid);
  entry.mtime = extensions.mtime.value_or(header.mtime);
  if (entry.type == Type::char_device || entry.type == Type::block_device) {
    entry.device_major = header.device_major;
    entry.device_minor = header.device_minor;
  }
  entry.xattrs = std::move(extensions.xattrs);
  return entry;
}

}  // namespace

Reader::Reader(Source& source, std::string what, const ReadLimits& limits)
    : source_(source), what_(std::move(what)), limits_(limits), buffer_(buffer_bytes)
{
}

std::optional<Entry> Reader::next()
{
  if (ended_) return std::nullopt;
  skip_content();
  Extensions extensions;
  const auto in_header = [this] { return header_place(); };
  for (;;) {
    const auto header_offset = position_;
    Block block;
    if (!take_block(block)) {
      if (extensions.any()) in_context(in_header, [] { refuse("archive ends where an entry must follow"); });
      check_nothing_follows();
      ended_ = true;
      return std::nullopt;
    }
    if (!extensions.any()) entry_offset_ = header_offset;
    const auto header = in_context(in_header, [&] { return decode(block); });
    switch (header.type) {
      case 'g':
        if (extensions.any()) in_context(in_header, [] { refuse("global PAX header where an entry must follow"); });
        {
          const auto body = take_extension(header.size_bytes);
          in_context(in_header, [&] { check_global(body, limits_); });
        }
        continue;
      case 'x': {
        if (extensions.any()) in_context(in_header, [] { refuse("PAX header where an entry must follow"); });
        const auto body = take_extension(header.size_bytes);
        in_context(in_header, [&] { take_pax(body, extensions, limits_); });
        extensions.pax = true;
        continue;
      }
      case 'L':
      case 'K': {
        auto& name = header.type == 'L' ? extensions.path : extensions.link;
        if (extensions.pax || name) in_context(in_header, [] { refuse("GNU long name where an entry must follow"); });
        const auto body = take_extension(header.size_bytes);
        in_context(in_header, [&] { name = gnu_name(body); });
        extensions.gnu = true;
        continue;
      }
      default: break;
    }
    const auto name = extensions.path ? *extensions.path : header_name(header);
    entry_name_ = shown(name);
    auto entry = in_context([&] { return fmt::format("{}: {}", what_, entry_name_); },
                            [&] {
                              if (++entries_ > limits_.entries)
                                over_limit(fmt::format("archive has more than {} entries", limits_.entries));
                              return make_entry(header, name, extensions, limits_);
                            });
    left_bytes_ = entry.size_bytes;
    pad_bytes_ = padded(entry.size_bytes) - entry.size_bytes;
    return entry;
  }
}

std::size_t Reader::read(std::span<std::byte> buffer)
{
  if (left_bytes_ == 0 || buffer.empty()) return 0;
  const auto size = take(buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_bytes_))));
  if (size == 0) ends_early();
  left_bytes_ -= size;
  return size;
}

std::span<const std::byte> Reader::lend()
{
  if (left_bytes_ == 0) return {};
  if (ahead_.empty()) ahead_ = source_.next(buffer_);
  if (ahead_.empty()) ends_early();
  const auto bytes = ahead_.first(static_cast<std::size_t>(std::min<std::uint64_t>(ahead_.size(), left_bytes_)));
  ahead_ = ahead_.subspan(bytes.size());
  position_ += bytes.size();
  left_bytes_ -= bytes.size();
  return bytes;
}

void Reader::ends_early() const
{
  throw Error(Errc::bad_input,
              fmt::format("{}: {}: archive ends {} bytes before the end of its content", what_, entry_name_, left_bytes_));
}

/// At least one byte of the source, 0 at its end.
std::size_t Reader::take(std::span<std::byte> buffer)
{
  // A source that lends nothing of its own puts them into the larger of the two.
  if (ahead_.empty()) ahead_ = source_.next(buffer.size() > buffer_.size() ? buffer : std::span(buffer_));
  const auto size = std::min(buffer.size(), ahead_.size());
  if (size != 0 && ahead_.data() != buffer.data()) std::memcpy(buffer.data(), ahead_.data(), size);
  ahead_ = ahead_.subspan(size);
  position_ += size;
  return size;
}

/// False at the end: of the source, or a block of zeros.
bool Reader::take_block(Block& block)
{
  const auto bytes = std::as_writable_bytes(std::span(&block, 1));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto size = take(bytes.subspan(done));
    if (size == 0) break;
    done += size;
  }
  if (done == 0) return false;
  if (done < bytes.size()) throw Error(Errc::bad_input, fmt::format("{}: archive ends inside a header", header_place()));
  return !all_zero({reinterpret_cast<const char*>(&block), sizeof block});
}

std::string Reader::take_extension(std::uint64_t size_bytes)
{
  if (size_bytes > limits_.extension_bytes)
    throw Error(Errc::limit,
                fmt::format("{}: extension header has {} bytes, more than {}", header_place(), size_bytes, limits_.extension_bytes));
  std::string body(static_cast<std::size_t>(padded(size_bytes)), '\0');
  auto rest = std::as_writable_bytes(std::span(body));
  while (!rest.empty()) {
    const auto size = take(rest);
    if (size == 0) throw Error(Errc::bad_input, fmt::format("{}: archive ends inside an extension header", header_place()));
    rest = rest.subspan(size);
  }
  body.resize(static_cast<std::size_t>(size_bytes));
  return body;
}

void Reader::skip_content()
{
  std::vector<std::byte> scratch(left_bytes_ == 0 ? 0 : buffer_bytes);
  while (left_bytes_ != 0) static_cast<void>(read(scratch));
  while (pad_bytes_ != 0) {
    std::array<std::byte, block_bytes> padding;
    const auto size = take(std::span(padding).first(static_cast<std::size_t>(pad_bytes_)));
    if (size == 0) throw Error(Errc::bad_input, fmt::format("{}: {}: archive ends inside the padding of its content", what_, entry_name_));
    pad_bytes_ -= size;
  }
}

/// After the end only zeros may come: tools differ on whether they look there. How many does not matter: umoci 0.4.7
/// writes none, most write two blocks, GNU tar fills up to 10 KiB.
void Reader::check_nothing_follows()
{
  for (;;) {
    if (ahead_.empty()) ahead_ = source_.next(buffer_);
    if (ahead_.empty()) return;
    const auto rest = std::exchange(ahead_, {});
    const auto found = std::ranges::find_if(rest, [](std::byte b) { return b != std::byte{0}; });
    position_ += static_cast<std::uint64_t>(found - rest.begin());
    if (found != rest.end()) throw Error(Errc::bad_input, fmt::format("{}: byte {}: data after the end of the archive", what_, position_));
  }
}

std::string Reader::header_place() const { return fmt::format("{}: tar header at byte {}", what_, entry_offset_); }

}  // namespace cairn::tar
