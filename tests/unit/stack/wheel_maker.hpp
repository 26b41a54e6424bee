// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/hash.hpp>
#include <cairn/python/record.hpp>
#include <cairn/python/resolve.hpp>

#include <support/zip_maker.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

/// Small wheels for tests.
namespace cairn::stack::test {

/// Write `name`-`version` with these files (and honest metadata) into `directory`; as `python::resolve` would give it.
inline python::Chosen make_wheel(const std::filesystem::path& directory, const std::string& name, const std::string& version,
                                 std::map<std::string, std::string> files, bool deflate = true)
{
  const auto info = name + "-" + version + ".dist-info/";
  files[info + "WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
  files[info + "METADATA"] = "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n";
  cairn::test::ZipMaker maker;
  std::string record;
  for (const auto& [path, content] : files) {
    maker.add({.name = path, .content = content, .deflate = deflate && content.size() < 65536});
    record += path + "," + python::record_hash(content) + "," + std::to_string(content.size()) + "\n";
  }
  maker.add(info + "RECORD", record + info + "RECORD,,\n");
  const auto file = name + "-" + version + "-py3-none-any.whl";
  maker.write(directory / file);
  python::Chosen chosen;
  chosen.pin.name = chosen.pin.written_name = name;
  chosen.wheel = python::WheelName::parse(file);
  chosen.digest = sha256(maker.bytes());
  chosen.path = directory / file;
  return chosen;
}

}  // namespace cairn::stack::test
