// Who is on which side: official folds, several labels at once, and that the inner split knows nothing of who is held
// out.
#include "train/split.h"

#include "base/file.h"
#include "messages.h"
#include "support.h"

namespace {

using namespace cfm;
using test::TemporaryFolder;
using train::Json;
using train::Labelled;
using train::Split;

// Two segments of each of n subjects, the value of the i-th by `value`.
template <typename Value>
Labelled labelled_of(int n, const Value& value) {
  Labelled all;
  all.label = "l";
  for (int i = 0; i < 2 * n; ++i) {
    all.rows.push_back(static_cast<std::size_t>(i));
    all.subjects.push_back(fmt::format("s{:02}", i / 2));
    all.values.push_back(value(i / 2));
    all.folds.push_back(10 * (i / 2 % 3));
  }
  return all;
}

dataset::LabelValues kind_of(const Labelled& all) { return dataset::LabelValues::of("l", all.values, {}); }

}  // namespace

TEST_CASE("official folds: a label, or a table") {
  const Labelled all = labelled_of(30, [](int i) { return Json(i % 2); });
  const Split by_label =
      train::split(all, kind_of(all), {.fold = dataset::FoldChoice{1, 3}, .folds_by = "part", .seed = 0});
  CHECK(by_label.held_out_subjects.size() == 10);
  for (const std::string& who : by_label.held_out_subjects) CHECK(std::stoi(who.substr(1)) % 3 == 1);
  CHECK(by_label.folds["values"] == Json{0, 10, 20});

  const TemporaryFolder folder;
  std::string table = "subject,fold\nsomebody else,7\n";
  for (int i = 0; i < 30; ++i) table += fmt::format("s{:02},{}\n", i, i % 3 == 0 ? 9 : 10);
  write_file(folder / "folds.csv", table);
  const auto split = [&](int fold, int n) {
    return train::split(all, kind_of(all),
                        {.fold = dataset::FoldChoice{fold, n}, .folds_by = folder / "folds.csv", .seed = 0});
  };
  CHECK(split(0, 2).held_out_subjects.size() == 10);  // 9 before 10: numbers by value
  CHECK(cfm::test::usage_message_of([&] { split(0, 3); }).find("makes 2 folds: 9, 10") != std::string::npos);
  write_file(folder / "folds.csv", table + "s07,9\n");
  CHECK(cfm::test::usage_message_of([&] { split(0, 2); }).find("subject s07 is in two folds, 10 and 9") !=
        std::string::npos);
  write_file(folder / "folds.csv", "subject,fold\ns00,1\ns01,2\n");
  CHECK(cfm::test::usage_message_of([&] { split(0, 2); }).find("subject s02 is in no fold") != std::string::npos);
  CHECK_FALSE(cfm::test::usage_message_of([&] { train::split(all, kind_of(all), {.folds_by = "part"}); }).empty());

  Labelled both = all;
  both.folds[5] = 0;
  CHECK(cfm::test::usage_message_of([&] {
          train::split(both, kind_of(both), {.fold = dataset::FoldChoice{0, 3}, .folds_by = "part"});
        }).find("s02") != std::string::npos);
}

TEST_CASE("nobody is on two sides, whatever the label is") {
  const auto check = [](const Labelled& all) {
    const Split parts = train::split(all, kind_of(all), {.fold = dataset::FoldChoice{0, 5}, .seed = 4});
    CHECK(parts.held_out_subjects.size() == 6);
    CHECK(parts.validation_subjects.size() >= 3);
    CHECK(parts.train.size() + parts.validation.size() + parts.held_out.size() == all.rows.size());
    for (const std::size_t i : parts.train) CHECK(parts.train_subjects.contains(all.subjects[i]));
    for (const auto& who : parts.train_subjects) {
      CHECK_FALSE(parts.validation_subjects.contains(who));
      CHECK_FALSE(parts.held_out_subjects.contains(who));
    }
  };
  check(labelled_of(30, [](int i) { return Json(0.1 * i); }));
  // A label that three of thirty have is the rarest of its list: some of them are in training.
  const Labelled lists = labelled_of(30, [](int i) {
    return i % 10 == 0 ? Json{"common", "rare"} : i % 2 == 0 ? Json{"common"} : Json::array();
  });
  check(lists);
}

TEST_CASE("the inner split does not depend on the labels of those who are held out") {
  const auto split = [](double shift) {
    Labelled all = labelled_of(30, [&](int i) { return Json(i % 3 == 1 ? shift + i : 0.3 * i); });
    return train::split(all, kind_of(all), {.fold = dataset::FoldChoice{1, 3}, .folds_by = "part", .seed = 0});
  };
  CHECK(split(0).validation_subjects == split(-500).validation_subjects);
  CHECK(split(0).held_out_subjects == split(-500).held_out_subjects);
}
