#include "stream/where.h"

#include "stream/json_text.h"
#include "support.h"

namespace cfm::stream {
namespace {

const Json kHeader = parse_json(
    R"({"id": "a/0", "start": 30, "subject": null, "quality": {"score": 0.85, "reasons": ["noise", "clipped"]},
        "labels": {"rhythm": "AFIB", "age": 69, "snomed code": "164889003", "ok": true}})");

bool holds(const std::string& condition) { return Where(condition).holds(kHeader); }

TEST_CASE("comparisons, and what is not there") {
  CHECK(holds("quality.score > 0.8"));
  CHECK(!holds("quality.score > 0.85"));
  CHECK(holds("quality.score >= .85"));
  CHECK(holds("labels.rhythm == \"AFIB\""));
  CHECK(holds("labels.rhythm != 'N'"));
  CHECK(holds("labels[\"snomed code\"] == '164889003'"));
  CHECK(holds("labels.rhythm < 'B'"));
  CHECK(holds("start == 30.0"));
  CHECK(holds("labels.sex == null"));
  CHECK(!holds("labels.sex == 'F'"));
  CHECK(holds("labels.sex != 'F'"));
  for (const char* never : {"labels.sex < 1", "labels.sex >= 1", "labels.rhythm > 1", "labels.age < 'x'"}) {
    CAPTURE(never);
    CHECK(!holds(never));
  }
}

TEST_CASE("operators bind as written, parentheses first") {
  CHECK(holds("true || false && false"));
  CHECK(!holds("(true || false) && false"));
  CHECK(holds("!labels.sex && labels.ok"));
  CHECK(!holds("!(labels.age > 60)"));
  CHECK(holds("! labels.age > 70"));
  CHECK(holds("'noise' in quality.reasons"));
  CHECK(!holds("'flat' in quality.reasons"));
  CHECK(holds("'FI' in labels.rhythm"));
  CHECK(holds("'age' in labels"));
  CHECK(holds("labels.rhythm =~ '^AF'"));
  CHECK(!holds("labels.rhythm =~ '^F'"));
  CHECK(holds("labels.age-1 == null"));  // a name may hold a minus
}

TEST_CASE("what is no condition says where") {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      Where where(text);
    } catch (const Error& error) {
      CHECK(error.status() == Status::kUsage);
      return error.what();
    }
    return "";
  };
  CHECK(refusal("a = 1").find("at character 3") != std::string::npos);
  CHECK(refusal("").find("a value is needed") != std::string::npos);
  CHECK(refusal("a &&").find("a value is needed") != std::string::npos);
  CHECK(refusal("(a").find("parenthesis") != std::string::npos);
  CHECK(refusal("a == 'x").find("without end") != std::string::npos);
  CHECK(refusal("a =~ '('").find("regular expression") != std::string::npos);
  CHECK(refusal("a[b]").find("[\"key\"]") != std::string::npos);
  CHECK(refusal(std::string(100, '(')).find("too deep") != std::string::npos);
  CHECK(refusal(std::string(100, '!')).find("too deep") != std::string::npos);
}

TEST_CASE("paths that no header has are told") {
  Where where("qualty.score > 0.5 || labels.age > 1");
  CHECK(where.holds(kHeader));
  CHECK(where.never_seen() == std::vector<std::string>{"qualty.score"});
}

TEST_CASE("a path that && needn't look at is not said to be absent") {
  Where where("labels.age < 0 && quality.score > 0.5");
  CHECK_FALSE(where.holds(kHeader));
  CHECK(where.never_seen().empty());
}

}  // namespace
}  // namespace cfm::stream
