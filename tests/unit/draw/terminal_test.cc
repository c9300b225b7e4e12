// Drawings for a terminal: a golden one, widths, ASCII, gaps, marks, what is refused.
#include "draw/terminal.h"

#include "draw/scale.h"
#include "draw_support.h"

using namespace cfm;
using namespace cfm::test;
using draw::terminal_drawing, draw::TerminalOptions;
using stream::Segment;

namespace {

// A triangle of ten seconds with a gap, and two beats.
Segment triangle() {
  Segment segment = segment_at(60);
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<float>(i < 500 ? i : 1000 - i) / 500);
  std::fill(values.begin() + 600, values.begin() + 800, kMissingSample);
  segment.put(signal("ecg", 100, values, "mV"));
  segment.put(events("beats", "ecg", {"sample", "code", "channel"}, {500, 1, -1, 900, 5, -1}));
  segment.header["quality"] = {{"score", 0.75}, {"class", "good"}};
  return segment;
}

TerminalOptions with_letters() {
  TerminalOptions options;
  options.symbol_of_code = [](int code) { return code == 1 ? "N" : "V"; };
  return options;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

}  // namespace

TEST_CASE("a triangle with a gap") {
  CHECK(terminal_drawing(triangle(), with_letters()) == R"(night/7  0:01:00.0 to 0:01:10.0  quality good 0.75
II        1.00 ┤                        ⣀⣀⠤⠤⠒⠒⠉⠉⠉⠉⠒⠒⠤⠤⡀
mV             │                ⣀⣀⠤⠤⠒⠒⠉⠉
good           │        ⣀⣀⠤⠤⠒⠒⠉⠉                       ············⠒⠤⠤⣀⣀⡀
          0.00 ┤⣀⣀⠤⠤⠒⠒⠉⠉                                                ⠉⠉⠒⠒⠤⠤⣀⣀
beats                                           N                        V
                |0:01:00    |0:01:02     |0:01:04     |0:01:06     |0:01:08
)");
  TerminalOptions ascii = with_letters();
  ascii.unicode = false;
  CHECK(terminal_drawing(triangle(), ascii) == R"(night/7  0:01:00.0 to 0:01:10.0  quality good 0.75
II        1.00 +                        ..:--:'''':--:.
mV             |                ..:--:''
good           |        ..:--:''                       xxxxxxxxxxxx--:...
          0.00 +..:--:''                                                '':--:..
beats                                           N                        V
                |0:01:00    |0:01:02     |0:01:04     |0:01:06     |0:01:08
)");
}

TEST_CASE("no line is wider than the terminal, whatever the names") {
  Segment segment = triangle();
  segment.header["record"] = std::string(200, 'r') + "µ";
  segment.find("ecg")->attributes["names"][0] = "Ein sehr langer Name µµµµ";
  segment.find("ecg")->attributes["units"][0] = "心\n\x1b[2J";
  for (const int columns : {40, 57, 80, 200}) {
    for (const bool unicode : {true, false}) {
      TerminalOptions options = with_letters();
      options.columns = columns, options.unicode = unicode;
      const std::string text = terminal_drawing(segment, options);
      CHECK(text.find('\x1b') == std::string::npos);
      std::size_t widest = 0;
      for (const std::string& line : lines(text)) widest = std::max(widest, draw::characters(line));
      CHECK(widest <= static_cast<std::size_t>(columns));
      CHECK(widest + 25 > static_cast<std::size_t>(columns));
      if (!unicode) CHECK(draw::characters(text) == text.size());
    }
  }
}

TEST_CASE("colours only where asked for, and nothing else changes") {
  TerminalOptions options = with_letters();
  options.colour = true;
  std::string coloured = terminal_drawing(triangle(), options);
  CHECK(coloured.find("\033[34mgood") != std::string::npos);
  for (std::size_t at = coloured.find('\033'); at != std::string::npos; at = coloured.find('\033')) {
    coloured.erase(at, coloured.find('m', at) + 1 - at);
  }
  CHECK(coloured == terminal_drawing(triangle(), with_letters()));
}

TEST_CASE("a single spike of a long signal is seen") {
  Segment segment = segment_at(0);
  segment.put(signal("ecg", 250, spike(250 * 1800, 100001), "mV"));
  TerminalOptions options;
  options.rows_per_channel = 1;
  options.unicode = false;
  const std::vector<std::string> all = lines(terminal_drawing(segment, options));
  REQUIRE(all.size() == 3);
  CHECK(all[1].find('|') == 16 + 100001 * 64 / 450000);
}

TEST_CASE("a part, and nothing of it") {
  TerminalOptions part = with_letters();
  part.from = 64, part.until = 66;
  const std::string text = terminal_drawing(triangle(), part);
  CHECK(text.find("0:01:04.0 to 0:01:06.0") != std::string::npos);
  CHECK(text.find('N') != std::string::npos);
  CHECK(text.find(" V\n") == std::string::npos);
  part.from = 70, part.until = 80;
  CHECK(terminal_drawing(triangle(), part).empty());
}

TEST_CASE("empty, missing, constant and single samples draw something and nothing breaks") {
  CHECK(terminal_drawing(segment_at(0)).find("no signals") != std::string::npos);
  for (const auto& values : {std::vector<float>{},
                             {0.5F},
                             {kMissingSample},
                             std::vector<float>(100, kMissingSample),
                             std::vector<float>(100, 7.0F),
                             {3e38F, -3e38F},
                             {1e-40F, 0.0F}}) {
    Segment segment = segment_at(3);
    segment.put(signal("ppg", 50, values, "NU"));
    CHECK(lines(terminal_drawing(segment)).size() >= 5);
  }
  Segment constant = segment_at(0);
  constant.put(signal("ppg", 50, std::vector<float>(100, 7.0F), "NU"));
  CHECK(terminal_drawing(constant).find("7") != std::string::npos);
}

TEST_CASE("terminals too small are refused") {
  for (const auto& [columns, rows] : {std::pair{39, 4}, {80, 0}, {5000, 4}}) {
    TerminalOptions options;
    options.columns = columns, options.rows_per_channel = rows;
    CHECK(status_of([&] { terminal_drawing(triangle(), options); }) == Status::kUsage);
  }
}
