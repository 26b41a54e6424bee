// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/bytecode.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/stack/target_python.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::stack {
namespace {

constexpr int format = 1;  ///< part of every key: changes with the bytes that this version makes
constexpr std::chrono::minutes deadline{30};
constexpr std::chrono::hours kept_for{24 * 30};

/// INDEX has `SIZE PATH` of each source, NUL behind each; SOURCES their bytes; PACK gets bytecode, sizes, count.
constexpr std::string_view script = R"(import marshal, sys, warnings
from importlib.util import MAGIC_NUMBER, source_hash
warnings.simplefilter("ignore")
index, sources, pack = sys.argv[1:]
with open(index, "rb") as file:
    entries = [entry.decode().split(" ", 1) for entry in file.read().split(b"\0")[:-1]]
sizes = []
with open(sources, "rb") as source, open(pack, "wb") as out:
    for size, path in entries:
        text = source.read(int(size))
        try:
            code = compile(text, path, "exec", dont_inherit=True)
            pyc = MAGIC_NUMBER + (1).to_bytes(4, "little") + source_hash(text) + marshal.dumps(code)
        except Exception:
            pyc = b""
        sizes.append(len(pyc))
        out.write(pyc)
    for number in [*sizes, len(sizes)]:
        out.write(number.to_bytes(8, "little"))
)";

/// What compiling some sources gave, on disk.
struct Pack {
  std::shared_ptr<const std::filesystem::path> file;
  std::vector<std::uint64_t> sizes;  ///< of each source's bytecode, 0: it does not compile
};

std::uint64_t number_at(std::span<const std::byte> bytes)
{
  std::uint64_t number = 0;
  for (std::size_t i = 8; i-- > 0;) number = number << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return number;
}

/// Nothing when the file is not there, or is not a pack of `count` sources.
std::optional<Pack> open_pack(const std::filesystem::path& path, std::size_t count)
{
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  const auto trailer_bytes = (count + 1) * 8;
  if (error || size < trailer_bytes) return std::nullopt;
  const auto fd = open_file(path, O_RDONLY);
  std::vector<std::byte> trailer(trailer_bytes);
  if (read_full_at(fd.get(), trailer, size - trailer_bytes, path.string()) != trailer_bytes) return std::nullopt;
  if (number_at(std::span(trailer).last(8)) != count) return std::nullopt;
  Pack pack;
  auto left = size - trailer_bytes;
  for (std::size_t i = 0; i < count; ++i) {
    pack.sizes.push_back(number_at(std::span(trailer).subspan(i * 8, 8)));
    if (pack.sizes.back() > left) return std::nullopt;
    left -= pack.sizes.back();
  }
  if (left != 0) return std::nullopt;
  pack.file = std::make_shared<const std::filesystem::path>(path);
  return pack;
}

void remove_unused(const std::filesystem::path& directory)
{
  const auto oldest = std::filesystem::file_time_type::clock::now() - kept_for;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
    if (entry.path().extension() == ".pack" && entry.last_write_time(ignored) < oldest) std::filesystem::remove(entry.path(), ignored);
  remove_stale_temporaries(directory);
}

/// `a/b.c.py` to `a/__pycache__/b.c.cpython-311.pyc`, as importlib.util.cache_from_source.
std::string bytecode_path(const std::string& source, const python::Target& target)
{
  const auto slash = source.rfind('/') + 1;
  const auto stem = source.size() - slash == 3 ? "py" : source.substr(slash, source.size() - slash - 3);
  return fmt::format("{}__pycache__/{}.cpython-{}{}.pyc", source.substr(0, slash), stem, target.major, target.minor);
}

class Compiler {
public:
  Compiler(python::Installed& installed, const python::Wheel& wheel, const python::InstallSettings& settings, const BytecodeMaker& maker,
           const Task& task)
      : installed_(installed), wheel_(wheel), settings_(settings), maker_(maker), task_(task)
  {
    for (const auto& file : installed.files)
      if (file.path.ends_with(".py") && !file.is_generated) sources_.push_back(&file);
  }

  void run(const Digest& wheel_digest, const std::filesystem::path& cache)
  {
    if (sources_.empty()) return;
    const auto path = cache / (key(wheel_digest) + ".pack");
    auto pack = open_pack(path, sources_.size());
    if (pack) {
      ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);  // it is used: a failure costs a compilation one day
    } else {
      compile(path, cache);
      pack = open_pack(path, sources_.size());
      if (!pack) fail("what it wrote is incomplete");
    }
    add(*pack);
  }

