// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/oci/json.hpp>
#include <cairn/volume/collect.hpp>
#include <cairn/volume/populate.hpp>
#include <cairn/volume/status.hpp>
#include <cairn/volume/verify.hpp>
#include <cli/render/table.hpp>

#include <chrono>
#include <string>

namespace cairn::cli {

[[nodiscard]] oci::JsonWriter populate_record(const volume::Populated& done, bool dry_run, std::chrono::nanoseconds took);
/// One line for people.
[[nodiscard]] std::string populate_text(const volume::Populated& done, bool dry_run, std::chrono::nanoseconds took);
/// Prometheus text exposition format 0.0.4.
[[nodiscard]] std::string populate_metrics(const volume::Populated& done, std::chrono::nanoseconds took);

[[nodiscard]] oci::JsonWriter status_record(const volume::Status& status);
[[nodiscard]] std::string status_text(const volume::Status& status);
[[nodiscard]] oci::JsonWriter history_record(const std::vector<volume::Event>& events, const std::string& current);
[[nodiscard]] Table history_table(const std::vector<volume::Event>& events, const std::string& current);
[[nodiscard]] oci::JsonWriter diff_record(const std::string& from, const std::string& to, const volume::UnitChanges& changes);
[[nodiscard]] std::string diff_text(const volume::UnitChanges& changes);  ///< a line a unit
[[nodiscard]] oci::JsonWriter collect_record(const volume::Collected& collected, bool dry_run);
[[nodiscard]] std::string drift_text(const volume::Drift& drift);
[[nodiscard]] oci::JsonWriter verify_record(const volume::Verified& verified, std::uint64_t repaired);
[[nodiscard]] std::string verify_text(const volume::Verified& verified, std::uint64_t repaired);

}  // namespace cairn::cli
