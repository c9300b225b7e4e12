#include "record/walk.h"

#include "format/recording.h"
#include "support.h"

namespace cfm::record {
namespace {

void put(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string names(const std::string& input) {
  std::string all;
  for (const FoundRecord& found : find_recordings(input)) all += found.name + " ";
  return all;
}

TEST_CASE("records below a folder in byte order of their names, without hidden files") {
  const test::TemporaryFolder folder;
  for (const char* name : {"b", "a/2", "a/10", "a-1/x", "a", "100", "100-no-len", "Z", "a/b/c"})
    put(folder / (std::string(name) + ".hea"), "x 0 1 1\n");
  put(folder / ".hidden.hea", "");
  put(folder / ".git/x.hea", "");
  put(folder / "notes.txt", "");
  put(folder / ".hea", "");
  CHECK(names(folder.path) == "100 100-no-len Z a a-1/x a/10 a/2 a/b/c b ");
  CHECK(names(folder.path + "/") == names(folder.path));
  CHECK(names(folder / "a") == "10 2 b/c ");
  CHECK(find_recordings(folder / "a/b")[0].path == folder / "a/b/c.hea");
}

TEST_CASE("a record by its path, with and without suffix") {
  const test::TemporaryFolder folder;
  put(folder / "d/100.hea", "100 0 360 10\n");
  CHECK(names(folder / "d/100") == "100 ");
  CHECK(names(folder / "d/100.hea") == "100 ");
  CHECK(find_recordings(folder / "d/100")[0].path == folder / "d/100.hea");
}

TEST_CASE("segments of a record are no records, in their own folder") {
  const test::TemporaryFolder folder;
  put(folder / "s/m.hea", "# comment\nm/3 2 250 300\nlayout 0\nm_1 100\n~ 100\nm_2 100\n# end\n");
  for (const char* name : {"m_1", "m_2", "layout", "other", "n/m_1"})
    put(folder / ("s/" + std::string(name) + ".hea"), "x 0 250 100\n");
  CHECK(names(folder.path) == "s/m s/n/m_1 s/other ");
  put(folder / "loop/loop.hea", "loop/1 2 250 100\nloop 100\n");
  CHECK(names(folder / "loop") == "loop ");
}

TEST_CASE("folders that contain themselves end") {
  const test::TemporaryFolder folder;
  put(folder / "a/r.hea", "r 0 1 1\n");
  std::filesystem::create_directory_symlink(folder.path, folder / "a/up");
  CHECK(names(folder.path) == "a/r ");
}

TEST_CASE("files that are recordings by their suffix, by a pattern, or not") {
  const test::TemporaryFolder folder;
  put(folder / "100.hea", "100 1 250 10\n100.dat 16\n");
  put(folder / "101.hea", "101 1 250 10\nsound.flac 508\n");
  for (const char* name : {"100.dat", "sound.flac", "night.EDF", "100.edf", "n/heart.wav", "n/table.csv", "x.mat"}) {
    put(folder / name, "x");
  }
  CHECK(names(folder.path) == "100 100.edf 101 n/heart night ");
  const auto including = [&](std::vector<std::string> globs) {
    std::string list;
    for (const auto& found : find_recordings(folder.path, {.include = std::move(globs)})) list += found.name + " ";
    return list;
  };
  CHECK(including({"*.csv"}) == "100 100.edf 101 n/heart n/table night ");
  CHECK(including({"n/*.csv", "*.mat"}) == "100 100.edf 101 n/heart n/table night x ");
  CHECK(find_recordings(folder / "night.EDF").at(0).name == "night");
}

TEST_CASE("inputs that are none") {
  const test::TemporaryFolder folder;
  put(folder / "text.csv", "a,b\n");
  CHECK(test::status_of([&] { find_recordings(folder / "absent"); }) == Status::kIo);
  CHECK(test::status_of([&] { find_recordings(folder / "absent.hea"); }) == Status::kIo);
  CHECK(find_recordings(folder / "text.csv").at(0).name == "text");  // what it is, its reader says
  CHECK(test::status_of([&] { format::open_recording(folder / "absent.hea", "absent", {}); }) == Status::kIo);
  CHECK(names(folder.path).empty());
  try {
    find_recordings(folder / "absent");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find(folder / "absent") == 0);
  }
}

TEST_CASE("real folders hold the records their readme counts") {
  CFM_NEEDS(data, "CFM_DATA");
  CHECK(find_recordings(data + "/challenge2015").size() == 171);
  CHECK(find_recordings(data + "/mitdb").size() == 25);
  CHECK(find_recordings(data + "/ludb").size() == 100);
  CHECK(names(data + "/wfdb-samples/fixed1") == "v102s ");
  CHECK(names(data + "/wfdb-samples/041s") == "041s ");
}

}  // namespace
}  // namespace cfm::record
