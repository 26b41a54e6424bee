// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::deploy {

enum class Severity { error, warning };

struct CheckFinding {
  Severity severity;
  std::string place;  ///< `imagestream.yaml:12:9`
  std::string text;   ///< what is wrong and what to do
};

/// What is wrong with manifests that somebody wrote, beyond what the cluster itself would say: values that dashboards misread,
/// secrets without keys, pods that a restricted cluster refuses. In the order of the text. Never throws for what is in `text`: what is no
/// YAML is a finding.
[[nodiscard]] std::vector<CheckFinding> check_manifests(std::string_view text, const std::string& what);

}  // namespace cairn::deploy
