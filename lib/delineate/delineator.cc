#include "delineate/delineator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/error.h"
#include "delineate/global.h"
#include "delineate/run_parts.h"

namespace cfm::delineate {
namespace {

using stream::Json;
using stream::Segment;
using stream::Tensor;

constexpr double kLeastClassRate = 100;  // Hz
constexpr double kWaveReach = 0.9;       // s about a beat in which its waves lie (waves.h)
constexpr double kRhythmless = 60;       // s without a beat, after which a rhythm is over

// Codes of WFDB's ecgcodes.h.
constexpr int kOnsetCode = 39, kOffsetCode = 40, kPPeakCode = 24, kQrsPeakCode = 1, kTPeakCode = 27, kRhythmCode = 28;
constexpr int kFootCode = 21, kSystoleCode = 20, kDicroticCode = 23, kNotch = 1, kDicroticPeak = 2;

// Whether it is one of the signals that beats or pulses are found in.
bool is_sought(const Tensor& tensor) {
  const std::string kind = tensor.kind();
  return (kind == "ecg" || kind == "ppg" || kind == "abp") && tensor.is_signal() && tensor.channels() > 0;
}

}  // namespace

class Delineator::Run {
 public:
  Run(const Segment& segment, const DelineateOptions& options, const std::function<void(Delineated)>& emit,
      std::map<std::string, std::int64_t>& counted, std::array<std::size_t, kReasons>& arrivals);
  bool continues(const Segment& segment) const;
  void push(Segment segment);
  void finish();

 private:
  struct Pending {
    Segment segment;
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;  // of each track
  };
  void add_ecg(const Segment& segment, std::size_t track);
  void feed_ecg(const std::vector<std::vector<float>>& leads, bool at_end);
  void feed_rhythm(std::span<const ClassifiedBeat> beats, bool at_end);
  void match_arrivals(bool at_end);
  bool complete(const Pending& pending);
  void emit(Pending pending);
  void emit_complete();
  void put_ecg(Pending& pending, std::vector<BeatRow>& rows);
  void put_rhythm(Pending& pending);
  void put_pulses(Pending& pending, std::vector<BeatRow>& rows);
  void put_event(Segment& segment, const std::string& name, const Track& of, std::vector<const char*> columns,
                 std::span<const Event> events, std::int64_t from, Json more = Json::object());
  BeatRow row_of(const std::string& channel, const Beat& beat, const BeatWaves* waves);
  void forget(const Pending& emitted);
  bool wants_lead() const { return !options_.lead.empty() && options_.lead != kGlobal; }

