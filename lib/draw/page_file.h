// Pages as picture files: PNG, SVG or PDF, by the name's suffix.
//
//   PageFile file("v131l.png", 150, false);
//   for (const Page& page : layout(segment, options)) file.add(page);
//   file.finish();
//
// A PDF holds all pages; the first page of a PNG or SVG is NAME.png, the next NAME-2.png, NAME-3.png, … Files appear
// under their name when they are complete: a PNG or SVG with its page, a PDF with finish(). The same pages give the
// same bytes. Throws Error: kUsage for another suffix, dpi out of range or an existing file without `force`; kIo.
#pragma once

#include <memory>
#include <string>

#include "draw/page.h"

namespace cfm::draw {

class PageFile {
 public:
  PageFile(std::string path, double dpi, bool force);
  PageFile(PageFile&&) noexcept;
  ~PageFile();
  void add(const Page& page);
  void finish();
  std::size_t pages() const;
  double column_mm() const;  // width of a pixel, or of a printed dot

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// kUsage where a property of a picture is out of its range.
void check_between(const char* what, double value, double low, double high);

}  // namespace cfm::draw
