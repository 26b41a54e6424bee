// SPDX-License-Identifier: Apache-2.0
#include <cairn/oci/architecture.hpp>

#include <sys/utsname.h>

namespace cairn::oci {

std::string architecture_of(std::string_view machine)
{
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine == "armv7l" || machine == "armv6l") return "arm";
  if (machine == "i686" || machine == "i586") return "386";
  return std::string(machine);  // ppc64le, s390x, riscv64 are the same
}

std::string own_architecture()
{
  utsname names{};
  if (::uname(&names) != 0) return "amd64";
  return architecture_of(static_cast<const char*>(names.machine));
}

}  // namespace cairn::oci
