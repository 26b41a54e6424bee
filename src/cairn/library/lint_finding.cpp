// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/lint_finding.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <filesystem>

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

namespace cairn::library {
namespace {

[[maybe_unused]] bool is_admitted(std::string_view id, Severity severity)
{
  const auto rules = lint_rules();
  const auto rule = std::ranges::find(rules, id, &LintRule::id);
  return rule != rules.end() && severity >= rule->least && severity <= rule->worst;
}

/// As the kernel's MAXSYMLINKS.
constexpr int most_links = 40;

bool is_at_or_below(std::string_view path, std::string_view directory)
{
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

template <std::size_t count>
bool is_below_one(std::string_view path, const std::array<std::string_view, count>& directories)
{
  return std::ranges::any_of(directories, [&](auto directory) { return is_at_or_below(path, directory); });
}

/// lstat of `path` when no symbolic link is on the way and it is there.
std::optional<struct stat> plain_status(int tree, const std::string& path)
{
  try {
    const auto fd = open_beneath(tree, path, O_PATH, path);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return std::nullopt;
    return status;
  } catch (const Error&) {
    return std::nullopt;  // what cannot be read is reported when it is scanned
  }
}

std::string_view parent_of(std::string_view path)
{
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

}  // namespace

void Findings::add(Severity severity, std::string_view rule, std::string path, std::string what, std::string advice)
{
  assert(is_admitted(rule, severity));
  findings_.push_back({severity, std::string(rule), unit_, std::move(path), std::move(what), std::move(advice)});
}

void Findings::add_alike(Severity severity, std::string_view rule, const std::string& path, const std::string& what, std::string_view advice)
{
  assert(is_admitted(rule, severity));
  auto& alike = alike_[{std::string(rule), what}];
  if (alike.count++ == 0) alike.finding = {severity, std::string(rule), unit_, path, what, std::string(advice)};
}

std::vector<LintFinding> Findings::take()
{
  for (auto& [key, alike] : alike_) {
    if (alike.count == 2) alike.finding.what += " (and another one)";
    if (alike.count > 2) alike.finding.what += fmt::format(" (and {} more)", alike.count - 1);
    findings_.push_back(std::move(alike.finding));
  }
  alike_.clear();
  std::ranges::stable_sort(findings_, [](const auto& a, const auto& b) {
    if (a.rule != b.rule) return a.rule < b.rule;
    if (a.severity != b.severity) return a.severity > b.severity;
    return a.path < b.path;
  });
  std::vector<LintFinding> out;
  for (std::size_t begin = 0; begin < findings_.size();) {
    auto end = begin;
    while (end < findings_.size() && findings_[end].rule == findings_[begin].rule) ++end;
    const auto shown = std::min(end, begin + lint_findings_limit);
    std::move(findings_.begin() + static_cast<std::ptrdiff_t>(begin), findings_.begin() + static_cast<std::ptrdiff_t>(shown), std::back_inserter(out));
    if (shown < end) {
      const auto& first = findings_[shown];
      out.push_back({first.severity, first.rule, unit_, {}, fmt::format("and {} more", end - shown), "mend these, then lint again"});
    }
    begin = end;
  }
  findings_.clear();
  return out;
}

std::string plain_path(std::string_view path)
{
  auto out = std::filesystem::path(path).lexically_normal().native();
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  if (out.starts_with("//")) out.erase(0, out.find_first_not_of('/') - 1);
  return out;
}

std::optional<std::string> LintPlace::in_tree(std::string_view path) const
{
  const auto plain = plain_path(path);
  if (!is_at_or_below(plain, target)) return std::nullopt;
  return plain.size() == target.size() ? std::string{} : plain.substr(target.size() + 1);
}

const std::string* LintPlace::excluded(const std::string& path) const
{
  for (auto end = path.find('/'); ; end = path.find('/', end + 1)) {
    const auto part = path.substr(0, end);
    for (const auto& pattern : excludes)
      if (::fnmatch(pattern.c_str(), part.c_str(), 0) == 0) return &pattern;
    if (end == std::string::npos) return nullptr;
  }
}

bool is_system_path(std::string_view path)
{
  static constexpr std::array<std::string_view, 15> system{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/etc",
                                                           "/dev", "/proc", "/sys", "/run", "/var/lib", "/var/run", "/var/cache"};
  return is_below_one(path, system) && !is_at_or_below(path, "/usr/local") && !is_private_path(path);
}

bool is_private_path(std::string_view path)
{
  static constexpr std::array<std::string_view, 6> personal{"/home", "/root", "/tmp", "/var/tmp", "/dev/shm", "/run/user"};
  return is_below_one(path, personal);
}

LinkEnd follow(const LintPlace& place, const std::string& directory, std::string_view text)
{
  std::string at = directory;  // no link on the way to it
  std::string left(text);      // what is still to be walked
  int links = 0;
  const auto enter = [&](const std::string& absolute) {
    auto inside = place.in_tree(absolute);
    if (!inside) return false;
    at.clear();
    left = std::move(*inside);
    return true;
  };
  if (left.starts_with('/') && !enter(left)) return {LinkEnd::Kind::outside, plain_path(text), true};
  // Most lead plainly to something.
  if (left.find("..") == std::string::npos) {
    const auto path = plain_path(at.empty() ? left : at + "/" + left);
    if (path == "." || path.empty()) return {LinkEnd::Kind::inside, {}, true};
    if (const auto status = plain_status(place.tree, path); status && !S_ISLNK(status->st_mode)) return {LinkEnd::Kind::inside, path, true};
  }
  while (!left.empty()) {
    const auto slash = std::min(left.find('/'), left.size());
    const auto name = left.substr(0, slash);
    left.erase(0, std::min(left.size(), slash + 1));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      if (!at.empty()) {
        at = parent_of(at);
        continue;
      }
      const auto absolute = plain_path(fmt::format("{}/../{}", place.target, left));
      if (!enter(absolute)) return {LinkEnd::Kind::outside, absolute, links == 0};
      continue;
    }
    const auto next = at.empty() ? name : at + "/" + name;
    const auto status = plain_status(place.tree, next);
    if (!status) return {LinkEnd::Kind::missing, plain_path(left.empty() ? next : next + "/" + left), true};
    if (!S_ISLNK(status->st_mode)) {
      at = next;
      continue;
    }
    if (++links > most_links) return {LinkEnd::Kind::endless, next, true};
    const auto parent = open_beneath(place.tree, at, O_PATH | O_DIRECTORY, next);
    const auto target = read_link_at(parent.get(), name, next);
    left = left.empty() ? target : target + "/" + left;
    if (target.starts_with('/')) {
      const auto absolute = left;
      if (!enter(absolute)) return {LinkEnd::Kind::outside, plain_path(absolute), false};
    }
  }
  return {LinkEnd::Kind::inside, at, true};
}

}  // namespace cairn::library
