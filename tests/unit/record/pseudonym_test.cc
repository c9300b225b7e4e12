#include "record/pseudonym.h"

#include <set>

#include "stream/json_text.h"
#include "support.h"

namespace cfm::record {
namespace {

stream::Segment segment(const std::string& record, const std::string& subject) {
  stream::Segment made;
  made.header = stream::Json{{"id", record + "/1200"},
                             {"record", record},
                             {"subject", subject},
                             {"source", "ward_7"},
                             {"split", nullptr},
                             {"start", 4.8},
                             {"t_abs", "2024-02-29T23:59"},
                             {"text", {{"report", "Mr Smith"}}},
                             {"labels", {{"age", 93}}},
                             {"x-bed", "12 Smith"}};
  made.header["t_abs"] = "2024-02-29T23:59:50";
  made.put(stream::make_tensor("ecg", {1, 2}, std::vector<float>{1, 2},
                               stream::Json{{"kind", "ecg"}, {"fs", 250}, {"names", {"II"}}, {"x-device", "Smith"}}));
  made.put(stream::make_tensor("reference/notes", {1, 1}, std::vector<double>{0}, stream::Json{{"kind", "event"}}));
  return made;
}

struct Key {
  explicit Key(const std::string& text) { std::ofstream(folder / "key") << text; }
  test::TemporaryFolder folder;
  Pseudonymiser open() const { return Pseudonymiser(folder / "key"); }
};

TEST_CASE("names become hashes that only the key gives again") {
  const Key key("0123456789abcdef"), other("0123456789abcdeF");
  const auto a = key.open(), again = key.open(), b = other.open();
  CHECK(a.record("smith_1") == again.record("smith_1"));
  CHECK(a.record("smith_1") != b.record("smith_1"));
  CHECK(a.record("smith_1") != a.record("smith_2"));
  CHECK(a.record("smith_1").size() == 21);
  CHECK(a.subject("smith_1").substr(1) != a.record("smith_1").substr(1));
}

TEST_CASE("nothing of a person stays, and what is measured does") {
  const Key key("0123456789abcdef");
  stream::Segment one = segment("smith_1", "smith"), two = segment("smith_2", "smith");
  const auto pseudonymiser = key.open();
  pseudonymiser.apply(one);
  pseudonymiser.apply(two);
  const std::string text = stream::dump_json(one.header) + stream::dump_json(one.tensors.at(0).attributes);
  for (const char* word : {"mith", "ward", "2024-02-29"}) CHECK(text.find(word) == std::string::npos);
  CHECK(one.id() == one.record() + "/1200");
  CHECK(one.subject() == two.subject());
  CHECK(one.record() != two.record());
  CHECK(one.header["labels"]["age"] == 90);
  CHECK(one.tensors.size() == 1);
  CHECK(one.tensors[0].values<float>()[1] == 2);
  CHECK(one.header["t_abs"] == two.header["t_abs"]);
  CHECK(one.header["t_abs"].get<std::string>().ends_with("T23:59:50"));
  CHECK(one.header["t_abs"].get<std::string>() < "2024-02-29");
}

TEST_CASE("dates move by one to 520 weeks") {
  const Key key("0123456789abcdef");
  const auto pseudonymiser = key.open();
  std::set<int> weeks;
  for (int i = 0; i < 200; ++i) {
    const int w = pseudonymiser.weeks("s" + std::to_string(i));
    CHECK(w >= 1);
    CHECK(w <= 520);
    weeks.insert(w);
  }
  CHECK(weeks.size() > 100);
}

TEST_CASE("a key that can be guessed is refused") {
  const Key key("short");
  CHECK(test::status_of([&] { key.open(); }) == Status::kUsage);
  CHECK(test::status_of([] { Pseudonymiser("/nowhere/key"); }) == Status::kIo);
}

}  // namespace
}  // namespace cfm::record
