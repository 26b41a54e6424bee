// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/base_tree.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/shown_files.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/store/record_file.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <optional>

namespace cairn::build {
namespace {

constexpr std::uint64_t record_limit_bytes = std::uint64_t{64} << 20;
constexpr int most_links = 40;  // as Linux follows

std::optional<BaseTree> read(const oci::Json& record)
{
  BaseTree out;
  for (const auto member : record.at("links").object()) out.links.emplace(member.key(), member.string());
  for (const auto one : record.at("directories").array()) {
    const image::DirectoryStatus status{static_cast<std::uint32_t>(one.at("mode").uint64()), one.at("uid").uint64(), one.at("gid").uint64()};
    out.directories.emplace(one.at("path").string(), status);
  }
  return out;
}

}  // namespace

BaseTree base_tree(const image::Image& base, const store::Store& store, const Task& task)
{
  const auto file = store.cache("builds") / fmt::format("tree-{}.json", base.descriptor.digest.hex());
  if (auto known = store::read_record(file, record_limit_bytes, read)) return *std::move(known);
  const auto shown = image::read_shown_files(store, base, [](const std::string&) { return false; }, 0, task.step("read the base"));
  oci::JsonWriter json;
  json.begin_object().begin_object("links");
  for (const auto& [path, target] : shown.links) json.member(path, target);
  json.end_object().begin_array("directories");
  for (const auto& [path, status] : shown.directories)
    json.begin_object().member("path", path).member("mode", std::uint64_t{status.mode}).member("uid", status.uid).member("gid", status.gid).end_object();
  json.end_array().end_object();
  write_file_atomically(file, json.finish(), Flush::no);
  return {shown.links, shown.directories};
}

std::string resolved(const std::string& path, const Links& links)
{
  std::filesystem::path rest = std::filesystem::path(path).relative_path();
  std::filesystem::path done;
  int followed = 0;
  while (!rest.empty()) {
    const auto first = *rest.begin();
    std::filesystem::path after;
    for (auto part = std::next(rest.begin()); part != rest.end(); ++part) after /= *part;
    const auto here = (done / first).lexically_normal();
    const auto link = links.find(here.native());
    if (link == links.end()) {
      done = here;
      rest = after;
      continue;
    }
    if (++followed > most_links) throw Error(Errc::bad_input, fmt::format("{}: leads through more than {} links of the base", printable(path), most_links));
    const std::filesystem::path target(link->second);
    // From the root again: what the target names may be links too.
    const auto whole = (target.is_absolute() ? target.relative_path() : done / target) / after;
    rest = whole.lexically_normal();
    done.clear();
  }
  return "/" + done.native();
}

}  // namespace cairn::build
