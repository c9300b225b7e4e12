// Signals as characters, readable in 80 columns.
//
//   TerminalOptions options; options.colour = out.is_terminal();
//   out.write(terminal_drawing(segment, options));
//
//   ABP    155.2 ┤⠀⢀⡄⠀⠀…     each column shows the smallest to the largest sample of its time (two dots wide in
//   mmHg         │⣠⠊⠘⢄⠀…     Braille); · where all of them are missing, blank where the signal has ended
//   good    61.0 ┤⠁⠀⠀⠀⠑…
//   beats          N    N     letters of beats; reference beats in a line of their own
//                  0:04:51    time in the record
//
// No line is wider than `columns`. Without `unicode` the drawing is ASCII: ' - . stand for the upper, middle and lower
// third of a row, : for two of them, | for all, and x is missing. Throws Error: kUsage for fewer than 40 columns or no
// row; kMalformed as content_of does.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "stream/segment.h"

namespace cfm::draw {

struct TerminalOptions {
  int columns = 80;                                // of the terminal, 40 … 1000
  int rows_per_channel = 4;                        // lines of text, 1 … 100
  bool unicode = true;                             // Braille
  bool colour = false;                             // ANSI colours for classes of quality and marks
  std::optional<double> from, until;               // part to draw, s of the record; default: all
  std::function<std::string(int)> symbol_of_code;  // letter of a beat (WFDB); default: ^ for all
};

// Lines that end in a newline; "" where nothing of the segment lies between from and until.
std::string terminal_drawing(const stream::Segment& segment, const TerminalOptions& options = {});

}  // namespace cfm::draw
