// JSON as text: checked and taken apart without building a tree, so that headers keep their spelling and cost little.
//
//   HeaderView header(frame.header);                 // status 4 when it is no JSON or too deep
//   header.text("record");  header.find("tensors");  // as spelt
//
// RFC 8259, UTF-8 only, no key twice in an object that is taken apart. All errors are status 4 and name no file: who
// knows the place puts it in front.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cfm::stream {

using Json = nlohmann::ordered_json;

struct JsonMember {
  std::string key;         // unescaped
  std::string_view spelt;  // the key with its quotes
  std::string_view value;  // as spelt
};

// Members of the object that fills `text`, nested at most `deepest` (itself counts 1). Of keys in `unchecked` only
// brackets and quotes are matched.
std::vector<JsonMember> json_members(std::string_view text, int deepest,
                                     std::initializer_list<std::string_view> unchecked = {});
// Members of an object whose values are only looked through for their ends.
std::vector<JsonMember> json_values(std::string_view text);
// Elements of a checked array, as spelt; nothing when it is no array.
std::optional<std::vector<std::string_view>> json_elements(std::string_view array);
// Values as spelt → C++; nothing when they are of another type.
std::optional<std::string> json_string(std::string_view value);
std::optional<std::uint64_t> json_count(std::string_view value);
std::optional<double> json_number(std::string_view value);
// Appends the JSON without white space between its tokens.
void append_compact(std::string& out, std::string_view json);

// The DOM of a text, and the text of a DOM: status 4 when there is none (no UTF-8, numbers out of range).
Json parse_json(std::string_view text);
std::string dump_json(const Json& json);
// Empties a DOM from the leaves up: its destructor would move every value to a list of its own first.
void discard(Json& json);
// Appends the text of a DOM nested at most `deepest` (itself counts 1), and a text with quotes and escapes.
void append_json(std::string& out, const Json& json, int deepest);
void append_string(std::string& out, std::string_view text);

// Keys of a header object.
class HeaderView {
 public:
  explicit HeaderView(std::string_view json, int deepest = 32);  // kDeepestJson
  std::optional<std::string_view> find(std::string_view key) const;
  // Absent and null are nothing; another type is status 4.
  std::optional<std::string> text(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<std::uint64_t> count(std::string_view key) const;
  const std::vector<JsonMember>& members() const { return members_; }

 private:
  std::vector<JsonMember> members_;
};

}  // namespace cfm::stream
