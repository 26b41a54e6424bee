// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/index.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/frame.hpp>
#include <cairn/library/library.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <map>
#include <string_view>

namespace cairn::library {
namespace {

void append(std::vector<std::byte>& bytes, std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

std::string lua_string(std::string_view text)
{
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') out += '\\';
    out += c;
  }
  return out + '"';
}

class TarBytes final : public Sink {
public:
  explicit TarBytes(std::vector<std::byte>& bytes) : bytes_(bytes) {}
  void write(std::span<const std::byte> more) override { append(bytes_, more); }

private:
  std::vector<std::byte>& bytes_;
};

}  // namespace

std::string lmodrc_text(const std::string& target)
{
  const auto at = [&](std::string_view path) { return lua_string(fmt::format("{}/{}", target, path)); };
  const auto cache = std::string_view(index_path::spider_cache);
  return fmt::format("scDescriptT = {{\n  {{ dir = {}, timestamp = {} }},\n}}\n", at(cache.substr(0, cache.rfind('/'))), at(index_path::timestamp));
}

std::string requirements_text(const Document& document)
{
  std::map<std::string_view, const ModuleInfo*> needing;  // by path
  for (const auto& unit : document.units)
    for (const auto& module : unit.modules)
      if (!module.requirement.empty()) needing.emplace(module.path, &module);
  if (needing.empty()) return {};
  std::string out = "return {\n   format = 1,\n   modules = {\n";
  for (const auto& [path, module] : needing) {
    out += fmt::format("      [{}] = {{ name = {}", lua_string(path), lua_string(module->name));
    if (!module->requirement.cpu.empty()) out += fmt::format(", cpu = {}", lua_string(module->requirement.cpu));
    if (!module->requirement.gpu.empty()) out += fmt::format(", gpu = {}", lua_string(module->requirement.gpu));
    out += " },\n";
  }
  return out + "   },\n}\n";
}

std::vector<std::byte> index_bytes(int tree, const IndexParts& parts)
{
  auto skeleton = parts.skeleton;
  skeleton.directories.insert(std::string(index_path::directory));
  const bool has_modules = !parts.spider_cache.empty();
  const auto lmod = std::string_view(index_path::lmodrc);
  if (has_modules) skeleton.directories.insert(std::string(lmod.substr(0, lmod.rfind('/'))));
  auto bytes = layer::skeleton_bytes(skeleton);

  const layer::FragmentSpec spec{parts.contents, layer::archive_prefix(skeleton.target), layer::Mtimes::constant};
  layer::FrameReader reader(tree);
  layer::FrameCursor cursor(spec);
  while (const auto frame = cursor.next()) {
    const auto at = bytes.size();
    if (at + frame->bytes > index_limit_bytes)
      throw Error(Errc::limit, fmt::format("defaults and featured list take more than {} bytes; keep content out of modules/featured", index_limit_bytes));
    bytes.resize(at + frame->bytes);
    reader.read(spec, frame->start, std::span(bytes).subspan(at));
  }

  TarBytes sink(bytes);
  tar::Writer writer(sink);
  const auto file = [&](std::string_view path, std::string_view content) {
    tar::Entry entry;
    entry.path = fmt::format("{}/{}", spec.prefix, path);
    entry.mode = layer::normal_mode(0644, false);
    entry.mtime = layer::constant_mtime;
    writer.add(std::move(entry), content);
  };
  file(index_path::document, parts.document->json());
  if (has_modules) {
    // Lmod takes the cache for valid while it is not older than the timestamp file: here both have the same time.
    file(index_path::lmodrc, lmodrc_text(skeleton.target));
    file(index_path::spider_cache, parts.spider_cache);
    file(index_path::timestamp, "");
  }
  if (const auto requirements = requirements_text(*parts.document); !requirements.empty()) file(index_path::requirements, requirements);
  if (bytes.size() > index_limit_bytes) throw Error(Errc::limit, fmt::format("the index layer has more than {} bytes", index_limit_bytes));
  return bytes;
}

}  // namespace cairn::library
