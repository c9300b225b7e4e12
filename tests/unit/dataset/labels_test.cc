#include "dataset/labels.h"

#include "support.h"

using namespace cfm;
using dataset::LabelTable;
using dataset::typed;
using stream::Json;

namespace {

struct Table {
  explicit Table(const std::string& text) { std::ofstream(folder / "t.csv") << text; }
  LabelTable read(const std::string& key = "") const { return LabelTable::read(folder / "t.csv" + key); }
  test::TemporaryFolder folder;
};

// The labels that a segment gets, as text.
std::string given(LabelTable& labels, const std::string& record, const std::string& id = "") {
  stream::Segment segment;
  segment.header = Json{{"id", id}, {"record", record}};
  labels.apply(segment);
  return segment.header.value("labels", Json()).dump();
}

}  // namespace

TEST_CASE("cells by the rules of JSON") {
  CHECK(typed("1").dump() == "1");
  CHECK(typed("-0.5").dump() == "-0.5");
  CHECK(typed("1e3").dump() == "1000.0");
  CHECK(typed("true") == true);
  CHECK(typed("false") == false);
  CHECK(typed("").is_null());
  CHECK(typed("  ").is_null());
  CHECK(typed(" 7 ") == 7);
  for (const char* text :
       {"007", "+1", "1.", ".5", "True", "NaN", "null", "0x1", "1e999", "12345678901234567890", "1 2"}) {
    CAPTURE(text);
    CHECK(typed(text) == Json(text));
  }
}

TEST_CASE("labels join by record or by its last path component") {
  const Table table("record,True_Alarm,note\nv1,1,\na/v2,0,\"x, y\"\nv9,1,z\n");
  LabelTable labels = table.read();
  stream::Segment segment;
  segment.header = Json{{"record", "icu/v1"}, {"labels", {{"age", 5}, {"true_alarm", 7}}}};
  labels.apply(segment);
  CHECK(segment.header["labels"].dump() == R"({"age":5,"true_alarm":1})");
  CHECK(given(labels, "a/v2") == R"({"true_alarm":0,"note":"x, y"})");
  CHECK(given(labels, "b/v2") == "null");
  CHECK(given(labels, "v3") == "null");
}

TEST_CASE("rows that met nothing are counted") {
  LabelTable labels = Table("record,a\nv1,1\nv2,0\nv9,1\n").read();
  CHECK(labels.rows() == 3);
  CHECK(test::status_of([&] { labels.report(); }) == Status::kUsage);
  labels.meet("icu/v1");
  labels.meet("v3");
  CHECK(labels.unmatched() == 2);
  CHECK(test::status_of([&] { labels.report(); }) == Status::kOk);
}

TEST_CASE("another key column") {
  const Table table("ID,Sex\n5,M\n");
  for (const char* key : {":ID", ":id"}) {
    LabelTable labels = table.read(key);
    CHECK(given(labels, "ludb/5", "ludb/5/0") == R"({"sex":"M"})");
  }
  try {
    table.read();
    FAIL("no column record");
  } catch (const Error& error) {
    CHECK(error.status() == Status::kUsage);
    CHECK(std::string(error.what()).find("ID, Sex") != std::string::npos);
  }
}

TEST_CASE("a row of a segment goes before one of its record") {
  LabelTable labels = Table("id,sbp\nr/0,120\nr/5000,121.5\nr,90\n").read();
  CHECK(given(labels, "r", "r/0") == R"({"sbp":120})");
  CHECK(given(labels, "r", "r/5000") == R"({"sbp":121.5})");
  CHECK(labels.unmatched() == 1);
  CHECK(given(labels, "r", "r/2500") == R"({"sbp":90})");
  CHECK(given(labels, "q", "q/0") == "null");
  CHECK(labels.unmatched() == 0);
  // An id is no label where rows are joined by record, and no key there.
  LabelTable records = Table("record,id\nr,r/0\n").read();
  CHECK(given(records, "r", "r/7") == R"({"id":"r/0"})");
}

TEST_CASE("tables that cannot be joined") {
  using test::status_of;
  CHECK(status_of([] { Table("record,a,A\nx,1,2\n").read(); }) == Status::kUsage);
  CHECK(status_of([] { Table("record,\nx,1\n").read(); }) == Status::kUsage);
  CHECK(status_of([] { Table("record,a\nx,1\nx,2\n").read(); }) == Status::kUsage);
  CHECK(status_of([] { Table("record,a\nx,1\nx,1\n").read(); }) == Status::kOk);
  CHECK(status_of([] { Table("record,a\nx\n").read(); }) == Status::kMalformed);
  CHECK(status_of([] { LabelTable::read("/none.csv"); }) == Status::kIo);
}