private:
  [[noreturn]] void fail(std::string_view why) const
  {
    throw Error(Errc::tool, fmt::format("{}: {} could not compile it: {}", wheel_.name.file, maker_.python, why));
  }

  [[nodiscard]] std::string key(const Digest& wheel_digest) const
  {
    Sha256 hash;
    hash.update(fmt::format("{} {} {}\n", format, maker_.digest, wheel_digest.hex()));
    for (const auto* source : sources_)
      hash.update(fmt::format("{} {}\n", source->path, source->entry ? std::to_string(*source->entry) : sha256(source->content).hex()));
    return hash.finish().hex();
  }

  void write_sources(const std::filesystem::path& directory) const
  {
    const auto fd = open_file(directory / "sources", O_WRONLY | O_CREAT | O_EXCL, 0600);
    FdSink sink(fd.get(), "a temporary file");
    std::string index;
    for (const auto* source : sources_) {
      task_.check();
      if (source->entry) copy(*wheel_.archive.open(wheel_.archive.entries()[*source->entry]), sink);
      else sink.write(as_bytes(source->content));
      index += fmt::format("{} /{}", source->size_bytes, source->path);
      index += '\0';
    }
    write_file_atomically(directory / "index", index, Flush::no);
  }

  void compile(const std::filesystem::path& path, const std::filesystem::path& cache) const
  {
    const TempDir directory;
    write_sources(directory.path());
    std::filesystem::create_directory(directory.path() / "script");  // alone there: its directory is where modules are looked for
    write_file_atomically(directory.path() / "script" / "compile.py", script, Flush::no);
    TempFile pack(cache);
    auto program = target_python(maker_.root, maker_.python);
    for (const auto& argument :
         {directory.path() / "script" / "compile.py", directory.path() / "index", directory.path() / "sources", pack.path()})
      program.arguments.push_back(argument.string());
    program.deadline = deadline;
    const auto result = run_program(program, task_);
    if (result.status != 0) {
      auto errors = std::string_view(result.errors);
      while (errors.ends_with('\n')) errors.remove_suffix(1);
      errors.remove_prefix(errors.rfind('\n') + 1);
      fail(errors.empty() ? fmt::format("status {}", result.status) : printable(errors));
    }
    pack.publish(path, Flush::no);
    remove_unused(cache);
  }

  void add(const Pack& pack)
  {
    std::vector<python::InstalledFile> made;
    std::set<std::string> paths;
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (pack.sizes[i] == 0) continue;
      python::InstalledFile file;
      file.path = bytecode_path(sources_[i]->path, settings_.target);
      file.size_bytes = pack.sizes[i];
      file.other = pack.file;
      file.other_offset = offset;
      offset += pack.sizes[i];
      paths.insert(file.path);
      made.push_back(std::move(file));
    }
    auto& files = installed_.files;
    sources_.clear();
    std::erase_if(files,
                  [&](const python::InstalledFile& file) { return paths.contains(file.path); });  // the wheel's own: pip's replaces it
    files.insert(files.end(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
    std::ranges::sort(files, {}, &python::InstalledFile::path);
    record(paths);
  }

  /// A line without hash for each, as pip has it.
  void record(const std::set<std::string>& paths)
  {
    const auto library = (wheel_.is_pure ? settings_.layout.purelib : settings_.layout.platlib).substr(1);
    const auto path = library + "/" + wheel_.info + "/RECORD";
    const auto file = std::ranges::lower_bound(installed_.files, path, {}, &python::InstalledFile::path);
    auto rows = python::parse_record(file->content, path);
    std::set<std::string> names;
    for (const auto& one : paths) names.insert(std::filesystem::path(one).lexically_relative(library).string());
    std::erase_if(rows, [&](const python::RecordRow& row) { return names.contains(row.path); });
    for (const auto& name : names) rows.push_back({name, "", ""});
    file->content = python::record_text(std::move(rows));
    file->size_bytes = file->content.size();
  }

  python::Installed& installed_;
  const python::Wheel& wheel_;
  const python::InstallSettings& settings_;
  const BytecodeMaker& maker_;
  const Task& task_;
  std::vector<const python::InstalledFile*> sources_;
};

}  // namespace

void add_bytecode(python::Installed& installed, const python::Wheel& wheel, const Digest& wheel_digest,
                  const python::InstallSettings& settings, const BytecodeMaker& maker, const std::filesystem::path& cache, const Task& task)
{
  Compiler(installed, wheel, settings, maker, task).run(wheel_digest, cache);
}

}  // namespace cairn::stack
