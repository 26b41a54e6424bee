// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/edit.hpp>
#include <cairn/image/new_layer.hpp>
#include <cairn/store/layer_target.hpp>
#include <cairn/store/store.hpp>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

/// This machine's Python, which stands for that of an image.
namespace cairn::stack::test {

/// `3.11` of a Debian-like Python in /usr; nothing when there is none.
inline std::optional<std::string> host_python()
{
  std::optional<std::string> python;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/bin")) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("python3.") && name.find_first_not_of("0123456789", 8) == std::string::npos &&
        std::filesystem::exists("/usr/lib/" + name + "/os.py"))
      python = name.substr(6);
  }
  return python;
}

/// An image of it in `store`, laid out as a merged-/usr distribution does: /lib and /lib64 are links, and so is python3. `extra`
/// is one file more.
inline image::Image python_image(const std::filesystem::path& scratch, const std::string& python, store::Store& store,
                                 const std::string& extra = {})
{
  namespace fs = std::filesystem;
  const auto root = scratch / ("root" + extra);
  const auto add = [&](const fs::path& from, const std::string& to) {
    fs::create_directories((root / to).parent_path());
    fs::copy_file(fs::canonical(from), root / to);
  };
  const auto name = "python" + python;
  add("/usr/bin/" + name, "usr/bin/" + name);
  fs::create_symlink(name, root / "usr/bin/python3");
  const std::string libraries = "/usr/lib/x86_64-linux-gnu";
  for (const auto* library : {"libc.so.6", "libm.so.6"}) add(libraries + "/" + library, "usr/lib/x86_64-linux-gnu/" + std::string(library));
  add(libraries + "/libz.so.1", "usr/lib/x86_64-linux-gnu/libz.so.1.0");
  fs::create_symlink("libz.so.1.0", root / "usr/lib/x86_64-linux-gnu/libz.so.1");
  add(libraries + "/libexpat.so.1", "usr/lib/x86_64-linux-gnu/libexpat.so.1");
  add("/lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
  fs::create_directories(root / "usr/lib64");
  fs::create_symlink("/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", root / "usr/lib64/ld-linux-x86-64.so.2");
  fs::create_symlink("usr/lib", root / "lib");
  fs::create_symlink("usr/lib64", root / "lib64");
  const auto library = "usr/lib/" + name;
  for (const auto& entry : fs::directory_iterator("/" + library))
    if (entry.is_regular_file() && entry.path().extension() == ".py") add(entry.path(), library + "/" + entry.path().filename().string());
  for (const auto* package : {"collections", "encodings", "importlib", "lib-dynload", "logging", "re", "venv"})
    if (fs::exists("/" + library + "/" + package))
      fs::copy("/" + library + "/" + package, root / library / package, fs::copy_options::recursive);
  std::ofstream(root / "usr/lib/extra") << extra;
  store::StoreTarget target(store);
  const auto layer = image::layer_of_directory(root, "", image::DirectoryRules{}, {}, target, Task{});
  image::Image base;
  base.config.platform = {"amd64", "linux", ""};
  auto image = image::append(base, {layer}, "1970-01-01T00:00:00Z");
  image::publish(image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return store; }, store, Task{});
  return image;
}

}  // namespace cairn::stack::test
