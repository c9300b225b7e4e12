// Curves of a training: where values are drawn, what is smoothed, gaps, scales, many steps, several runs.
#include "draw/curve.h"

#include <chrono>
#include <numeric>

#include "draw/scale.h"
#include "draw_support.h"

using namespace cfm;
using namespace cfm::test;
using draw::CurveLine, draw::CurvePanel, draw::Curves, draw::Page, draw::Role;

namespace {

CurveLine line_of(std::vector<float> values, std::size_t run = 0, double first = 1) {
  CurveLine line{.run = run, .steps = std::vector<double>(values.size()), .values = std::move(values)};
  std::iota(line.steps.begin(), line.steps.end(), first);
  return line;
}

Curves one_panel(std::vector<CurveLine> lines, std::vector<std::string> runs = {"r"}) {
  return {.runs = std::move(runs), .summary = {}, .panels = {{.name = "loss", .lines = std::move(lines)}}};
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

constexpr double kColumn = 25.4 / 150;  // mm

}  // namespace

TEST_CASE("a straight line stays straight, noise is averaged, ends stay where they are") {
  std::vector<float> ramp(500);
  std::iota(ramp.begin(), ramp.end(), 0.0F);
  const std::vector<float> same = draw::smoothed(ramp);
  for (std::size_t i = 20; i < 480; ++i) CHECK(same[i] == doctest::Approx(ramp[i]));
  CHECK(same[0] == doctest::Approx(0).epsilon(1).scale(5));
  std::vector<float> saw(500);
  for (std::size_t i = 0; i < saw.size(); ++i) saw[i] = i % 2 == 0 ? 1.0F : -1.0F;
  const std::vector<float> calm = draw::smoothed(saw);
  for (const float value : calm) CHECK(std::abs(value) < 0.1F);
  const std::vector<float> few = {3, 1, 2};
  CHECK(draw::smoothed(few) == few);
}

TEST_CASE("what is not finite is left out of the mean and stays a gap") {
  std::vector<float> values(200, 2.0F);
  values[50] = kMissingSample, values[51] = std::numeric_limits<float>::infinity();
  const std::vector<float> smooth = draw::smoothed(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == 50 || i == 51) {
      CHECK_FALSE(std::isfinite(smooth[i]));
    } else {
      CHECK(smooth[i] == doctest::Approx(2));
    }
  }
  const Page page = draw::curve_page(one_panel({line_of(values)}), kColumn);
  const auto traces = shapes(page, Role::kTrace);
  REQUIRE(traces.size() == 2);
  CHECK(traces[0]->points.back().x < traces[1]->points.front().x);
  // Nothing that is finite: a frame, no line, no failure.
  const Page empty = draw::curve_page(one_panel({line_of({kMissingSample, kMissingSample})}), kColumn);
  CHECK(shapes(empty, Role::kTrace).empty());
  CHECK(lines(draw::curve_text(one_panel({line_of({kMissingSample})}), {})).size() == 9);
}

TEST_CASE("values stand where the scale says") {
  const Page page = draw::curve_page(one_panel({line_of({0, 10, 5, 0, 10})}), kColumn);
  const auto traces = shapes(page, Role::kTrace);
  REQUIRE(traces.size() == 1);
  const auto& points = traces[0]->points;
  REQUIRE(points.size() == 5);
  for (std::size_t i = 1; i < points.size(); ++i) {
    CHECK(points[i].x - points[i - 1].x == doctest::Approx((points[4].x - points[0].x) / 4));
  }
  CHECK(points[0].y == doctest::Approx(points[3].y));
  CHECK(points[1].y < points[0].y);
  CHECK(points[2].y == doctest::Approx((points[0].y + points[1].y) / 2));
  // The frame, and what the range leaves free above and below: 4 % each.
  const auto axes = shapes(page, Role::kAxis);
  REQUIRE(axes.size() == 1);
  const double top = axes[0]->points[0].y, bottom = axes[0]->points[2].y;
  CHECK(points[1].y == doctest::Approx(top + (bottom - top) * 0.04 / 1.08));
  CHECK(says(page, "10"));
}

TEST_CASE("a scale is logarithmic for what falls by far, and not below zero") {
  std::vector<float> falling(100);
  for (std::size_t i = 0; i < falling.size(); ++i) falling[i] = 1e4F * std::exp(-static_cast<float>(i) / 10) + 1;
  const draw::ScaledPanel far = draw::scaled({.name = "x", .lines = {line_of(falling)}}, 0, false);
  CHECK(far.scale.logarithmic);
  CHECK(far.scale.part(far.scale.low) == 0);
  CHECK(far.scale.part(std::sqrt(far.scale.low * far.scale.high)) == doctest::Approx(0.5));
  CHECK(far.scale.part(-1) == 0);
  for (const auto& tick : far.scale.ticks(6)) CHECK(std::fmod(std::log10(tick.value) + 10, 1) == doctest::Approx(0));
  falling[99] = -1;
  CHECK_FALSE(draw::scaled({.name = "x", .lines = {line_of(falling)}}, 0, false).scale.logarithmic);
  const draw::ScaledPanel constant = draw::scaled({.name = "x", .lines = {line_of({7, 7, 7})}}, 0, true);
  CHECK(constant.scale.part(7) == doctest::Approx(0.5));
}

