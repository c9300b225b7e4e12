// Pages in millimetres: the paper, the place of a spike, gaps, scales, marks, lines and pages.
#include "draw/layout.h"

#include <algorithm>
#include <set>

#include "draw/canvas.h"
#include "draw/style.h"
#include "draw_support.h"

using namespace cfm;
using namespace cfm::test;
using draw::Form, draw::LayoutOptions, draw::Page, draw::Point, draw::Role, draw::Shape;
using stream::Segment;

namespace {

constexpr double kZero = 38;  // mm, time 0 of a line at 25 mm/s

Page one_page(const Segment& segment, const LayoutOptions& options = {}) {
  const std::vector<Page> pages = draw::layout(segment, options);
  REQUIRE(pages.size() == 1);
  return pages[0];
}

Point highest(const Shape& shape) {
  return *std::min_element(shape.points.begin(), shape.points.end(), [](Point a, Point b) { return a.y < b.y; });
}

double text_x(const Page& page, const std::string& text) {
  for (const draw::Text& written : page.texts) {
    if (written.text == text) return written.at.x;
  }
  return -1;
}

}  // namespace

TEST_CASE("a spike of 1 mV at 2 s stands 50 mm from the line's beginning and 10 mm high") {
  Segment segment = segment_at(100);
  segment.put(signal("ecg", 250, spike(2500, 500), "mV"));
  const Page page = one_page(segment);
  CHECK(page.width == doctest::Approx(297));
  CHECK(says(page, "25 mm/s   10 mm/mV"));
  const auto traces = shapes(page, Role::kTrace);
  REQUIRE(traces.size() == 1);
  const Point top = highest(*traces[0]);
  CHECK(top.x == doctest::Approx(kZero + 2 * 25));
  CHECK(traces[0]->points.front().x == doctest::Approx(kZero));
  CHECK(traces[0]->points.front().y - top.y == doctest::Approx(10));
  CHECK(text_x(page, "0:01:42") == doctest::Approx(top.x));
  CHECK(traces[0]->pen >= 0.25);

  LayoutOptions fast;
  fast.mm_per_s = 50, fast.mm_per_mv = 20, fast.from = 101, fast.until = 104;
  const Page zoomed = one_page(segment, fast);
  const auto zoomed_traces = shapes(zoomed, Role::kTrace);
  REQUIRE(zoomed_traces.size() == 1);
  const Point zoomed_top = highest(*zoomed_traces[0]);
  CHECK(zoomed_top.x - zoomed_traces[0]->points.front().x == doctest::Approx(50));
  CHECK(zoomed_traces[0]->points.front().y - zoomed_top.y == doctest::Approx(20));
}

TEST_CASE("the paper has lines each 1 and 5 mm, the base line lies on one, the pulse is 1 mV for 0.2 s") {
  Segment segment = segment_at(0);
  segment.put(signal("ecg", 250, spike(2500, 500), "mV"));
  const Page page = one_page(segment);
  std::set<double> major, all;
  double top = 1e9;
  for (const Role role : {Role::kMinorGrid, Role::kMajorGrid}) {
    const auto grid = shapes(page, role);
    REQUIRE(grid.size() == 1);
    for (std::size_t i = 0; i < grid[0]->points.size(); i += 2) {
      const Point a = grid[0]->points[i], b = grid[0]->points[i + 1];
      top = std::min(top, a.y);
      if (a.x == b.x) all.insert(a.x);
      if (a.x == b.x && role == Role::kMajorGrid) major.insert(a.x);
    }
  }
  CHECK(all.size() == 261);
  CHECK(major.size() == 53);
  CHECK(major.contains(kZero));
  CHECK(*std::next(all.begin()) - *all.begin() == doctest::Approx(1));
  const double base = shapes(page, Role::kTrace)[0]->points[0].y - top;
  CHECK(base == doctest::Approx(std::round(base)));
  const auto pulses = shapes(page, Role::kPulse);
  REQUIRE(pulses.size() == 1);
  CHECK(pulses[0]->points[3].x - pulses[0]->points[2].x == doctest::Approx(5));
  CHECK(pulses[0]->points[1].y - pulses[0]->points[2].y == doctest::Approx(10));
}

