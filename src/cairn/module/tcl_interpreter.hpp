// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct Tcl_Interp;
struct Tcl_Obj;

namespace cairn::module {

/// What a command answers to its caller as a Tcl error.
struct TclFailure {
  std::string message;
};

/// A safe Tcl 8.6 interpreter with limits, no environment and no host: what asks the host is noted and answered empty.
/// One thread at a time.
class TclInterpreter {
public:
  using Arguments = std::vector<std::string>;
  /// Takes the words after the command's name, gives its result or throws TclFailure.
  using Command = std::function<std::string(const Arguments&)>;

  TclInterpreter();
  ~TclInterpreter();
  TclInterpreter(const TclInterpreter&) = delete;
  TclInterpreter& operator=(const TclInterpreter&) = delete;

  /// Define (or replace) a command that takes `least` to `most` words; `usage` is what a wrong number is told.
  void define(const std::string& name, std::size_t least, std::size_t most, std::string usage, Command command);
  void set(const std::string& variable, const std::string& value);
  void set_environment(const std::string& variable, const std::string& value);
  [[nodiscard]] std::optional<std::string> variable(const std::string& name) const;
  [[nodiscard]] bool has_procedure(const std::string& name);

  enum class End { normal, error, stopped, continued };
  /// Evaluate a file's text, as `source` would read it: to the first control-Z, lines ended by LF.
  End source(const std::string& text);
  /// Evaluate one command without arguments.
  End call(const std::string& command);
  [[nodiscard]] std::string result() const;
  /// Whether a limit ended it: nothing more can be evaluated.
  [[nodiscard]] bool limit_reached() const;

  [[nodiscard]] const std::vector<std::string>& impure() const { return impure_; }
  void note_impure(std::string question);

private:
  struct Defined {
    TclInterpreter* self;
    std::size_t least;
    std::size_t most;
    std::string usage;
    Command command;
  };
  static int run_defined(void* data, Tcl_Interp* interp, int count, Tcl_Obj* const words[]);
  static int run_info(void* data, Tcl_Interp* interp, int count, Tcl_Obj* const words[]);
  static char* read_environment(TclInterpreter& self, const char* element);
  End finished(int code) const;
  void isolate();

  Tcl_Interp* interp_;
  std::vector<std::string> impure_;
  bool asking_exists_ = false;  ///< `info exists env(X)` must not make X exist
};

constexpr std::size_t any_number = static_cast<std::size_t>(-1);

/// The words that the text is when Tcl evaluates it as a list of arguments (`eval command $text`), in an interpreter
/// without variables. Throws TclFailure.
[[nodiscard]] std::vector<std::string> tcl_words(const std::string& text);

}  // namespace cairn::module
