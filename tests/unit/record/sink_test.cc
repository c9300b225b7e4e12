#include "record/sink.h"

#include <cmath>

#include "record/fake_recording.h"
#include "support.h"

using namespace cfm;
using namespace cfm::record;
using stream::Json;

namespace {

struct Signal {
  std::string name;
  double fs;
  stream::Tensor tensor;
};

// A segment of one-channel tensors, "r,1/0", its clock at 2 Hz.
Cut cut_of(std::vector<Signal> signals, double start = 0) {
  Cut cut;
  cut.segment.header =
      Json{{"id", "r,1/0"}, {"record", "r,1"}, {"start", start}, {"clock", {{"fs", 2}, {"sample", 0}}}};
  for (Signal& signal : signals) {
    cut.order.push_back({cut.segment.tensors.size(), 0});
    signal.tensor.name = signal.name + "/t";
    Json& about = signal.tensor.attributes;
    about["kind"] = "ecg";
    about["fs"] = signal.fs;
    about["names"] = {signal.name};
    about["units"] = {"mV"};
    cut.segment.put(std::move(signal.tensor));
  }
  return cut;
}

template <typename T>
Signal signal(const std::string& name, double fs, const std::vector<T>& values, Json about = Json::object()) {
  return {name, fs, stream::make_tensor("t", {1, static_cast<std::int64_t>(values.size())}, values, std::move(about))};
}

std::string table(const std::vector<Cut>& cuts, Units units = Units::kPhysical, Rows rows = Rows::kSample) {
  const test::TemporaryFolder folder;
  OutputFile file = OutputFile::create(folder / "t.csv", false);
  TableSink sink(file, units, rows);
  for (const Cut& cut : cuts) sink.write(cut);
  file.commit();
  return test::slurp(folder / "t.csv");
}

const Json kGain200 = {{"scale", {1 / 200.0}}, {"offset", {1024}}};

}  // namespace

TEST_CASE("physical values are quotients by the gain, with their short decimals") {
  const auto cut = cut_of({signal<std::int16_t>("II", 2, {995, 1024, 1023}, kGain200)});
  CHECK(table({cut}) == "record,sample,time,II\n\"r,1\",0,0,-0.145\n\"r,1\",1,0.5,0\n\"r,1\",2,1,-0.005\n");
  CHECK(table({cut}, Units::kDigital) ==
        "record,sample,time,II\n\"r,1\",0,0,995\n\"r,1\",1,0.5,1024\n\"r,1\",2,1,1023\n");
  REQUIRE(35 * 0.005 != 35 / 200.0);
  const auto other = cut_of({signal<std::int16_t>("II", 2, {1059}, kGain200)});
  CHECK(table({other}) == "record,sample,time,II\n\"r,1\",0,0,0.175\n");
}

TEST_CASE("floats are spelt as floats, doubles as doubles") {
  CHECK(table({cut_of({signal<float>("a", 2, {0.1F, NAN, 1e-7F})})}) ==
        "record,sample,time,a\n\"r,1\",0,0,0.1\n\"r,1\",1,0.5,\n\"r,1\",2,1,1e-07\n");
  CHECK(table({cut_of({signal<double>("a", 2, {0.1, static_cast<double>(0.1F)})})}) ==
        "record,sample,time,a\n\"r,1\",0,0,0.1\n\"r,1\",1,0.5,0.10000000149011612\n");
  const auto cut = cut_of({signal<float>("a", 2, {1})});
  CHECK(test::status_of([&] { table({cut}, Units::kDigital); }) == Status::kUsage);
}

TEST_CASE("samples that a mask leaves out are empty cells") {
  auto cut = cut_of({signal<std::int16_t>("II", 2, {1, 2, 3})});
  cut.segment.tensors[0].attributes["mask"] = "mask/t";
  cut.segment.put(stream::make_tensor("mask/t", {1, 3}, std::vector<std::uint8_t>{1, 0, 1}, Json{{"kind", "mask"}}));
  CHECK(table({cut}, Units::kDigital) == "record,sample,time,II\n\"r,1\",0,0,1\n\"r,1\",1,0.5,\n\"r,1\",2,1,3\n");
}

TEST_CASE("several rates: a row a frame has means, a row of the highest rate repeats") {
  const auto cut = cut_of({signal<std::int16_t>("slow", 2, {10, -20}), signal<std::int16_t>("fast", 4, {1, 2, -1, -2}),
                           signal<double>("real", 4, {0.5, 1, NAN, 2})},
                          1);
  CHECK(table({cut}, Units::kPhysical, Rows::kFrame) ==
        "record,sample,time,slow,fast,real\n\"r,1\",2,1,10,1,0.75\n\"r,1\",3,1.5,-20,-1,2\n");
  CHECK(table({cut}, Units::kPhysical, Rows::kHighest) ==
        "record,sample,time,slow,fast,real\n\"r,1\",4,1,10,1,0.5\n\"r,1\",5,1.25,10,2,1\n"
        "\"r,1\",6,1.5,-20,-1,\n\"r,1\",7,1.75,-20,-2,2\n");
  CHECK(test::status_of([&] { table({cut}); }) == Status::kUsage);
  const auto odd = cut_of({signal<std::int16_t>("a", 2, {1, 2}), signal<std::int16_t>("b", 3, {1, 2, 3})});
  for (const Rows rows : {Rows::kFrame, Rows::kHighest}) {
    CHECK(test::status_of([&] { table({odd}, Units::kPhysical, rows); }) == Status::kUsage);
  }
}

TEST_CASE("one header; records with other channels are refused") {
  const auto a = cut_of({signal<std::int16_t>("II", 2, {1})}), b = cut_of({signal<std::int16_t>("V", 2, {1})});
  CHECK(table({a, a}) == "record,sample,time,II\n\"r,1\",0,0,1\n\"r,1\",0,0,1\n");
  CHECK(test::status_of([&] { table({a, b}); }) == Status::kUsage);
}
