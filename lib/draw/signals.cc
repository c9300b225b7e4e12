#include "draw/signals.h"

#include <optional>

#include "base/error.h"
#include "draw/page_file.h"

namespace cfm::draw {

struct SignalPlot::State {
  PlotOptions options;
  std::optional<PageFile> file;
};

SignalPlot::SignalPlot(PlotOptions options) : state_(std::make_unique<State>()) {
  check_between("mm/s", options.mm_per_s.value_or(25), 0.01, 200);
  check_between("mm/mV", options.mm_per_mv, 0.1, 200);
  if (options.from && options.until && !(*options.from < *options.until)) {
    throw Error(Status::kUsage, "a picture from {} s until {} s is empty: it must end after its beginning",
                *options.from, *options.until);
  }
  state_->file.emplace(options.path, options.dpi, options.force);
  options.column_mm = state_->file->column_mm();
  state_->options = std::move(options);
}

SignalPlot::SignalPlot(SignalPlot&&) noexcept = default;
SignalPlot::~SignalPlot() = default;

void SignalPlot::add(const stream::Segment& segment) {
  for (const Page& page : layout(segment, state_->options)) state_->file->add(page);
}

void SignalPlot::finish() {
  if (pages() == 0) {
    throw Error(Status::kUsage, "{}: nothing to draw: no segment lies between the times asked for",
                state_->options.path);
  }
  state_->file->finish();
}

std::size_t SignalPlot::pages() const { return state_->file->pages(); }

}  // namespace cfm::draw
