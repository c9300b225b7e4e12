#include "draw/page_file.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "draw/canvas.h"

namespace cfm::draw {
namespace {

constexpr double kPrinted = 300;  // pixels an inch that vector pictures are made for

std::string suffix_of(const std::string& path) {
  std::string suffix = std::filesystem::path(path).extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  return suffix;
}

}  // namespace

void check_between(const char* what, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    throw Error(Status::kUsage, "{} {} in a picture: it may be {} to {}", value, what, low, high);
  }
}

struct PageFile::State {
  std::string path, suffix;
  double dpi = 150;
  bool force = false;
  std::size_t pages = 0;
  std::optional<OutputFile> file;  // of the PDF, and of the first page of the others
  std::optional<PdfBook> book;
};

PageFile::PageFile(std::string path, double dpi, bool force) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.suffix = suffix_of(path);
  if (state.suffix != ".png" && state.suffix != ".svg" && state.suffix != ".pdf") {
    throw Error(Status::kUsage, "{}: a picture's name ends in .png, .svg or .pdf", path);
  }
  check_between("dpi", dpi, 20, 600);
  state.path = std::move(path);
  state.dpi = dpi;
  state.force = force;
  state.file.emplace(OutputFile::create(state.path, force));
  if (state.suffix == ".pdf") {
    state.book.emplace([held = state_.get()](std::string_view bytes) { held->file->write(bytes); });
  }
}

PageFile::PageFile(PageFile&&) noexcept = default;
PageFile::~PageFile() = default;

void PageFile::add(const Page& page) {
  State& state = *state_;
  if (state.book) {
    state.book->add(page);
  } else {
    if (state.pages > 0) {
      const std::filesystem::path path(state.path);
      const std::string name = path.stem().string() + "-" + std::to_string(state.pages + 1) + path.extension().string();
      state.file.emplace(OutputFile::create((path.parent_path() / name).string(), state.force));
    }
    state.file->write(state.suffix == ".png" ? png_of(page, state.dpi) : svg_of(page));
    state.file->commit();
  }
  ++state.pages;
}

void PageFile::finish() {
  if (!state_->book) return;
  state_->book->finish();
  state_->file->commit();
}

std::size_t PageFile::pages() const { return state_->pages; }

double PageFile::column_mm() const { return 25.4 / (state_->suffix == ".png" ? state_->dpi : kPrinted); }

}  // namespace cfm::draw
