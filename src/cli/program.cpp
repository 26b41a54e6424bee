// SPDX-License-Identifier: Apache-2.0
#include <cli/program.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cli/render/terminal.hpp>

#include <algorithm>
#include <utility>

#include <unistd.h>

namespace cairn::cli {

Program::Program(Interrupt& interrupt) : interrupt_(interrupt), console_(make_console(STDERR_FILENO, ProgressStyle::none)) {}

Program::~Program()
{
  interrupt_.on_stop({});
  log::set_sink(log::Level::warn, {});
}

void Program::begin(Settings settings)
{
  settings_ = std::move(settings);
  const bool quiet = settings_.log.value == Verbosity::quiet;
  // JSON is for programs, which say themselves what they want to read: quiet does not take it away.
  const auto style = quiet && settings_.progress.value != ProgressStyle::json ? ProgressStyle::none : settings_.progress.value;
  console_ = make_console(STDERR_FILENO, style);
  if (!quiet) {
    log::set_sink(verbose() ? log::Level::debug : log::Level::warn, [this](log::Level level, std::string_view text) {
      console_->line(level == log::Level::warn ? LineKind::warning : level == log::Level::info ? LineKind::info : LineKind::debug, text);
    });
  }
  interrupt_.on_stop([this] { console_->line(LineKind::note, "stopping; once more to stop at once"); });
}

void Program::print(std::string_view text)
{
  console_->clear();
  output_.write(text);
}

void Program::print(const Table& table) { print(table.text(terminal_columns(STDOUT_FILENO))); }

void Program::print(oci::JsonWriter json) { print(json.finish() + '\n'); }

std::size_t Program::columns() const { return std::clamp<std::size_t>(terminal_columns(STDOUT_FILENO).value_or(80), 40, 100); }

void Program::note(std::string_view text)
{
  if (settings_.log.value != Verbosity::quiet) console_->line(LineKind::note, text);
}

void Program::warn(std::string_view text)
{
  if (settings_.log.value != Verbosity::quiet) console_->line(LineKind::warning, text);
}

void Program::error(std::string_view text) noexcept { console_->line(LineKind::error, text); }

Task Program::task(std::string title, std::uint64_t total_bytes) { return {*console_, interrupt_.token(), std::move(title), total_bytes}; }

std::filesystem::path Program::store_path() const
{
  if (settings_.store.value) return *settings_.store.value;
  throw Error(Errc::bad_input, "no place for a store, since HOME is not set: give --store DIR or set CAIRN_STORE");
}

}  // namespace cairn::cli