  DelineateOptions options_;
  const std::function<void(Delineated)>& emit_;
  std::map<std::string, std::int64_t>& counted_;
  std::array<std::size_t, kReasons>& counts_;
  std::string record_;
  std::vector<Track> tracks_;
  std::optional<Ecg> ecg_;
  std::vector<PulseTrack> pulses_;
  std::optional<std::size_t> arrival_pulse_;  // index in pulses_
  std::size_t arrival_taken_ = 0;             // pulses of it that the finder has had
  std::size_t r_taken_ = 0;                   // beats that it has had
  ArrivalFinder arrival_finder_;
  std::deque<Pending> pending_;
  bool ended_ = false;
};

Delineator::Run::Run(const Segment& segment, const DelineateOptions& options,
                     const std::function<void(Delineated)>& emit, std::map<std::string, std::int64_t>& counted,
                     std::array<std::size_t, kReasons>& arrivals)
    : options_(options), emit_(emit), counted_(counted), counts_(arrivals), record_(segment.record()) {
  for (const Tensor& tensor : segment.tensors) {
    if (!is_sought(tensor)) continue;
    const std::string kind = tensor.kind();
    const std::size_t track = tracks_.size();
    tracks_.push_back({tensor.name, kind, tensor.fs(), segment.start() + tensor.t0(), tensor.names()});
    if (kind == "ecg") {
      if (!ecg_ && (options_.beats || options_.waves || options_.arrivals)) add_ecg(segment, track);
      continue;
    }
    if (!options_.pulses && !options_.arrivals) continue;
    PulseOptions wanted;
    if (options_.arrivals || options_.rows) wanted.foot = options_.foot;
    for (std::size_t c = 0; c < tensor.channels(); ++c) {
      pulses_.push_back({.track = track, .channel = c, .detector = PulseDetector(tensor.fs(), wanted), .found = {}});
    }
  }
  if (wants_lead() && !ecg_ && (options_.beats || options_.waves || options_.arrivals))
    throw Error(Status::kUsage, "{}: has no lead {}: no ECG", segment.id(), options_.lead);
  if (!options_.arrivals || !ecg_) return;
  for (const char* kind : {"ppg", "abp"}) {
    for (std::size_t p = 0; p < pulses_.size() && !arrival_pulse_; ++p) {
      if (tracks_[pulses_[p].track].kind == kind) arrival_pulse_ = p;
    }
  }
}

void Delineator::Run::add_ecg(const Segment& segment, std::size_t track) {
  const Track& of = tracks_[track];
  std::vector<std::size_t> leads;
  std::size_t main = 0;
  for (std::size_t c = 0; c < of.channels.size(); ++c) {
    if (!wants_lead() || of.channels[c] == options_.lead) leads.push_back(c);
  }
  if (leads.empty()) {
    throw Error(Status::kUsage, "{}: has no lead {}; there are: {}", segment.id(), options_.lead,
                fmt::join(of.channels, ", "));
  }
  const auto preferred = stream::preferred_channel(segment, "ecg");
  const auto at = preferred ? std::ranges::find(leads, preferred->channel) : leads.end();
  if (at != leads.end()) main = static_cast<std::size_t>(at - leads.begin());
  ecg_.emplace(Ecg{.track = track,
                   .main = main,
                   .leads = leads,
                   .detector = BeatDetector(of.fs, leads.size()),
                   .classifier = {},
                   .rhythm = RhythmFinder(of.fs),
                   .delineators = {},
                   .beats = {},
                   .waved = std::vector<std::size_t>(leads.size(), 0),
                   .rhythms = {},
                   .recent = {}});
  if (of.fs >= kLeastClassRate) ecg_->classifier.emplace(of.fs);
  if (!options_.waves) return;
  for (std::size_t l = 0; l < leads.size(); ++l) ecg_->delineators.emplace_back(of.fs, options_.wave);
}

// Whether the same signals go on where they ended, or overlap.
bool Delineator::Run::continues(const Segment& segment) const {
  if (segment.record() != record_) return false;
  std::size_t t = 0;
  for (const Tensor& tensor : segment.tensors) {
    if (!is_sought(tensor)) continue;
    if (t == tracks_.size()) return false;
    const Track& track = tracks_[t++];
    if (tensor.name != track.name || tensor.fs() != track.fs || tensor.names() != track.channels) return false;
    const std::int64_t begin = track.place(segment.start() + tensor.t0());
    if (begin > track.samples || begin < track.begin) return false;
  }
  return t == tracks_.size() && t > 0;
}

void Delineator::Run::push(Segment segment) {
  Pending pending{std::move(segment), {}};
  std::vector<std::int64_t> skips;
  for (Track& track : tracks_) {
    const Tensor& tensor = *pending.segment.find(track.name);
    const std::int64_t begin = track.place(pending.segment.start() + tensor.t0());
    const std::int64_t end = begin + static_cast<std::int64_t>(tensor.samples());
    skips.push_back(track.samples - begin);
    track.samples = std::max(track.samples, end);
    track.begin = begin;
    pending.ranges.emplace_back(begin, end);
  }
  const auto fresh = [&](std::size_t track, std::size_t channel) {
    std::vector<float> x = stream::physical(pending.segment, *pending.segment.find(tracks_[track].name), channel);
    const auto skip = std::min(static_cast<std::size_t>(skips[track]), x.size());
    x.erase(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(skip));
    return x;
  };
  if (ecg_) {
    std::vector<std::vector<float>> leads;
    for (const std::size_t channel : ecg_->leads) leads.push_back(fresh(ecg_->track, channel));
    feed_ecg(leads, false);
  }
  for (PulseTrack& pulse : pulses_) pulse.detector.process(fresh(pulse.track, pulse.channel), pulse.found);
  if (arrival_pulse_) match_arrivals(false);
  pending_.push_back(std::move(pending));
  emit_complete();
}

void Delineator::Run::emit_complete() {
  while (!pending_.empty() && (ended_ || complete(pending_.front()))) {
    Pending first = std::move(pending_.front());
    pending_.pop_front();
    emit(std::move(first));
  }
}

void Delineator::Run::finish() {
  ended_ = true;
  if (ecg_) feed_ecg(std::vector<std::vector<float>>(ecg_->leads.size()), true);
  for (PulseTrack& pulse : pulses_) pulse.detector.flush(pulse.found);
  if (arrival_pulse_) match_arrivals(true);
  emit_complete();
}

void Delineator::Run::feed_ecg(const std::vector<std::vector<float>>& leads, bool at_end) {
  Ecg& ecg = *ecg_;
  std::vector<double> found;
  if (at_end) {
    ecg.detector.flush(found);
    ecg.until = static_cast<double>(tracks_[ecg.track].samples);
  } else {
    std::vector<std::span<const float>> views(leads.begin(), leads.end());
    std::swap(views.front(), views[ecg.main]);  // whose marks they are
    ecg.detector.process(views, found);
    ecg.until = std::max(ecg.until, ecg.detector.known_until());
  }
  for (const double at : found) {
    const double previous = ecg.beats.empty() ? kNone : ecg.beats.back().at;
    ecg.beats.push_back(
        {.at = at, .previous = previous, .leads = std::vector<BeatWaves>(ecg.delineators.size()), .arrival = {}});
    ++ecg.numbered;
  }
  if (arrival_pulse_) ecg.recent.insert(ecg.recent.end(), leads[ecg.main].begin(), leads[ecg.main].end());

  std::vector<ClassifiedBeat> classes;
  if (ecg.classifier) {
    ecg.classifier->process(leads[ecg.main], found, ecg.until, classes);
    if (at_end) ecg.classifier->flush(classes);
  } else {
    for (const double at : found) classes.push_back({.sample = at});
  }
  for (const ClassifiedBeat& c : classes) ecg.beat(ecg.classed++).code = c.code;
  if (options_.beats) feed_rhythm(classes, at_end);
  for (std::size_t l = 0; l < ecg.delineators.size(); ++l) {
    std::vector<BeatWaves> waves;
    ecg.delineators[l].process(leads[l], found, ecg.until, waves);
    if (at_end) ecg.delineators[l].flush(waves);
    for (BeatWaves& w : waves) ecg.beat(ecg.waved[l]++).leads[l] = w;
  }
}

// A rhythm ends where no beat comes for a minute, so that what waits for it is bounded.
void Delineator::Run::feed_rhythm(std::span<const ClassifiedBeat> beats, bool at_end) {
  Ecg& ecg = *ecg_;
  const double most = kRhythmless * tracks_[ecg.track].fs;
  const auto rest = [&](double now) {
    if (now - ecg.rhythm_beat <= most) return;
    ecg.rhythm.flush(ecg.rhythms);
    ecg.rhythm_beat = kNone;
  };
  for (const ClassifiedBeat& beat : beats) {
    rest(beat.sample);
    ecg.rhythm.process(std::span(&beat, 1), ecg.rhythms);
    ecg.rhythm_beat = beat.sample;
  }
  const double known = ecg.first_after(ecg.classed);
  rest(known);
  if (at_end) ecg.rhythm.flush(ecg.rhythms);
  ecg.rhythm_until = std::isnan(ecg.rhythm_beat) ? known : ecg.rhythm.going_on().end;
}

void Delineator::Run::match_arrivals(bool at_end) {
  Ecg& ecg = *ecg_;
  PulseTrack& pulse = pulses_[*arrival_pulse_];
  const Track &ecg_track = tracks_[ecg.track], &pulse_track = tracks_[pulse.track];
  const auto reach = static_cast<std::int64_t>(std::ceil(kPeakReach * ecg_track.fs)) + 2;
  std::vector<double> r;
  for (; r_taken_ < ecg.numbered; ++r_taken_) {
    const double at = ecg.beat(r_taken_).at;
    const auto middle = static_cast<std::int64_t>(std::llround(at));
    const std::int64_t from = std::max(ecg.recent_from, middle - reach);
    const std::int64_t to = std::min(ecg.recent_from + std::ssize(ecg.recent), middle + reach + 1);
    const auto window = std::span(ecg.recent)
                            .subspan(static_cast<std::size_t>(from - ecg.recent_from),
                                     static_cast<std::size_t>(std::max<std::int64_t>(0, to - from)));
    const double place = refine_r(window, ecg_track.fs, at - static_cast<double>(from)) + static_cast<double>(from);
    r.push_back(ecg_track.seconds(place));
  }
  const auto kept = static_cast<std::int64_t>(ecg.until) - 2 * reach;
  if (kept > ecg.recent_from) {
    const auto n = std::min<std::int64_t>(kept - ecg.recent_from, std::ssize(ecg.recent));
    ecg.recent.erase(ecg.recent.begin(), ecg.recent.begin() + n);
    ecg.recent_from += n;
  }
  std::vector<PulseFoot> feet;
  for (; arrival_taken_ < pulse.found.size(); ++arrival_taken_) {
    feet.push_back(foot_in_seconds(pulse.found[arrival_taken_], pulse_track.fs, pulse_track.origin));
  }
  std::vector<Arrival> arrivals;
  const double until = std::min(ecg_track.seconds(ecg.until - static_cast<double>(reach)),
                                pulse_track.seconds(pulse.detector.known_until()));
  arrival_finder_.process(r, feet, until, arrivals);
  if (at_end) arrival_finder_.flush(arrivals);
  for (const Arrival& a : arrivals) {
    Beat& beat = ecg.beat(ecg.arrived++);
    beat.arrival = a;
    beat.has_arrival = true;
    ++counts_[static_cast<std::size_t>(a.reason)];
  }
}

bool Delineator::Run::complete(const Pending& pending) {
  if (ecg_) {
    Ecg& ecg = *ecg_;
    const auto end = static_cast<double>(pending.ranges[ecg.track].second);
    double until = std::min(ecg.until, ecg.first_after(ecg.classed));
    const double reach = kWaveReach * tracks_[ecg.track].fs;
    for (const std::size_t waved : ecg.waved) {
      if (options_.waves) until = std::min(until, ecg.first_after(waved) - reach);
    }
    if (arrival_pulse_) until = std::min(until, ecg.first_after(ecg.arrived));
    if (options_.beats) until = std::min(until, ecg.rhythm_until);
    if (until < end) return false;
  }
  return std::ranges::all_of(pulses_, [&](const PulseTrack& pulse) {
    return pulse.detector.known_until() >= static_cast<double>(pending.ranges[pulse.track].second);
  });
}

void Delineator::Run::put_event(Segment& segment, const std::string& name, const Track& of,
                                std::vector<const char*> columns, std::span<const Event> events, std::int64_t from,
                                Json more) {
  std::vector<double> values;
  values.reserve(events.size() * columns.size());
  for (const Event& event : events) {
    values.push_back(event.at - static_cast<double>(from));
    values.insert(values.end(), event.rest.begin(), event.rest.begin() + std::ssize(columns) - 1);
  }
  Json attributes{{"kind", "event"}, {"columns", columns}, {"of", of.name}};
  attributes.update(more);
  const auto rows = std::ssize(events), width = std::ssize(columns);
  segment.put(stream::make_tensor(name, {rows, width}, std::move(values), std::move(attributes)));
}

BeatRow Delineator::Run::row_of(const std::string& channel, const Beat& beat, const BeatWaves* waves) {
  const Track& track = tracks_[ecg_->track];
  BeatRow row;
  row.channel = channel;
  row.beat = counted_[channel]++;
  row.symbol = symbol_of(beat.code);
  row.r_peak = track.seconds(beat.at);
  row.intervals.rr = (beat.at - beat.previous) / track.fs * 1000;
  if (waves != nullptr) {
    set_times(row, *waves, [&](double at) { return track.seconds(at); });
    row.intervals = intervals_of(*waves, beat.previous, track.fs);
  }
  if (beat.has_arrival) {
    row.foot = beat.arrival.foot;
    row.arrival = beat.arrival.time * 1000;
    row.reason = name_of(beat.arrival.reason);
  }
  return row;
}

void Delineator::Run::put_ecg(Pending& pending, std::vector<BeatRow>& rows) {
  Ecg& ecg = *ecg_;
  const Track& track = tracks_[ecg.track];
  const auto [from, to] = pending.ranges[ecg.track];
  const auto within = [&, from = static_cast<double>(from), to = static_cast<double>(to)](double at) {
    return at >= from && at < to;
  };
  const bool several = ecg.leads.size() > 1, each = several && options_.lead != kGlobal;
  const double lead_code = several ? -1 : static_cast<double>(ecg.leads.front());
  std::vector<Event> beats, waves, arrivals;
  const auto add_waves = [&](const BeatWaves& w, double channel) {
    const auto add = [&](double at, int code, int num) {
      if (within(at)) waves.push_back({at, {static_cast<double>(code), channel, static_cast<double>(num)}});
    };
    const std::array<const Wave*, 3> parts = {&w.p, &w.qrs, &w.t};
    const std::array<int, 3> peaks = {kPPeakCode, kQrsPeakCode, kTPeakCode};
    for (int k = 0; k < 3; ++k) {
      const auto i = static_cast<std::size_t>(k);
      add(parts[i]->onset, kOnsetCode, k);
      add(parts[i]->peak, peaks[i], k);
      add(parts[i]->offset, kOffsetCode, k);
    }
  };
  for (Beat& beat : ecg.beats) {
    const bool here = within(beat.at);
    if (here) beats.push_back({beat.at, {static_cast<double>(beat.code), lead_code, 0}});
    if (here && beat.has_arrival) {
      const double time = beat.arrival.time;
      arrivals.push_back({beat.at, {time, static_cast<double>(beat.arrival.reason), 0}});
    }
    const bool row = options_.rows && here && !beat.rowed;
    if (!options_.waves) {
      if (row) rows.push_back(row_of(several ? kGlobal : track.channels[ecg.leads.front()], beat, nullptr));
    } else {
      if (each || !several) {
        for (std::size_t l = 0; l < beat.leads.size(); ++l) {
          add_waves(beat.leads[l], static_cast<double>(ecg.leads[l]));
          if (row) rows.push_back(row_of(track.channels[ecg.leads[l]], beat, &beat.leads[l]));
        }
      }
      if (several) {
        const BeatWaves all = global_waves(beat.leads, track.fs);
        add_waves(all, -1);
        if (row) rows.push_back(row_of(kGlobal, beat, &all));
      }
    }
    beat.rowed |= here;
  }
  const std::vector<const char*> columns = {"sample", "code", "channel"};
  put_event(pending.segment, "beats", track, columns, beats, from);
  if (options_.beats) put_rhythm(pending);
  if (options_.waves) {
    sort_by_place(waves);
    put_event(pending.segment, "waves", track, {"sample", "code", "channel", "num"}, waves, from);
  }
  if (arrival_pulse_) {
    Json reasons = Json::array();
    for (std::size_t k = 0; k < kReasons; ++k) reasons.push_back(name_of(static_cast<Reason>(k)));
    put_event(pending.segment, "arrivals", track, {"sample", "time", "reason"}, arrivals, from,
              {{"reasons", reasons}, {"pulses", tracks_[pulses_[*arrival_pulse_].track].name}});
  }
}

void Delineator::Run::put_rhythm(Pending& pending) {
  const Ecg& ecg = *ecg_;
  const auto [from, to] = pending.ranges[ecg.track];
  std::vector<Event> events;
  Json names = Json::array();
  const auto add = [&](const RhythmSpan& span) {
    const double start = std::max(span.start, static_cast<double>(from)),
                 end = std::min(span.end, static_cast<double>(to));
    if (!(start < end)) return;
    auto name = std::ranges::find(names, Json(span.aux));
    if (name == names.end()) name = names.insert(names.end(), Json(span.aux));
    events.push_back({start,
                      {end - static_cast<double>(from), static_cast<double>(kRhythmCode),
                       static_cast<double>(name - names.begin())}});
  };
  for (const RhythmSpan& span : ecg.rhythms) add(span);
  if (!ended_ && !std::isnan(ecg.rhythm_beat)) add(ecg.rhythm.going_on());
  std::ranges::stable_sort(events, {}, &Event::at);
  put_event(pending.segment, "rhythm", tracks_[ecg.track], {"sample", "end", "code", "aux"}, events, from,
            {{"aux", names}});
}

void Delineator::Run::put_pulses(Pending& pending, std::vector<BeatRow>& rows) {
  std::map<std::size_t, std::vector<Event>> events;  // by track
  for (PulseTrack& pulse : pulses_) {
    const Track& track = tracks_[pulse.track];
    const auto [from, to] = pending.ranges[pulse.track];
    std::vector<Event>& list = events[pulse.track];
    const auto within = [from = static_cast<double>(from), to = static_cast<double>(to)](double at) {
      return at >= from && at < to;
    };
    const auto add = [&](double at, int code, int num) {
      if (within(at))
        list.push_back({at, {static_cast<double>(code), static_cast<double>(pulse.channel), static_cast<double>(num)}});
    };
    for (std::size_t k = 0; k < pulse.found.size(); ++k) {
      const Pulse& p = pulse.found[k];
      add(p.onset, kFootCode, 0);
      add(p.systole, kSystoleCode, 0);
      add(p.notch, kDicroticCode, kNotch);
      add(p.dicrotic, kDicroticCode, kDicroticPeak);
      if (k < pulse.rowed || !within(p.systole)) continue;
      pulse.rowed = k + 1;
      if (!options_.pulses || !options_.rows) continue;
      BeatRow row;
      row.channel = track.channels[pulse.channel];
      row.beat = counted_[row.channel]++;
      row.foot = track.seconds(std::isfinite(p.foot) ? p.foot : p.onset);
      row.systole = track.seconds(p.systole);
      row.notch = track.seconds(p.notch);
      row.diastole = track.seconds(p.dicrotic);
      if (track.kind == "abp") {
        row.systolic = p.high;
        row.diastolic = p.low;
        row.mean = p.mean;
      }
      rows.push_back(std::move(row));
    }
  }
  bool first = true;
  for (auto& [t, list] : events) {
    sort_by_place(list);
    put_event(pending.segment, first ? "pulses" : "pulses/" + tracks_[t].name, tracks_[t],
              {"sample", "code", "channel", "num"}, list, pending.ranges[t].first);
    first = false;
  }
}

void Delineator::Run::emit(Pending pending) {
  Delineated done;
  if (ecg_) put_ecg(pending, done.rows);
  if (!pulses_.empty()) put_pulses(pending, done.rows);
  std::ranges::stable_sort(done.rows, {},
                           [](const BeatRow& row) { return std::isfinite(row.r_peak) ? row.r_peak : row.systole; });
  forget(pending);
  done.segment = std::move(pending.segment);
  emit_(std::move(done));
}

// What no segment from here on can hold.
void Delineator::Run::forget(const Pending& emitted) {
  if (ecg_) {
    Ecg& ecg = *ecg_;
    const auto from = static_cast<double>(emitted.ranges[ecg.track].first);
    const double reach = kWaveReach * tracks_[ecg.track].fs;
    while (ecg.beats.size() > 1 && ecg.beats[1].at + reach < from) {
      ecg.beats.pop_front();
      ++ecg.dropped;
    }
    std::erase_if(ecg.rhythms, [&](const RhythmSpan& span) { return span.end < from; });
  }
  for (std::size_t p = 0; p < pulses_.size(); ++p) {
    PulseTrack& pulse = pulses_[p];
    const auto from = static_cast<double>(emitted.ranges[pulse.track].first);
    std::size_t n = 0;
    while (n < pulse.rowed && std::max(pulse.found[n].systole, pulse.found[n].onset) + tracks_[pulse.track].fs < from)
      ++n;
    if (arrival_pulse_ == p) n = std::min(n, arrival_taken_);
    pulse.found.erase(pulse.found.begin(), pulse.found.begin() + static_cast<std::ptrdiff_t>(n));
    pulse.rowed -= n;
    if (arrival_pulse_ == p) arrival_taken_ -= n;
  }
}

Delineator::Delineator(DelineateOptions options, std::function<void(Delineated)> emit)
    : options_(std::move(options)), emit_(std::move(emit)) {}
Delineator::~Delineator() = default;

void Delineator::push(Segment segment) {
  if (run_ && !run_->continues(segment)) flush();
  if (segment.record() != record_) counted_.clear();
  record_ = segment.record();
  if (!run_) run_ = std::make_unique<Run>(segment, options_, emit_, counted_, arrivals_);
  run_->push(std::move(segment));
}

void Delineator::flush() {
  if (!run_) return;
  run_->finish();
  run_.reset();
}

}  // namespace cfm::delineate
