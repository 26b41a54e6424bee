// SPDX-License-Identifier: Apache-2.0
#include "tar_listing.hpp"

#include <cairn/base/error.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/tar/reader.hpp>

#include <archive.h>
#include <archive_entry.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <sstream>
#include <stdexcept>

namespace cairn::test {
namespace {

std::string plain(std::string path)
{
  while (path.ends_with('/')) path.pop_back();
  if (path.starts_with("./")) path.erase(0, 2);
  return path == "." ? "" : path;
}

char flag(tar::Type type)
{
  switch (type) {
    case tar::Type::file: return '0';
    case tar::Type::hard_link: return '1';
    case tar::Type::symlink: return '2';
    case tar::Type::char_device: return '3';
    case tar::Type::block_device: return '4';
    case tar::Type::directory: return '5';
    case tar::Type::fifo: return '6';
  }
  return '?';
}

char flag(archive_entry* entry)
{
  if (archive_entry_hardlink(entry) != nullptr) return '1';
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return '0';
    case AE_IFLNK: return '2';
    case AE_IFCHR: return '3';
    case AE_IFBLK: return '4';
    case AE_IFDIR: return '5';
    case AE_IFIFO: return '6';
    default: return '?';
  }
}

std::string from_hex(std::string_view text)
{
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

}  // namespace

void PrintTo(const Listed& listed, std::ostream* out)
{
  *out << listed.type << ' ' << printable(listed.path) << ' ' << listed.size_bytes << ' ' << listed.sha256.substr(0, 8);
}

Listing list_with_cairn(const std::filesystem::path& archive)
{
  FileSource source(archive);
  return list_with_cairn(source, archive.filename());
}

Listing list_with_cairn(Source& source, const std::string& what)
{
  tar::Reader reader(source, what);
  Listing listing;
  std::vector<std::byte> buffer(std::size_t{64} << 10);
  while (const auto entry = reader.next()) {
    Sha256 hash;
    std::uint64_t size = 0;
    while (const auto n = reader.read(buffer)) {
      hash.update(std::span(buffer).first(n));
      size += n;
    }
    if (size != entry->size_bytes) throw std::runtime_error("content is not as long as the entry says");
    listing.push_back({entry->path, flag(entry->type), size, entry->type == tar::Type::file ? hash.finish().hex() : ""});
  }
  return listing;
}

Listing list_with_libarchive(const std::filesystem::path& archive)
{
  FileSource source(archive);
  const auto bytes = read_all(source, std::uint64_t{1} << 30, archive.filename());
  return list_with_libarchive(std::string_view(bytes));
}

Listing list_with_libarchive(std::string_view bytes)
{
  std::setlocale(LC_ALL, "C.UTF-8");
  const std::unique_ptr<struct archive, int (*)(struct archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());
  const auto check = [&](int result) {
    if (result == ARCHIVE_OK || result == ARCHIVE_EOF) return;
    const std::string why = archive_error_string(reader.get()) != nullptr ? archive_error_string(reader.get()) : "no reason given";
    if (result == ARCHIVE_WARN && why.find("can't be converted") != std::string::npos) return;
    throw std::runtime_error("libarchive: " + why);
  };
  check(archive_read_open_memory(reader.get(), bytes.data(), bytes.size()));
  Listing listing;
  std::vector<std::byte> buffer(std::size_t{64} << 10);
  for (archive_entry* entry = nullptr;;) {
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) return listing;
    check(result);
    Sha256 hash;
    std::uint64_t size = 0;
    for (la_ssize_t n = 0; (n = archive_read_data(reader.get(), buffer.data(), buffer.size())) != 0;
         size += static_cast<std::uint64_t>(n)) {
      if (n < 0) check(static_cast<int>(n));
      hash.update(std::span(buffer).first(static_cast<std::size_t>(n)));
    }
    const char type = flag(entry);
    listing.push_back({plain(archive_entry_pathname(entry)), type, size, type == '0' ? hash.finish().hex() : ""});
  }
}

std::optional<std::vector<Outcome>> list_with_program(const char* reader, const std::vector<std::filesystem::path>& archives)
{
  std::string command = std::string("python3 " CAIRN_TEST_SUPPORT "/list_tar.py ") + reader;
  for (const auto& archive : archives) command += " '" + archive.native() + "'";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) != 0;) text.append(buffer, n);
  if (::pclose(pipe) != 0) return std::nullopt;
  std::vector<Outcome> outcomes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line == "#") {
      outcomes.emplace_back();
    } else if (line.starts_with('!')) {
      outcomes.back().refusal = line.substr(1);
    } else {
      std::istringstream fields(line);
      Listed listed;
      std::string path;
      fields >> listed.type >> listed.size_bytes >> path >> listed.sha256;
      listed.path = plain(from_hex(path.substr(1)));
      if (listed.sha256 == "-") listed.sha256.clear();
      outcomes.back().listing.push_back(std::move(listed));
    }
  }
  return outcomes;
}

Listing without_digests(Listing listing)
{
  for (auto& listed : listing) listed.sha256.clear();
  return listing;
}

}  // namespace cairn::test