TEST_CASE("an outlier among the values does not flatten the line") {
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 2 == 0 ? 1.0F : -1.0F;
  values[500] = 1000;
  CHECK(draw::scaled({.name = "x", .lines = {line_of(values)}}, 0, true).scale.high < 50);
}

TEST_CASE("a million steps are drawn in less than a second, with their extremes") {
  std::vector<float> values(1'000'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i) * 0.37F);
  const Curves curves = one_panel({line_of(std::move(values))});
  const auto before = std::chrono::steady_clock::now();
  const Page page = draw::curve_page(curves, kColumn);
  const std::string text = draw::curve_text(curves, {.columns = 80, .unicode = true, .colour = true});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  // Tests are built without optimisation, and run beside others.
  CHECK(took.count() < 5);
  MESSAGE("a million steps: " << took.count() << " s");
  const auto raw = shapes(page, Role::kRaw);
  REQUIRE(raw.size() == 1);
  CHECK(raw[0]->points.size() < 8000);
  CHECK(raw[0]->points.size() > 2000);
  CHECK(text.size() < 20'000);
}

TEST_CASE("validation stands as marks, the best of them filled") {
  CurveLine marks{.run = 0, .steps = {10, 20, 30}, .values = {3, 1, 2}, .marks = true};
  std::vector<float> loss(30, 2.0F);
  loss[0] = 4;
  const Curves curves = one_panel({line_of(loss), marks});
  const Page page = draw::curve_page(curves, kColumn);
  const auto found = shapes(page, Role::kMark);
  REQUIRE(found.size() == 3);
  CHECK(found[0]->form == draw::Form::kOutline);
  CHECK(found[1]->form == draw::Form::kFill);
  CHECK(found[2]->form == draw::Form::kOutline);
  const std::string text = draw::curve_text(curves, {});
  std::size_t count = 0;
  for (std::size_t at = text.find("×"); at != std::string::npos; at = text.find("×", at + 1)) ++count;
  CHECK(count == 4);  // one in the legend
}

TEST_CASE("characters: a golden panel, ASCII, widths, colours only where asked for") {
  std::vector<float> ramp(40);
  std::iota(ramp.begin(), ramp.end(), 0.0F);
  const Curves curves = one_panel({line_of(ramp)});
  const std::vector<std::string> all = lines(draw::curve_text(curves, {.columns = 40, .unicode = false}));
  REQUIRE(all.size() == 9);
  CHECK(all[0].starts_with("loss"));
  CHECK(all[0].find("39") < all[0].find('+'));
  CHECK(all[7].find("0") < all[7].find('+'));
  CHECK(all[8].find("step") != std::string::npos);
  CHECK(all[8].find("|20") != std::string::npos);
  std::size_t before = all[7].size();
  for (std::size_t row = 6; row < 8; --row) {  // it rises from the left to the right
    CHECK(all[row].find_first_of(".-':", all[row].find('|') + 1) != std::string::npos);
    CHECK(all[row].size() >= before);
    before = all[row].size();
  }
  for (const int columns : {40, 80, 133}) {
    for (const bool unicode : {true, false}) {
      const std::string text = draw::curve_text(curves, {.columns = columns, .unicode = unicode});
      CHECK(text.find('\x1b') == std::string::npos);
      for (const std::string& line : lines(text)) CHECK(draw::characters(line) <= static_cast<std::size_t>(columns));
    }
  }
  std::vector<float> noise(400);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<float>(i % 7);
  const std::string coloured = draw::curve_text(one_panel({line_of(noise)}), {.colour = true});
  CHECK(coloured.find("\033[2m") != std::string::npos);
  CHECK(status_of([&] { draw::curve_text(curves, {.columns = 39}); }) == Status::kUsage);
  CHECK(status_of([&] { draw::curve_text(curves, {.columns = 1001}); }) == Status::kUsage);
}

TEST_CASE("several runs are apart: letters, colours and a legend") {
  const Curves curves = one_panel({line_of(std::vector<float>(50, 1.0F), 0), line_of(std::vector<float>(25, 9.0F), 1)},
                                  {"first", "second"});
  const std::vector<std::string> all = lines(draw::curve_text(curves, {}));
  CHECK(all[0] == "  a first");
  CHECK(all[1] == "  b second");
  const auto count = [&](const std::string& line, char c) { return std::count(line.begin(), line.end(), c); };
  CHECK(count(all[2], 'b') > 20);
  CHECK(count(all[9], 'a') > 50);
  const Page page = draw::curve_page(curves, kColumn);
  CHECK(says(page, "first"));
  const auto traces = shapes(page, Role::kTrace);
  REQUIRE(traces.size() == 2);
  CHECK(traces[0]->colour.packed() != traces[1]->colour.packed());
  CHECK(traces[1]->points.back().x < traces[0]->points.back().x);
}

TEST_CASE("long texts are broken at blanks") {
  const auto fits = [](const std::string& text) { return text.size() <= 10; };
  CHECK(draw::wrapped("one two three four", fits) == std::vector<std::string>{"one two", "  three", "  four"});
  CHECK(draw::wrapped("", fits) == std::vector<std::string>{""});
  CHECK(draw::wrapped("abcdefghijklmnop q", fits) == std::vector<std::string>{"abcdefghijklmnop", "  q"});
}
