// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/elf.hpp>

#include <cairn/os/fd.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include <elf.h>

namespace cairn::library {
namespace {

// Real files stay far below these.
constexpr std::size_t most_program_headers = 1024;
constexpr std::size_t most_dynamic_entries = 4096;
constexpr std::size_t longest_string_bytes = 65536;

class ElfReader {
public:
  ElfReader(int fd, const std::string& shown) : fd_(fd), shown_(shown) {}

  std::optional<ElfPaths> read()
  {
    std::array<unsigned char, EI_NIDENT> ident{};
    if (!read_object(ident, 0) || std::memcmp(ident.data(), ELFMAG, SELFMAG) != 0) return std::nullopt;
    const bool little = ident[EI_DATA] == ELFDATA2LSB;
    if (!little && ident[EI_DATA] != ELFDATA2MSB) return std::nullopt;
    swapped_ = little != (std::endian::native == std::endian::little);
    if (ident[EI_CLASS] == ELFCLASS64) return read_class<Elf64_Ehdr, Elf64_Phdr, Elf64_Dyn>();
    if (ident[EI_CLASS] == ELFCLASS32) return read_class<Elf32_Ehdr, Elf32_Phdr, Elf32_Dyn>();
    return std::nullopt;
  }

private:
  template <class Object>
  bool read_object(Object& object, std::uint64_t offset)
  {
    return read_full_at(fd_, std::as_writable_bytes(std::span(&object, 1)), offset, shown_) == sizeof object;
  }

  template <class Integer>
  [[nodiscard]] Integer number(Integer value) const
  {
    return swapped_ ? std::byteswap(value) : value;
  }

  /// The text at `offset` up to its zero byte; nothing when there is none within the limits.
  std::optional<std::string> text(std::uint64_t offset, std::uint64_t most)
  {
    std::string out(static_cast<std::size_t>(std::min<std::uint64_t>(most, longest_string_bytes)), '\0');
    const auto size = read_full_at(fd_, std::as_writable_bytes(std::span(out)), offset, shown_);
    out.resize(size);
    const auto end = out.find('\0');
    if (end == std::string::npos) return std::nullopt;
    out.resize(end);
    return out;
  }

  template <class Header, class Segment, class Entry>
  std::optional<ElfPaths> read_class()
  {
    Header header{};
    if (!read_object(header, 0)) return std::nullopt;
    const auto count = number(header.e_phnum);
    if (count == 0) return ElfPaths{};  // an object file
    if (number(header.e_phentsize) != sizeof(Segment) || count > most_program_headers) return std::nullopt;
    const std::uint64_t segments_at = number(header.e_phoff);
    std::vector<Segment> segments(count);
    if (segments_at > offset_limit) return std::nullopt;
    if (read_full_at(fd_, std::as_writable_bytes(std::span(segments)), segments_at, shown_) != segments.size() * sizeof(Segment)) return std::nullopt;

    ElfPaths out;
    for (const auto& segment : segments) {
      const auto type = number(segment.p_type);
      const std::uint64_t offset = number(segment.p_offset);
      const std::uint64_t size = number(segment.p_filesz);
      if (type != PT_INTERP && type != PT_DYNAMIC) continue;
      if (offset > offset_limit || size > offset_limit) return std::nullopt;
      if (type == PT_INTERP) out.interpreter = text(offset, size).value_or("");
      else if (!read_dynamic<Segment, Entry>(segments, offset, size, out)) return std::nullopt;
    }
    return out;
  }

  template <class Segment, class Entry>
  bool read_dynamic(const std::vector<Segment>& segments, std::uint64_t offset, std::uint64_t size, ElfPaths& out)
  {
    std::vector<Entry> entries(static_cast<std::size_t>(std::min<std::uint64_t>(size / sizeof(Entry), most_dynamic_entries)));
    const auto bytes = read_full_at(fd_, std::as_writable_bytes(std::span(entries)), offset, shown_);
    entries.resize(bytes / sizeof(Entry));
    std::optional<std::uint64_t> strings;
    std::uint64_t strings_size = 0;
    std::optional<std::uint64_t> rpath;
    std::optional<std::uint64_t> runpath;
    for (const auto& entry : entries) {
      const auto tag = number(entry.d_tag);
      const std::uint64_t value = number(entry.d_un.d_val);
      if (tag == DT_NULL) break;
      if (tag == DT_STRTAB) strings = file_offset(segments, value);
      if (tag == DT_STRSZ) strings_size = value;
      if (tag == DT_RPATH) rpath = value;
      if (tag == DT_RUNPATH) runpath = value;
    }
    const auto wanted = runpath ? runpath : rpath;
    if (!wanted) return true;
    if (!strings || *wanted >= strings_size || strings_size > offset_limit) return false;
    const auto list = text(*strings + *wanted, strings_size - *wanted);
    if (!list) return false;
    out.tag = runpath ? "RUNPATH" : "RPATH";
    for (std::size_t at = 0;;) {
      const auto colon = std::min(list->find(':', at), list->size());
      out.search.push_back(list->substr(at, colon - at));
      if (colon == list->size()) break;
      at = colon + 1;
    }
    return true;
  }

  /// Where in the file an address of the running program lies.
  template <class Segment>
  [[nodiscard]] std::optional<std::uint64_t> file_offset(const std::vector<Segment>& segments, std::uint64_t address) const
  {
    for (const auto& segment : segments) {
      const std::uint64_t begin = number(segment.p_vaddr);
      const std::uint64_t offset = number(segment.p_offset);
      if (number(segment.p_type) != PT_LOAD || address < begin || address - begin >= number(segment.p_filesz)) continue;
      if (offset > offset_limit || address - begin > offset_limit) return std::nullopt;
      return offset + (address - begin);
    }
    return std::nullopt;
  }

  static constexpr std::uint64_t offset_limit = std::uint64_t{1} << 60;  ///< sums of two stay positive as off_t

  int fd_;
  const std::string& shown_;
  bool swapped_ = false;
};

}  // namespace

std::optional<ElfPaths> read_elf_paths(int fd, const std::string& shown) { return ElfReader(fd, shown).read(); }

}  // namespace cairn::library
