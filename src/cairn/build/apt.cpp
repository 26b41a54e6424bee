// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/apt.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/tool.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <string_view>

namespace cairn::build {
namespace {

constexpr std::string_view debian_keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
constexpr std::string_view apt_helper = "/usr/lib/apt/apt-helper";
constexpr std::size_t output_limit_bytes = std::size_t{64} << 20;

/// Call `body` with each line.
template <class Body>
void for_lines(std::string_view text, const Body& body)
{
  while (!text.empty()) {
    const auto newline = std::min(text.find('\n'), text.size());
    body(text.substr(0, newline));
    text.remove_prefix(std::min(newline + 1, text.size()));
  }
}

/// The first blank-separated word, taken off `text`.
std::string_view take_word(std::string_view& text)
{
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::string output_of(const std::string& title, std::vector<std::string> arguments, const Task& task)
{
  Program program;
  program.arguments = std::move(arguments);
  program.output_limit_bytes = output_limit_bytes;
  return run_tool(title, std::move(program), task).output;
}

std::size_t distance(std::string_view a, std::string_view b)
{
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

/// apt's settings for state of its own. `-c` comes after the machine's files, so what clears something there works.
std::string settings(const std::filesystem::path& directory)
{
  const auto at = directory.native();
  return fmt::format("#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n"
                     "Dir::State \"{0}/state\";\nDir::State::Lists \"{0}/lists\";\nDir::State::Status \"{0}/status\";\n"
                     "Dir::State::extended_states \"{0}/extended_states\";\nDir::Cache \"{0}/cache\";\n"
                     "Dir::Etc::SourceList \"{0}/sources.list\";\nDir::Etc::SourceParts \"/dev/null\";\n"
                     "Dir::Etc::Preferences \"/dev/null\";\nDir::Etc::PreferencesParts \"/dev/null\";\n"
                     "APT::Install-Recommends \"false\";\nAPT::Install-Suggests \"false\";\nAPT::Sandbox::User \"root\";\n"
                     "APT::Get::List-Cleanup \"true\";\nAcquire::Languages \"none\";\nAcquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n",
                     at);
}

}  // namespace

std::vector<AptSource> machine_apt_sources(const Task& task)
{
  require_tool("apt-get", "apt", "what is made of Debian packages");
  const auto text = output_of("apt-get indextargets",
                              {"apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI) $(SIGNED_BY)", "Created-By: Packages", "Component: main"}, task);
  std::vector<AptSource> out;
  for_lines(text, [&](std::string_view line) {
    AptSource source;
    source.release = take_word(line);
    source.uri = take_word(line);
    source.signed_by = take_word(line);
    if (!source.signed_by.starts_with('/')) source.signed_by = std::filesystem::exists(debian_keyring) ? debian_keyring : "";
    const bool is_known = std::ranges::any_of(out, [&](const auto& one) { return one.release == source.release && one.uri == source.uri; });
    if (!is_known && !source.uri.empty()) out.push_back(std::move(source));
  });
  return out;
}

std::string sources_list(const std::vector<AptSource>& sources)
{
  std::string out;
  for (const auto& [release, uri, signed_by] : sources)
    out += fmt::format("deb {}{} {} main\n", signed_by.empty() ? "" : fmt::format("[signed-by={}] ", signed_by), uri, release);
  return out;
}

std::vector<recipe::LockedPackage> parse_stanzas(std::string_view text)
{
  std::vector<recipe::LockedPackage> out;
  recipe::LockedPackage one;
  bool has_file = false;
  const auto end = [&] {
    if (has_file && (one.name.empty() || one.version.empty() || one.sha256.empty() || one.size_bytes == 0))
      throw Error(Errc::tool, fmt::format("apt-cache show: {} has no version, SHA256 or size", printable(one.name)));
    if (has_file) out.push_back(one);
    one = {};
    has_file = false;
  };
  for_lines(text, [&](std::string_view line) {
    const auto colon = line.find(": ");
    if (line.empty()) end();
    if (colon == std::string_view::npos || line.front() == ' ') return;
    const auto key = line.substr(0, colon);
    const auto value = line.substr(colon + 2);
    if (key == "Package") one.name = value;
    else if (key == "Version") one.version = value;
    else if (key == "Architecture") one.architecture = value;
    else if (key == "SHA256") one.sha256 = value;
    else if (key == "Filename") has_file = true;
    else if (key == "Size") (void)std::from_chars(value.data(), value.data() + value.size(), one.size_bytes);
  });
  end();
  return out;
}

std::vector<std::string> parse_simulation(std::string_view text)
{
  std::vector<std::string> out;
  for_lines(text, [&](std::string_view line) {
    if (take_word(line) != "Inst") return;
    const auto name = take_word(line);
    const auto version = take_word(line);
    if (!version.starts_with('(')) throw Error(Errc::tool, fmt::format("apt-get install --simulate: says {} in a way not known", printable(name)));
    // `libc6:amd64` where the architecture must be said.
    out.push_back(fmt::format("{}={}", name.substr(0, name.find(':')), version.substr(1)));
  });
  return out;
}

Apt::Apt(std::filesystem::path directory, std::string suite, const Task& task)
    : directory_(std::move(directory)), suite_(std::move(suite)), lock_((std::filesystem::create_directories(directory_), directory_ / "in-use"), LockMode::exclusive, task)
{
  for (const auto* name : {"state", "lists/partial", "cache/archives/partial"}) std::filesystem::create_directories(directory_ / name);
  auto sources = machine_apt_sources(task);
  std::erase_if(sources, [&](const auto& one) {
    return one.release != suite_ && one.release != suite_ + "-updates" && one.release != suite_ + "-security" && one.release != suite_ + "/updates";
  });
  if (sources.empty())
    throw Error(Errc::not_found, fmt::format("apt has no source for the suite '{}', component main; add one to /etc/apt/sources.list.d", suite_));
  std::ranges::stable_sort(sources, {}, &AptSource::release);
  write_file_atomically(directory_ / "sources.list", sources_list(sources), Flush::no);
  write_file_atomically(directory_ / "settings", settings(directory_), Flush::no);
  write_file_atomically(directory_ / "status", "", Flush::no);
}

std::vector<std::string> Apt::command(const std::string& program, const std::vector<std::string>& arguments) const
{
  std::vector<std::string> out = {program, "-c", (directory_ / "settings").native()};
  out.insert(out.end(), arguments.begin(), arguments.end());
  return out;
}

std::string Apt::architecture(const Task& task) const
{
  auto text = output_of("dpkg", {"dpkg", "--print-architecture"}, task);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

void Apt::update(const Task& task) const
{
  const auto step = task.step(fmt::format("fetch the package lists of {}", suite_));
  (void)output_of("apt-get update", command("apt-get", {"-qq", "-o", "APT::Update::Error-Mode=any", "update"}), step);
}

std::string Apt::nearest(const std::string& name, const Task& task) const
{
  std::string best;
  std::size_t least = std::string::npos;
  for_lines(output_of("apt-cache pkgnames", command("apt-cache", {"pkgnames"}), task), [&](std::string_view one) {
    const auto here = distance(name, one);
    if (here > least || (here == least && one >= best)) return;
    least = here;
    best = one;
  });
  return best;
}

std::vector<recipe::LockedPackage> Apt::known(const std::vector<std::string>& names, const Task& task) const
{
  Program program;
  program.arguments = command("apt-cache", {"show"});
  program.arguments.insert(program.arguments.end(), names.begin(), names.end());
  program.output_limit_bytes = output_limit_bytes;
  // Its status says whether all are there: that is for the caller to see.
  return parse_stanzas(run_program(program, task).output);
}

std::vector<recipe::LockedPackage> Apt::resolve(const std::vector<std::string>& packages, const Task& task) const
{
  Program program;
  program.arguments = command("apt-get", {"-qq", "--simulate", "install", "?essential", "?priority(required)", "apt"});
  program.arguments.insert(program.arguments.end(), packages.begin(), packages.end());
  program.output_limit_bytes = output_limit_bytes;
  const auto simulated = run_program(program, task);
  if (simulated.status != 0) {
    for (const auto& name : packages)
      if (simulated.errors.find(fmt::format("Unable to locate package {}\n", name)) != std::string::npos)
        throw Error(Errc::not_found, fmt::format("{}: no apt source of this machine has it for {}; the nearest name is {}", printable(name), suite_,
                                                 printable(nearest(name, task))));
    throw Error(Errc::tool, fmt::format("apt-get install --simulate: {}", last_lines(simulated.errors)));
  }
  const auto chosen = parse_simulation(simulated.output);
  auto out = known(chosen, task);
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  if (out.size() != chosen.size())
    throw Error(Errc::tool, fmt::format("apt-cache show: told of {} packages where {} were asked for", out.size(), chosen.size()));
  return out;
}

std::vector<Apt::Place> Apt::locate(const std::vector<recipe::LockedPackage>& packages, const Task& task) const
{
  std::vector<std::string> names;
  for (const auto& one : packages) names.push_back(one.name);
  std::map<std::string, recipe::LockedPackage> by_digest;
  std::map<std::string, std::string> newest;
  for (auto& one : known(names, task)) {
    newest.try_emplace(one.name, one.version);
    by_digest.try_emplace(one.sha256, std::move(one));
  }
  auto arguments = command("apt-get", {"-qq", "--print-uris", "download"});
  for (const auto& one : packages) {
    if (by_digest.contains(one.sha256)) {
      arguments.push_back(fmt::format("{}={}", one.name, one.version));
      continue;
    }
    const auto there = newest.find(one.name);
    throw Error(Errc::not_found,
                fmt::format("{} {}: is in the lock and gone from this machine's apt sources, which have {}; run 'cairn base lock' and commit what it writes",
                            one.name, printable(one.version),
                            there == newest.end() ? fmt::format("no such package (the nearest name is {})", printable(nearest(one.name, task)))
                            : there->second == one.version ? "that version with other bytes" : printable(there->second)));
  }
  std::vector<Place> out;
  for_lines(output_of("apt-get download", std::move(arguments), task), [&](std::string_view line) {
    const auto uri = take_word(line);
    const auto hash = line.rfind("SHA256:");
    if (uri.size() < 2 || !uri.starts_with('\'') || hash == std::string_view::npos) return;
    const auto found = by_digest.find(std::string(line.substr(hash + std::string_view("SHA256:").size())));
    if (found != by_digest.end()) out.push_back({std::string(uri.substr(1, uri.size() - 2)), found->second});
  });
  if (out.size() != packages.size())
    throw Error(Errc::tool, fmt::format("apt-get download: told of {} packages where {} were asked for", out.size(), packages.size()));
  return out;
}

void Apt::download(const std::vector<Place>& places, const std::filesystem::path& directory, const Task& task) const
{
  std::vector<std::string> arguments = command(std::string(apt_helper), {"-qq", "download-file"});
  for (const auto& [uri, package] : places) {
    arguments.push_back(uri);
    arguments.push_back((directory / (package.sha256 + ".deb")).native());
    arguments.push_back("SHA256:" + package.sha256);
  }
  (void)output_of("apt-helper download-file", std::move(arguments), task);
}

}  // namespace cairn::build
