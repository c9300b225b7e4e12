#include "record/training_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "draw/curve.h"
#include "draw/page_file.h"
#include "draw/scale.h"
#include "record/plot_sink.h"
#include "stream/json_text.h"

namespace cfm::record {
namespace {

constexpr std::string_view kFile = "metrics.ndjson";

// Drops what stands at `step` and later.
void rewind(TrainingLog::Series& series, double step) {
  while (!series.steps.empty() && series.steps.back() >= step) series.steps.pop_back(), series.values.pop_back();
}

class Reader {
 public:
  explicit Reader(TrainingLog& log) : log_(log) {}

  // False where the line is no row.
  bool line(std::string_view text) {
    std::vector<stream::JsonMember> members;
    try {
      members = stream::json_values(text);
    } catch (const Error&) {
      return false;
    }
    std::optional<double> step;
    for (const stream::JsonMember& member : members) {
      if (member.key == "step") step = stream::json_number(member.value);
    }
    if (!step || !std::isfinite(*step)) return false;
    if (*step <= last_) {
      for (auto& [name, series] : log_.quantities) rewind(series, *step);
    }
    last_ = *step;
    for (std::size_t m = 0; m < members.size(); ++m) {
      const std::optional<double> value =
          members[m].value == "null" ? std::numeric_limits<double>::quiet_NaN() : stream::json_number(members[m].value);
      if (!value || members[m].key == "step") continue;
      TrainingLog::Series& series = series_of(members[m].key, m);
      series.steps.push_back(*step);
      series.values.push_back(static_cast<float>(*value));
    }
    return true;
  }

 private:
  // Rows have the same keys at the same places, mostly.
  TrainingLog::Series& series_of(const std::string& name, std::size_t place) {
    auto& all = log_.quantities;
    if (place < all.size() + 1 && place > 0 && all[place - 1].first == name) return all[place - 1].second;
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& quantity) { return quantity.first == name; });
    return at != all.end() ? at->second : all.emplace_back(name, TrainingLog::Series{}).second;
  }

  TrainingLog& log_;
  double last_ = -std::numeric_limits<double>::infinity();
};

std::string clock(double seconds) { return draw::clock_text(seconds, 0); }

float median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Of the time that steps took; a run's clock goes on where it was continued.
std::optional<double> waiting_share(const TrainingLog& log) {
  const TrainingLog::Series *wait = log.find("wait"), *time = log.find("time");
  if (wait == nullptr || time == nullptr || wait->values.size() != time->values.size()) return std::nullopt;
  double waited = 0, total = 0, before = 0;
  for (std::size_t i = 0; i < wait->values.size(); ++i) {
    const double took = static_cast<double>(time->values[i]) - before;
    before = static_cast<double>(time->values[i]);
    if (!(took > 0) || !std::isfinite(wait->values[i])) continue;
    waited += static_cast<double>(wait->values[i]) * took;
    total += took;
  }
  return total > 0 ? std::optional(waited / total) : std::nullopt;
}

// What has a panel, in its order: the loss and its parts, the rate, the gradient, what is watched, then the machine.
int rank(const std::string& name) {
  if (name == "loss") return 0;
  if (name.starts_with("loss_")) return 1;
  if (name == "rate") return 3;
  if (name == "grad_norm") return 4;
  if (name == "segments_per_s") return 6;
  if (name == "wait") return 7;
  return name.starts_with("validation_") ? 2 : name == "memory_mb" ? 8 : 5;
}

bool is_place(const std::string& name) { return name == "epoch" || name == "segments" || name == "time"; }

draw::Curves curves_of(const std::vector<TrainingLog>& logs) {
  draw::Curves curves;
  for (const TrainingLog& log : logs) {
    curves.runs.push_back(log.name);
    curves.summary.push_back(summary_of(log));
  }
  const auto panel_of = [&](const std::string& name) -> draw::CurvePanel& {
    const auto at =
        std::find_if(curves.panels.begin(), curves.panels.end(), [&](const auto& p) { return p.name == name; });
    return at != curves.panels.end() ? *at : curves.panels.emplace_back(draw::CurvePanel{name, {}});
  };
  for (std::size_t run = 0; run < logs.size(); ++run) {
    for (const auto& [name, series] : logs[run].quantities) {
      if (is_place(name) || series.steps.empty()) continue;
      // Validation stands among the values it is compared with.
      const bool marks = name.starts_with("validation_");
      const std::string beside = marks ? name.substr(name.find('_') + 1) : name;
      const bool has_panel = marks && logs[run].find(beside) != nullptr;
      panel_of(has_panel ? beside : name).lines.push_back({run, series.steps, series.values, marks});
    }
  }
  std::stable_sort(curves.panels.begin(), curves.panels.end(),
                   [](const auto& a, const auto& b) { return rank(a.name) < rank(b.name); });
  return curves;
}

}  // namespace

