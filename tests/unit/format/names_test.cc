#include "format/names.h"

#include <set>

#include "support.h"

namespace cfm::format {
namespace {

TEST_CASE("kinds of the names that devices and databases use") {
  for (const char* name :
       {"I",   "II",   "iii", "aVR",  "avf",   "V",     "V1",     "v6",     "MLII",        "MLI",     "MLIII", "MV5",
        "MCL", "MCL1", "ECG", "ECG1", "ECG 2", "ECG_3", "ECG_II", "ECG II", "ECG lead II", "Lead V5", "ecg"}) {
    CAPTURE(name);
    CHECK(kind_of(name, "mV") == "ecg");
  }
  for (const char* name : {"PLETH", "Pleth", "PPG", "SpO2-wave", "Pleth 2"}) CHECK(kind_of(name, "NU") == "ppg");
  for (const char* name : {"ABP", "ART", "Art Line", "AOBP", "ART1"}) CHECK(kind_of(name, "mmHg") == "abp");
  for (const char* name : {"RESP", "Resp", "RESP_IMP", "Resp. Imp."}) CHECK(kind_of(name, "Ohm") == "resp");
  CHECK(kind_of("PAP", "mmHg") == "pap");
  CHECK(kind_of("CVP", "mmHg") == "cvp");
  CHECK(kind_of("PCG", "") == "pcg");
  CHECK(kind_of("SCG", "g") == "scg");
}

TEST_CASE("what the table doesn't know is other, whatever its unit") {
  for (const char* name : {"noise1", "my signal", "", "VI2", "ECGx", "P1", "col 0"}) {
    CAPTURE(name);
    CHECK(kind_of(name, "mmHg") == "other");
    CHECK(canonical_name(name) == name);
  }
}

TEST_CASE("the unit decides only where the name alone doesn't") {
  CHECK(kind_of("BP", "mmHg") == "abp");
  CHECK(kind_of("BP", "mmhg") == "abp");
  CHECK(kind_of("BP", "mV") == "other");
  CHECK(kind_of("X", "mV") == "ecg");
  CHECK(kind_of("X", "g") == "other");
}

TEST_CASE("canonical names") {
  CHECK(canonical_name("ECG_II") == "II");
  CHECK(canonical_name("ECG lead II") == "II");
  CHECK(canonical_name("ii") == "II");
  CHECK(canonical_name("MLII") == "MLII");
  CHECK(canonical_name("avr") == "aVR");
  CHECK(canonical_name("-aVR") == "-aVR");
  CHECK(canonical_name("ECG 1") == "ECG1");
  CHECK(canonical_name("SpO2-wave") == "PLETH");
  CHECK(canonical_name("Art Line") == "ABP");
  CHECK(same_name("II", "ECG_II"));
  CHECK(same_name("my signal", "my signal"));
  CHECK(!same_name("II", "MLII"));
  CHECK(!same_name("II", "III"));
}

TEST_CASE("the table is consistent with itself") {
  std::set<std::string_view> seen;
  for (const Alias& alias : alias_table()) {
    CAPTURE(alias.alias);
    CHECK(seen.insert(alias.alias).second);
    CHECK(kind_of(alias.alias, alias.unit) == alias.kind);
    CHECK(canonical_name(alias.alias, alias.unit) == alias.canonical);
    CHECK(canonical_name(alias.canonical, alias.unit) == alias.canonical);
  }
}

TEST_CASE("units are spelt as usual") {
  CHECK(canonical_unit("mv") == "mV");
  CHECK(canonical_unit("\u00b5V") == "uV");
  CHECK(canonical_unit("MMHG") == "mmHg");
  CHECK(canonical_unit("MV") == "MV");
  CHECK(canonical_unit("a.u.") == "a.u.");
}

}  // namespace
}  // namespace cfm::format
