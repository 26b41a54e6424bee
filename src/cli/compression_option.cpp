// SPDX-License-Identifier: Apache-2.0
#include <cli/compression_option.hpp>

#include <cli/command_line.hpp>

#include <fmt/format.h>

namespace cairn::cli {

Compression chosen_compression(const std::optional<std::string>& codec_name, const std::optional<std::uint64_t>& level,
                               const Settings& settings)
{
  const auto codec = codec_name ? *codec_from(*codec_name) : settings.compression.value;
  auto compression = Compression::standard(codec);
  // A level that a file or variable sets is meant for the codec that stands beside it, not for one named here.
  if (level) compression.level = static_cast<int>(*level);
  else if (settings.level.value && !codec_name) compression.level = *settings.level.value;
  const auto most = codec == Codec::zstd ? 19 : codec == Codec::gzip ? 12 : 0;
  if (compression.level > most || (compression.level < 1 && most > 0)) {
    throw UsageError(most == 0 ? fmt::format("--level {}: without compression there is no level", compression.level)
                               : fmt::format("--level {}: {} has levels 1 to {}", compression.level, name(codec), most));
  }
  return compression;
}

}  // namespace cairn::cli
