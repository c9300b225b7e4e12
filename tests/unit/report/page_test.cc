#include "report/page.h"

#include <doctest/doctest.h>

#include <regex>
#include <string>
#include <vector>

#include "report/chart.h"
#include "report/html.h"
#include "report/made_up.h"

using namespace cfm;
using namespace cfm::test;

namespace {

const report::PageOptions kOptions{
    .title = "", .command = "cfm-eval --probe x 'a b.cfm'", .made = "2026-11-21", .version = "0.1.0"};

bool has(const std::string& text, const std::string& piece) { return text.find(piece) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t n = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

// What is wrong with the nesting of elements; "" when all is closed in order and attributes are in quotes.
std::string ill_formed(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at)) {
    if (html.compare(at, 9, "<!DOCTYPE") == 0) {
      at = html.find('>', at);
      continue;
    }
    std::size_t end = at + 1;
    bool quoted = false;
    while (end < html.size() && (quoted || html[end] != '>')) {
      if (html[end] == '"') quoted = !quoted;
      if (!quoted && html[end] == '<') return "< within " + html.substr(at, 60);
      ++end;
    }
    const std::string tag = html.substr(at + 1, end - at - 1);
    at = end;
    const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
    if (tag.empty() || tag.back() == '/' || name == "meta") continue;
    if (tag[0] != '/') {
      open.push_back(name);
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return "<" + tag + "> closes " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
    if (name == "style") at = html.find("</style", at);
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

std::string without_style(const std::string& html) {
  const std::size_t from = html.find("<style>"), to = html.find("</style>");
  return html.substr(0, from) + html.substr(to);
}

// Levels of headings never skip one on the way down.
bool headings_in_order(const std::string& html) {
  int last = 0;
  for (std::size_t at = html.find("<h"); at != std::string::npos; at = html.find("<h", at + 1)) {
    if (html[at + 2] < '1' || html[at + 2] > '6') continue;
    const int level = html[at + 2] - '0';
    if (level > last + 1) return false;
    last = level;
  }
  return last > 0;
}

void check_page(const std::string& html) {
  CHECK(ill_formed(html) == "");
  CHECK(headings_in_order(html));
  for (const char* outside : {"http:", "https:", "src=", "@import", "url(", "<link", "<script", "<img"})
    CHECK_MESSAGE(!has(html, outside), outside);
  static const std::regex broken("(^|[^A-Za-z])-?(nan|inf)([^A-Za-z]|$)");
  CHECK_FALSE(std::regex_search(without_style(html), broken));
}

std::string page_of(std::vector<Context> contexts) { return report::page(results_of(std::move(contexts)), kOptions); }

}  // namespace

TEST_CASE("the checker of these tests finds what is wrong") {
  CHECK(ill_formed("<p>a<br/></p>") == "");
  CHECK(ill_formed("<p>a") != "");
  CHECK(ill_formed("<p><b>a</p></b>") != "");
  CHECK(ill_formed("<p class=\"a>b\">a</p>") == "");
  CHECK(ill_formed("</p>") != "");
  CHECK_FALSE(headings_in_order("<h1>a</h1><h3>b</h3>"));
}

TEST_CASE("a page of two classes has all its sections and the same bytes every time") {
  const std::string html = page_of({binary()});
  check_page(html);
  for (const char* piece : {"Data and exclusions",
                            "All figures",
                            "Against controls and rivals",
                            "Curves",
                            "<title>ROC</title>",
                            "<title>Precision and recall</title>",
                            "<title>Reliability</title>",
                            "<title>Risk and coverage</title>",
                            "Decisions and truth",
                            "With fewer labels",
                            "By group, the worst first",
                            "Where the model is most wrong",
                            "How it was made",
                            "What the figures mean",
                            "does not beat its controls",
                            "score below 0.3",
                            "without label",
                            "cfm-finetune --model resnet1d",
                            "of two subjects",
                            "2000 over subjects",
                            "one class only",
                            "cfm-segment --signals ecg,ppg --at &#39;alarm = 1&#39; challenge2015 |"})
    CHECK_MESSAGE(has(html, piece), piece);
  CHECK(count(html, "class=\"example\"") == 6);
  CHECK(html.size() < 500000);
  CHECK(html == page_of({binary()}));
}

TEST_CASE("a system that always says the same has figures and no curve") {
  const std::string html = page_of({binary()});
  CHECK(has(html, "majority says the same of every segment"));
  CHECK(count(html, "scope=\"row\">majority") >= 2);
}

TEST_CASE("pages of classes, grades, numbers, several labels and marks") {
  const std::string classes_page = page_of({classes()});
  check_page(classes_page);
  CHECK(has(classes_page, "each class against the rest"));
  CHECK(count(classes_page, "rowgroup") == 4);
  check_page(page_of({classes({"1", "2", "3"}, TaskKind::kOrdinal)}));

  const std::string numbers_page = page_of({numbers()});
  check_page(numbers_page);
  CHECK(has(numbers_page, "<title>Bland–Altman</title>"));
  CHECK(has(numbers_page, "<title>Truth and estimate</title>"));
  CHECK(has(numbers_page, "1300 of 2600 points are drawn"));
  CHECK(has(numbers_page, "not defined on these segments"));
  CHECK(has(numbers_page, "The samples were not there to draw"));
  CHECK_FALSE(has(numbers_page, "<title>ROC</title>"));

  const std::string labels_page = page_of({labels(10)});
  check_page(labels_page);
  CHECK(has(labels_page, "the 8 most frequent of 10 classes"));
  CHECK(has(labels_page, "rightly not"));
  CHECK(has(labels_page, "Nothing stands beside the model"));

  const std::string marks_page = page_of({beats()});
  check_page(marks_page);
  CHECK(has(marks_page, "99.90  100.00"));
  CHECK(has(marks_page, "Record by record"));
  CHECK(has(marks_page, "matrix"));
  CHECK_FALSE(has(marks_page, "Nothing stands beside"));
}

TEST_CASE("several labels have a section each and a table of contents") {
  const std::string html = page_of({binary(), numbers(300), classes()});
  check_page(html);
  for (const char* id : {"label-1", "label-2", "label-3", "data", "provenance"}) {
    CHECK(count(html, std::string("id=\"") + id + "\"") == 1);
    CHECK(count(html, std::string("href=\"#") + id + "\"") == 1);
  }
  CHECK(count(html, "<h1") == 1);
}

TEST_CASE("nothing, few subjects, segments that training has seen") {
  check_page(page_of({}));
  const std::string few = page_of({binary(12, 6, false)});
  check_page(few);
  CHECK(has(few, "no interval: 6 subjects, 10 are needed"));
  CHECK(has(few, "The samples were not there to draw"));
  Context seen = binary(60, 60);
  seen.seen_segments = 10;
  seen.seen_subjects = 9;
  seen.pretrained_segments = seen.pretrained_subjects = 5;
  const std::string html = page_of({seen});
  CHECK(has(html, "These figures are no test:"));
  CHECK(has(html, "10 segments of 9 subjects"));
  CHECK(has(html, "5 segments of 5 subjects in pre-training"));
}

TEST_CASE("all that comes from data is text, never markup") {
  const std::string evil = "<script>alert(\"1\")</script> & 'x'";
  Context context = binary(40, 40, true, evil);
  context.label = context.protocol = context.comparisons[0].control = context.missing[0].add = evil;
  context.missing[0].control = evil;
  context.excluded = {{evil, 3}};
  for (Row& row : context.rows) row.system = row.note = row.metric = evil;
  for (eval::Stratum& stratum : context.strata) stratum.by = stratum.value = stratum.why = evil;
  auto scored = std::make_shared<Scored>(*context.scored);
  for (System& system : scored->systems) system.name = system.decided = evil;
  for (eval::Example& example : scored->examples) {
    example.id = example.subject = example.record = evil;
    for (eval::Preview& channel : example.channels) channel.name = channel.kind = channel.unit = evil;
  }
  context.scored = scored;
  Context marks = beats();
  marks.text = marks.label = marks.unit = evil;
  for (Row& row : marks.rows) row.record = row.lead = row.klass = row.note = evil;
  marks.details = {{evil, {{evil, {{evil, 1}}}}}, {"a", evil}};
  Results results = results_of({context, marks});
  results.repeats = {{evil, evil, true}};
  for (auto& note : results.upstream) note["tool"] = evil, note["skipped"] = {{evil, 1}};
  for (auto& entry : results.provenance[0])
    entry["tool"] = entry["version"] = entry["args"] = stream::Json::array({evil});
  const std::string html = report::page(results, {.title = evil, .command = evil, .made = evil, .version = evil});
  CHECK(ill_formed(html) == "");
  CHECK_FALSE(has(html, "<script"));
  CHECK_FALSE(has(html, "alert(\""));
  CHECK(count(html, "&lt;script&gt;") > 50);
}

TEST_CASE("values that are not there are said to be missing") {
  Context context = binary(40, 40);
  for (Row& row : context.rows) row.value = row.low = row.high = NAN;
  for (eval::Comparison& c : context.comparisons) c.gain = c.low = c.high = c.probability = NAN;
  for (eval::Stratum& stratum : context.strata)
    for (Row& row : stratum.rows) row.value = INFINITY;
  const std::string html = page_of({context});
  check_page(html);
  CHECK(count(html, "–</b>") >= 4);
}

TEST_CASE("pieces of HTML") {
  CHECK(report::escaped("a<b>&\"'\x01") == "a&lt;b&gt;&amp;&quot;&#39; ");
  CHECK(report::escaped("\xe9") == "é");
  CHECK(report::count_html(9999) == "9999");
  CHECK(report::count_html(12345) == "12\u202f345");
  CHECK(report::count_html(1234567) == "1\u202f234\u202f567");
  CHECK(report::percent_html(0.2168) == "21.7 %");
  CHECK(report::percent_html(NAN) == "–");
  CHECK(report::figure_html(-0.123, "auroc") == "−0.12");
  CHECK(report::figure_html(NAN, "auroc") == "–");
  CHECK(report::figure_html(-0.001, "auroc") == "0.00");
  CHECK(report::figure_html(-2e-14, "bias") == "0");
  CHECK(report::interval_html(-0.1, 0.2, "auroc") == "[−0.10, 0.20]");
  CHECK(report::interval_html(NAN, NAN, "auroc") == "");
  report::Footnotes notes;
  CHECK(notes.mark("") == "");
  CHECK(notes.mark("one") == "<sup>a</sup>");
  CHECK(notes.mark("two") == "<sup>b</sup>");
  CHECK(notes.mark("one") == "<sup>a</sup>");
  CHECK(count(notes.list(), "<li>") == 2);
}

TEST_CASE("axes have round ends and ticks") {
  const report::Axis axis = report::axis_over(std::vector<double>{0.48, 0.9, NAN}, "x");
  CHECK(axis.low == doctest::Approx(0.4));
  CHECK(axis.high == doctest::Approx(0.9));
  CHECK(report::ticks_of(axis).size() == 6);
  CHECK(report::ticks_of(axis).front().second == "0.4");
  const report::Axis same = report::axis_over(std::vector<double>{5, 5}, "x");
  CHECK(same.low < 5);
  CHECK(same.high > 5);
  CHECK(report::axis_over({}, "x").high == 1);
  const report::Axis below = report::axis_over(std::vector<double>{-20, 20}, "x");
  CHECK(report::ticks_of(below).front().second == "−20");
}

TEST_CASE("lines keep their corners") {
  const std::vector<report::Point> steps = {{0, 0}, {0, 0.1}, {0, 0.5}, {0.2, 0.5}, {0.3, 0.5}, {0.3, 1}, {1, 1}};
  const auto kept = report::corners(steps, 400);
  REQUIRE(kept.size() == 5);
  CHECK(kept[1].y == 0.5);
  CHECK(kept[2].x == 0.3);
  std::vector<report::Point> many;
  for (int i = 0; i <= 5000; ++i) many.push_back({i / 5000.0, std::fmod(i * 0.37, 1.0)});
  const auto few = report::corners(many, 400);
  CHECK(few.size() <= 400);
  CHECK(few.size() > 100);
  CHECK(few.front().x == 0);
  CHECK(few.back().x == 1);
  CHECK(report::every_kth(2001, 2000).size() == 1001);
  CHECK(report::every_kth(5, 2000).size() == 5);
}
