// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/oci/json.hpp>
#include <cairn/volume/populate.hpp>

#include <chrono>
#include <string>

namespace cairn::cli {

[[nodiscard]] oci::JsonWriter populate_record(const volume::Populated& done, bool dry_run, std::chrono::nanoseconds took);
/// One line for people.
[[nodiscard]] std::string populate_text(const volume::Populated& done, bool dry_run, std::chrono::nanoseconds took);
/// Prometheus text exposition format 0.0.4.
[[nodiscard]] std::string populate_metrics(const volume::Populated& done, std::chrono::nanoseconds took);

}  // namespace cairn::cli
