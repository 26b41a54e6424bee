// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/script.hpp>

#include <cairn/base/error.hpp>
#include <cairn/module/tcl_translation.hpp>

#include <cstdint>
#include <cstring>
#include <utility>

namespace cairn::module {
namespace {

constexpr int depth_limit = 200;

void pack_size(std::string& out, std::uint64_t size) { out.append(reinterpret_cast<const char*>(&size), sizeof size); }

void pack_text(std::string& out, std::string_view text)
{
  pack_size(out, text.size());
  out += text;
}

// One letter for the type, then the value; both ends are one program, so numbers are as the machine has them.
void pack(std::string& out, const Value& value)
{
  if (const auto* truth = std::get_if<bool>(&value.data)) {
    out += *truth ? 'y' : 'n';
  } else if (const auto* number = std::get_if<std::int64_t>(&value.data)) {
    out += 'i';
    pack_size(out, static_cast<std::uint64_t>(*number));
  } else if (const auto* text = std::get_if<std::string>(&value.data)) {
    out += 's';
    pack_text(out, *text);
  } else if (const auto* list = std::get_if<List>(&value.data)) {
    out += 'l';
    pack_size(out, list->size());
    for (const auto& item : *list) pack(out, item);
  } else {
    const auto& table = std::get<Table>(value.data);
    out += 't';
    pack_size(out, table.size());
    for (const auto& [key, item] : table) {
      pack_text(out, key);
      pack(out, item);
    }
  }
}

class Unpacker {
public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

  Table whole()
  {
    auto value = next(0);
    auto* table = std::get_if<Table>(&value.data);
    if (table == nullptr || !bytes_.empty()) fail();
    return std::move(*table);
  }

private:
  [[noreturn]] static void fail() { throw Error(Errc::corrupt, "the evaluating process sent what is no answer"); }

  std::string_view take(std::uint64_t size)
  {
    if (size > bytes_.size()) fail();
    const auto part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
  }

  std::uint64_t size()
  {
    std::uint64_t out = 0;
    std::memcpy(&out, take(sizeof out).data(), sizeof out);
    return out;
  }

  std::string text() { return std::string(take(size())); }

  Value next(int depth)
  {
    if (depth > depth_limit) fail();
    switch (take(1).front()) {
      case 'y': return true;
      case 'n': return false;
      case 'i': return static_cast<std::int64_t>(size());
      case 's': return text();
      case 'l': {
        List list;
        for (auto left = size(); left > 0; --left) list.push_back(next(depth + 1));
        return list;
      }
      case 't': {
        Table table;
        for (auto left = size(); left > 0; --left) {
          auto key = text();
          table.insert_or_assign(std::move(key), next(depth + 1));
        }
        return table;
      }
      default: fail();
    }
  }

  std::string_view bytes_;
};

std::string packed(Table table)
{
  std::string out;
  pack(out, std::move(table));
  return out;
}

}  // namespace

Answer run(const Script& script)
{
  const bool is_rc = script.kind == Script::Kind::rc;
  TclTranslation translation;
  LuaOutcome outcome;
  if (script.language == Language::lua) {
    outcome = is_rc ? run_rc(script.text) : run_modulefile(script.text, script.identity);
  } else if (is_rc) {
    translation = translate_rc(script.text);
    if (!translation.error) outcome = run_data(translation.lua);
  } else {
    translation = translate_modulefile(script.text, script.identity.full_name, script.identity.file_name);
    outcome = run_modulefile(translation.lua, script.identity);
  }
  Answer answer{std::move(outcome.said), std::move(translation.impure), std::move(translation.error)};
  for (auto& question : strings_of(find(answer.said, "impure"))) answer.impure.push_back(std::move(question));
  if (!answer.error) answer.error = std::move(outcome.error);
  return answer;
}

std::string packed(const Script& script)
{
  return packed(Table{{"is_rc", script.kind == Script::Kind::rc},
                      {"is_tcl", script.language == Language::tcl},
                      {"text", script.text},
                      {"name", script.identity.name},
                      {"version", script.identity.version},
                      {"full_name", script.identity.full_name},
                      {"file_name", script.identity.file_name}});
}

Script unpacked_script(std::string_view bytes)
{
  const auto table = Unpacker(bytes).whole();
  const auto text = [&](const char* key) { return string_at(table, key).value_or(""); };
  const auto truth = [&](const char* key) {
    const auto* value = find(table, key);
    const auto* is = value ? std::get_if<bool>(&value->data) : nullptr;
    return is != nullptr && *is;
  };
  return {truth("is_rc") ? Script::Kind::rc : Script::Kind::modulefile,
          truth("is_tcl") ? Language::tcl : Language::lua,
          text("text"),
          {text("name"), text("version"), text("full_name"), text("file_name")}};
}

std::string packed(const Answer& answer)
{
  List impure(answer.impure.begin(), answer.impure.end());
  Table table{{"said", answer.said}, {"impure", std::move(impure)}};
  if (answer.error) table.emplace("error", *answer.error);
  return packed(std::move(table));
}

Answer unpacked_answer(std::string_view bytes)
{
  auto table = Unpacker(bytes).whole();
  Answer answer;
  if (const auto said = table.find("said"); said != table.end())
    if (auto* inner = std::get_if<Table>(&said->second.data)) answer.said = std::move(*inner);
  answer.impure = strings_of(find(table, "impure"));
  answer.error = string_at(table, "error");
  return answer;
}

const Value* find(const Table& table, const std::string& key)
{
  const auto at = table.find(key);
  return at == table.end() ? nullptr : &at->second;
}

std::optional<std::string> string_at(const Table& table, const std::string& key)
{
  const auto* value = find(table, key);
  const auto* text = value ? std::get_if<std::string>(&value->data) : nullptr;
  if (text == nullptr) return std::nullopt;
  return *text;
}

std::vector<std::string> strings_of(const Value* value)
{
  std::vector<std::string> out;
  const auto* list = value ? std::get_if<List>(&value->data) : nullptr;
  if (list == nullptr) return out;
  for (const auto& item : *list) {
    if (const auto* text = std::get_if<std::string>(&item.data)) out.push_back(*text);
    else if (const auto* number = std::get_if<std::int64_t>(&item.data)) out.push_back(std::to_string(*number));
  }
  return out;
}

}  // namespace cairn::module
