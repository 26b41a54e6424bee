// SPDX-License-Identifier: Apache-2.0
#include <cli/python_options.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

namespace cairn::cli {
namespace {

python::Target target_of(const PythonOptions& options)
{
  python::Target target;
  if (options.platform) {
    if (*options.platform == "linux/amd64") target.machine = "x86_64";
    else if (*options.platform == "linux/arm64") target.machine = "aarch64";
    else throw UsageError(fmt::format("--platform {}: wheels are for linux/amd64 and linux/arm64", printable(*options.platform)));
  }
  auto libc = options.glibc.value_or("2.34");
  if (libc.starts_with("musl")) {
    target.libc = python::Libc::musl;
    libc = libc.substr(4);
  }
  const auto version = python::Version::parse(libc);
  if (!version || version->release.size() != 2)
    throw UsageError(fmt::format("--glibc {}: expected a version such as 2.34, or musl1.2", printable(*options.glibc)));
  target.libc_major = static_cast<unsigned>(version->release[0]);
  target.libc_minor = static_cast<unsigned>(version->release[1]);
  target.platform_release = options.platform_release;
  return target;
}

python::PipVersion pip_of(const PythonOptions& options)
{
  python::PipVersion pip;
  if (!options.pip) return pip;
  const auto version = python::Version::parse(*options.pip);
  if (!version || version->release.size() < 2)
    throw UsageError(fmt::format("--pip {}: expected a version such as 25.3", printable(*options.pip)));
  pip.major = static_cast<unsigned>(version->release[0]);
  pip.minor = static_cast<unsigned>(version->release[1]);
  return pip;
}

}  // namespace

void add_python_options(Command& command, PythonOptions& options)
{
  command.option("--python", "VERSION", "of the Python in the image; what the lock says, if not given", options.python)
      .option("--platform", "OS/ARCH", "linux/amd64 (the default) or linux/arm64", options.platform)
      .option("--glibc", "VERSION", "of the C library in the image: 2.34, or musl1.2", options.glibc)
      .option("--pip", "VERSION", "the pip whose scripts and order of tags are followed: 25.3", options.pip)
      .option("--platform-release", "TEXT", "the kernel, where markers ask for it", options.platform_release)
      .option("--wheels", "DIR", "look for wheels in DIR first", options.wheels, ValueKind::directory)
      .option("--index", "URL", "where wheels come from, if the lock does not say", options.index)
      .option("--group", "NAME", "a section of Pipfile.lock (`default`, `develop`, …) or a dependency group", options.groups)
      .option("--extra", "NAME", "an extra of pylock.toml", options.extras);
}

stack::Request request_of(const PythonOptions& options)
{
  stack::Request request;
  request.python = options.python;
  request.target = target_of(options);
  request.pip = pip_of(options);
  request.wheels = options.wheels;
  request.index = options.index;
  request.groups = options.groups;
  request.extras = options.extras;
  return request;
}

}  // namespace cairn::cli
