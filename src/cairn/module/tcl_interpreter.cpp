// SPDX-License-Identifier: Apache-2.0
// Tcl is C: no C++ exception may pass through it, so every command that it calls catches all. Tcl counts commands and
// time, but not memory: it aborts the process instead.
#include <cairn/module/tcl_interpreter.hpp>

#include <cairn/module/tcl_translation.hpp>

#include <fmt/format.h>

#include <array>
#include <memory>
#include <mutex>
#include <set>

#include <tcl.h>

namespace cairn::module {
namespace {

/// Tcl's data of a thread go with the thread.
struct ThreadEnd {
  ~ThreadEnd() { Tcl_FinalizeThread(); }
};

Tcl_Interp* new_interpreter()
{
  static std::once_flag once;
  std::call_once(once, [] { Tcl_FindExecutable(nullptr); });
  thread_local const ThreadEnd end;
  static_cast<void>(end);
  auto* const interp = Tcl_CreateInterp();
  Tcl_MakeSafe(interp);
  return interp;
}

// Tcl keeps a zero byte as these two (Utf.3tcl).
constexpr std::string_view tcl_zero = "\xc0\x80";

std::string from_tcl(std::string_view text)
{
  std::string out(text);
  for (auto at = out.find(tcl_zero); at != std::string::npos; at = out.find(tcl_zero, at + 1)) out.replace(at, 2, 1, '\0');
  return out;
}

std::string to_tcl(std::string_view text)
{
  std::string out;
  for (const char c : text) {
    if (c == '\0') out += tcl_zero;
    else out += c;
  }
  return out;
}

std::string text_of(Tcl_Obj* word)
{
  int size = 0;
  const char* text = Tcl_GetStringFromObj(word, &size);
  return from_tcl({text, static_cast<std::size_t>(size)});
}

Tcl_Obj* object_of(std::string_view text)
{
  const auto encoded = to_tcl(text);
  return Tcl_NewStringObj(encoded.data(), static_cast<int>(encoded.size()));
}

/// As Tcl's own channels read a script: CR and CRLF are ends of lines, control-Z is the end, a BOM is nothing.
std::string as_sourced(std::string_view text)
{
  text = text.substr(0, text.find('\x1a'));
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      out += '\n';
      if (text.substr(i + 1).starts_with('\n')) ++i;
    } else {
      out += text[i];
    }
  }
  return to_tcl(out);
}

std::string_view view_of(Tcl_Obj* word)
{
  int size = 0;
  const char* text = Tcl_GetStringFromObj(word, &size);
  return {text, static_cast<std::size_t>(size)};
}

int fail(Tcl_Interp* interp, std::string_view message)
{
  Tcl_SetObjResult(interp, object_of(message));
  return TCL_ERROR;
}

/// Commands that would ask or change the host, and what they answer.
struct Question {
  const char* name;
  const char* answer;
};
constexpr std::array<Question, 26> questions = {{{"exec", ""},    {"glob", ""},   {"pwd", ""},    {"clock", "0"},      {"open", ""},
                                                 {"socket", ""},  {"source", ""}, {"load", ""},   {"unload", ""},      {"cd", ""},
                                                 {"after", ""},   {"vwait", ""},  {"update", ""}, {"time", ""},        {"interp", ""},
                                                 {"package", ""}, {"chan", ""},   {"gets", ""},   {"read", ""},        {"eof", "1"},
                                                 {"fcopy", ""},   {"seek", ""},   {"tell", "0"},  {"fileevent", ""},   {"encoding", ""},
                                                 {"pid", "0"}}};
constexpr std::array<const char*, 4> silent = {"close", "flush", "fconfigure", "fblocked"};
constexpr std::array<const char*, 2> removed = {"coroutine", "trace"};

}  // namespace

TclInterpreter::TclInterpreter() : interp_(new_interpreter())
{
  isolate();
  Tcl_LimitSetCommands(interp_, tcl_command_limit);
  Tcl_LimitTypeSet(interp_, TCL_LIMIT_COMMANDS);
  Tcl_Time end;
  Tcl_GetTime(&end);
  end.sec += tcl_seconds_limit;
  Tcl_LimitSetTime(interp_, &end);
  Tcl_LimitSetGranularity(interp_, TCL_LIMIT_TIME, 100);
  Tcl_LimitTypeSet(interp_, TCL_LIMIT_TIME);
  Tcl_SetRecursionLimit(interp_, 200);
}

TclInterpreter::~TclInterpreter() { Tcl_DeleteInterp(interp_); }

void TclInterpreter::isolate()
{
  for (const char* name : removed) Tcl_DeleteCommand(interp_, name);
  for (const auto& question : questions)
    define(question.name, 0, any_number, question.name, [this, question](const Arguments& arguments) {
      note_impure(arguments.empty() ? question.name : fmt::format("{} {}", question.name, arguments.front()));
      return std::string(question.answer);
    });
  for (const char* name : silent) define(name, 0, any_number, name, [](const Arguments&) { return std::string(); });

  Tcl_EvalEx(interp_, "rename info ::cairn_info; expr {srand(1)}", -1, TCL_EVAL_GLOBAL);
  Tcl_CreateObjCommand(interp_, "info", run_info, this, nullptr);
  Tcl_UnsetVar(interp_, "env", TCL_GLOBAL_ONLY);
  set_environment("LMOD_VERSION", "8.6.19");
  Tcl_TraceVar2(
      interp_, "env", nullptr, TCL_GLOBAL_ONLY | TCL_TRACE_READS,
      [](void* data, Tcl_Interp*, const char*, const char* element, int) { return read_environment(*static_cast<TclInterpreter*>(data), element); },
      this);
}

