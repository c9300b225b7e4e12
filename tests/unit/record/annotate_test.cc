#include "record/annotate.h"

#include "record/subject.h"
#include "support.h"

using namespace cfm;
using namespace cfm::record;

namespace {

std::string labels(std::vector<std::string> comments) { return header_labels(comments).dump(); }

}  // namespace

TEST_CASE("comments as the databases write them") {
  CHECK(labels({"69 M 1085 1629 x1", "Aldomet, Inderal"}) == R"({"age":69,"sex":"M"})");
  CHECK(labels({"-1 F 742 654 x1"}) == R"({"sex":"F"})");
  CHECK(labels({"Age: 78", "Sex: Male", "Dx: 67741000119109,426177001", "Rx: Unknown"}) ==
        R"({"age":78,"sex":"M","dx":["67741000119109","426177001"]})");
  CHECK(labels({"<age>: 46", "<sex>: F", "<diagnoses>:", "Rhythm: Sinus rhythm."}) ==
        R"({"age":46,"sex":"F","dx":["Rhythm: Sinus rhythm."]})");
  CHECK(labels({"Ventricular_Tachycardia", "False alarm"}) == R"({"alarm":false})");
  CHECK(labels({"Ventricular_Tachycardia", "True alarm"}) == R"({"alarm":true})");
  CHECK(labels({"Age: NaN", "Sex: Unknown", "Dx: Unknown", "dosage: 12", "non atrial fibrillation"}) == "{}");
}

TEST_CASE("reference beats and rhythms of mitdb 203") {
  CFM_NEEDS(data, "CFM_DATA");
  Reference reference(360, 650000);
  reference.read(data + "/mitdb/203.atr");
  stream::Segment segment;
  segment.put(
      stream::make_tensor("ppg", {1, 1}, std::vector<float>(1),
                          stream::Json{{"kind", "ppg"}, {"fs", 720}, {"names", stream::Json::array({"PLETH"})}}));
  segment.put(
      stream::make_tensor("ecg", {1, 1}, std::vector<float>(1),
                          stream::Json{{"kind", "ecg"}, {"fs", 720}, {"names", stream::Json::array({"MLII"})}}));
  reference.add(segment, 0, 650000);
  const stream::Tensor* beats = segment.find("reference/beats");
  REQUIRE(beats != nullptr);
  CHECK(beats->attributes["of"] == "ecg");
  CHECK(beats->shape[0] == 2980);  // N 2529 a 2 V 444 F 1 Q 4, the MIT-BIH directory
  const auto rhythm = segment.find("reference/rhythm")->values<double>();
  CHECK(rhythm[rhythm.size() - 3] == 1300000);  // the end of the record at 720 Hz
  CHECK(segment.label("rhythm") == "AFIB");
}

TEST_CASE("who is who") {
  CHECK(SubjectRule::parse("record").of("a/b/100", "db") == "a/b/100");
  CHECK(SubjectRule::parse("dir").of("a/b/100", "db") == "a/b");
  CHECK(SubjectRule::parse("dir").of("100", "db") == "db");
  CHECK(SubjectRule::parse("regex:data_(\\d+)_").of("data_21_7", "") == "21");
  CHECK(SubjectRule::parse("regex:^..").of("data_21_7", "") == "da");
  const test::TemporaryFolder folder;
  std::ofstream(folder / "who.csv") << "record,subject\n201,s1\n202,s1\n";
  const SubjectRule table = SubjectRule::parse("csv:" + folder / "who.csv");
  CHECK(table.of("mitdb/202", "") == "s1");
  using test::status_of;
  CHECK(status_of([&] { table.of("203", ""); }) == Status::kUsage);
  CHECK(status_of([&] { SubjectRule::parse("regex:x(").of("", ""); }) == Status::kUsage);
  CHECK(status_of([&] { SubjectRule::parse("regex:q").of("data", ""); }) == Status::kUsage);
  CHECK(status_of([&] { SubjectRule::parse("patient"); }) == Status::kUsage);
  CHECK(status_of([&] { SubjectRule::parse("csv:/none.csv"); }) == Status::kIo);
}
