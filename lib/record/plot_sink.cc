#include "record/plot_sink.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "draw/signals.h"
#include "draw/terminal.h"
#include "format/annotation.h"
#include "record/time_grammar.h"

namespace cfm::record {
namespace {

// Seconds of a time; a sample's number says none, and segments are drawn whole then.
std::optional<double> seconds(const std::string& time) {
  if (time.empty() || time == "e" || time.starts_with('s')) return std::nullopt;
  constexpr double kTicks = 1e6;  // a second
  return static_cast<double>(parse_time(time, kTicks, kUnknownLength)) / kTicks;
}

}  // namespace

Characters characters_of(const OutputFile& text) {
  if (!text.is_terminal()) return {};
  constexpr int kUsual = 80, kWidest = 1000;
  struct winsize size {};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40;
  return {known ? std::min<int>(size.ws_col, kWidest) : kUsual, std::getenv("NO_COLOR") == nullptr};
}

struct PlotSink::State {
  std::optional<draw::SignalPlot> plot;
  OutputFile* text = nullptr;
  draw::TerminalOptions terminal;
};

PlotSink::PlotSink(const PlotChoice& choice, OutputFile* text) : state_(std::make_unique<State>()) {
  if (choice.path == "-") {
    state_->text = text;
    const Characters characters = characters_of(*text);
    state_->terminal.columns = characters.columns;
    state_->terminal.colour = characters.colour;
    state_->terminal.from = seconds(choice.from);
    state_->terminal.until = seconds(choice.until);
    state_->terminal.symbol_of_code = format::annotation_symbol;
    return;
  }
  draw::PlotOptions options;
  options.path = choice.path;
  options.force = choice.force;
  options.from = seconds(choice.from);
  options.until = seconds(choice.until);
  options.symbol_of_code = format::annotation_symbol;
  state_->plot.emplace(std::move(options));
}

PlotSink::~PlotSink() = default;

void PlotSink::write(const Cut& cut) {
  if (state_->plot) {
    state_->plot->add(cut.segment);
  } else {
    state_->text->write(std::string_view(draw::terminal_drawing(cut.segment, state_->terminal)));
  }
}

void PlotSink::finish() {
  if (state_->plot) state_->plot->finish();
}

}  // namespace cfm::record
