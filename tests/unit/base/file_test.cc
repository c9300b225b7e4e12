#include "base/file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

using namespace cfm;
using namespace cfm::test;

namespace {

std::size_t entries(const TemporaryFolder& folder) {
  const std::filesystem::directory_iterator all(folder.path);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("an output appears only when it is complete") {
  const TemporaryFolder folder;
  {
    auto out = OutputFile::create(folder / "a", false);
    CHECK(out.is_regular());
    out.write("half");
    CHECK_FALSE(is_regular_file(folder / "a"));
  }
  CHECK(entries(folder) == 0);
  auto out = OutputFile::create(folder / "a", false);
  out.write("who");
  auto moved = std::move(out);
  moved.write("le");
  CHECK(moved.position() == 5);
  moved.commit();
  CHECK(slurp(folder / "a") == "whole");
  CHECK(entries(folder) == 1);
  CHECK(status_of([&] { OutputFile::create(folder / "a", false); }) == Status::kUsage);
  CHECK(status_of([&] { OutputFile::create(folder.path, true); }) == Status::kUsage);
  CHECK(status_of([&] { OutputFile::create(folder / "no/such", false); }) == Status::kIo);
  { auto discarded = OutputFile::create(folder / "a", true); }
  CHECK(slurp(folder / "a") == "whole");
  write_file(folder / "a", "new");
  CHECK(slurp(folder / "a") == "new");
}

TEST_CASE("many pieces are gathered in order") {
  const TemporaryFolder folder;
  std::vector<std::string> texts;
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    texts.push_back(i % 5 == 0 ? "" : std::string(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26)));
    all += texts.back();
  }
  std::vector<std::span<const std::byte>> pieces;
  for (const auto& text : texts) pieces.push_back(std::as_bytes(std::span(text)));
  auto out = OutputFile::create(folder / "a", false);
  out.write(pieces);
  out.write(std::span<const std::span<const std::byte>>{});
  out.commit();
  CHECK(slurp(folder / "a") == all);
}

TEST_CASE("pieces survive a pipe that takes little at a time") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string piece(100'000, 'x');
  std::string got;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    auto out = OutputFile::create("/dev/fd/" + std::to_string(ends[1]), false);
    const std::vector<std::span<const std::byte>> pieces(7, std::as_bytes(std::span(piece)));
    out.write(pieces);
    ::_exit(out.is_regular() ? 1 : 0);
  }
  ::close(ends[1]);
  char buffer[777];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) got.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  CHECK(got == std::string(700'000, 'x'));
}

TEST_CASE("a full disk is an I/O error") {
  auto out = OutputFile::create("/dev/full", false);
  CHECK_FALSE(out.is_regular());
  CHECK(status_of([&] { out.write("x"); }) == Status::kIo);
}

TEST_CASE("inputs: mapped, read in order, ready or not") {
  const TemporaryFolder folder;
  write_file(folder / "a", "0123456789");
  const Bytes all = map_file(folder / "a");
  CHECK(all.slice(3, 4).text() == "3456");
  write_file(folder / "empty", "");
  CHECK(map_file(folder / "empty").size() == 0);
  CHECK(status_of([&] { map_file(folder / "none"); }) == Status::kIo);
  CHECK(status_of([&] { map_file(folder.path); }) == Status::kIo);
  CHECK(status_of([&] { InputFile::open(folder / "none"); }) == Status::kIo);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  {
    auto in = InputFile::open("/dev/fd/" + std::to_string(ends[0]));
    CHECK_FALSE(in.ready());
    REQUIRE(::write(ends[1], "abc", 3) == 3);
    CHECK(in.ready());
    ::close(ends[1]);
    std::byte buffer[10];
    CHECK(in.read(buffer) == 3);
    CHECK(in.ready());
    CHECK(in.read_some(buffer) == 0);
  }
  ::close(ends[0]);
}

TEST_CASE("small writes that are gathered leave in order, together, and never twice") {
  const TemporaryFolder folder;
  const std::string large(300'000, 'L');
  auto out = OutputFile::create(folder / "a", false);
  const std::string temporary = fmt::format("{}.part-{}", folder / "a", ::getpid());
  out.gather(true);
  out.write("one ");
  CHECK(slurp(temporary).empty());
  CHECK(out.position() == 4);
  out.flush();
  CHECK(slurp(temporary) == "one ");
  out.write("two ");
  auto moved = std::move(out);
  moved.write(large);  // more than is gathered
  CHECK((slurp(temporary) == "one two " + large));
  moved.write(" three");
  moved.gather(false);
  moved.write(" four");
  moved.gather(true);
  moved.write(" five");
  moved.commit();
  CHECK((slurp(folder / "a") == "one two " + large + " three four five"));

  auto full = OutputFile::create("/dev/full", false);
  full.gather(true);
  full.write("lost");
  CHECK(status_of([&] { full.flush(); }) == Status::kIo);
  CHECK(status_of([&] { full.gather(false); }) == Status::kOk);  // said once
}
