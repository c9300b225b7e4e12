// WFDB records of several files: r.hea, s.hea, r.dat and s.dat, apart by lines of "==" in the input. One that is not
// there is not written.
#include <array>
#include <filesystem>

#include "format/readers.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array kNames = {"r.hea", "s.hea", "r.dat", "s.dat"};
  const auto files = cfm::fuzz::pieces(cfm::fuzz::text(data, size));
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (i < files.size()) {
      cfm::fuzz::put_file(kNames[i], files[i]);
    } else {
      std::filesystem::remove(cfm::fuzz::folder() + "/" + kNames[i]);
    }
  }
  const std::string path = cfm::fuzz::folder() + "/r.hea";
  cfm::fuzz::completes([&] { cfm::fuzz::read_through(*cfm::format::open_wfdb_record(path, "r", {})); });
  return cfm::fuzz::expect_errors(
      [&] { cfm::fuzz::read_through(*cfm::format::open_wfdb_record(path, "r", {.trust_data = true})); });
}
