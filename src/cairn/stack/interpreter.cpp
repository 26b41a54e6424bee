// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/interpreter.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/shown_files.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/python/text.hpp>
#include <cairn/stack/glibc.hpp>
#include <cairn/stack/target_python.hpp>
#include <cairn/store/record_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <system_error>
#include <vector>

namespace cairn::stack {
namespace {

constexpr int format = 1;  ///< of what lies in the cache
constexpr std::uint64_t file_limit_bytes = std::uint64_t{32} << 20;
constexpr std::uint64_t record_limit_bytes = std::uint64_t{64} << 10;
constexpr std::string_view record_name = "interpreter.json";

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string parent(std::string_view path) { return std::string(path.substr(0, path.rfind('/') + 1)); }

/// The minor version of `python3.11`; nothing for other names.
std::optional<unsigned> minor_of(std::string_view name)
{
  constexpr std::string_view begin = "python3.";
  unsigned minor = 0;
  if (!name.starts_with(begin)) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + begin.size(), name.data() + name.size(), minor);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return minor;
}

bool is_program(std::string_view path)
{
  const auto directory = parent(path);
  return (directory == "usr/bin/" || directory == "usr/local/bin/") && minor_of(file_name(path));
}

/// A shared library that an interpreter or its own library is linked to.
bool is_library(std::string_view path)
{
  static constexpr std::array names{"ld-",   "libc.so",    "libc-",   "libm.so",     "libm-",     "libdl",      "libutil",
                                    "librt", "libpthread", "libz.so", "libexpat.so", "libcrypt.", "libpython3."};
  const auto name = file_name(path);
  if (name.find(".so") == std::string_view::npos || path.find("lib") > path.rfind('/')) return false;
  return std::ranges::any_of(names, [&](std::string_view begin) { return name.starts_with(begin); });
}

/// Of Python's own library: modules, what is linked to be one, templates of activation scripts.
bool is_module(std::string_view path)
{
  static const std::set<std::string_view> left_out{"test",    "tests",     "site-packages", "dist-packages", "idlelib",
                                                   "lib2to3", "ensurepip", "turtledemo",    "pydoc_data",    "__pycache__",
                                                   "tkinter", "unittest",  "distutils",     "sqlite3",       "xmlrpc"};
  bool found = false;
  for (const auto part : python::split(path, '/')) {
    if (found && left_out.contains(part)) return false;
    found = found || minor_of(part);
  }
  return found && !minor_of(file_name(path)) && path.find("lib") < path.rfind('/') &&
         (path.ends_with(".py") || path.ends_with(".so") || path.find("/venv/scripts/") != std::string_view::npos);
}

class Finder {
public:
  Finder(image::ShownFiles shown, std::string image, std::string python)
      : shown_(std::move(shown)), image_(std::move(image)), python_(std::move(python))
  {
  }

  /// `usr/bin/python3.11`.
  [[nodiscard]] std::string program() const
  {
    for (const std::string directory : {"usr/local/bin/", "usr/bin/"}) {
      std::optional<unsigned> newest;
      for (auto at = shown_.paths.lower_bound(directory + "python3"); at != shown_.paths.end() && at->starts_with(directory + "python3");
           ++at)
        if (const auto minor = minor_of(file_name(*at)); minor && content(*at)) newest = std::max(newest.value_or(0), *minor);
      if (!python_.empty()) {
        if (content(directory + "python" + python_)) return directory + "python" + python_;
        continue;
      }
      if (const auto named = target(directory + "python3"); named && is_program(*named) && content(*named)) return *named;
      if (newest) return fmt::format("{}python3.{}", directory, *newest);
    }
    throw Error(Errc::not_found, fmt::format("{}: has no /usr/bin/python{}", image_, python_.empty() ? "3" : python_));
  }

  /// Write it all below `root`; links become copies. Returns the digest of what decides about bytecode.
  [[nodiscard]] std::string write(const std::filesystem::path& root, const std::string& program) const
  {
    const auto version = "/" + std::string(file_name(program)) + "/";
    Sha256 hash;
    for (const auto& path : shown_.paths) {
      const auto* text = content(path);
      if (text == nullptr) continue;
      const bool is_python = path == program || path.find(version) != std::string::npos || file_name(path).starts_with("libpython3.");
      if (!is_python && !is_library(path)) continue;
      if (is_python) hash.update(fmt::format("{} {}\n", path, sha256(*text).hex()));
      std::filesystem::create_directories((root / path).parent_path());
      write_file_atomically(root / path, *text, Flush::no, 0755);
    }
    return hash.finish().hex();
  }

  [[nodiscard]] std::optional<std::pair<unsigned, unsigned>> glibc() const
  {
    for (const auto& path : shown_.paths)
      if (file_name(path) == "libc.so.6")
        if (const auto* text = content(path))
          if (const auto version = glibc_version(*text)) return version;
    return std::nullopt;
  }

private:
  /// Where the links of a name lead; nothing in a circle.
  [[nodiscard]] std::optional<std::string> target(std::string path) const
  {
    for (int left = 8; left > 0; --left) {
      const auto link = shown_.links.find(path);
      if (link == shown_.links.end()) return path;
      const auto& to = link->second;
      path = (to.starts_with('/') ? std::filesystem::path(to.substr(1)) : std::filesystem::path(parent(path)) / to)
                 .lexically_normal()
                 .string();
      path = through_directories(path);
    }
    return std::nullopt;
  }

