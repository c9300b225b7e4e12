#include "delineate/intervals.h"

#include <cmath>

#include "base/error.h"

namespace cfm::delineate {
namespace {

constexpr std::array<const char*, 17> kColumns = {
    "rr",         "p",  "pr",          "qrs",         "qt",          "qtc_bazett",  "qtc_fridericia", "qtc_framingham",
    "qtc_hodges", "jt", "p_amplitude", "q_amplitude", "r_amplitude", "s_amplitude", "t_amplitude",    "st_60",
    "st_80"};

}  // namespace

QtCorrected correct_qt(double qt, double rr) {
  if (!(rr > 0)) return {};
  const double seconds = rr / 1000;
  return {.bazett = qt / std::sqrt(seconds),
          .fridericia = qt / std::cbrt(seconds),
          .framingham = qt + 154 * (1 - seconds),
          .hodges = qt + 1.75 * (60 / seconds - 60)};
}

std::array<double, 17> BeatIntervals::values() const {
  return {rr,         p_duration, pr,          qrs,         qt,          qtc.bazett,  qtc.fridericia, qtc.framingham,
          qtc.hodges, jt,         p_amplitude, q_amplitude, r_amplitude, s_amplitude, t_amplitude,    st_60,
          st_80};
}

std::span<const char* const> interval_columns() { return kColumns; }

BeatIntervals intervals_of(const BeatWaves& beat, double previous, double fs) {
  if (!(fs > 0)) throw Error(Status::kUsage, "intervals at {} Hz: a positive rate is needed", fs);
  const auto ms = [&](double from, double to) { return (to - from) * 1000 / fs; };
  BeatIntervals i;
  i.rr = ms(previous, beat.beat);
  i.p_duration = ms(beat.p.onset, beat.p.offset);
  i.pr = ms(beat.p.onset, beat.qrs.onset);
  i.qrs = ms(beat.qrs.onset, beat.qrs.offset);
  i.qt = ms(beat.qrs.onset, beat.t.offset);
  i.qtc = correct_qt(i.qt, i.rr);
  i.jt = i.qt - i.qrs;
  i.p_amplitude = beat.p_amplitude;
  i.q_amplitude = beat.q_amplitude;
  i.r_amplitude = beat.r_amplitude;
  i.s_amplitude = beat.s_amplitude;
  i.t_amplitude = beat.t_amplitude;
  i.st_60 = beat.st_60;
  i.st_80 = beat.st_80;
  return i;
}

std::vector<BeatIntervals> beat_intervals(std::span<const BeatWaves> beats, double fs) {
  std::vector<BeatIntervals> rows;
  double previous = kNone;
  for (const BeatWaves& beat : beats) {
    rows.push_back(intervals_of(beat, previous, fs));
    previous = beat.beat;
  }
  return rows;
}

}  // namespace cfm::delineate
