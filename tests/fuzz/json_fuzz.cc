// JSON as text and as a tree: what one of them takes apart the other reads, and what is written reads back.
#include <optional>

#include "fuzz.h"
#include "stream/json_text.h"

namespace stream = cfm::stream;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Exactly as long as it is: nothing reads beyond it.
  const std::vector<char> copy(data, data + size);
  const std::string_view text(copy.data(), copy.size());
  std::optional<stream::HeaderView> header;
  const bool is_header = cfm::fuzz::completes([&] { header.emplace(text); });
  cfm::fuzz::completes([&] { stream::json_values(text); });
  std::string again;
  const bool is_json = cfm::fuzz::completes([&] { again = stream::dump_json(stream::parse_json(text)); });
  if (is_json && stream::dump_json(stream::parse_json(again)) != again)
    cfm::fuzz::fail("a tree changes when it is written");
  if (!is_header) return 0;
  for (const stream::JsonMember& member : header->members()) {
    stream::json_string(member.value);
    stream::json_count(member.value);
    stream::json_number(member.value);
    cfm::fuzz::completes([&] { stream::json_elements(member.value); });
    cfm::fuzz::completes([&] { header->text(member.key); });
    cfm::fuzz::completes([&] { header->number(member.key); });
    cfm::fuzz::completes([&] { header->count(member.key); });
  }
  std::string compact, twice;
  stream::append_compact(compact, text);
  stream::append_compact(twice, compact);
  if (compact != twice) cfm::fuzz::fail("compact JSON becomes more compact");
  return 0;
}