TEST_CASE("signals of several rates and beginnings share the time") {
  Segment segment = segment_at(0);
  segment.put(signal("ecg", 500, spike(5000, 1500), "mV"));
  segment.put(signal("ppg", 125, spike(1000, 125), "NU", 1, 2));
  const Page page = one_page(segment);
  const auto traces = shapes(page, Role::kTrace);
  REQUIRE(traces.size() == 2);
  CHECK(highest(*traces[0]).x == doctest::Approx(kZero + 75));
  CHECK(highest(*traces[1]).x == doctest::Approx(kZero + 75));
  CHECK(traces[1]->points.front().x == doctest::Approx(kZero + 50));
  CHECK(shapes(page, Role::kPulse).size() == 1);  // of the ECG only
}

TEST_CASE("no line crosses missing samples") {
  Segment segment = segment_at(0);
  std::vector<float> values = spike(2500, 500);
  std::fill(values.begin() + 1000, values.begin() + 1500, kMissingSample);
  values[1250] = 0;  // a single sample within
  segment.put(signal("ecg", 250, values, "mV"));
  const Page page = one_page(segment);
  const auto traces = shapes(page, Role::kTrace);
  REQUIRE(traces.size() == 3);
  CHECK(traces[0]->points.back().x == doctest::Approx(kZero + 999 * 0.1));
  CHECK(traces[1]->points.size() == 1);
  CHECK(traces[2]->points.front().x == doctest::Approx(kZero + 150));
  const auto gaps = shapes(page, Role::kMissing);
  REQUIRE(gaps.size() == 2);
  CHECK(gaps[0]->points[0].x == doctest::Approx(kZero + 99.95));
  CHECK(gaps[1]->points[1].x == doctest::Approx(kZero + 149.95));
  CHECK(says(page, "missing"));
}

TEST_CASE("a large ECG stands at 5 or 2.5 mm/mV and says so") {
  for (const auto& [amplitude, gain, said] :
       {std::tuple{3.0F, 10.0, "10 mm/mV"}, {6.0F, 5.0, "5 mm/mV"}, {12.0F, 2.5, "2.5 mm/mV"}}) {
    Segment segment = segment_at(0);
    std::vector<float> values = spike(2500, 500);
    values[500] = amplitude;
    segment.put(signal("ecg", 250, values, "mV"));
    const Page page = one_page(segment);
    const Shape& trace = *shapes(page, Role::kTrace)[0];
    CHECK(trace.points.front().y - highest(trace).y == doctest::Approx(amplitude * gain));
    CHECK(says(page, said));
    // Another channel keeps the gain asked for; the label of the large one tells.
    segment.put(signal("ecg@500", 500, spike(5000, 500), "mV"));
    segment.find("ecg@500")->attributes["kind"] = "ecg";
    const Page both = one_page(segment);
    CHECK(says(both, "25 mm/s   10 mm/mV"));
    CHECK(says(both, said));
  }
}

TEST_CASE("an artefact far outside is cut off at the row's edge, and the label says clipped") {
  Segment segment = segment_at(0);
  std::vector<float> values = spike(2500, 500);
  values[900] = 500;
  segment.put(signal("ecg", 250, values, "uV"));
  CHECK_FALSE(says(one_page(segment), "clipped"));  // 0.5 mV
  segment.put(signal("ecg", 250, values, "mV"));
  const Page page = one_page(segment);
  CHECK(says(page, "clipped"));
  CHECK(highest(*shapes(page, Role::kTrace)[0]).y > shapes(page, Role::kPaper)[0]->points[0].y);
}

TEST_CASE("other signals stand on round numbers of the paper") {
  Segment segment = segment_at(0);
  std::vector<float> values(1250);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 100 + 35 * std::sin(static_cast<float>(i) / 20);
  segment.put(signal("abp", 125, values, "mmHg"));
  const Page page = one_page(segment);
  CHECK(says(page, "100"));
  CHECK(says(page, "mmHg"));
  CHECK_FALSE(says(page, "mm/mV"));
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const Shape& trace = *shapes(page, Role::kTrace)[0];
  double lowest = 0;
  for (const Point point : trace.points) lowest = std::max(lowest, point.y);
  const double unit_per_mm = static_cast<double>(*high - *low) / (lowest - highest(trace).y);
  CHECK(unit_per_mm * 5 == doctest::Approx(20).epsilon(0.3));
}

