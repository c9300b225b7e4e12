// Tables: CSV and TSV as recordings, and as the programs read lists of labels.
#include "base/csv.h"
#include "format/readers.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cfm::fuzz::MemoryFile file(cfm::fuzz::text(data, size));
  cfm::fuzz::completes([&] { cfm::fuzz::read_through(*cfm::format::open_table(file.path(), "r", {})); });
  cfm::fuzz::completes([&] { cfm::fuzz::read_through(*cfm::format::open_table(file.path(), "r", {.fs = 250})); });
  return cfm::fuzz::expect_errors([&] {
    const cfm::CsvTable table = cfm::read_csv(file.path());
    for (const auto& row : table.rows) {
      if (row.size() != table.header.size()) cfm::fuzz::fail("a row of another width");
    }
  });
}
