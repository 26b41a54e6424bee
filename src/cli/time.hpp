// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace cairn::cli {

/// SOURCE_DATE_EPOCH (reproducible-builds.org, "SOURCE_DATE_EPOCH specification 1.1") as RFC 3339; 1970 when it is not
/// set. Throws UsageError when it is no number of seconds.
[[nodiscard]] std::string created_time();

}  // namespace cairn::cli