char* TclInterpreter::read_environment(TclInterpreter& self, const char* element)
{
  if (element == nullptr || Tcl_GetVar2(self.interp_, "env", element, TCL_GLOBAL_ONLY) != nullptr) return nullptr;
  self.note_impure(fmt::format("env {}", element));
  if (!self.asking_exists_) Tcl_SetVar2(self.interp_, "env", element, "", TCL_GLOBAL_ONLY);
  return nullptr;
}

int TclInterpreter::run_info(void* data, Tcl_Interp* interp, int count, Tcl_Obj* const words[])
{
  auto& self = *static_cast<TclInterpreter*>(data);
  static const std::set<std::string_view> of_host = {"hostname", "nameofexecutable", "library", "patchlevel", "loaded", "script", "sharedlibextension"};
  const auto what = count > 1 ? view_of(words[1]) : std::string_view();
  if (of_host.contains(what)) {
    self.note_impure(fmt::format("info {}", what));
    return TCL_OK;
  }
  std::vector<Tcl_Obj*> forwarded(words, words + count);
  auto* const name = Tcl_NewStringObj("::cairn_info", -1);
  Tcl_IncrRefCount(name);
  forwarded[0] = name;
  self.asking_exists_ = what.size() > 1 && std::string_view("exists").starts_with(what);
  const int code = Tcl_EvalObjv(interp, count, forwarded.data(), 0);
  self.asking_exists_ = false;
  Tcl_DecrRefCount(name);
  return code;
}

int TclInterpreter::run_defined(void* data, Tcl_Interp* interp, int count, Tcl_Obj* const words[])
{
  const auto& defined = *static_cast<const Defined*>(data);
  try {
    Arguments arguments;
    for (int i = 1; i < count; ++i) arguments.push_back(text_of(words[i]));
    if (arguments.size() < defined.least || arguments.size() > defined.most)
      return fail(interp, fmt::format("wrong # args: should be \"{}\"", defined.usage));
    const auto result = defined.command(arguments);
    Tcl_SetObjResult(interp, object_of(result));
    return TCL_OK;
  } catch (const TclFailure& failure) {
    return fail(interp, failure.message);
  } catch (const std::exception& error) {
    return fail(interp, error.what());
  }
}

void TclInterpreter::define(const std::string& name, std::size_t least, std::size_t most, std::string usage, Command command)
{
  auto defined = std::make_unique<Defined>(Defined{this, least, most, std::move(usage), std::move(command)});
  Tcl_CreateObjCommand(interp_, name.c_str(), run_defined, defined.release(), [](void* data) { delete static_cast<Defined*>(data); });
}

void TclInterpreter::set(const std::string& variable, const std::string& value)
{
  Tcl_SetVar2Ex(interp_, variable.c_str(), nullptr, object_of(value), TCL_GLOBAL_ONLY);
}

void TclInterpreter::set_environment(const std::string& variable, const std::string& value)
{
  Tcl_SetVar2Ex(interp_, "env", variable.c_str(), object_of(value), TCL_GLOBAL_ONLY);
}

std::optional<std::string> TclInterpreter::variable(const std::string& name) const
{
  auto* const value = Tcl_GetVar2Ex(interp_, name.c_str(), nullptr, TCL_GLOBAL_ONLY);
  if (value == nullptr) return std::nullopt;
  return text_of(value);
}

bool TclInterpreter::has_procedure(const std::string& name)
{
  return call("::cairn_info procs " + name) == End::normal && result() == name;
}

TclInterpreter::End TclInterpreter::finished(int code) const
{
  switch (code) {
    case TCL_OK:
    case TCL_RETURN: return End::normal;
    case TCL_BREAK: return End::stopped;
    case TCL_CONTINUE: return End::continued;
    default: return End::error;
  }
}

TclInterpreter::End TclInterpreter::source(const std::string& text)
{
  const auto script = as_sourced(text);
  return finished(Tcl_EvalEx(interp_, script.data(), static_cast<int>(script.size()), TCL_EVAL_GLOBAL));
}

TclInterpreter::End TclInterpreter::call(const std::string& command)
{
  return finished(Tcl_EvalEx(interp_, command.data(), static_cast<int>(command.size()), TCL_EVAL_GLOBAL));
}

std::string TclInterpreter::result() const { return text_of(Tcl_GetObjResult(interp_)); }

bool TclInterpreter::limit_reached() const { return Tcl_LimitExceeded(interp_) != 0; }

void TclInterpreter::note_impure(std::string question)
{
  constexpr std::size_t most = 1000;
  constexpr std::size_t longest = 200;
  if (impure_.size() < most) impure_.push_back(question.substr(0, longest));
}

std::vector<std::string> tcl_words(const std::string& text)
{
  const std::unique_ptr<Tcl_Interp, void (*)(Tcl_Interp*)> interp(new_interpreter(), Tcl_DeleteInterp);
  Tcl_LimitSetCommands(interp.get(), 100);
  Tcl_LimitTypeSet(interp.get(), TCL_LIMIT_COMMANDS);
  const auto script = "list " + to_tcl(text);
  if (Tcl_EvalEx(interp.get(), script.data(), static_cast<int>(script.size()), TCL_EVAL_GLOBAL) != TCL_OK)
    throw TclFailure{text_of(Tcl_GetObjResult(interp.get()))};
  int count = 0;
  Tcl_Obj** words = nullptr;
  if (Tcl_ListObjGetElements(interp.get(), Tcl_GetObjResult(interp.get()), &count, &words) != TCL_OK) return {};
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back(text_of(words[i]));
  return out;
}

}  // namespace cairn::module
