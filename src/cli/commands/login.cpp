// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cli/commands/commands.hpp>
#include <cli/registry_access.hpp>

#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <termios.h>
#include <unistd.h>

namespace cairn::cli {
namespace {

constexpr std::size_t longest_password = 64 << 10;

struct Options {
  std::string host;
  std::optional<std::string> user;
  bool password_stdin = false;
  RegistryFlags registry;
};

/// The terminal without echo while it lives.
class Silence {
public:
  Silence()
  {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    changed_ = true;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Silence()
  {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

private:
  termios before_{};
  bool changed_ = false;
};

std::string read_line()
{
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  if (line.size() > longest_password) throw Error(Errc::limit, fmt::format("a password of more than {} bytes", longest_password));
  return line;
}

registry::Credentials ask(const Options& options, Program& program)
{
  if (options.registry.creds) return registry::Credentials::parse(*options.registry.creds);
  registry::Credentials out;
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  if (!options.user && (options.password_stdin || !terminal))
    throw UsageError("'login' needs --username, since stdin is no terminal to ask at");
  if (options.user) {
    out.user = *options.user;
  } else {
    program.note("user name:");
    out.user = read_line();
  }
  if (!options.password_stdin && !terminal) throw UsageError("'login' needs --password-stdin, since stdin is no terminal to ask at");
  if (options.password_stdin) {
    out.password = Secret(read_line());
  } else {
    program.note("password:");
    const Silence silence;
    out.password = Secret(read_line());
  }
  out.origin = "login";
  if (out.user.empty() || out.password.empty()) throw Error(Errc::bad_input, "no user name or no password was given");
  return out;
}

Exit run(const Options& options, Program& program)
{
  const auto key = options.host;
  const auto host = key.substr(0, key.find('/'));
  registry::check_host(host);
  const auto credentials = ask(options, program);
  RegistryAccess access(program, options.registry);
  access.host(host, credentials)->check_login(access.task());
  const auto where = registry::store_credentials(access.places(), key, credentials, access.task());
  program.note(fmt::format("logged in to {} as {}; kept in {}", host, printable(credentials.user), where));
  return Exit::done;
}

}  // namespace

void add_login(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "login",
                  .summary = "Keep credentials for a registry",
                  .description = "Asks for user and password at the terminal, unless they are given, shows them to the registry, and keeps "
                                 "them where all container tools look: "
                                 "`--authfile`, `$REGISTRY_AUTH_FILE`, or `$XDG_RUNTIME_DIR/containers/auth.json`, else "
                                 "`~/.config/containers/auth.json` (mode 0600), or in the credential helper that the file names. What the "
                                 "registry refuses is "
                                 "not kept.\n\n"
                                 "Commands look for credentials in these and in `~/.docker/config.json`, the most specific entry first "
                                 "(`host/namespace/repository`, `host/namespace`, `host`). A Kubernetes pull secret's `.dockerconfigjson` "
                                 "can be named by "
                                 "`--authfile`.",
                  .examples = {{"cairn login registry.example.com --username robot --password-stdin <token",
                                "In a pipeline: the password is in no argument."}},
                  .sections = {},
              },
              [options, &program] { return run(*options, program); })
          .word("REGISTRY", "host[:port][/namespace]", options->host)
          .option("--username", "USER", "user name", options->user)
          .letter('u')
          .flag("--password-stdin", "read the password from stdin", options->password_stdin);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