TEST_CASE("beats stand above their row, found ones apart from reference ones; marks lie on the trace") {
  Segment segment = segment_at(0);
  segment.put(signal("ecg", 250, spike(2500, 500), "mV"));
  segment.put(events("beats", "ecg", {"sample", "code", "channel"}, {500, 1, -1, 750, 5, 0}));
  segment.put(events("reference/beats", "ecg", {"sample", "code", "channel"}, {501, 1, -1}));
  segment.put(
      events("waves", "ecg", {"sample", "code", "channel", "num"}, {500, 1, 0, 0, 490, 39, 0, 1, 9999, 1, 0, 0}));
  segment.put(events("rhythm", "ecg", {"sample", "end", "code", "aux"}, {0, 1000, 28, 0, 1000, 2500, 28, 1}));
  LayoutOptions options;
  options.symbol_of_code = [](int code) { return code == 1 ? "N" : "V"; };
  const Page page = one_page(segment, options);
  const auto beats = shapes(page, Role::kBeat);
  REQUIRE(beats.size() == 3);
  CHECK(std::count_if(beats.begin(), beats.end(),
                      [](const Shape* s) { return s->reference && s->form == Form::kOutline; }) == 1);
  CHECK(text_x(page, "V") == doctest::Approx(kZero + 75));
  CHECK(says(page, "reference beats"));
  const Point top = highest(*shapes(page, Role::kTrace)[0]);
  for (const Shape* beat : beats) CHECK(beat->points[0].y < top.y);
  const auto marks = shapes(page, Role::kFiducial);
  REQUIRE(marks.size() == 2);
  CHECK(marks[0]->points[1].x == doctest::Approx(kZero + 49));
  CHECK(marks[1]->points[0].x == doctest::Approx(top.x));
  CHECK(marks[1]->points[1].y == doctest::Approx(top.y));
  const auto spans = shapes(page, Role::kRhythm);
  REQUIRE(spans.size() == 4);  // each filled and framed
  CHECK(spans[2]->points[0].x == doctest::Approx(kZero + 100).epsilon(0.01));
  CHECK(says(page, "AFIB"));
}

TEST_CASE("quality is a bar a channel in the colour of its class, with a legend") {
  Segment segment = segment_at(0);
  segment.put(signal("ecg", 250, std::vector<float>(5000, 0.0F), "mV", 2));
  segment.header["quality"] = {{"score", 0.4}, {"class", "poor"}};
  CHECK(shapes(one_page(segment), Role::kQuality).size() == 2);
  segment.header["quality"]["per_channel"] = {{"V2", {{"score", 0.95}, {"class", "excellent"}}}};
  const Page page = one_page(segment);
  const auto bars = shapes(page, Role::kQuality);
  REQUIRE(bars.size() == 1);
  CHECK(bars[0]->row == 1);
  CHECK(bars[0]->colour.packed() == draw::quality_colour("excellent").packed());
  CHECK(says(page, "excellent 0.95"));
  CHECK(says(page, "quality poor 0.40"));
  std::set<std::uint32_t> colours;
  for (const auto name : stream::kQualityClasses) {
    CHECK(says(page, std::string(name)));
    colours.insert(draw::quality_colour(name).packed());
  }
  CHECK(colours.size() == 5);
}

TEST_CASE("long segments go on in lines, slower ones, and pages; lines join") {
  Segment segment = segment_at(0);
  std::vector<float> ramp(250 * 30);
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i) / static_cast<float>(ramp.size());
  segment.put(signal("ecg", 250, ramp, "mV"));
  CHECK(shapes(one_page(segment), Role::kTrace).size() == 3);

  Segment half_hour = segment_at(0);
  half_hour.put(signal("ecg", 250, spike(250 * 1800, 100000), "mV"));
  const Page overview = one_page(half_hour);
  CHECK_FALSE(says(overview, "25 mm/s"));
  double spikes = 0;
  for (const Shape* trace : shapes(overview, Role::kTrace)) {
    spikes += trace->points.front().y - highest(*trace).y > 4 ? 1 : 0;
    CHECK(trace->points.size() < 4 * 250 / (25.4 / 300) + 8);
  }
  CHECK(spikes == 1);
  LayoutOptions full;
  full.mm_per_s = 25;
  const std::vector<Page> pages = draw::layout(half_hour, full);
  CHECK(pages.size() > 5);
  for (const Page& page : pages) CHECK((page.width <= 297.01 && page.height <= 420));
  CHECK(says(pages[1], "page 2 of"));
  full.mm_per_s = 200;
  half_hour.find("ecg")->attributes["fs"] = 0.5;
  CHECK(status_of([&] { draw::layout(half_hour, full); }) == Status::kUsage);  // 720 000 lines
}

TEST_CASE("samples of a low rate reach the line's end") {
  Segment segment = segment_at(0);
  segment.put(signal("resp", 0.4, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "NU"));  // 30 s; a line ends between samples
  LayoutOptions options;
  options.mm_per_s = 25, options.from = 1;
  const Page page = one_page(segment, options);
  const auto traces = shapes(page, Role::kTrace);
  REQUIRE(traces.size() == 3);
  CHECK(traces[0]->points.front().x == doctest::Approx(kZero));
  CHECK(traces[0]->points.back().x == doctest::Approx(kZero + 250));
  CHECK(traces[1]->points.front().x == doctest::Approx(kZero));
}

