// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/project.hpp>
#include <cairn/image/image.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// What a builder image and a project say to S2I together. For the room's own use.
namespace cairn::build {

/// A builder whose assemble does nothing but install a lock's packages into the virtual environment and copy the source to the home
/// directory says so: its value is `lock-and-source`.
inline constexpr std::string_view native_label = "dev.cairn.s2i.assemble";

class S2iBuild {
public:
  /// Throws Error{unsupported} for scripts at a place that is neither in the image nor on this machine; Error{bad_input} for a broken
  /// .s2i/environment.
  S2iBuild(const Project& project, const image::Image& builder);

  /// A script's path in the container.
  [[nodiscard]] std::string path(const std::string& script) const;
  /// Whether it is the project's own, or one of the directory that was named; else the image has it.
  [[nodiscard]] bool is_own(const std::string& script) const;
  /// Where these are on this machine; empty: there are none.
  [[nodiscard]] const std::filesystem::path& own_scripts() const { return own_; }

  [[nodiscard]] std::string source_place() const { return destination_ + "/src"; }
  [[nodiscard]] std::string scripts_place() const { return destination_ + "/scripts"; }
  [[nodiscard]] std::string artifacts_place() const { return destination_ + "/artifacts"; }
  /// `1001:0`.
  [[nodiscard]] const std::string& user() const { return user_; }
  /// Of .s2i/environment, in order.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& environment() const { return environment_; }
  /// For the image: builder, and the commit where the project is a clean checkout.
  [[nodiscard]] std::map<std::string, std::string> labels(const Task& task) const;

  /// Why assemble has to run; empty: native steps make the same.
  [[nodiscard]] std::string why_assemble() const;
  /// These steps, on the builder.
  [[nodiscard]] recipe::ImageFile native_recipe(const Task& task) const;

private:
  const Project& project_;
  const image::Image& builder_;
  std::filesystem::path own_;
  std::string url_;
  std::string destination_;
  std::string user_;
  std::vector<std::pair<std::string, std::string>> environment_;
};

}  // namespace cairn::build
