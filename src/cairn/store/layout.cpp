// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/layout.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/store/index_file.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// A new store is made in an order that a kill cannot spoil: `cairn/` first, `oci-layout` last. A directory with `cairn/`
// and without `oci-layout` is a store half made, and is finished by the next open.
namespace cairn::store::layout {
namespace {

constexpr std::string_view layout_version = "1.0.0";
constexpr std::string_view format_name = "cairn store ";
constexpr int format_version = 1;
constexpr std::uint64_t small_file_bytes = 4096;

bool is_there(const std::filesystem::path& path)
{
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) throw_errno(errno, printable(path.native()));
  return false;
}

bool holds_nothing(const std::filesystem::path& path)
{
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error))
    if (entry.path().filename() != "lost+found") return false;
  if (error) throw_errno(error.value(), printable(path.native()));
  return true;
}

void check_layout_file(const std::filesystem::path& store)
{
  const auto file = store / "oci-layout";
  const auto shown = printable(file.native());
  std::string version;
  try {
    const auto document = oci::JsonDocument::parse(read_small_file(file, small_file_bytes), shown);
    document.root().check_keys({"imageLayoutVersion"}, oci::UnknownKeys::accept);
    version = document.root().at("imageLayoutVersion").string();
  } catch (const Error& error) {
    if (error.code() == Errc::bad_input || error.code() == Errc::limit) throw Error(Errc::corrupt, error.what());
    throw;
  }
  if (version != layout_version)
    throw Error(Errc::unsupported,
                fmt::format("{}: image layout version {}, this cairn knows {}", shown, printable(version), layout_version));
}

void check_format_file(const std::filesystem::path& store)
{
  const auto file = own(store) / "format";
  if (!is_there(file)) return;
  const auto shown = printable(file.native());
  const auto text = read_small_file(file, small_file_bytes);
  int version = 0;
  const char* const begin = text.data() + std::min(text.size(), format_name.size());
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), version);
  if (!text.starts_with(format_name) || error != std::errc() || std::string_view(end, text.data() + text.size()) != "\n")
    throw Error(Errc::corrupt, fmt::format("{}: expected '{}<number>'", shown, format_name));
  if (version != format_version)
    throw Error(Errc::unsupported,
                fmt::format("{}: store format {}, this cairn knows {}; use a newer cairn", shown, version, format_version));
}

/// access(2) as the effective user; what root may do is still refused on a read-only file system.
void check_writable(const std::filesystem::path& directory)
{
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return;
  const int cause = errno;
  if (cause == ENOENT) return;  // is made later
  const auto shown = printable(directory.native());
  if (cause == EROFS) throw Error(Errc::permission, fmt::format("{}: cannot be written: the file system is read-only", shown));
  struct stat status{};
  if (cause != EACCES || ::stat(directory.c_str(), &status) != 0) throw_errno(cause, fmt::format("{}: cannot be written", shown));
  throw Error(Errc::permission, fmt::format("{}: cannot be written: it belongs to uid {} with mode {:04o}, and this process runs as uid {}",
                                            shown, status.st_uid, status.st_mode & 07777, ::geteuid()));
}

void make_file(const std::filesystem::path& store, const std::filesystem::path& target, std::string_view content)
{
  TempFile file(temporaries(store));
  write_full(file.fd(), as_bytes(content), printable(target.native()));
  file.publish(target, Flush::yes);
}

void make_missing(const std::filesystem::path& store)
{
  for (const auto& directory : {store, own(store), temporaries(store), own(store) / "cache", blobs(store)}) make_directory(directory);
  for (const auto& file : {lock(store), index_lock(store)})
    if (!is_there(file)) (void)open_file(file, O_RDWR | O_CREAT, 0644);
  if (!is_there(own(store) / "format")) make_file(store, own(store) / "format", fmt::format("{}{}\n", format_name, format_version));
  if (is_there(store / "oci-layout")) return;
  // Two processes may come here at once; index.json must be written by one, before the other's tags.
  const FileLock alone(index_lock(store), LockMode::exclusive, Task());
  if (is_there(store / "oci-layout")) return;
  if (!is_there(index(store))) make_file(store, index(store), oci::Index{}.json());
  oci::JsonWriter json;
  make_file(store, store / "oci-layout", json.begin_object().member("imageLayoutVersion", layout_version).end_object().finish());
}

}  // namespace

void make_directory(const std::filesystem::path& path)
{
  constexpr mode_t mode = 0755;
  if (::mkdir(path.c_str(), mode) == 0) {
    // For the umask. Another user's set-group-id parent is respected by leaving that bit to the kernel.
    if (::chmod(path.c_str(), mode) != 0 && errno != EPERM) throw_errno(errno, printable(path.native()));
    return;
  }
  if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
    make_directory(path.parent_path());
    return make_directory(path);
  }
  const int cause = errno;
  struct stat status{};
  if (cause == EEXIST && ::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return;
    throw Error(Errc::bad_input, fmt::format("{}: not a directory", printable(path.native())));
  }
  throw_errno(cause, printable(path.native()));
}

void open(const std::filesystem::path& store, Access access)
{
  const auto shown = printable(store.native());
  struct stat status{};
  const bool there = ::stat(store.c_str(), &status) == 0;
  if (!there && (errno != ENOENT || access == Access::read)) throw_errno(errno, shown);
  if (there && !S_ISDIR(status.st_mode)) throw Error(Errc::bad_input, fmt::format("{}: not a directory", shown));
  const bool made = there && is_there(store / "oci-layout");
  if (made) {
    check_layout_file(store);
    check_format_file(store);
    (void)IndexFile(store).read();
  } else if (there && (access == Access::read || !(holds_nothing(store) || is_there(own(store))))) {
    throw Error(Errc::bad_input, fmt::format("{}: no OCI image layout: there is no file 'oci-layout'", shown));
  } else if (there) {
    check_format_file(store);
  }
  if (access == Access::read) return;
  for (const auto& directory : {store, blobs(store), own(store), temporaries(store)}) check_writable(directory);
  make_missing(store);
  remove_stale_temporaries(temporaries(store));
}

}  // namespace cairn::store::layout
