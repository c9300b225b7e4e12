#include "dataset/folds.h"

#include <algorithm>
#include <set>

#include "support.h"

using namespace cfm;
using namespace cfm::dataset;
using cfm::test::status_of;

namespace {

struct People {
  std::vector<std::string> subjects;
  std::vector<int> strata;
};

People people(int n, int positive) {
  People p;
  for (int i = 0; i < n; ++i) {
    p.subjects.push_back("p" + std::to_string(i));
    p.strata.push_back(i < positive ? 1 : 0);
  }
  return p;
}

}  // namespace

TEST_CASE("folds are balanced within each stratum and as a whole") {
  const People p = people(103, 31);
  const std::vector<int> fold = stratified_folds(p.subjects, p.strata, 5, 3);
  std::vector<int> all(5), positive(5), negative(5);
  for (std::size_t i = 0; i < fold.size(); ++i) {
    REQUIRE(fold[i] >= 0);
    REQUIRE(fold[i] < 5);
    ++all[static_cast<std::size_t>(fold[i])];
    ++(p.strata[i] == 1 ? positive : negative)[static_cast<std::size_t>(fold[i])];
  }
  for (const auto& sizes : {all, positive, negative}) {
    const auto [low, high] = std::minmax_element(sizes.begin(), sizes.end());
    CHECK(*high - *low <= 1);
  }
}

TEST_CASE("folds depend on the seed and not on the order of the subjects") {
  const People p = people(40, 10);
  People reversed = p;
  std::reverse(reversed.subjects.begin(), reversed.subjects.end());
  std::reverse(reversed.strata.begin(), reversed.strata.end());
  std::vector<int> fold = stratified_folds(p.subjects, p.strata, 4, 1);
  std::vector<int> other = stratified_folds(reversed.subjects, reversed.strata, 4, 1);
  std::reverse(other.begin(), other.end());
  CHECK(fold == other);
  CHECK(fold != stratified_folds(p.subjects, p.strata, 4, 2));
}

TEST_CASE("folds refuse what cannot be") {
  const People p = people(3, 1);
  CHECK(status_of([&] { stratified_folds(p.subjects, p.strata, 4, 0); }) == Status::kUsage);
  CHECK(status_of([&] { stratified_folds(p.subjects, p.strata, 1, 0); }) == Status::kUsage);
  const std::vector<std::string> twice = {"a", "b", "a"};
  CHECK(status_of([&] { stratified_folds(twice, p.strata, 2, 0); }) == Status::kUsage);
}

TEST_CASE("folds from segments follow each subject's majority label") {
  std::vector<std::pair<std::string, std::string>> rows = {{"b", "x"}, {"a", "y"}, {"b", "y"}, {"b", "y"},
                                                           {"c", "x"}, {"c", "y"}, {"a", "y"}, {"d", "x"}};
  const Strata strata = strata_of(rows);
  CHECK(strata.subjects == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(strata.strata == std::vector<int>{1, 1, 0, 0});
  const Folds folds = make_folds(rows, 2, 7);
  CHECK(folds.of("a") != folds.of("b"));
  CHECK(folds.of("c") != folds.of("d"));
  CHECK(status_of([&] { folds.of("e"); }) == Status::kUsage);
  std::reverse(rows.begin(), rows.end());
  CHECK(make_folds(rows, 2, 7).fold_of == folds.fold_of);
}

TEST_CASE("the inner split holds a share of each stratum") {
  const People p = people(50, 10);
  const std::vector<bool> held = inner_split(p.subjects, p.strata, 0.2, 1);
  int positive = 0, negative = 0;
  for (std::size_t i = 0; i < held.size(); ++i) (p.strata[i] == 1 ? positive : negative) += held[i] ? 1 : 0;
  CHECK(positive == 2);
  CHECK(negative == 8);
  const People few = people(3, 1);
  const std::vector<bool> small = inner_split(few.subjects, few.strata, 0.01, 1);
  CHECK_FALSE(small[0]);
  CHECK(small[1] != small[2]);
  CHECK(status_of([&] { inner_split(p.subjects, p.strata, 1.0, 1); }) == Status::kUsage);
}

TEST_CASE("--fold and subjects on both sides") {
  CHECK(parse_fold("2/5").fold == 2);
  CHECK(parse_fold("2/5").n == 5);
  for (const char* bad : {"5/5", "-1/5", "1", "1/", "/5", "0/1", "1/5x", "a/b", ""}) {
    CAPTURE(bad);
    CHECK(status_of([&] { parse_fold(bad); }) == Status::kUsage);
  }
  const std::vector<std::string> a = {"p1", "p2"}, b = {"p3"}, c = {"p4", "p2"};
  CHECK(status_of([&] { require_disjoint(a, b); }) == Status::kOk);
  CHECK(status_of([&] { require_disjoint(a, c); }) == Status::kUsage);
}
