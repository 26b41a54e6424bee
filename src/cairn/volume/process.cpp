// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/process.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <sys/utsname.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

std::string boot_id()
{
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  std::getline(file, text);
  return text;
}

std::string process_namespace()
{
  std::array<char, 64> text;
  const auto size = ::readlink("/proc/self/ns/pid", text.data(), text.size());
  return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

/// Field 22 of /proc/PID/stat (proc(5)); 0: no such process.
std::uint64_t start_of(std::uint64_t pid)
{
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  if (!std::getline(file, text)) return 0;
  const auto end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return 0;
  std::istringstream fields(text.substr(end_of_name + 1));
  std::string field;
  for (int number = 3; number < 22; ++number) fields >> field;
  if (text.find(") Z ", end_of_name) == end_of_name) return 0;  // dead, only not yet waited for
  std::uint64_t start = 0;
  fields >> start;
  return start;
}

}  // namespace

Process Process::self()
{
  utsname names{};
  ::uname(&names);
  const auto pid = static_cast<std::uint64_t>(::getpid());
  return {static_cast<const char*>(names.nodename), boot_id(), process_namespace(), pid, start_of(pid)};
}

void Process::write(oci::JsonWriter& json) const
{
  json.member("host", host).member("boot", boot).member("namespace", namespace_).member("pid", pid).member("start", start);
}

Process Process::read(const oci::Json& json)
{
  return {std::string(json.at("host").string()), std::string(json.at("boot").string()), std::string(json.at("namespace").string()),
          json.at("pid").uint64(), json.at("start").uint64()};
}

bool Process::is_gone() const
{
  if (boot.empty() || boot != boot_id() || namespace_.empty() || namespace_ != process_namespace()) return false;
  return start_of(pid) != start;
}

}  // namespace cairn::volume
