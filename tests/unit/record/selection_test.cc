#include "record/selection.h"

#include "support.h"

using namespace cfm;
using record::ChannelLabel;
using record::Selection;
using Indices = std::vector<std::size_t>;

namespace {

const std::vector<ChannelLabel> kChannels = {
    {"V", "mV", "ecg", 250}, {"II", "mV", "ecg", 250}, {"PLETH", "NU", "ppg", 125}, {"zz", "", "other", 250}};

Selection::Choice choose(std::string_view list, const std::vector<ChannelLabel>& channels = kChannels) {
  return Selection::parse(list).choose(channels);
}

}  // namespace

TEST_CASE("kinds, names, positions, in the order of the list, each once") {
  CHECK(choose("all").channels == Indices{0, 1, 2, 3});
  CHECK(choose("ecg").channels == Indices{1});
  CHECK(choose("ecg:all").channels == Indices{0, 1});
  CHECK(choose("ppg,ecg").channels == Indices{2, 1});
  CHECK(choose("II,ecg:all").channels == Indices{1, 0});
  CHECK(choose("Pleth").channels == Indices{2});
  CHECK(choose("#3, #0").channels == Indices{3, 0});
  CHECK(choose("other").channels == Indices{3});
  CHECK(choose("zz").channels == Indices{3});
  CHECK(choose("ecg", {{"V5", "mV", "ecg", 360}, {"MLII", "mV", "ecg", 360}}).channels == Indices{1});
  CHECK(choose("ecg", {{"ii", "mV", "ecg", 360}, {"i", "mV", "ecg", 360}}).channels == Indices{0});
  CHECK(choose("ecg", {{"V5", "mV", "ecg", 360}, {"V2", "mV", "ecg", 360}}).channels == Indices{0});
}

TEST_CASE("what a recording lacks is the reason") {
  CHECK(choose("ecg,abp").reason == "no_abp");
  CHECK(choose("ecg,abp").channels.empty());
  CHECK(choose("aVR").reason == "no_aVR");
  CHECK(choose("#4").reason == "no_#4");
  CHECK(choose("abp:all").reason == "no_abp");
  CHECK(choose("all", {}).reason == "no_signals");
  CHECK(choose("ecg,abp?").channels == Indices{1});
  CHECK(choose("ecg,abp?").reason.empty());
  CHECK(choose("abp?").reason == "no_signals");
}

TEST_CASE("an empty or impossible item is a usage error") {
  for (const char* list : {"", ",", "ecg,", "?", ":all", "#x", "#-1", "#"}) {
    CAPTURE(list);
    CHECK(test::status_of([&] { Selection::parse(list); }) == Status::kUsage);
  }
}

TEST_CASE("the list of signals counts records") {
  record::SignalList list;
  list.add("a", kChannels);
  list.add("b", std::vector<ChannelLabel>{{"II", "mV", "ecg", 250}});
  CHECK(list.csv() == "name,kind,rate,count\nV,ecg,250,1\nII,ecg,250,2\nPLETH,ppg,125,1\nzz,other,250,1\n");
  CHECK(list.summary() == "V (ecg), II (ecg), PLETH (ppg), zz (other)");
}
