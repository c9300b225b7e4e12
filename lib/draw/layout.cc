#include "draw/layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "draw/canvas.h"
#include "draw/content.h"
#include "draw/decimate.h"
#include "draw/row.h"
#include "draw/scale.h"
#include "draw/style.h"

namespace cfm::draw {
namespace {

// Millimetres, all that touches the paper in multiples of 5.
constexpr double kPageHeight = 420;  // A3 upright
constexpr double kEdge = 5, kRight = 9;
constexpr double kLabels = 28;  // from the page's left edge to the paper
constexpr double kHeader = 17, kFooter = 9;
constexpr double kLane = 5;                // of beats, of rhythms
constexpr double kAxis = 5.5, kGap = 2.5;  // below the paper of a line
constexpr double kTickDistance = 20;       // between labelled times, at least
constexpr double kShortest = 125;          // of a line's paper, that the header has room

constexpr std::array kSpeeds = {25.0, 12.5, 10.0, 5.0, 2.5, 1.0, 0.5, 0.25, 0.1};  // mm/s
constexpr double kWholeBeats = 10;       // mm/s, from which on triangles and fiducial points have room
constexpr std::size_t kRowsOfLine = 36;  // channels beyond stand in a line of their own
constexpr std::size_t kMostPages = 1000;

double up_to_major(double mm) { return std::ceil(mm / 5 - 1e-9) * 5; }

// A row, and the lanes above it.
struct Placed {
  std::size_t trace = 0;
  Row row;
  bool reference_beats = false, beats = false;
  double lanes() const { return kLane * ((reference_beats ? 1 : 0) + (beats ? 1 : 0)); }
};

// Channels that stand below each other in one line.
struct Group {
  std::vector<Placed> rows;
  bool reference_rhythm = false, rhythm = false;
  double lanes() const { return kLane * ((reference_rhythm ? 1 : 0) + (rhythm ? 1 : 0)); }
  double paper() const {
    double sum = lanes();
    for (const Placed& row : rows) sum += row.lanes() + row.row.height;
    return sum;
  }
};

// All that is decided before anything is drawn.
struct Plan {
  double speed = 25;
  double margin = 10;      // paper left of time 0, with the calibration pulse
  double seconds = 10;     // of a full line
  double width = kLineMm;  // of the longest line
  std::size_t lines = 1;
  std::vector<Group> groups;

