// SPDX-License-Identifier: Apache-2.0
//
// In the order of `run`: a container, what the config says, what a shell in the container finds, servers that really start, the
// recipe's own tests.
#include <cairn/check/check.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/build.hpp>
#include <cairn/build/container_storage.hpp>
#include <cairn/check/server.hpp>
#include <cairn/oci/json.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::check {
namespace {

constexpr std::string_view notebook_port = "8888/tcp";
constexpr std::string_view scripts_label = "io.openshift.s2i.scripts-url";
constexpr std::chrono::seconds start_limit{90};
constexpr std::chrono::minutes command_limit{5};

/// What a shell in the container finds: a line each, `name<TAB>ok` or `name<TAB>fail<TAB>why`.
constexpr const char* notebook_probe = R"SH(
say() { if [ "$1" = 0 ]; then printf '%s\tok\t%s\n' "$2" "$3"; else printf '%s\tfail\t%s\n' "$2" "$3"; fi; }
v=$(python -c 'import sys; print("%d.%d.%d" % sys.version_info[:3]); sys.exit(sys.version_info < (3, 8))' 2>&1); say $? "Python is 3.8 or later" "$v"
for m in jupyterlab jupyterhub jupyter_server; do v=$(python -c "import $m; print($m.__version__)" 2>&1 | tail -n 1); python -c "import $m" 2>/dev/null; say $? "imports $m" "$v"; done
(: >"$HOME/.cairn-check" && rm "$HOME/.cairn-check") 2>/dev/null; say $? "HOME can be written by a random user" "$HOME"
v=$(command -v start-singleuser.sh); [ -n "$v" ] && grep -q labhub "$v"; say $? "start-singleuser.sh is on PATH and starts labhub" "$v"
v=$(command -v start-notebook.sh); say $? "start-notebook.sh is on PATH" "$v"
for d in lib share; do v=$(stat -c %a:%g "${APP_ROOT:-/opt/app-root}/$d" 2>&1); [ "$v" = 775:0 ]; say $? "${APP_ROOT:-/opt/app-root}/$d is 775 of group 0" "$v"; done
v=$(bash -lc 'module --version 2>&1 | grep -i version' 2>&1 | tr -s ' \n' ' '); case $v in *[0-9].[0-9]*) s=0 ;; *) s=1 ;; esac; say $s "module is known in a login shell" "$v"
v=$(grep -ls announcements "${APP_ROOT:-/opt/app-root}"/etc/jupyter/labconfig/page_config.json "${APP_ROOT:-/opt/app-root}"/share/jupyter/lab/settings/page_config.json 2>/dev/null | head -n 1); [ -n "$v" ]; say $? "announcements are off" "$v"
)SH";

constexpr const char* s2i_probe = R"SH(
for s in assemble run; do [ -x "$1/$s" ]; if [ $? = 0 ]; then printf '%s is there\tok\t%s\n' "$s" "$1/$s"; else printf '%s is there\tfail\t%s is no program\n' "$s" "$1/$s"; fi; done
)SH";

/// The last line that a command said; what buildah says of its end is not the command's.
std::string last_line(std::string_view text)
{
  std::string last;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.empty() && !line.starts_with("Error: while running runtime") && !line.starts_with("time=")) last = line;
  }
  return last;
}

class Checking {
public:
  Checking(const image::Image& image, store::Store& store, const Settings& settings, const Task& task)
      : image_(image), store_(store), settings_(settings), task_(task), container_(build::make_container(image, store, "cairn check", task))
  {
  }

  std::vector<Result> run()
  {
    const auto& ports = image_.config.exposed_ports;
    if (std::ranges::find(ports, notebook_port) != ports.end()) notebook();
    if (const auto scripts = image_.config.labels.find(std::string(scripts_label)); scripts != image_.config.labels.end()) s2i(scripts->second);
    recipe();
    if (results_.empty())
      add("image", "has something to check", Outcome::skipped, "it exposes no port 8888, is no S2I builder, and its recipe has no tests");
    return std::move(results_);
  }

private:
  void add(const std::string& group, const std::string& name, Outcome outcome, const std::string& detail)
  {
    results_.push_back({group, name, outcome, detail});
  }
  void add(const std::string& group, const std::string& name, bool passed, const std::string& detail)
  {
    add(group, name, passed ? Outcome::passed : Outcome::failed, detail);
  }

  [[nodiscard]] std::optional<std::string> env(std::string_view name) const
  {
    for (const auto& entry : image_.config.env)
      if (entry.starts_with(std::string(name) + "=")) return entry.substr(name.size() + 1);
    return std::nullopt;
  }

  // The contract of notebooks.

