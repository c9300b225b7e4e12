// Conditions on headers of segments, as --where takes them.
#include "fuzz.h"
#include "stream/json_text.h"
#include "stream/where.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const cfm::stream::Json kHeader = cfm::stream::parse_json(
      R"({"type":"segment","id":"r/0","record":"r","subject":null,"start":1.5,"quality":{"score":0.75,"class":"good",)"
      R"("per_channel":{"II":{"score":1}}},"labels":{"rhythm":"AFIB","age":61,"snomed code":[1,"two",null,true]}})");
  return cfm::fuzz::expect_errors([&] {
    cfm::stream::Where where(std::string(cfm::fuzz::text(data, size)));
    where.holds(kHeader);
    where.holds(cfm::stream::Json::object());
    where.never_seen();
  });
}
