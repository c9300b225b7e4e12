#include "record/look.h"

#include <fstream>

#include "stream/pipe.h"
#include "support.h"

using namespace cfm;
using namespace cfm::record;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A format-16 record of one channel at 250 Hz: samples 1, 2, …, n.
void write_record(const test::TemporaryFolder& folder, int n, int checksum) {
  std::ofstream header(folder / "r.hea");
  header << "r 1 250 " << n << "\nr.dat 16 200(0)/mV 16 0 1 " << checksum << " 0 II\n";
  for (int i = 0; i < 10; ++i) header << "# line " << i << "\n";
  std::ofstream data(folder / "r.dat", std::ios::binary);
  for (int i = 1; i <= n; ++i) data.put(static_cast<char>(i & 0xff)).put(static_cast<char>(i >> 8));
}

}  // namespace

TEST_CASE("a recording in a screen, and a line when it is checked") {
  const test::TemporaryFolder folder;
  write_record(folder, 500, 500 * 501 / 2 % 65536 - 65536);
  const Sight seen = look_at_recording({folder / "r.hea", "ward/r"}, {}, true);
  CHECK(seen.status == Status::kOk);
  CHECK(seen.damage.empty());
  CHECK(seen.line == "ward/r: whole, 1 channels, 500 frames\n");
  CHECK(seen.text.starts_with("ward/r: WFDB record, 0:02.000 of 1 channels at 250 Hz, 500 frames\n"));
  CHECK(holds(seen.text, "II"));
  CHECK(holds(seen.text, "200 a unit"));
  CHECK(holds(seen.text, "# line 7\n"));
  CHECK_FALSE(holds(seen.text, "# line 8\n"));
  CHECK(holds(seen.text, "# … 10 lines\n"));
}

TEST_CASE("a wrong checksum is damage where it is asked for, and trusted where that is") {
  const test::TemporaryFolder folder;
  write_record(folder, 500, 1);
  const FoundRecord found{folder / "r.hea", "r"};
  CHECK(look_at_recording(found, {}, false).status == Status::kOk);
  const Sight seen = look_at_recording(found, {}, true);
  CHECK(seen.status == Status::kMalformed);
  CHECK(holds(seen.damage, "checksum"));
  CHECK(seen.line.empty());
  CHECK(look_at_recording(found, {.trust_data = true}, true).status == Status::kOk);
  std::filesystem::remove(folder / "r.dat");
  CHECK(look_at_recording(found, {}, true).status != Status::kOk);
}

TEST_CASE("streams: whole, cut, none") {
  CFM_NEEDS(streams, "CFM_STREAM");
  const Sight whole = look_at_stream(streams + "/two.cfm", {});
  CHECK(whole.status == Status::kOk);
  CHECK(whole.line == "two.cfm: whole, 2 parts, 3 segments, 9 frames\n");
  CHECK(holds(whole.text, "binary stream"));
  CHECK(holds(look_at_stream(streams + "/two.ndjson", {}).text, "text stream"));

  const test::TemporaryFolder folder;
  const std::string bytes = test::slurp(streams + "/two.cfm");
  std::ofstream(folder / "cut.cfm", std::ios::binary) << bytes.substr(0, bytes.size() - 10);
  const Sight cut = look_at_stream(folder / "cut.cfm", {});
  CHECK(cut.status == Status::kMalformed);
  CHECK(cut.line.empty());
  CHECK(holds(cut.text, "NOT WHOLE"));
  const Sight skipped = look_at_stream(folder / "cut.cfm", {.skip_damaged = true});
  CHECK(skipped.status == Status::kPartial);
  CHECK(holds(skipped.line, "partly read"));

  std::ofstream(folder / "text") << "dear diary";
  const Sight none = look_at_stream(folder / "text", {});
  CHECK(none.status == Status::kMalformed);
  CHECK(holds(none.text, "no stream"));
  CHECK(test::status_of([&] { look_at_stream(folder / "absent", {}); }) == Status::kIo);
}
