// SPDX-License-Identifier: Apache-2.0
#include <cairn/toml/toml.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cmath>
#include <sstream>

namespace cairn::toml {
namespace {

std::string date_text(const ::toml::node& node)
{
  std::ostringstream text;
  if (const auto* date = node.as_date()) text << **date;
  else if (const auto* time = node.as_time()) text << **time;
  else text << **node.as_date_time();
  return text.str();
}

void write(oci::JsonWriter& json, const ::toml::node& node, const std::string& what)
{
  if (const auto* table = node.as_table()) {
    json.begin_object();
    for (const auto& [key, value] : *table) {
      json.key(key.str());
      write(json, value, what);
    }
    json.end_object();
  } else if (const auto* array = node.as_array()) {
    json.begin_array();
    for (const auto& value : *array) write(json, value, what);
    json.end_array();
  } else if (const auto* text = node.as_string()) {
    json.value(std::string_view(text->get()));
  } else if (const auto* integer = node.as_integer()) {
    json.value(integer->get());
  } else if (const auto* flag = node.as_boolean()) {
    json.value(flag->get());
  } else if (const auto* number = node.as_floating_point()) {
    if (!std::isfinite(number->get()))
      throw Error(Errc::bad_input, fmt::format("{}: line {}: a number that is not finite", what, node.source().begin.line));
    json.value(number->get());
  } else {
    json.value(std::string_view(date_text(node)));
  }
}

}  // namespace

std::string as_json(std::string_view text, const std::string& what)
{
  try {
    oci::JsonWriter json;
    write(json, ::toml::parse(text), what);
    return json.finish();
  } catch (const ::toml::parse_error& error) {
    const auto& at = error.source().begin;
    throw Error(Errc::bad_input, fmt::format("{}: line {}, column {}: {}", what, at.line, at.column, error.description()));
  }
}

}  // namespace cairn::toml
