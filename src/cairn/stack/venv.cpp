// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/venv.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/new_layer.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/os/child.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/stack/stack.hpp>
#include <cairn/stack/target_python.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace cairn::stack {
namespace {

/// Makes the environment below STAGE, and then has its files say that they lie at PREFIX. The last part of both is the same: it is in
/// prompts.
constexpr std::string_view script = R"(import os, shlex, sys
stage, prefix, python = sys.argv[1:]
os.umask(0o002)
sys.executable = sys._base_executable = python
os.path.realpath = lambda path, **_: path  # no link of this machine counts
import venv
venv.EnvBuilder(symlinks=True, with_pip=False).create(stage + prefix)
for directory, _, names in os.walk(stage + prefix):
    os.chmod(directory, 0o775)
    for path in (os.path.join(directory, name) for name in names):
        if os.path.islink(path):
            continue
        with open(path, "rb") as file:
            text = file.read()
        with open(path, "wb") as file:
            for path_as_written in shlex.quote(stage + prefix), stage + prefix:
                text = text.replace(path_as_written.encode(), prefix.encode())
            file.write(text)
        os.chmod(path, 0o664)
)";

/// Characters that no activation script needs to quote.
bool is_plain(std::string_view path)
{
  return std::ranges::all_of(path, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./+-").find(c) != std::string_view::npos;
  });
}

void run(const std::filesystem::path& directory, const std::string& prefix, const Interpreter& interpreter, const Task& task)
{
  std::filesystem::create_directory(directory / "script");  // alone there: its directory is where modules are looked for
  write_file_atomically(directory / "script" / "make.py", script, Flush::no);
  auto program = target_python(interpreter.root, interpreter.program);
  program.arguments.insert(program.arguments.end(),
                           {(directory / "script" / "make.py").string(), (directory / "stage").string(), prefix, interpreter.program});
  const auto result = run_program(program, task);
  if (result.status == 0) return;
  auto errors = std::string_view(result.errors);
  while (errors.ends_with('\n')) errors.remove_suffix(1);
  errors.remove_prefix(errors.rfind('\n') + 1);
  throw Error(Errc::tool, fmt::format("virtual environment {}: the image's {} could not make it: {}", prefix, interpreter.program,
                                      errors.empty() ? fmt::format("status {}", result.status) : printable(errors)));
}

}  // namespace

image::Layer make_venv_layer(const std::string& prefix, const Interpreter& interpreter, const Compression& compression,
                             layer::LayerTarget& target, const Task& task)
{
  const auto archive_prefix = layer::archive_prefix(prefix);
  if (!is_plain(prefix))
    throw Error(Errc::bad_input,
                fmt::format("prefix {}: a virtual environment's path has letters, digits and _ . / + - alone", printable(prefix)));
  const TempDir directory;
  std::filesystem::create_directory(directory.path() / "stage");
  run(directory.path(), prefix, interpreter, task);
  image::LayerSettings settings;
  settings.compression = compression;
  settings.mtime = layer::constant_mtime;
  // What lies above the environment belongs to the image that this is laid on.
  const auto above = archive_prefix.substr(0, archive_prefix.find('/') == std::string::npos ? 0 : archive_prefix.rfind('/'));
  auto layer = image::layer_of_directory(directory.path() / "stage" / above, above, {}, settings, target, task);
  layer.descriptor.annotations[std::string(annotation::kind)] = "venv";
  layer.made_by = fmt::format("cairn python: virtual environment {}", prefix);
  return layer;
}

}  // namespace cairn::stack