  double left() const { return kLabels + margin; }
  double line_height() const {
    double sum = 0;
    for (const Group& group : groups) sum += group.paper() + kAxis + kGap;
    return sum;
  }
};

Plan plan_at(double speed, const Content& content, Window window, const LayoutOptions& options) {
  Plan plan{.speed = speed};
  plan.margin = std::max(10.0, up_to_major(0.2 * speed + 4));
  const double full = std::floor((kLineMm + 10 - plan.margin) / 5) * 5;
  plan.seconds = full / speed;
  const double duration = window.to - window.from;
  plan.lines = static_cast<std::size_t>(std::max(1.0, std::ceil(duration / plan.seconds - 1e-9)));
  plan.width = plan.lines > 1 ? full : std::clamp(up_to_major(duration * speed), kShortest, full);
  const std::size_t n = content.traces.size();
  const bool overview = speed < kWholeBeats;
  RowLimits limits{.mm_per_mv = options.mm_per_mv};
  limits.lowest = overview || n > 16 ? 10 : 15;
  limits.highest = overview ? 15 : n <= 4 ? 40 : n <= 12 ? 30 : 20;
  limits.highest_other = overview || n > 12 ? 15 : 25;
  const auto has = [](const auto& all, const auto& accept) { return std::any_of(all.begin(), all.end(), accept); };
  for (std::size_t first = 0; first < std::max<std::size_t>(n, 1); first += kRowsOfLine) {
    Group& group = plan.groups.emplace_back();
    group.reference_rhythm = first == 0 && has(content.rhythms, [](const Span& span) { return span.reference; });
    group.rhythm = first == 0 && has(content.rhythms, [](const Span& span) { return !span.reference; });
    for (std::size_t t = first; t < std::min(n, first + kRowsOfLine); ++t) {
      const Trace& trace = content.traces[t];
      const auto mine = [&](bool reference) {
        return has(content.beats, [&](const Event& e) { return e.trace == t && e.reference == reference; });
      };
      group.rows.push_back(
          {t, row_of(trace, samples_between(trace, window.from, window.to), limits), mine(true), mine(false)});
    }
  }
  return plan;
}

Plan plan_of(const Content& content, Window window, const LayoutOptions& options) {
  if (options.mm_per_s) return plan_at(*options.mm_per_s, content, window, options);
  for (const double speed : kSpeeds) {
    Plan plan = plan_at(speed, content, window, options);
    const double height = kHeader + static_cast<double>(plan.lines) * plan.line_height() + kFooter;
    if (height <= kPageHeight || plan.lines == 1 || speed == kSpeeds.back()) return plan;
  }
  return {};
}

std::vector<Point> rectangle(double left, double top, double right, double bottom) {
  return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

// Draws the lines of a plan onto pages.
class Painter {
 public:
  Painter(const stream::Segment& segment, const Content& content, Window window, const LayoutOptions& options,
          Plan plan)
      : segment_(segment), content_(content), window_(window), options_(options), plan_(std::move(plan)) {
    // The gain that all rows share, else the one asked for.
    for (const Group& group : plan_.groups) {
      for (const Placed& placed : group.rows) {
        if (!content.traces[placed.trace].millivolts) continue;
        gain_ = gain_ == 0 || gain_ == placed.row.mm_per_unit ? placed.row.mm_per_unit : options.mm_per_mv;
        if (gain_ != placed.row.mm_per_unit) return;
      }
    }
  }

  std::vector<Page> pages() {
    const double height = plan_.line_height();
    const auto fitting =
        static_cast<std::size_t>(std::max(1.0, std::floor((kPageHeight - kHeader - kFooter) / height)));
    const std::size_t count = (plan_.lines + fitting - 1) / fitting;
    if (count > kMostPages) {
      throw Error(Status::kUsage, "{}: {} pages at {} mm/s, at most {} are drawn: draw a part, or slower",
                  segment_.id(), count, plan_.speed, kMostPages);
    }
    std::vector<Page> all;
    for (std::size_t p = 0; p < count; ++p) {
      const std::size_t first = p * fitting, last = std::min(plan_.lines, first + fitting);
      page_ = Page{.width = plan_.left() + plan_.width + kRight,
                   .height = kHeader + static_cast<double>(last - first) * height + kFooter,
                   .shapes = {},
                   .texts = {}};
      header(p, count);
      double top = kHeader;
      for (std::size_t line = first; line < last; ++line) {
        from_ = window_.from + static_cast<double>(line) * plan_.seconds;
        to_ = std::min(window_.to, from_ + plan_.seconds);
        for (const Group& group : plan_.groups) top = draw_line(group, top, line == first);
      }
      footer();
      all.push_back(std::move(page_));
    }
    return all;
  }

 private:
  double x(double time) const { return plan_.left() + (time - from_) * plan_.speed; }
  double record_time(double time) const { return segment_.start() + time; }

  void add(Shape shape) { page_.shapes.push_back(std::move(shape)); }
  void write(Point at, std::string text, double size, Align align = Align::kLeft, Colour colour = kInk,
             bool bold = false) {
    page_.texts.push_back({at, std::move(text), size, align, bold, colour});
  }
  // Cut so that it is no wider than `most` mm.
  static std::string fitted(const std::string& text, double most, double size, bool bold = false) {
    std::size_t n = characters(text);
    std::string shown = one_line(text, n);
    while (n > 1 && text_width(shown, size, bold) > most) shown = one_line(text, --n);
    return shown;
  }

  void header(std::size_t page, std::size_t pages) {
    const double right = page_.width - kRight;
    std::string scale = fmt::format("{:.4g} mm/s", plan_.speed);
    if (gain_ > 0) scale += fmt::format("   {:.4g} mm/mV", gain_);
    write({right, 8}, scale, kMedium, Align::kRight);
    std::string state = quality_text(segment_);
    if (!state.empty()) state = "quality " + state;
    if (pages > 1) state += fmt::format("{}page {} of {}", state.empty() ? "" : "   ", page + 1, pages);
    write({right, 13}, one_line(state, 60), kSmall, Align::kRight, kGrey);
    const double room = right - kEdge - 3;
    write({kEdge, 8}, fitted(segment_.record(), room - text_width(scale, kMedium), kLarge, true), kLarge, Align::kLeft,
          kInk, true);
    std::string when =
        fmt::format("{} to {}", clock_text(record_time(window_.from), 1), clock_text(record_time(window_.to), 1));
    const auto absolute = segment_.header.find("t_abs");
    if (absolute != segment_.header.end() && absolute->is_string()) {
      when += "   segment from " + absolute->get<std::string>();
    }
    write({kEdge, 13}, fitted(when, room - text_width(state, kSmall), kSmall), kSmall);
  }

  void paper(double top, double bottom) {
    const double left = kLabels, right = plan_.left() + plan_.width;
    add({.role = Role::kPaper, .form = Form::kFill, .points = rectangle(left, top, right, bottom), .colour = kPaper});
    Shape minor{.role = Role::kMinorGrid, .form = Form::kSegments, .points = {}, .colour = kMinorGrid, .pen = 0.1};
    Shape major{.role = Role::kMajorGrid, .form = Form::kSegments, .points = {}, .colour = kMajorGrid, .pen = 0.18};
    const auto columns = std::lround(right - left), rows = std::lround(bottom - top);
    for (long i = 0; i <= columns; ++i) {
      const double at = left + static_cast<double>(i);
      auto& points = (i % 5 == 0 ? major : minor).points;
      points.insert(points.end(), {{at, top}, {at, bottom}});
    }
    for (long i = 0; i <= rows; ++i) {
      const double at = top + static_cast<double>(i);
      auto& points = (i % 5 == 0 ? major : minor).points;
      points.insert(points.end(), {{left, at}, {right, at}});
    }
    add(std::move(minor));
    add(std::move(major));
  }

  // The line's lower end.
  double draw_line(const Group& group, double top, bool first_of_page) {
    const double bottom = top + group.paper();
    paper(top, bottom);
    double y = top;
    for (const bool reference : {true, false}) {
      if (!(reference ? group.reference_rhythm : group.rhythm)) continue;
      rhythms(y, reference);
      lane_label(y, reference ? "reference rhythm" : "rhythm");
      y += kLane;
    }
    for (const Placed& placed : group.rows) {
      for (const bool reference : {true, false}) {
        if (!(reference ? placed.reference_beats : placed.beats)) continue;
        beats(y, placed, reference);
        lane_label(y, reference ? "reference beats" : "beats");
        y += kLane;
      }
      draw_row(placed, y, first_of_page);
      y += placed.row.height;
    }
    if (group.rows.empty()) {
      write({plan_.left(), top + kAxis}, "no signals", kMedium, Align::kLeft, kGrey);
      return bottom + kAxis + kGap;
    }
    time_axis(bottom);
    return bottom + kAxis + kGap;
  }

  void lane_label(double top, const char* text) { write({kLabels - 2, top + 3.4}, text, kTiny, Align::kRight, kGrey); }

  void draw_row(const Placed& placed, double top, bool with_state) {
    const Trace& trace = content_.traces[placed.trace];
    const int row = static_cast<int>(placed.trace);
    label(trace, placed.row, top, with_state);
    if (trace.millivolts) {
      pulse(placed.row, top, row);
    } else {
      y_axis(placed.row, top, row);
    }
    signal(trace, placed.row, top, row);
    if (plan_.speed >= kWholeBeats) fiducials(placed, top);
  }

  void label(const Trace& trace, const Row& row, double top, bool with_state) {
    constexpr double kRoom = kLabels - kEdge - 2;
    const std::string unit = one_line(trace.unit, 8);
    const double unit_width = unit.empty() ? 0 : text_width(unit, kSmall) + 1.5;
    const std::string name = fitted(trace.name, kRoom - unit_width, kMedium, true);
    std::vector<std::string> details;
    if (!trace.prefix().empty()) details.push_back(trace.prefix());
    if (trace.millivolts && row.mm_per_unit != gain_) details.push_back(fmt::format("{:.4g} mm/mV", row.mm_per_unit));
    if (row.clipped) details.push_back("clipped");
    if (with_state && !trace.quality.empty()) details.push_back(quality_text(trace.quality, trace.score));
    const double pitch = row.height < 15 ? 2.9 : 3.5;
    double y = top + row.height / 2 - static_cast<double>(details.size()) * pitch / 2 + 1.2;
    write({kEdge, y}, name, kMedium, Align::kLeft, kInk, true);
    write({kEdge + text_width(name, kMedium, true) + 1.5, y}, unit, kSmall);
    for (const std::string& detail : details) {
      write({kEdge, y += pitch}, fitted(detail, kRoom, kTiny), kTiny, Align::kLeft, kGrey);
    }
  }

  // 1 mV for 0.2 s, before time 0.
  void pulse(const Row& row, double top, int number) {
    const double base = row.height - row.y(row.base), up = std::min(row.mm_per_unit, row.height - 1);
    const double foot = top + row.height - std::clamp(base, 0.5, row.height - 0.5 - up);
    const double width = 0.2 * plan_.speed, left = plan_.left() - plan_.margin / 2 - width / 2;
    add({.role = Role::kPulse,
         .points = {{left - 1.5, foot},
                    {left, foot},
                    {left, foot - up},
                    {left + width, foot - up},
                    {left + width, foot},
                    {left + width + 1.5, foot}},
         .colour = kInk,
         .pen = 0.25,
         .row = number});
  }

  void y_axis(const Row& row, double top, int number) {
    Shape ticks{.role = Role::kAxis, .form = Form::kSegments, .points = {}, .colour = kInk, .pen = 0.18, .row = number};
    for (const double tick : row.ticks) {
      const double y = top + row.y(tick), left = plan_.left();
      ticks.points.insert(ticks.points.end(), {{left - 1.2, y}, {left, y}});
      write({left - 1.8, y + 0.8}, number_text(tick, row.tick_step), kTiny, Align::kRight);
    }
    add(std::move(ticks));
  }

  void signal(const Trace& trace, const Row& row, double top, int number) {
    const Range range = samples_between(trace, from_, to_);
    const double end = trace.time(static_cast<double>(trace.values.size()));
    const double begin_x = x(std::max(from_, trace.t0)), end_x = x(std::min(to_, end));
    if (begin_x < end_x && !trace.quality.empty()) {
      add({.role = Role::kQuality,
           .form = Form::kFill,
           .points = rectangle(begin_x, top + row.height - 1.1, end_x, top + row.height - 0.2),
           .colour = quality_colour(trace.quality),
           .row = number});
    }
    const std::span<const float> values = trace.values;
    const double per_column = trace.fs / plan_.speed * options_.column_mm;
    const std::vector<Run> all = runs(values.subspan(range.first, range.last - range.first));
    gaps(trace, row, top, number, all, range.first);
    for (const Run& run : all) {
      if (run.present) curve(trace, row, top, number, {run.first + range.first, run.last + range.first}, per_column);
    }
  }

  // Bands over the runs of missing samples; those that touch in the picture are one.
  void gaps(const Trace& trace, const Row& row, double top, int number, const std::vector<Run>& all,
            std::size_t first) {
    std::vector<std::pair<double, double>> bands;
    for (const Run& run : all) {
      if (run.present) continue;
      const double left = std::max(x(from_), x(trace.time(static_cast<double>(run.first + first) - 0.5)));
      const double right = std::min(x(to_), x(trace.time(static_cast<double>(run.last + first) - 0.5)));
      if (bands.empty() || left - bands.back().second > options_.column_mm) bands.emplace_back(left, right);
      bands.back().second = right;
    }
    for (const auto& [left, right] : bands) {
      missing_ = true;
      add({.role = Role::kMissing,
           .form = Form::kHatch,
           .points = rectangle(left, top + 0.2, right, top + row.height - 1.3),
           .colour = kMissing,
           .pen = 0.12,
           .row = number});
    }
  }

  void curve(const Trace& trace, const Row& row, double top, int number, Run run, double per_column) {
    Shape line{.role = Role::kTrace,
               .points = {},
               .colour = kInk,
               .pen = plan_.speed < kWholeBeats ? 0.2 : 0.3,
               .row = number};
    const auto at = [&](std::size_t i) {
      return Point{x(trace.time(static_cast<double>(i))), top + row.y(trace.values[i])};
    };
    // Up to the ends of the line, between samples of this line and the next.
    const auto border = [&](std::size_t inside, std::size_t outside, double time) {
      if (!std::isfinite(trace.values[outside])) return;
      const Point a = at(inside), b = at(outside);
      const double part = (x(time) - a.x) / (b.x - a.x);
      if (std::abs(part) > 1e-6) line.points.push_back({x(time), a.y + part * (b.y - a.y)});
    };
    if (run.first > 0 && trace.time(static_cast<double>(run.first) - 1) < from_)
      border(run.first, run.first - 1, from_);
    for (const std::size_t i : kept(trace.values, run, per_column)) line.points.push_back(at(i));
    const bool more = run.last < trace.values.size() && trace.time(static_cast<double>(run.last)) > to_;
    if (more) border(run.last - 1, run.last, to_);
    add(std::move(line));
  }

  void rhythms(double top, bool reference) {
    for (const Span& span : content_.rhythms) {
      if (span.reference != reference || span.to <= from_ || span.from >= to_) continue;
      const double left = x(std::max(from_, span.from)), right = x(std::min(to_, span.to));
      const bool normal = span.label == "N";
      const Shape bar{.role = Role::kRhythm,
                      .form = Form::kFill,
                      .points = rectangle(left + 0.15, top + 0.7, right - 0.15, top + 4.3),
                      .colour = normal ? kNormalRhythm : kOtherRhythm,
                      .pen = 0.25,
                      .reference = reference};
      add(bar);
      Shape frame = bar;
      frame.form = Form::kOutline, frame.colour = normal ? kGrey : kOtherRhythmEdge;
      add(frame);
      const std::string text = one_line(span.label, 24);
      if (text_width(text, kSmall) + 2 < right - left) write({left + 1.2, top + 3.4}, text, kSmall);
    }
  }

  void beats(double top, const Placed& placed, bool reference) {
    struct Symbol {
      double x = 0, width = 0;
      std::string text;
      bool normal = false;
    };
    std::vector<Symbol> symbols;
    const Colour colour = reference ? kReference : kFound;
    Shape ticks{.role = Role::kBeat,
                .form = Form::kSegments,
                .points = {},
                .colour = colour,
                .pen = 0.2,
                .row = static_cast<int>(placed.trace),
                .reference = reference};
    for (const Event& beat : content_.beats) {
      if (beat.trace != placed.trace || beat.reference != reference || beat.time < from_ || beat.time >= to_) continue;
      const double at = x(beat.time), bottom = top + kLane;
      if (plan_.speed >= kWholeBeats) {
        Shape triangle = ticks;
        triangle.form = reference ? Form::kOutline : Form::kFill;
        triangle.points = {{at - 0.6, bottom - 1.3}, {at + 0.6, bottom - 1.3}, {at, bottom - 0.1}};
        add(std::move(triangle));
      } else {
        ticks.points.insert(ticks.points.end(), {{at, bottom - 1.3}, {at, bottom - 0.1}});
      }
      const std::string text = options_.symbol_of_code ? one_line(options_.symbol_of_code(beat.code), 4) : "";
      if (text.empty() || (text == "N" && plan_.speed < kWholeBeats)) continue;
      auto [width, fresh] = symbol_widths_.try_emplace(text, 0);
      if (fresh) width->second = text_width(text, kSmall, true);
      symbols.push_back({at, width->second, text, text == "N"});
    }
    if (!ticks.points.empty()) add(std::move(ticks));
    // Letters where there is room, those of other than normal beats first.
    std::stable_sort(symbols.begin(), symbols.end(),
                     [](const Symbol& a, const Symbol& b) { return a.normal < b.normal; });
    std::map<double, double> taken;  // right edge by left edge
    for (const Symbol& symbol : symbols) {
      const double left = symbol.x - symbol.width / 2, right = symbol.x + symbol.width / 2;
      const auto next = taken.lower_bound(left);
      if (next != taken.end() && next->first < right + 0.3) continue;
      if (next != taken.begin() && std::prev(next)->second > left - 0.3) continue;
      taken.emplace(left, right);
      write({symbol.x, top + 3.2}, symbol.text, kSmall, Align::kCentre, colour, !symbol.normal);
    }
  }

  void fiducials(const Placed& placed, double top) {
    const Trace& trace = content_.traces[placed.trace];
    for (const Event& event : content_.fiducials) {
      if (event.trace != placed.trace || event.time < from_ || event.time > to_) continue;
      const double sample = std::round((event.time - trace.t0) * trace.fs);
      if (!(sample >= 0 && sample < static_cast<double>(trace.values.size()))) continue;
      const float value = trace.values[static_cast<std::size_t>(sample)];
      if (!std::isfinite(value)) continue;
      Shape mark = fiducial_mark(event, {x(event.time), top + placed.row.y(value)});
      if (mark.points.empty()) continue;
      mark.row = static_cast<int>(placed.trace);
      marked_.insert({mark.colour.packed(), event.reference});
      add(std::move(mark));
    }
  }

  void time_axis(double top) {
    const double step = time_step(kTickDistance / plan_.speed);
    const int decimals = clock_decimals(step);
    Shape ticks{.role = Role::kAxis, .form = Form::kSegments, .points = {}, .colour = kInk, .pen = 0.2};
    const double first = std::ceil(record_time(from_) / step - 1e-6);
    const double last = std::floor(record_time(to_) / step + 1e-6);
    for (double i = first; i <= last; ++i) {
      const double time = i * step, at = x(time - segment_.start());
      ticks.points.insert(ticks.points.end(), {{at, top}, {at, top + 1.2}});
      const std::string text = clock_text(time, decimals);
      // The last label stays on the page.
      const double centre = std::min(at, page_.width - 1 - text_width(text, kSmall) / 2);
      write({centre, top + 3.8}, text, kSmall, Align::kCentre);
    }
    add(std::move(ticks));
  }

  void footer() {
    double left = kEdge;
    const double y = page_.height - 3.5;
    const auto entry = [&](Shape mark, const std::string& text, double mark_width) {
      const double width = text_width(text, kTiny);
      if (left + mark_width + width > page_.width - kEdge) return;
      for (Point& point : mark.points) point = {point.x + left, point.y + y - 0.8};
      add(std::move(mark));
      write({left + mark_width, y}, text, kTiny, Align::kLeft, kGrey);
      left += mark_width + width + 4;
    };
    const auto any = [](const auto& all, const auto& accept) { return std::any_of(all.begin(), all.end(), accept); };
    if (any(content_.traces, [](const Trace& trace) { return !trace.quality.empty(); })) {
      for (const std::string_view name : stream::kQualityClasses) {
        entry({.role = Role::kAxis,
               .form = Form::kFill,
               .points = rectangle(0, -0.7, 6, 0.6),
               .colour = quality_colour(name)},
              std::string(name), 7);
      }
    }
    if (missing_) {
      entry({.role = Role::kAxis,
             .form = Form::kHatch,
             .points = rectangle(0, -1.3, 6, 1.2),
             .colour = kMissing,
             .pen = 0.12},
            "missing", 7);
    }
    for (const LegendEntry& of : fiducial_legend()) {
      for (const bool reference : {true, false}) {
        if (!marked_.contains({of.colour.packed(), reference})) continue;
        Shape mark =
            fiducial_mark({.time = 0, .code = of.code, .num = of.num, .trace = 0, .reference = reference}, {1, 0});
        mark.role = Role::kAxis;
        entry(std::move(mark), (reference ? "reference " : "") + std::string(of.text), 2.8);
      }
    }
  }

  const stream::Segment& segment_;
  const Content& content_;
  Window window_;
  const LayoutOptions& options_;
  Plan plan_;
  Page page_;
  double gain_ = 0;           // mm/mV of the header; 0: there is no ECG
  double from_ = 0, to_ = 0;  // of the line, seconds from the segment's start
  bool missing_ = false;
  std::set<std::pair<std::uint32_t, bool>> marked_;  // colours of fiducial marks on the pages so far, reference
  std::map<std::string, double> symbol_widths_;
};

}  // namespace

std::vector<Page> layout(const stream::Segment& segment, const LayoutOptions& options) {
  const Content content = content_of(segment);
  const Window window = window_of(segment, content.duration, options.from, options.until);
  const bool cropped = options.from || options.until;
  if (cropped && !(window.from < window.to)) return {};
  return Painter(segment, content, window, options, plan_of(content, window, options)).pages();
}

}  // namespace cfm::draw
