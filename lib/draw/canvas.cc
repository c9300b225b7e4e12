#include "draw/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>

#include "base/error.h"

namespace cfm::draw {
namespace {

constexpr double kInch = 25.4;               // mm
constexpr double kPointsPerMm = 72 / kInch;  // of PDF and SVG
constexpr const char* kFont = "DejaVu Sans";
constexpr double kHatchStep = 1.5;  // mm

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

void check(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) {
    throw Error(Status::kDevice, "a picture cannot be drawn: {}; a smaller one may", cairo_status_to_string(status));
  }
}

// Where cairo writes; an exception of the sink waits here until cairo has returned.
struct Sink {
  std::function<void(std::string_view)> write;
  std::exception_ptr failure;

  static cairo_status_t take(void* self, const unsigned char* data, unsigned int length) {
    auto& sink = *static_cast<Sink*>(self);
    if (sink.failure) return CAIRO_STATUS_WRITE_ERROR;
    try {
      sink.write({reinterpret_cast<const char*>(data), length});
      return CAIRO_STATUS_SUCCESS;
    } catch (...) {
      sink.failure = std::current_exception();
      return CAIRO_STATUS_WRITE_ERROR;
    }
  }
  void check_with(cairo_status_t status) const {
    if (failure) std::rethrow_exception(failure);
    check(status);
  }
};

void set_font(cairo_t* cairo, double size, bool bold) {
  cairo_select_font_face(cairo, kFont, CAIRO_FONT_SLANT_NORMAL,
                         bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo, size);
}

void set_colour(cairo_t* cairo, Colour colour, double strength = 1) {
  cairo_set_source_rgba(cairo, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0,
                        strength * colour.alpha / 255.0);
}

void trace_path(cairo_t* cairo, const Shape& shape) {
  cairo_new_path(cairo);
  for (std::size_t i = 0; i < shape.points.size(); ++i) {
    const auto [x, y] = shape.points[i];
    const bool moves = i == 0 || (shape.form == Form::kSegments && i % 2 == 0);
    moves ? cairo_move_to(cairo, x, y) : cairo_line_to(cairo, x, y);
  }
  if (shape.points.size() == 1) cairo_line_to(cairo, shape.points[0].x, shape.points[0].y);
}

// Lines at 45° that hang together over all hatched areas of a page.
void hatch(cairo_t* cairo, const Shape& shape) {
  double left, top, right, bottom;
  cairo_path_extents(cairo, &left, &top, &right, &bottom);
  cairo_save(cairo);
  set_colour(cairo, shape.colour, 0.1);
  cairo_fill_preserve(cairo);
  cairo_clip(cairo);
  set_colour(cairo, shape.colour, 0.5);
  cairo_set_line_width(cairo, shape.pen);
  const double height = bottom - top;
  for (double d = std::floor((left + top) / kHatchStep) * kHatchStep; d < right + bottom; d += kHatchStep) {
    cairo_move_to(cairo, d - top, top);
    cairo_line_to(cairo, d - top - height, bottom);
  }
  cairo_stroke(cairo);
  cairo_restore(cairo);
}

void paint(cairo_t* cairo, const Shape& shape) {
  if (shape.points.empty()) return;
  trace_path(cairo, shape);
  set_colour(cairo, shape.colour);
  cairo_set_line_width(cairo, shape.pen);
  const bool trace = shape.form == Form::kLine;
  cairo_set_line_join(cairo, trace ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER);
  cairo_set_line_cap(cairo, trace ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
  if (shape.form == Form::kOutline || shape.form == Form::kFill || shape.form == Form::kHatch) cairo_close_path(cairo);
  if (shape.form == Form::kFill) {
    cairo_fill(cairo);
  } else if (shape.form == Form::kHatch) {
    hatch(cairo, shape);
  } else {
    cairo_stroke(cairo);
  }
}

void paint(cairo_t* cairo, const Text& text) {
  set_font(cairo, text.size, text.bold);
  set_colour(cairo, text.colour);
  double x = text.at.x;
  if (text.align != Align::kLeft) {
    const double width = text_width(text.text, text.size, text.bold);
    x -= text.align == Align::kRight ? width : width / 2;
  }
  cairo_move_to(cairo, x, text.at.y);
  cairo_show_text(cairo, text.text.c_str());
}

// units: pixels or points a millimetre.
void paint(cairo_surface_t* surface, const Page& page, double units) {
  const Context context(cairo_create(surface), &cairo_destroy);
  cairo_t* cairo = context.get();
  cairo_scale(cairo, units, units);
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_paint(cairo);
  for (const Shape& shape : page.shapes) paint(cairo, shape);
  for (const Text& text : page.texts) paint(cairo, text);
  check(cairo_status(cairo));
}

void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

// CRC-32 of PNG (ISO 3309).
std::uint32_t png_crc(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

// The chunk pHYs: pixels a metre, the same in x and y.
std::string physical_size(double dpi) {
  std::string body = "pHYs";
  const auto per_metre = static_cast<std::uint32_t>(std::lround(dpi / kInch * 1000));
  append_big_endian(body, per_metre);
  append_big_endian(body, per_metre);
  body += '\1';
  std::string chunk;
  append_big_endian(chunk, static_cast<std::uint32_t>(body.size() - 4));
  chunk += body;
  append_big_endian(chunk, png_crc(body));
  return chunk;
}

// cairo numbers the surfaces of a process; the number is in the file.
void forget_surface_numbers(std::string& svg) {
  constexpr std::string_view kId = "id=\"surface";
  for (std::size_t at = svg.find(kId); at != std::string::npos; at = svg.find(kId, at)) {
    at += kId.size();
    svg.erase(at, svg.find('"', at) - at);
  }
}

}  // namespace

double text_width(const std::string& text, double size, bool bold) {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1), &cairo_surface_destroy);
  const Context context(cairo_create(surface.get()), &cairo_destroy);
  constexpr double kFine = 100;  // measured large, where hinting hardly rounds
  set_font(context.get(), kFine, bold);
  cairo_text_extents_t extents;
  cairo_text_extents(context.get(), text.c_str(), &extents);
  check(cairo_status(context.get()));
  return extents.x_advance * size / kFine;
}

