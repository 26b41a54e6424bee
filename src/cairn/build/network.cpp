// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/network.hpp>

#include <array>
#include <cstdlib>
#include <optional>
#include <string>

namespace cairn::build {
namespace {

constexpr const char* place = "/run/cairn-network";
constexpr std::array passed_on{"http_proxy",  "https_proxy", "no_proxy",      "HTTP_PROXY",          "HTTPS_PROXY",
                               "NO_PROXY",    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "CAIRN_PYTHON_INDEX"};
/// Programs ask these where the authorities are; one that is set here is meant for all.
constexpr std::array authorities{"SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"};

std::optional<std::string> variable(const char* name)
{
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace

void give_network(ContainerStep& step, const std::filesystem::path& directory)
{
  step.has_network = true;
  for (const auto* name : passed_on)
    if (const auto value = variable(name)) step.env.emplace_back(name, *value);
  for (const auto* name : authorities) {
    const auto file = variable(name);
    if (!file || !std::filesystem::is_regular_file(*file)) continue;
    std::filesystem::copy_file(*file, directory / "authorities.pem");
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all | std::filesystem::perms::group_read | std::filesystem::perms::group_exec |
                                                std::filesystem::perms::others_read | std::filesystem::perms::others_exec);
    std::filesystem::permissions(directory / "authorities.pem", std::filesystem::perms(0644));
    step.mounts.emplace_back(directory, place);
    for (const auto* one : authorities) step.env.emplace_back(one, std::string(place) + "/authorities.pem");
    return;
  }
}

}  // namespace cairn::build
