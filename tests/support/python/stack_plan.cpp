// SPDX-License-Identifier: Apache-2.0
//
// Says how stacks are put into layers: a JSON object a line in, `{"layers": K, "alone": [NAME…], "sharing": [NAME…],
// "packages": [{"name": NAME, "bytes": N}…]}`; an array of arrays of names a line out. tests/bench/replay.py asks it.
#include <cairn/oci/json.hpp>
#include <cairn/stack/plan.hpp>

#include <iostream>
#include <string>

using namespace cairn;

int main()
{
  for (std::string line; std::getline(std::cin, line);) {
    const auto document = oci::JsonDocument::parse(line, "question");
    const auto root = document.root();
    stack::PlanMemory memory;
    for (const auto& name : root.at("alone").strings()) memory.alone.insert(name);
    for (const auto& name : root.at("sharing").strings()) memory.sharing.insert(name);
    std::vector<stack::PlanPackage> packages;
    for (const auto one : root.at("packages").array()) packages.push_back({std::string(one.at("name").string()), one.at("bytes").uint64()});
    oci::JsonWriter json;
    json.begin_array();
    for (const auto& layer : stack::plan(packages, root.at("layers").uint64(), memory)) json.value(layer.packages);
    json.end_array();
    std::cout << json.finish() << '\n' << std::flush;
  }
}
