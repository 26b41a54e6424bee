// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::test {

/// A header block as it stands in an archive: each field is text, right or wrong. The checksum is made to fit unless
/// given. `size` is the field only; content is appended apart.
struct RawHeader {
  std::string name;
  char type = '0';
  std::string link = {};
  std::string size = "00000000000";
  std::string mode = "0000644";
  std::string uid = "0000000";
  std::string gid = "0000000";
  std::string mtime = "00000000000";
  std::string checksum = {};
  std::string magic = std::string("ustar\00000", 8);
  std::string device_major = {};
  std::string device_minor = {};
  std::string prefix = {};
  std::string rest = {};
};

inline const std::string gnu_magic("ustar  \0", 8);

/// `value` as GNU base-256 in a field of `width` bytes; `marker` 0x80 or, for negative numbers, 0xff.
inline std::string base256(std::int64_t value, std::size_t width, unsigned char marker = 0x80)
{
  std::string field(width, static_cast<char>(value < 0 ? 0xff : 0));
  auto bits = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < 8 && i + 1 < width; ++i, bits >>= 8) field[width - 1 - i] = static_cast<char>(bits & 0xff);
  field[0] = static_cast<char>(marker);
  return field;
}

inline std::string octal_field(std::uint64_t value, std::size_t digits = 11)
{
  std::string text(digits, '0');
  for (auto i = digits; i-- > 0; value >>= 3) text[i] = static_cast<char>('0' + (value & 7));
  return text;
}

/// "LENGTH KEY=VALUE\n", right.
inline std::string pax_record(std::string_view key, std::string_view value)
{
  const auto rest = key.size() + value.size() + 3;
  auto length = rest + 1;
  while (std::to_string(length).size() + rest != length) length = std::to_string(length).size() + rest;
  std::string record = std::to_string(length) + " ";
  record += key;
  record += '=';
  record += value;
  return record + "\n";
}

/// Builds archives block by block, valid or not. Independent of the writer under test.
class TarMaker {
public:
  TarMaker& raw(std::string_view bytes)
  {
    bytes_ += bytes;
    return *this;
  }
  TarMaker& header(const RawHeader& header)
  {
    std::string block(512, '\0');
    const auto put = [&](std::size_t at, std::size_t width, std::string_view text) {
      block.replace(at, std::min(width, text.size()), text.substr(0, width));
    };
    put(0, 100, header.name);
    put(100, 8, header.mode);
    put(108, 8, header.uid);
    put(116, 8, header.gid);
    put(124, 12, header.size);
    put(136, 12, header.mtime);
    put(148, 8, "        ");
    block[156] = header.type;
    put(157, 100, header.link);
    put(257, 8, header.magic);
    put(329, 8, header.device_major);
    put(337, 8, header.device_minor);
    put(345, 155, header.prefix);
    put(500, 12, header.rest);
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(148, 8, header.checksum.empty() ? octal_field(sum, 6) + std::string("\0 ", 2) : header.checksum);
    return raw(block);
  }
  /// Content and its padding.
  TarMaker& content(std::string_view text)
  {
    raw(text);
    return raw(std::string((512 - text.size() % 512) % 512, '\0'));
  }
  TarMaker& with_content(RawHeader head, std::string_view text)
  {
    head.size = octal_field(text.size());
    return header(head).content(text);
  }
  TarMaker& file(std::string_view name, std::string_view text = {}, unsigned mode = 0644)
  {
    return with_content({.name = std::string(name), .mode = octal_field(mode, 7)}, text);
  }
  TarMaker& directory(std::string_view name, unsigned mode = 0755)
  {
    return header({.name = std::string(name), .type = '5', .mode = octal_field(mode, 7)});
  }
  TarMaker& symlink(std::string_view name, std::string_view target)
  {
    return header({.name = std::string(name), .type = '2', .link = std::string(target), .mode = "0000777"});
  }
  TarMaker& hard_link(std::string_view name, std::string_view target)
  {
    return header({.name = std::string(name), .type = '1', .link = std::string(target)});
  }
  TarMaker& fifo(std::string_view name) { return header({.name = std::string(name), .type = '6'}); }
  TarMaker& device(std::string_view name, char type, unsigned major, unsigned minor)
  {
    return header({.name = std::string(name), .type = type, .device_major = octal_field(major, 7), .device_minor = octal_field(minor, 7)});
  }
  TarMaker& pax_body(std::string_view body, char type = 'x') { return with_content({.name = "PaxHeaders/0", .type = type}, body); }
  TarMaker& pax(const std::vector<std::pair<std::string, std::string>>& records)
  {
    std::string body;
    for (const auto& [key, value] : records) body += pax_record(key, value);
    return pax_body(body);
  }
  TarMaker& gnu_long(char type, std::string_view body)
  {
    return with_content({.name = "././@LongLink", .type = type, .magic = gnu_magic}, body);
  }
  TarMaker& zero_blocks(std::size_t count) { return raw(std::string(512 * count, '\0')); }

  /// The archive with, or without, its two end blocks.
  [[nodiscard]] std::string ended() const { return bytes_ + std::string(1024, '\0'); }
  [[nodiscard]] const std::string& unended() const { return bytes_; }

private:
  std::string bytes_;
};

}  // namespace cairn::test
