// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/inflate.hpp>
#include <cairn/os/fd.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Zip archives for tests, honest or lying in any field.
namespace cairn::test {

struct ZipMember {
  std::string name;
  std::string content{};
  std::uint32_t mode = 0100644;
  bool deflate = false;  ///< as one stored block (RFC 1951, 3.2.4)
  std::uint16_t flags = 0;
  // What the two headers say, if not the truth.
  std::optional<std::string> local_name{};
  std::optional<std::uint16_t> central_method{};
  std::optional<std::uint16_t> local_method{};
  std::optional<std::uint16_t> local_flags{};
  std::optional<std::uint32_t> central_crc{};
  std::optional<std::uint32_t> local_crc{};
  std::optional<std::uint32_t> central_size{};
  std::optional<std::uint32_t> local_size{};
  std::optional<std::uint32_t> central_offset{};
  std::string central_extra{};
  std::string local_extra{};
  std::string comment{};
  std::string descriptor{};  ///< bytes behind the content
  bool in_directory = true;
};

class ZipMaker {
public:
  ZipMaker& add(ZipMember member)
  {
    members_.push_back(std::move(member));
    return *this;
  }
  ZipMaker& add(std::string name, std::string content, std::uint32_t mode = 0100644)
  {
    ZipMember member;
    member.name = std::move(name);
    member.content = std::move(content);
    member.mode = mode;
    return add(std::move(member));
  }
  std::string prefix, suffix, comment;
  std::optional<std::uint16_t> count;

  [[nodiscard]] std::string bytes() const
  {
    std::string out = prefix, directory;
    std::uint16_t listed = 0;
    for (const auto& member : members_) {
      const auto offset = static_cast<std::uint32_t>(out.size());
      const auto crc = crc32(0, as_bytes(member.content));
      const auto size = static_cast<std::uint32_t>(member.content.size());
      std::string packed = member.content;
      if (member.deflate) packed = std::string("\x01") + number(size, 2) + number(~size & 0xFFFF, 2) + member.content;
      const std::uint16_t method = member.deflate ? 8 : 0;
      const auto& local_name = member.local_name.value_or(member.name);
      out += number(0x04034b50, 4) + number(20, 2) + number(member.local_flags.value_or(member.flags), 2) +
             number(member.local_method.value_or(method), 2) + number(0, 4) + number(member.local_crc.value_or(crc), 4) +
             number(packed.size(), 4) + number(member.local_size.value_or(size), 4) + number(local_name.size(), 2) +
             number(member.local_extra.size(), 2) + local_name + member.local_extra + packed + member.descriptor;
      if (!member.in_directory) continue;
      ++listed;
      directory += number(0x02014b50, 4) + number(0x0314, 2) + number(20, 2) + number(member.flags, 2) +
                   number(member.central_method.value_or(method), 2) + number(0, 4) + number(member.central_crc.value_or(crc), 4) +
                   number(packed.size(), 4) + number(member.central_size.value_or(size), 4) + number(member.name.size(), 2) +
                   number(member.central_extra.size(), 2) + number(member.comment.size(), 2) + number(0, 4) + number(member.mode << 16, 4) +
                   number(member.central_offset.value_or(offset), 4) + member.name + member.central_extra + member.comment;
    }
    const auto at = out.size();
    const auto entries = count.value_or(listed);
    out += directory + number(0x06054b50, 4) + number(0, 4) + number(entries, 2) + number(entries, 2) + number(directory.size(), 4) +
           number(at, 4) + number(comment.size(), 2) + comment + suffix;
    return out;
  }
  void write(const std::filesystem::path& file) const { std::ofstream(file, std::ios::binary) << bytes(); }

  static std::string number(std::uint64_t value, int size)
  {
    std::string text;
    for (int i = 0; i < size; ++i) text += static_cast<char>(i < 8 ? value >> (8 * i) & 0xFF : 0);
    return text;
  }

private:
  std::vector<ZipMember> members_;
};

}  // namespace cairn::test
