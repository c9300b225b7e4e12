// Painting pages with cairo: PNG, SVG and PDF.
//
//   const std::string png = png_of(page, 150);
//   PdfBook book([&](std::string_view bytes) { file.write(bytes); });
//   book.add(page); book.finish();
//
// The same page gives the same bytes: no dates, no counters. Font: the system's DejaVu Sans, else its sans-serif.
// Throws Error (kDevice) where memory is missing, and what the sink throws.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "draw/page.h"

namespace cfm::draw {

// Width of a text in mm.
double text_width(const std::string& text, double size, bool bold = false);

// dpi: pixels an inch; also written into the file, so that it prints in its size.
std::string png_of(const Page& page, double dpi);
std::string svg_of(const Page& page);

class PdfBook {
 public:
  explicit PdfBook(std::function<void(std::string_view)> sink);
  PdfBook(PdfBook&&) noexcept;
  ~PdfBook();
  void add(const Page& page);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cfm::draw