const TrainingLog::Series* TrainingLog::find(std::string_view quantity) const {
  const auto at =
      std::find_if(quantities.begin(), quantities.end(), [&](const auto& known) { return known.first == quantity; });
  return at == quantities.end() || at->second.steps.empty() ? nullptr : &at->second;
}

TrainingLog read_training_log(const std::string& path) {
  namespace fs = std::filesystem;
  TrainingLog log;
  std::string file = path, folder = path;
  if (is_directory(path)) {
    file = (fs::path(path) / kFile).string();
    if (!is_regular_file(file)) {
      throw Error(Status::kMalformed, "{}: no {} in it: this is no folder of a run", path, kFile);
    }
  } else if (fs::path(path).filename() == kFile) {
    folder = fs::path(path).parent_path().string();
  }
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  log.name = path == "-" ? "stdin" : folder.empty() ? path : folder;
  const Bytes bytes = map_file(file);
  Reader reader(log);
  for (std::string_view rest = bytes.text(); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    reader.line(line) ? ++log.rows : ++log.unread;
  }
  if (log.rows == 0) {
    throw Error(Status::kMalformed, "{}: no row of a training in {} line{}: each is a JSON object with a step", file,
                log.unread, log.unread == 1 ? "" : "s");
  }
  return log;
}

std::string summary_of(const TrainingLog& log) {
  using draw::number_text;
  std::string text = log.name + ": ";
  double last_step = 0;
  std::size_t not_finite = 0;
  std::string first_bad;
  for (const auto& [name, series] : log.quantities) {
    if (!series.steps.empty()) last_step = std::max(last_step, series.steps.back());
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (std::isfinite(series.values[i])) continue;
      if (not_finite++ == 0) first_bad = fmt::format("{} at step {:.0f}", name, series.steps[i]);
    }
  }
  text += fmt::format("{:.0f} steps", last_step);
  if (const auto* time = log.find("time")) text += " in " + clock(static_cast<double>(time->values.back()));
  if (const auto* loss = log.find("loss")) text += fmt::format(", loss {:.4g}", loss->values.back());
  if (const auto* held = log.find("validation_loss")) {
    const auto better = [](float a, float b) { return std::isfinite(a) && !(a >= b); };
    const auto best = std::min_element(held->values.begin(), held->values.end(), better);
    text += fmt::format(", best validation loss {:.4g} at step {:.0f}", *best,
                        held->steps[static_cast<std::size_t>(best - held->values.begin())]);
  }
  if (const auto* rate = log.find("segments_per_s")) text += fmt::format(", {:.4g} segments/s", median(rate->values));
  if (const auto share = waiting_share(log)) text += fmt::format(", waiting {:.1f} %", 100 * *share);
  if (not_finite > 0) {
    text += fmt::format("; {} value{} not finite, the first of {}", not_finite, not_finite == 1 ? "" : "s", first_bad);
  }
  if (log.unread > 0) text += fmt::format("; {} line{} unreadable", log.unread, log.unread == 1 ? "" : "s");
  return text;
}

void draw_training(const std::vector<std::string>& paths, const std::string& picture, bool force, OutputFile* text) {
  std::vector<TrainingLog> logs;
  for (const std::string& path : paths.empty() ? std::vector<std::string>{"-"} : paths) {
    logs.push_back(read_training_log(path));
    if (logs.back().unread > 0) {
      log::warn("{}: {} of {} lines are no row (cut, or no JSON object with a step): left out", path,
                logs.back().unread, logs.back().unread + logs.back().rows);
    }
  }
  const draw::Curves curves = curves_of(logs);
  if (curves.panels.empty()) throw Error(Status::kMalformed, "{}: no number beside the steps", logs.front().name);
  if (text != nullptr) {
    const Characters characters = characters_of(*text);
    return text->write(std::string_view(
        draw::curve_text(curves, {.columns = characters.columns, .unicode = true, .colour = characters.colour})));
  }
  constexpr double kDpi = 150;
  draw::PageFile file(picture, kDpi, force);
  file.add(draw::curve_page(curves, file.column_mm()));
  file.finish();
}

}  // namespace cfm::record