  void notebook()
  {
    const auto& config = image_.config;
    add("notebook", "the user is 1001", config.user == "1001" || config.user.starts_with("1001:"), config.user);
    add("notebook", "APP_ROOT and HOME are set", env("APP_ROOT").has_value() && env("HOME").has_value(), env("HOME").value_or("HOME is not set"));
    probe("notebook", notebook_probe, {});
    start("answers below NB_PREFIX, and nowhere else", settings_.user, {{"NB_PREFIX", "/notebook/team/name"}}, "127.0.0.1", "/notebook/team/name",
          true);
    start("takes NOTEBOOK_ARGS, one a line, as user 4321", "4321:0", {{"NOTEBOOK_ARGS", "--ServerApp.base_url=/args/\n--ServerApp.quit_button=False"}},
          "127.0.0.1", "/args", false);
    start("takes NOTEBOOK_BASE_URL, and answers over IPv6, as user 54321", "54321:0",
          {{"NOTEBOOK_BASE_URL", "/base"}, {"NOTEBOOK_ARGS", "--ServerApp.ip="}}, "[::1]", "/base", false);
  }

  /// Start the image's own command and ask it.
  void start(const std::string& name, const std::string& user, std::vector<std::pair<std::string, std::string>> variables, const std::string& host,
             const std::string& prefix, bool only_there)
  {
    const auto step = task_.step(fmt::format("start as {}", user));
    build::ContainerRun run;
    run.arguments = image_.config.entrypoint;
    run.arguments.insert(run.arguments.end(), image_.config.cmd.begin(), image_.config.cmd.end());
    run.user = user;
    run.working_dir = image_.config.working_dir.empty() ? "/" : image_.config.working_dir;
    run.isolation = settings_.isolation;
    const auto port = free_port();
    variables.emplace_back("NOTEBOOK_PORT", std::to_string(port));
    run.env = std::move(variables);
    // Its own, as it would be: the home that another user wrote to is not there.
    const auto container = build::make_container(image_, store_, "cairn check", step);
    const Server server(*container, run, step);
    const auto origin = fmt::format("http://{}:{}", host, port);
    const auto took = server.wait_for(origin + prefix + "/api", start_limit);
    if (!took) return add("notebook", name, Outcome::failed, fmt::format("{}/api did not answer; it said: {}", prefix, server.said()));
    add("notebook", name, Outcome::passed, fmt::format("after {:.1f} s", static_cast<double>(took->count()) / 1000));
    if (!only_there) return;
    const auto elsewhere = server.get(origin + "/api");
    add("notebook", "/api is 404 with a prefix", elsewhere == 404, elsewhere ? std::to_string(*elsewhere) : "no answer");
    const auto page = server.get(origin + prefix);
    add("notebook", "the page below the prefix is there", page == 200, page ? std::to_string(*page) : "no answer");
  }

  // What a shell finds.

  void probe(const std::string& group, const std::string& script, const std::vector<std::string>& arguments)
  {
    build::ContainerRun run;
    run.arguments = {"/bin/sh", "-c", script, "check"};
    run.arguments.insert(run.arguments.end(), arguments.begin(), arguments.end());
    const auto result = in_container(run);
    if (result.status != 0 && result.output.empty()) return add(group, "a shell starts", Outcome::failed, printable(result.errors));
    std::string_view rest = result.output;
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const auto first = line.find('\t');
      const auto second = line.find('\t', first + 1);
      if (first == std::string_view::npos || second == std::string_view::npos) continue;
      add(group, std::string(line.substr(0, first)), line.substr(first + 1, second - first - 1) == "ok", std::string(line.substr(second + 1)));
    }
  }

  ProgramResult in_container(build::ContainerRun& run) const
  {
    run.user = settings_.user;
    run.working_dir = image_.config.working_dir.empty() ? "/" : image_.config.working_dir;
    run.isolation = settings_.isolation;
    run.has_network = true;
    run.keeps_output = true;
    auto program = build::container_program(*container_, run);
    program.deadline = command_limit;
    return run_program(program, task_);
  }

  void s2i(const std::string& url)
  {
    constexpr std::string_view inside = "image://";
    if (!url.starts_with(inside)) return add("s2i", "scripts are in the image", Outcome::skipped, url);
    probe("s2i", s2i_probe, {url.substr(inside.size())});
  }

  void recipe()
  {
    const auto label = image_.config.labels.find(std::string(build::tests_label));
    if (label == image_.config.labels.end()) return;
    const auto document = oci::JsonDocument::parse(label->second, fmt::format("label {}", build::tests_label));
    for (const auto test : document.root().array()) {
      build::ContainerRun run;
      run.arguments = test.at("command").strings();
      const std::string name(test.at("name").string());
      try {
        const auto result = in_container(run);
        const auto said = last_line(result.errors);
        add("recipe", name, result.status == 0,
            result.status == 0 ? "" : fmt::format("exit status {}: {}", result.status, said.empty() ? last_line(result.output) : said));
      } catch (const Error& error) {
        add("recipe", name, Outcome::failed, error.what());
      }
    }
  }

  const image::Image& image_;
  store::Store& store_;
  const Settings& settings_;
  const Task& task_;
  std::unique_ptr<build::Container> container_;
  std::vector<Result> results_;
};

}  // namespace

std::vector<Result> run(const image::Image& image, store::Store& store, const Settings& settings, const Task& task)
{
  return Checking(image, store, settings, task).run();
}

}  // namespace cairn::check