TEST_CASE("empty, missing, constant and single samples draw something and nothing breaks") {
  CHECK(says(one_page(segment_at(0)), "no signals"));
  for (const std::string kind : {"ecg", "ppg"}) {
    for (const auto& values : {std::vector<float>{},
                               {0.5F},
                               {kMissingSample},
                               std::vector<float>(100, kMissingSample),
                               std::vector<float>(100, 7.0F),
                               {3e38F, -3e38F},
                               {1e-40F, 0.0F},
                               {std::numeric_limits<float>::infinity(), 1.0F}}) {
      Segment segment = segment_at(3);
      segment.put(signal(kind, 50, values, "mV"));
      const Page page = one_page(segment);
      CHECK(page.height > 20);
      for (const Shape& shape : page.shapes) {
        for (const Point point : shape.points) {
          CHECK((point.x >= 0 && point.x <= page.width && point.y >= 0 && point.y <= page.height));
        }
      }
    }
  }
  Segment many = segment_at(0);
  many.put(signal("other", 10, std::vector<float>(80 * 10, 1.0F), "NU", 80));
  CHECK(shapes(one_page(many), Role::kTrace).size() == 80);
}

TEST_CASE("what cannot be drawn is refused, what lies outside is left out, who it is is not printed") {
  Segment segment = segment_at(100);
  segment.put(signal("ecg", 250, spike(2500, 500), "mV"));
  segment.put(events("beats", "abp", {"sample", "code", "channel"}, {5, 1, -1}));  // of a signal that is not there
  segment.header["t_abs"] = "2026-01-02T03:04:05Z";
  CHECK(shapes(one_page(segment), Role::kBeat).empty());
  CHECK_FALSE(says(one_page(segment), "secret"));
  CHECK(says(one_page(segment), "2026-01-02T03:04:05Z"));
  CHECK(says(one_page(segment), "0:01:40.0 to 0:01:50.0"));
  LayoutOptions later;
  later.from = 110;
  CHECK(draw::layout(segment, later).empty());
  Segment lies = segment;
  lies.header["start"] = 1e18;
  CHECK(status_of([&] { draw::layout(lies, {}); }) == Status::kMalformed);
  lies = segment;
  lies.find("ecg")->attributes["fs"] = -1;
  CHECK(status_of([&] { draw::layout(lies, {}); }) == Status::kMalformed);
  lies = segment;
  lies.put(events("beats", "ecg", {"sample", "code"}, {5, 1}));
  lies.find("beats")->attributes["columns"] = {"sample"};
  CHECK(status_of([&] { draw::layout(lies, {}); }) == Status::kMalformed);
}

TEST_CASE("texts of a page don't overlap") {
  Segment segment = segment_at(0);
  segment.header["record"] = std::string(300, 'x');
  segment.header["quality"] = {{"score", 0.4}, {"class", "acceptable"}};
  segment.put(signal("ecg", 500, std::vector<float>(12 * 5000, 0.0F), "mV", 12));
  segment.find("ecg")->attributes["names"][3] = "a very long name of a channel";
  std::vector<double> beats;
  for (int i = 0; i < 200; ++i) beats.insert(beats.end(), {i * 25.0, 1, -1});
  segment.put(events("beats", "ecg", {"sample", "code", "channel"}, beats));
  LayoutOptions options;
  options.symbol_of_code = [](int) { return "N"; };
  const Page page = one_page(segment, options);
  struct Box {
    double left, right, top, bottom;
  };
  std::vector<Box> boxes;
  for (const draw::Text& text : page.texts) {
    const double width = draw::text_width(text.text, text.size, text.bold);
    const double left = text.at.x - (text.align == draw::Align::kLeft    ? 0
                                     : text.align == draw::Align::kRight ? width
                                                                         : width / 2);
    boxes.push_back({left, left + width, text.at.y - 0.72 * text.size, text.at.y + 0.2 * text.size});
    CHECK((left >= 0 && left + width <= page.width));
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (std::size_t j = i + 1; j < boxes.size(); ++j) {
      const Box &a = boxes[i], &b = boxes[j];
      const bool apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      CHECK_MESSAGE(apart, page.texts[i].text << " / " << page.texts[j].text);
    }
  }
}
