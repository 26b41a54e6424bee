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

std::optional<Listing> list_with_program(const char* reader, const std::filesystem::path& archive)
{
  const std::string command = "python3 " CAIRN_TEST_SUPPORT "/list_tar.py " + std::string(reader) + " '" + archive.native() + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), [](FILE*) { return 0; });
  if (!pipe) return std::nullopt;
  std::string text;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe.get())) != 0;) text.append(buffer, n);
  const int status = ::pclose(pipe.get());
  if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) return std::nullopt;
  if (status != 0) throw std::runtime_error(std::string(reader) + " refuses the archive");
  Listing listing;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    Listed listed;
    std::string path;
    fields >> listed.type >> listed.size_bytes >> path >> listed.sha256;
    listed.path = plain(from_hex(path.substr(1)));
    if (listed.sha256 == "-") listed.sha256.clear();
    listing.push_back(std::move(listed));
  }
  return listing;
}

}  // namespace

void PrintTo(const Listed& listed, std::ostream* out)
{
  *out << listed.type << ' ' << printable(listed.path) << ' ' << listed.size_bytes << ' ' << listed.sha256.substr(0, 8);
}

Listing list_with_cairn(const std::filesystem::path& archive)
{
  FileSource source(archive);
  tar::Reader reader(source, archive.filename());
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
  check(archive_read_open_filename(reader.get(), archive.c_str(), 10240));
  Listing listing;
  std::vector<std::byte> buffer(std::size_t{64} << 10);
  for (archive_entry* entry = nullptr;;) {
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) return listing;
    check(result);
    Sha256 hash;
    std::uint64_t size = 0;
    for (la_ssize_t n = 0; (n = archive_read_data(reader.get(), buffer.data(), buffer.size())) != 0; size += static_cast<std::uint64_t>(n)) {
      if (n < 0) check(static_cast<int>(n));
      hash.update(std::span(buffer).first(static_cast<std::size_t>(n)));
    }
    const char type = flag(entry);
    listing.push_back({plain(archive_entry_pathname(entry)), type, size, type == '0' ? hash.finish().hex() : ""});
  }
}

std::optional<Listing> list_with_python(const std::filesystem::path& archive) { return list_with_program("python", archive); }
std::optional<Listing> list_with_gnu_tar(const std::filesystem::path& archive) { return list_with_program("gnu", archive); }

Listing without_digests(Listing listing)
{
  for (auto& listed : listing) listed.sha256.clear();
  return listing;
}

}  // namespace cairn::test
