// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/store/store.hpp>
#include <cli/interrupt.hpp>
#include <cli/output.hpp>
#include <cli/render/console.hpp>
#include <cli/render/table.hpp>
#include <cli/settings.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace cairn::cli {

/// What every command works with: the merged settings, stdout, stderr, progress and the stop request. Commands are
/// made before the settings are known and run after. One thread at a time.
class Program {
public:
  explicit Program(Interrupt& interrupt);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// From now on `settings` are known; stderr and the log follow them.
  void begin(Settings settings);
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] bool json() const { return settings_.json.value; }
  [[nodiscard]] bool verbose() const { return settings_.log.value == Verbosity::verbose; }

  /// The result, to stdout.
  void print(std::string_view text);
  void print(const Table& table);
  void print(oci::JsonWriter json);
  /// Columns that text on stdout may take: of the terminal, at most 100, or 80.
  [[nodiscard]] std::size_t columns() const;
  /// A line for people on stderr, unless they asked for quiet.
  void note(std::string_view text);
  void warn(std::string_view text);
  /// Why the program fails: always said.
  void error(std::string_view text) noexcept;

  /// A step of work; it ends with the task.
  [[nodiscard]] Task task(std::string title, std::uint64_t total_bytes = 0);

  /// The store of the settings. Throws Error{bad_input} that says what to set when there is none.
  [[nodiscard]] std::filesystem::path store_path() const;
  [[nodiscard]] store::Store open_store(store::Access access) const { return {store_path(), access}; }

private:
  Interrupt& interrupt_;
  Output output_;
  std::unique_ptr<Console> console_;
  Settings settings_;
};

}  // namespace cairn::cli
