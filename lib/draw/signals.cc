#include "draw/signals.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "draw/canvas.h"

namespace cfm::draw {
namespace {

constexpr double kPrinted = 300;  // pixels an inch that vector pictures are made for

void check_between(const char* what, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    throw Error(Status::kUsage, "{} {} in a picture: it may be {} to {}", value, what, low, high);
  }
}

std::string suffix_of(const std::string& path) {
  std::string suffix = std::filesystem::path(path).extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  return suffix;
}

}  // namespace

struct SignalPlot::State {
  PlotOptions options;
  std::string suffix;
  std::size_t pages = 0;
  std::optional<OutputFile> file;  // of the PDF, and of the first page of the others
  std::optional<PdfBook> book;

  void write(const Page& page) {
    if (book) {
      book->add(page);
    } else {
      if (pages > 0) {
        const std::filesystem::path path(options.path);
        const std::string name = path.stem().string() + "-" + std::to_string(pages + 1) + path.extension().string();
        file.emplace(OutputFile::create((path.parent_path() / name).string(), options.force));
      }
      file->write(suffix == ".png" ? png_of(page, options.dpi) : svg_of(page));
      file->commit();
    }
    ++pages;
  }
};

SignalPlot::SignalPlot(PlotOptions options) : state_(std::make_unique<State>()) {
  const std::string suffix = suffix_of(options.path);
  if (suffix != ".png" && suffix != ".svg" && suffix != ".pdf") {
    throw Error(Status::kUsage, "{}: a picture's name ends in .png, .svg or .pdf", options.path);
  }
  check_between("dpi", options.dpi, 20, 600);
  check_between("mm/s", options.mm_per_s.value_or(25), 0.01, 200);
  check_between("mm/mV", options.mm_per_mv, 0.1, 200);
  if (options.from && options.until && !(*options.from < *options.until)) {
    throw Error(Status::kUsage, "a picture from {} s until {} s is empty: it must end after its beginning",
                *options.from, *options.until);
  }
  options.column_mm = 25.4 / (suffix == ".png" ? options.dpi : kPrinted);
  state_->file.emplace(OutputFile::create(options.path, options.force));
  if (suffix == ".pdf") {
    state_->book.emplace([state = state_.get()](std::string_view bytes) { state->file->write(bytes); });
  }
  state_->suffix = suffix;
  state_->options = std::move(options);
}

SignalPlot::SignalPlot(SignalPlot&&) noexcept = default;
SignalPlot::~SignalPlot() = default;

void SignalPlot::add(const stream::Segment& segment) {
  for (const Page& page : layout(segment, state_->options)) state_->write(page);
}

void SignalPlot::finish() {
  if (state_->pages == 0) {
    throw Error(Status::kUsage, "{}: nothing to draw: no segment lies between the times asked for",
                state_->options.path);
  }
  if (state_->book) {
    state_->book->finish();
    state_->file->commit();
  }
}

std::size_t SignalPlot::pages() const { return state_->pages; }

}  // namespace cfm::draw
