#include "dataset/label_kind.h"

#include "support.h"

using namespace cfm;
using dataset::LabelKind;
using dataset::LabelValues;
using stream::Json;

namespace {

LabelValues of(std::vector<Json> values, std::optional<std::string> positive = {}) {
  return LabelValues::of("x", values, {.positive = positive});
}

}  // namespace

TEST_CASE("two values are binary, and positive is 1, true, or the later in byte order") {
  CHECK(of({1, 0, 1}).classes == std::vector<Json>{0, 1});
  CHECK(of({1, 2}).classes == std::vector<Json>{2, 1});
  CHECK(of({true, false}).classes == std::vector<Json>{false, true});
  CHECK(of({"N", "A"}).classes == std::vector<Json>{"A", "N"});
  CHECK(of({"N", "A"}, "A").classes == std::vector<Json>{"N", "A"});
  CHECK(of({"N", "A"}).kind == LabelKind::kBinary);
  CHECK(of({0, 1}).class_of(1) == 1);
  CHECK_FALSE(of({0, 1}).class_of(2).has_value());
}

TEST_CASE("more values are a number or classes") {
  CHECK(of({1, 2, 3}).kind == LabelKind::kNumber);
  CHECK(of({1, 2, 3}).classes.empty());
  CHECK(of({"b", "a", "c"}).classes == std::vector<Json>{"a", "b", "c"});
  CHECK(of({"a", 1, 2}).kind == LabelKind::kClasses);
  CHECK(of({"b", "a", "c"}).outputs() == 3);
}

TEST_CASE("what cannot be told apart is refused") {
  for (const auto& values : std::vector<std::vector<Json>>{{}, {1, 1}, {Json::array({1}), 2}}) {
    CHECK(test::status_of([&] { of(values); }) == Status::kUsage);
  }
  CHECK(test::status_of([] { of({1, 2, 3}, "1"); }) == Status::kUsage);
  CHECK(test::status_of([] { of({"a", "b"}, "c"); }) == Status::kUsage);
}
