#include "base/csv.h"

#include <cmath>
#include <limits>

#include "support.h"

using namespace cfm;
using namespace cfm::test;

TEST_CASE("quotes, separators, line ends and a BOM") {
  const CsvTable t = parse_csv("\xEF\xBB\xBFrecord,\"a \"\"b\"\"\",c\r\nx,\"1,2\",\r\n\r\ny,\"two\nlines\",3", "t");
  CHECK(t.header == std::vector<std::string>{"record", "a \"b\"", "c"});
  REQUIRE(t.rows.size() == 2);
  CHECK(t.rows[0] == std::vector<std::string>{"x", "1,2", ""});
  CHECK(t.rows[1] == std::vector<std::string>{"y", "two\nlines", "3"});
  CHECK(t.column("c") == 2);
  CHECK(t.find("nothing") == -1);
  CHECK(parse_csv("a\tb\n1\t2\n", "t", '\t').rows[0][1] == "2");
  CHECK(parse_csv("a\n", "t").rows.empty());
}

TEST_CASE("errors say file and line") {
  const auto message = [](const char* text) -> std::string {
    try {
      parse_csv(text, "alarms.csv");
    } catch (const Error& error) {
      CHECK(error.status() == Status::kMalformed);
      return error.what();
    }
    return "";
  };
  CHECK(message("a,b\n1,2\n1,2,3\n").find("alarms.csv: line 3: 3 cells") == 0);
  CHECK(message("a,b\n\"1,2\n").find("line 2") != std::string::npos);
  CHECK(message("a,b\n\"1\"x,2\n").find("line 2") != std::string::npos);
  CHECK(message("") != "");
  try {
    parse_csv("a,b\n", "alarms.csv").column("record");
    FAIL("found");
  } catch (const Error& error) {
    CHECK(error.status() == Status::kUsage);
    CHECK(std::string(error.what()).find("a, b") != std::string::npos);
  }
  CHECK(status_of([] { read_csv("/nowhere/x.csv"); }) == Status::kIo);
}

TEST_CASE("cells and numbers read back") {
  CHECK(csv_cell("plain") == "plain");
  CHECK(csv_cell("a,\"b\"\n") == "\"a,\"\"b\"\"\n\"");
  CHECK(csv_number(0.1) == "0.1");
  CHECK(csv_number(0.1F) == "0.1");
  CHECK(csv_number(-0.0) == "-0");
  CHECK(csv_number(std::nan("")) == "");
  CHECK(csv_number(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(std::stod(csv_number(1.0 / 3)) == 1.0 / 3);
}
