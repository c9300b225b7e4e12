// Pictures as files: signatures, sizes, pages, names, the same bytes each time, existing files, bad options.
#include "draw/signals.h"

#include "draw/canvas.h"
#include "draw_support.h"

using namespace cfm;
using namespace cfm::test;
using draw::PlotOptions, draw::SignalPlot;

namespace {

stream::Segment ten_seconds() {
  stream::Segment segment = segment_at(0);
  segment.put(signal("ecg", 250, spike(2500, 500), "mV"));
  return segment;
}

PlotOptions named(const std::string& path, bool force = false) {
  PlotOptions options;
  options.path = path, options.force = force;
  return options;
}

void plot(const PlotOptions& options, std::size_t segments = 1) {
  SignalPlot plot(options);
  for (std::size_t i = 0; i < segments; ++i) plot.add(ten_seconds());
  plot.finish();
  CHECK(plot.pages() == segments);
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a PNG has its pixels, and says how large they are") {
  TemporaryFolder folder;
  PlotOptions options = named(folder / "a.png");
  options.dpi = 100;
  plot(options);
  const std::string png = slurp(options.path);
  REQUIRE(png.size() > 100);
  CHECK(png.starts_with("\x89PNG\r\n\x1a\n"));
  CHECK(big_endian(png, 16) == 1169);  // 297 mm at 100 dpi
  CHECK(png.substr(37, 4) == "pHYs");
  CHECK(big_endian(png, 41) == 3937);        // pixels a metre
  CHECK(big_endian(png, 50) == 0xa83fa769);  // CRC-32 of the chunk, by zlib
  CHECK(png.substr(png.size() - 8, 4) == "IEND");
}

TEST_CASE("several pages are several PNG or SVG files, and one PDF") {
  TemporaryFolder folder;
  plot(named(folder / "a.png"), 3);
  plot(named(folder / "b.svg"), 2);
  plot(named(folder / "c.PDF"), 3);
  CHECK(files_in(folder.path) == 6);
  for (const char* name : {"a.png", "a-2.png", "a-3.png"}) CHECK(slurp(folder / name).starts_with("\x89PNG"));
  const std::string svg = slurp(folder / "b-2.svg");
  CHECK(svg.starts_with("<?xml"));
  CHECK(svg.find("</svg>") != std::string::npos);
  const std::string pdf = slurp(folder / "c.PDF");
  CHECK(pdf.starts_with("%PDF-1."));
  CHECK(pdf.find("%%EOF") != std::string::npos);
  CHECK(count(pdf, "/Type /Page %") + count(pdf, "/Type /Page\n") == 3);
}

TEST_CASE("the same segments give the same bytes, without dates") {
  TemporaryFolder folder;
  for (const std::string suffix : {".png", ".svg", ".pdf"}) {
    plot(named(folder / ("a" + suffix)), 2);
    plot(named(folder / ("b" + suffix)), 2);
    CHECK(slurp(folder / ("a" + suffix)) == slurp(folder / ("b" + suffix)));
    CHECK(slurp(folder / ("a" + suffix)).find("CreationDate") == std::string::npos);
  }
  CHECK(slurp(folder / "a-2.svg") == slurp(folder / "b.svg"));
}

TEST_CASE("existing files stay without force, and a failure leaves nothing behind") {
  TemporaryFolder folder;
  std::ofstream(folder / "a.png") << "mine";
  std::ofstream(folder / "b-2.svg") << "mine, too";
  CHECK(status_of([&] { plot(named(folder / "a.png")); }) == Status::kUsage);
  CHECK(slurp(folder / "a.png") == "mine");
  plot(named(folder / "a.png", true));
  CHECK(slurp(folder / "a.png") != "mine");
  CHECK(status_of([&] { plot(named(folder / "b.svg"), 2); }) == Status::kUsage);
  CHECK(slurp(folder / "b-2.svg") == "mine, too");
  {
    SignalPlot unfinished(named(folder / "c.pdf"));
    unfinished.add(ten_seconds());
    SignalPlot empty(named(folder / "d.png"));
    CHECK(status_of([&] { empty.finish(); }) == Status::kUsage);
  }
  CHECK(files_in(folder.path) == 3);  // a.png, b.svg, b-2.svg
  CHECK(status_of([&] { plot(named(folder / "none" + "/a.pdf")); }) == Status::kIo);
  if (std::filesystem::exists("/dev/full")) {
    std::filesystem::create_symlink("/dev/full", folder / "full.pdf");
    CHECK(status_of([&] { plot(named(folder / "full.pdf", true), 3); }) == Status::kIo);
  }
}

TEST_CASE("options that cannot be are refused before a file is made") {
  TemporaryFolder folder;
  const auto refused = [&](const auto& change) {
    PlotOptions options = named(folder / "a.png");
    change(options);
    return status_of([&] { SignalPlot plot(options); }) == Status::kUsage;
  };
  CHECK(refused([&](PlotOptions& o) { o.path = folder / "a.gif"; }));
  CHECK(refused([&](PlotOptions& o) { o.path = "-"; }));
  CHECK(refused([](PlotOptions& o) { o.dpi = 5000; }));
  CHECK(refused([](PlotOptions& o) { o.mm_per_s = 0; }));
  CHECK(refused([](PlotOptions& o) { o.mm_per_mv = std::nan(""); }));
  CHECK(refused([](PlotOptions& o) { o.from = 5, o.until = 5; }));
  CHECK(files_in(folder.path) == 0);
}

TEST_CASE("texts are as wide as their letters") {
  const double one = draw::text_width("m", 3);
  CHECK(one > 1);
  CHECK(draw::text_width("mm", 3) == doctest::Approx(2 * one));
  CHECK(draw::text_width("m", 6) == doctest::Approx(2 * one));
  CHECK(draw::text_width("", 3) == 0);
}
