// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/lock.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cairn::python {

/// Where pip on this machine would look (pip, "Configuration"): PIP_INDEX_URL and PIP_EXTRA_INDEX_URL, or else `index-url`
/// and `extra-index-url` of `[install]` and `[global]` in PIP_CONFIG_FILE, the user's, and /etc/pip.conf. Nothing when none
/// says. `variable` gives environment variables.
[[nodiscard]] std::vector<PackageSource> pip_sources(const std::function<std::optional<std::string>(const std::string&)>& variable);

}  // namespace cairn::python
