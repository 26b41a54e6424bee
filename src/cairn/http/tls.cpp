// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/tls.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <cstdint>

namespace cairn::http {
namespace {

constexpr std::uint64_t certificate_limit_bytes = std::uint64_t{1} << 20;

}  // namespace

Tls read_certificates(const std::filesystem::path& directory)
{
  Tls tls;
  std::error_code ignored;
  if (directory.empty() || !std::filesystem::is_directory(directory, ignored)) return tls;
  const auto root = open_root(directory);
  for (const auto& entry : list_directory(root.get(), directory)) {
    const auto path = directory / entry.name;
    const auto with = [&](const char* extension) { return std::filesystem::path(path).replace_extension(extension); };
    if (path.extension() == ".crt") {
      tls.authorities += read_small_file(std::filesystem::canonical(path), certificate_limit_bytes) + '\n';
    } else if (path.extension() == ".cert") {
      if (!std::filesystem::exists(with(".key"), ignored))
        throw Error(Errc::bad_input,
                    fmt::format("{}: its key {} is missing", printable(path.native()), printable(with(".key").filename().native())));
      tls.certificate = path;
      tls.key = with(".key");
    } else if (path.extension() == ".key" && !std::filesystem::exists(with(".cert"), ignored)) {
      throw Error(Errc::bad_input,
                  fmt::format("{}: its certificate {} is missing", printable(path.native()), printable(with(".cert").filename().native())));
    }
  }
  return tls;
}

Tls find_certificates(const std::vector<std::filesystem::path>& directories, const std::string& authority)
{
  for (const auto& directory : directories) {
    std::error_code ignored;
    if (std::filesystem::is_directory(directory / authority, ignored)) return read_certificates(directory / authority);
  }
  return {};
}

}  // namespace cairn::http
