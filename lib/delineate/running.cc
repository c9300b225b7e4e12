#include "delineate/picker.h"

#include <algorithm>
#include <cmath>

namespace cfm::delineate {

double GapHold::push(float sample) {
  if (!std::isfinite(sample)) {
    in_gap_ = true;
    return value();
  }
  const double now = static_cast<double>(sample);
  if (!begun_) last_ = offset_ = now;
  begun_ = true;
  if (in_gap_) offset_ += now - last_;
  in_gap_ = false;
  last_ = now;
  return value();
}

std::size_t width_in_samples(double seconds, double fs) {
  return 2 * static_cast<std::size_t>(std::max(0.0, std::floor(seconds * fs / 2))) + 1;
}

void BoxFilter::renew() {
  at_ = 0;
  sum_ = 0;
  for (const double v : ring_) sum_ += v;
}

bool PeakFinder::push(double feature, std::int64_t at) {
  if (feature > best_ && feature > previous_) {
    best_ = feature;
    best_at_ = at;
  }
  previous_ = feature;
  if (best_at_ < 0 || at - best_at_ < apart_) return false;
  peak_ = {.at = best_at_, .height = best_};
  best_ = 0;
  best_at_ = -1;
  return true;
}

void PeakPicker::Level::add(double value) {
  values[at] = value;
  at = (at + 1) % kLevels;
  count = std::min(count + 1, kLevels);
}

double PeakPicker::Level::median() const {
  if (count == 0) return 0;
  std::array<double, kLevels> sorted{};
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t place = i;
    for (; place > 0 && sorted[place - 1] > values[i]; --place) sorted[place] = sorted[place - 1];
    sorted[place] = values[i];
  }
  return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

void PeakPicker::Level::scale(double factor) {
  for (double& v : values) v *= factor;
}

PeakPicker::PeakPicker(const PickerOptions& options, double fs) : options_(options) {
  for (double* time : {&options_.refractory, &options_.slope_window, &options_.learning, &options_.give_up})
    *time *= fs;
}

double PeakPicker::threshold() const {
  const double noise = noise_.median();
  return std::max(noise + options_.level * (beats_.median() - noise), options_.floor * noise);
}

double PeakPicker::interval() const {
  double sum = 0;
  for (std::size_t i = 0; i < intervals_.count; ++i) sum += intervals_.values[i];
  return intervals_.count == 0 ? options_.learning : sum / static_cast<double>(intervals_.count);
}

void PeakPicker::offer(const Peak& peak, std::vector<Peak>& chosen) {
  advance(peak.at, chosen);
  if (!started_) {
    if (waiting_.size() < kWaiting) waiting_.push_back(peak);
    return;
  }
  judge(peak, chosen);
}

void PeakPicker::advance(std::int64_t now, std::vector<Peak>& chosen) {
  now_ = now;
  if (!started_) {
    if (static_cast<double>(now - first_) >= options_.learning && !waiting_.empty()) begin(chosen);
    if (!started_) return;
  }
  const double since = static_cast<double>(now - last_.at);
  while (has_beat_ && !waiting_.empty() && static_cast<double>(now - last_.at) > options_.back_after * interval())
    if (!search_back(options_.back_level * threshold(), chosen)) break;
  if (since > options_.give_up && static_cast<double>(now - patience_) > options_.give_up) {
    patience_ = now;
    beats_.scale(0.5);
    while (!waiting_.empty() && search_back(threshold(), chosen)) continue;
  }
}

// The first peaks set the level: the middle of the largest of three spans, so that one artefact does not.
void PeakPicker::begin(std::vector<Peak>& chosen) {
  started_ = true;
  patience_ = now_;
  std::vector<Peak> peaks;
  peaks.swap(waiting_);
  constexpr std::size_t kSpans = 3;
  constexpr double kLargestShare = 0.4;  // at slow rates two of the spans may hold no beat
  std::array<double, kSpans> largest{};
  const double span = std::max(1.0, static_cast<double>(now_ - first_)) / static_cast<double>(kSpans);
  for (const Peak& p : peaks) {
    auto& best = largest[std::min(static_cast<std::size_t>(static_cast<double>(p.at - first_) / span), kSpans - 1)];
    best = std::max(best, p.height);
  }
  std::sort(largest.begin(), largest.end());
  beats_.add(std::max(largest[1], kLargestShare * largest[2]));
  last_.at = first_ - static_cast<std::int64_t>(options_.slope_window + options_.refractory) - 1;
  for (const Peak& p : peaks) judge(p, chosen);
}

void PeakPicker::judge(const Peak& peak, std::vector<Peak>& chosen) {
  if (!(peak.height > 0)) return;
  const double since = static_cast<double>(peak.at - last_.at);
  if (has_beat_ && since < options_.refractory) return;
  const bool flat = has_beat_ && since < options_.slope_window && peak.slope < options_.slope_fraction * last_.slope;
  if (!flat && peak.height > threshold()) {
    accept(peak, chosen);
    return;
  }
  noise_.add(peak.height);
  if (flat) return;
  if (waiting_.size() == kWaiting) waiting_.erase(waiting_.begin());
  waiting_.push_back(peak);
}

void PeakPicker::accept(const Peak& peak, std::vector<Peak>& chosen) {
  if (has_beat_) intervals_.add(static_cast<double>(peak.at - last_.at));
  beats_.add(peak.height);
  last_ = peak;
  has_beat_ = true;
  patience_ = peak.at;
  chosen.push_back(peak);
  // What waits before this beat is settled; what comes after may still be one.
  std::erase_if(waiting_, [&](const Peak& p) { return static_cast<double>(p.at - peak.at) < options_.refractory; });
}

bool PeakPicker::search_back(double level, std::vector<Peak>& chosen) {
  const auto best = std::max_element(waiting_.begin(), waiting_.end(),
                                     [](const Peak& a, const Peak& b) { return a.height < b.height; });
  if (best == waiting_.end() || best->height <= level) return false;
  const Peak found = *best;
  accept(found, chosen);
  return true;
}

void PeakPicker::flush(std::vector<Peak>& chosen) {
  if (!started_ && !waiting_.empty()) begin(chosen);
  waiting_.clear();
}

}  // namespace cfm::delineate