  /// `lib/x` is `usr/lib/x` where /lib is a link.
  [[nodiscard]] std::string through_directories(const std::string& path) const
  {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const auto link = shown_.links.find(path.substr(0, slash));
      if (link == shown_.links.end()) continue;
      const auto& to = link->second;
      const auto start = to.starts_with('/') ? to.substr(1) : parent(link->first) + to;
      return std::filesystem::path(start + path.substr(slash)).lexically_normal().string();
    }
    return path;
  }

  [[nodiscard]] const std::string* content(const std::string& path) const
  {
    const auto to = target(path);
    if (!to) return nullptr;
    const auto found = shown_.contents.find(*to);
    return found == shown_.contents.end() ? nullptr : &found->second;
  }

  image::ShownFiles shown_;
  std::string image_;
  std::string python_;
};

/// By the loader's name in the root that target_python looks for: where the image's lies in a linked directory (`lib64`), it is
/// written there too.
void add_loader(const std::filesystem::path& root)
{
  for (const auto* loader : {"lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"}) {
    const auto real = root / "usr" / loader;
    if (std::filesystem::exists(root / loader) || !std::filesystem::exists(real)) continue;
    std::filesystem::create_directories((root / loader).parent_path());
    std::filesystem::copy_file(real, root / loader);
  }
}

std::string full_version(const Interpreter& interpreter, const std::string& image, const Task& task)
{
  const auto fail = [&](std::string_view why) {
    throw Error(Errc::unsupported, fmt::format("{}: its {} does not run on this machine: {}", image, interpreter.program, why));
  };
  try {
    auto program = target_python(interpreter.root, interpreter.program);
    program.arguments.insert(program.arguments.end(), {"-c", "import sys; print('%d.%d.%d' % sys.version_info[:3], end='')"});
    auto result = run_program(program, task);
    if (result.status != 0 || result.output.empty())
      fail(result.errors.empty() ? fmt::format("status {}", result.status) : printable(result.errors.substr(0, result.errors.find('\n'))));
    return result.output;
  } catch (const Error& error) {
    if (error.code() == Errc::unsupported) throw;
    fail(error.what());
  }
  return {};
}

void write_record(const Interpreter& interpreter, const std::filesystem::path& file)
{
  oci::JsonWriter json;
  json.begin_object()
      .member("format", format)
      .member("program", interpreter.program)
      .member("version", interpreter.full_version)
      .member("glibc_major", interpreter.glibc_major)
      .member("glibc_minor", interpreter.glibc_minor)
      .member("digest", interpreter.digest)
      .end_object();
  write_file_atomically(file, json.finish(), Flush::no);
}

std::optional<Interpreter> read_record(const std::filesystem::path& directory)
{
  return store::read_record(directory / record_name, record_limit_bytes, [&](const oci::Json& json) -> std::optional<Interpreter> {
    if (json.at("format").uint64() != format) return std::nullopt;
    Interpreter interpreter;
    interpreter.root = directory / "root";
    interpreter.program = json.at("program").string();
    interpreter.python = file_name(interpreter.program).substr(6);
    interpreter.full_version = json.at("version").string();
    interpreter.glibc_major = static_cast<unsigned>(json.at("glibc_major").uint64(99));
    interpreter.glibc_minor = static_cast<unsigned>(json.at("glibc_minor").uint64(999));
    interpreter.digest = json.at("digest").string();
    if (!std::filesystem::exists(interpreter.root / interpreter.program.substr(1))) return std::nullopt;
    return interpreter;
  });
}

Interpreter unpack(const oci::BlobSource& blobs, const image::Image& image, const std::string& python,
                   const std::filesystem::path& directory, const Task& task)
{
  const auto name = "image " + image.descriptor.digest.str();
  const auto step = task.step("find Python");
  const Finder finder(image::read_shown_files(
                          blobs, image, [](const std::string& path) { return is_program(path) || is_library(path) || is_module(path); },
                          file_limit_bytes, step),
                      name, python);
  const auto program = finder.program();
  Interpreter interpreter;
  interpreter.root = directory / "root";
  interpreter.program = "/" + program;
  interpreter.python = file_name(program).substr(6);
  interpreter.digest = finder.write(interpreter.root, program);
  add_loader(interpreter.root);
  if (const auto glibc = finder.glibc()) std::tie(interpreter.glibc_major, interpreter.glibc_minor) = *glibc;
  interpreter.full_version = full_version(interpreter, name, step);
  return interpreter;
}

}  // namespace

void Interpreter::describe(python::Target& target) const
{
  target.set_python(full_version);
  if (glibc_major == 0) return;
  target.libc = python::Libc::glibc;
  target.libc_major = glibc_major;
  target.libc_minor = glibc_minor;
}

Interpreter find_interpreter(const oci::BlobSource& blobs, const image::Image& image, const std::filesystem::path& cache, const Task& task,
                             const std::string& python)
{
  const auto place = cache / (image.descriptor.digest.hex() + (python.empty() ? "" : "-" + python));
  if (auto known = read_record(place)) return std::move(*known);
  std::filesystem::create_directories(cache);
  const TempDir directory(cache);
  const auto made = directory.path() / "made";  // of the umask's mode, not the temporary directory's
  std::filesystem::create_directory(made);
  const auto interpreter = unpack(blobs, image, python, made, task);
  write_record(interpreter, made / record_name);
  std::error_code error;
  if (!read_record(place)) std::filesystem::remove_all(place, error);  // broken, or of another format
  std::filesystem::rename(made, place, error);
  if (auto known = read_record(place)) return std::move(*known);  // ours, or that of somebody who was faster
  throw Error(Errc::io, fmt::format("{}: the image's Python could not be kept there: {}", place.string(), error.message()));
}

}  // namespace cairn::stack