std::string png_of(const Page& page, double dpi) {
  constexpr std::size_t kAfterHeader = 8 + 25;  // signature and IHDR
  const double pixels = dpi / kInch;
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::lround(page.width * pixels)),
                                 static_cast<int>(std::lround(page.height * pixels))),
      &cairo_surface_destroy);
  check(cairo_surface_status(surface.get()));
  paint(surface.get(), page, pixels);
  std::string png;
  Sink sink{[&](std::string_view bytes) { png += bytes; }, {}};
  sink.check_with(cairo_surface_write_to_png_stream(surface.get(), Sink::take, &sink));
  return png.insert(kAfterHeader, physical_size(dpi));
}

std::string svg_of(const Page& page) {
  std::string svg;
  Sink sink{[&](std::string_view bytes) { svg += bytes; }, {}};
  {
    const Surface surface(
        cairo_svg_surface_create_for_stream(Sink::take, &sink, page.width * kPointsPerMm, page.height * kPointsPerMm),
        &cairo_surface_destroy);
    check(cairo_surface_status(surface.get()));
    paint(surface.get(), page, kPointsPerMm);
    cairo_surface_finish(surface.get());
    sink.check_with(cairo_surface_status(surface.get()));
  }
  forget_surface_numbers(svg);
  return svg;
}

struct PdfBook::State {
  Sink sink;
  Surface surface{nullptr, &cairo_surface_destroy};
};

PdfBook::PdfBook(std::function<void(std::string_view)> sink) : state_(std::make_unique<State>()) {
  state_->sink.write = std::move(sink);
  state_->surface.reset(cairo_pdf_surface_create_for_stream(Sink::take, &state_->sink, 1, 1));
  check(cairo_surface_status(state_->surface.get()));
  cairo_pdf_surface_set_metadata(state_->surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, "");
}

PdfBook::PdfBook(PdfBook&&) noexcept = default;

// A book that is not finished belongs to a file that is thrown away: its sink is not called any more.
PdfBook::~PdfBook() {
  if (state_ != nullptr) state_->sink.write = [](std::string_view) {};
}

void PdfBook::add(const Page& page) {
  cairo_surface_t* surface = state_->surface.get();
  cairo_pdf_surface_set_size(surface, page.width * kPointsPerMm, page.height * kPointsPerMm);
  paint(surface, page, kPointsPerMm);
  cairo_surface_show_page(surface);
  state_->sink.check_with(cairo_surface_status(surface));
}

void PdfBook::finish() {
  cairo_surface_finish(state_->surface.get());
  state_->sink.check_with(cairo_surface_status(state_->surface.get()));
}

}  // namespace cfm::draw
