#include "record/resegment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "format/sniff.h"
#include "record/time_grammar.h"
#include "record/track.h"
#include "stream/json_text.h"

namespace cfm::record {
namespace {

using stream::Json;
using stream::Segment;
using stream::Tensor;

// A tensor of a segment and the channels taken of it.
struct Pick {
  const Tensor* tensor;
  std::vector<std::size_t> channels;
};

// The clean truth beside chosen signals: reference/NAME, the channels of the same names; all where there is no NAME.
void pick_waveforms(const Segment& segment, std::vector<Pick>& picks) {
  constexpr std::string_view kPrefix = "reference/";
  const std::size_t recorded = picks.size();
  for (const Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.kind() != "waveform" || !tensor.name.starts_with(kPrefix)) continue;
    const Tensor* signal = segment.find(std::string_view(tensor.name).substr(kPrefix.size()));
    std::vector<std::string> wanted = tensor.names();
    if (signal != nullptr) {
      wanted.clear();
      for (std::size_t p = 0; p < recorded; ++p) {
        if (picks[p].tensor != signal) continue;
        for (const std::size_t c : picks[p].channels) wanted.push_back(signal->names()[c]);
      }
    }
    Pick pick{&tensor, {}};
    const auto names = tensor.names();
    for (std::size_t c = 0; c < names.size(); ++c) {
      if (std::ranges::find(wanted, names[c]) != wanted.end()) pick.channels.push_back(c);
    }
    if (!pick.channels.empty()) picks.push_back(std::move(pick));
  }
}

}  // namespace

struct Resegmenter::Run {
  struct Source {
    double begin, end;  // s
    Json header;
  };

  std::string record;
  double clock_fs = 0, start = 0;  // Hz; s, of the first sample
  std::int64_t clock_sample = 0;   // of the first sample
  std::vector<Track> tracks;       // recorded signals, then waveforms
  std::size_t recorded = 0;
  std::vector<stream::ChannelRef> order;
  std::vector<EventTrack> events;
  std::vector<Source> sources;
  Grid grid;
  std::int64_t next = 0, covered = 0;  // clock: where the next window begins, the last one ended

  double time(std::int64_t tick) const { return start + static_cast<double>(tick - clock_sample) / clock_fs; }
  double seconds(std::int64_t ticks) const { return static_cast<double>(ticks) / clock_fs; }

  bool continues(const Segment& segment, double fs, const std::vector<Pick>& picks) const;
  void append(const Segment& segment, const std::vector<Pick>& picks);
  void append_events(const Segment& segment, const std::vector<std::int64_t>& known);
  bool complete(std::int64_t length) const;
  Cut cut(std::int64_t length, const CutOptions& options) const;
  Json header_of(double begin, double length) const;
  void forget();
};

bool Resegmenter::Run::continues(const Segment& segment, double fs, const std::vector<Pick>& picks) const {
  if (segment.record() != record || fs != clock_fs || picks.size() != tracks.size()) return false;
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const Tensor& tensor = *picks[i].tensor;
    const double origin = segment.start() + tensor.t0();
    if (tensor.name != tracks[i].layout().name || picks[i].channels != tracks[i].channels()) return false;
    const auto gap = tracks[i].gap(tensor, origin);
    if (!gap || *gap > 0 || origin < tracks[i].origin()) return false;
  }
  return std::ranges::all_of(events, [&](const EventTrack& track) {
    const Tensor* tensor = segment.find(track.name());
    return tensor == nullptr || (is_event(*tensor) && track.same_columns(*tensor));
  });
}

void Resegmenter::Run::append(const Segment& segment, const std::vector<Pick>& picks) {
  std::vector<std::int64_t> known;
  double end = segment.start();
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const Tensor& tensor = *picks[i].tensor;
    const double origin = segment.start() + tensor.t0();
    known.push_back(tracks[i].end());
    const std::int64_t overlap = -tracks[i].gap(tensor, origin).value_or(0);
    tracks[i].append(segment, tensor, std::min<std::int64_t>(overlap, static_cast<std::int64_t>(tensor.samples())));
    end = std::max(end, origin + static_cast<double>(tensor.samples()) / tensor.fs());
  }
  append_events(segment, known);
  sources.push_back({segment.start(), end, segment.header});
}

void Resegmenter::Run::append_events(const Segment& segment, const std::vector<std::int64_t>& known) {
  for (const Tensor& tensor : segment.tensors) {
    if (!is_event(tensor)) continue;
    const Tensor* of = segment.find(tensor.attributes.value("of", std::string()));
    if (of == nullptr || !of->is_signal()) continue;
    auto at = std::ranges::find_if(tracks, [&](const Track& track) { return track.layout().name == of->name; });
    const auto columns = tensor.attributes["columns"];
    const bool is_span = std::ranges::find(columns, Json("end")) != columns.end();
    // Spans hold for the whole record: where their signal was not chosen they are counted in the first that was.
    if (at == tracks.end() && is_span) at = tracks.begin();
    if (at == tracks.end()) continue;
    const auto index = static_cast<std::size_t>(at - tracks.begin());
    auto track = std::ranges::find_if(events, [&](const EventTrack& e) { return e.name() == tensor.name; });
    if (track == events.end()) track = events.insert(events.end(), EventTrack(tensor, index));
    double base = (segment.start() + of->t0() - at->origin()) * at->fs();
    if (at->layout().name == of->name) base = std::round(base);
    track->append(tensor, base, at->fs() / of->fs(), static_cast<double>(known[index]), at->channels());
  }
}

bool Resegmenter::Run::complete(std::int64_t length) const {
  for (std::size_t i = 0; i < recorded; ++i) {
    const Range range = tracks[i].range(time(next), seconds(length));
    if (range.first + range.count > tracks[i].end()) return false;
  }
  return true;
}

Json Resegmenter::Run::header_of(double begin, double length) const {
  const double half_frame = 0.5 / clock_fs;
  const Source* holder = &sources.front();
  for (const Source& source : sources) {
    if (source.begin <= begin + half_frame) holder = &source;
  }
  Json header = holder->header;
  for (const char* key : {"quality", "predictions"}) header.erase(key);
  header["id"] = fmt::format("{}/{}", record, next);
  header["start"] = json_number(begin);
  if (header.contains("clock") && header["clock"].is_object()) header["clock"]["sample"] = next;
  if (header.contains("t_abs") && header["t_abs"].is_string()) {
    header["t_abs"] = later(header["t_abs"].get<std::string>(), begin - holder->begin);
  }
  for (const char* name : {"rhythm", "snr"}) {
    std::map<std::string, std::pair<double, const Json*>> lasts;
    for (const Source& source : sources) {
      const auto labels = source.header.find("labels");
      if (labels == source.header.end() || !labels->contains(name)) continue;
      const double overlap = std::min(source.end, begin + length) - std::max(source.begin, begin);
      if (overlap <= 0) continue;
      auto& [total, value] = lasts[(*labels)[name].dump()];
      total += overlap;
      value = &(*labels)[name];
    }
    const auto longest = std::ranges::max_element(lasts, {}, [](const auto& entry) { return entry.second.first; });
    if (longest != lasts.end()) header["labels"][name] = *longest->second.second;
  }
  return header;
}

Cut Resegmenter::Run::cut(std::int64_t length, const CutOptions& options) const {
  Cut cut;
  const double begin = time(next), lasts = seconds(length);
  cut.segment.header = header_of(begin, lasts);
  std::vector<Tensor> masks;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    std::vector<std::uint8_t> mask;
    double lacking = 0;
    Tensor tensor = tracks[i].window(tracks[i].range(begin, lasts), mask, lacking);
    if (i < recorded && lacking > options.max_missing) {
      cut.reason = "missing";
      return cut;
    }
    if (!mask.empty()) {
      masks.push_back(stream::make_tensor(tensor.attributes["mask"].get<std::string>(), tensor.shape, std::move(mask),
                                          Json{{"kind", "mask"}}));
    }
    cut.segment.put(std::move(tensor));
  }
  for (Tensor& mask : masks) cut.segment.put(std::move(mask));
  for (const EventTrack& track : events) {
    const Track& of = tracks[track.of()];
    cut.segment.put(track.window(of.range(begin, lasts), of.layout().name));
  }
  for (const char* name : {"rhythm", "snr"}) {
    const Tensor* spans = cut.segment.find(std::string("reference/") + name);
    const Json value = spans != nullptr && is_event(*spans) ? longest_value(*spans) : Json(nullptr);
    if (!value.is_null()) cut.segment.header["labels"][name] = value;
  }
  cut.order = order;
  return cut;
}

void Resegmenter::Run::forget() {
  for (Track& track : tracks) track.forget(track.range(time(next), 0).first);
  for (EventTrack& track : events) track.forget(tracks[track.of()].range(time(next), 0).first);
  while (sources.size() > 1 && sources[1].begin <= time(next)) sources.erase(sources.begin());
}

Resegmenter::Resegmenter(Selection selection, CutOptions options, std::function<void(Cut)> emit)
    : selection_(std::move(selection)), options_(std::move(options)), emit_(std::move(emit)) {
  options_.check();
}

Resegmenter::~Resegmenter() = default;

std::string Resegmenter::push(Segment segment) {
  std::vector<stream::ChannelRef> where;
  const auto choice = selection_.choose(labels_of(segment, where));
  if (!choice.reason.empty()) return choice.reason;
  if (std::ssize(choice.channels) < options_.min_channels) return "few_channels";
  std::vector<Pick> picks;
  std::vector<stream::ChannelRef> order;
  for (const std::size_t c : choice.channels) {
    const Tensor* tensor = &segment.tensors[where[c].tensor];
    auto pick = std::ranges::find(picks, tensor, &Pick::tensor);
    if (pick == picks.end()) pick = picks.insert(picks.end(), Pick{tensor, {}});
    order.push_back({static_cast<std::size_t>(pick - picks.begin()), pick->channels.size()});
    pick->channels.push_back(where[c].channel);
  }
  const std::size_t recorded = picks.size();
  pick_waveforms(segment, picks);

  const Json clock = segment.header.value("clock", Json());
  const bool has_clock = clock.is_object() && clock.contains("fs") && clock.contains("sample");
  const double fs = has_clock ? clock["fs"].get<double>() : picks[0].tensor->fs();
  if (!(fs > 0) || !std::isfinite(fs)) throw Error(Status::kMalformed, "{}: a clock of {} Hz", segment.id(), fs);
  const std::int64_t tick = has_clock ? clock["sample"].get<std::int64_t>() : std::llround(segment.start() * fs);
  const Grid grid = grid_of(options_, fs, kUnknownLength);
  double end = segment.start();
  for (const Pick& pick : picks) {
    end = std::max(
        end, segment.start() + pick.tensor->t0() + static_cast<double>(pick.tensor->samples()) / pick.tensor->fs());
  }
  if (tick >= grid.limit || tick + std::llround((end - segment.start()) * fs) <= grid.first) return "outside";

  if (run_ && !run_->continues(segment, fs, picks)) flush();
  if (!run_) {
    run_ = std::make_unique<Run>();
    run_->record = segment.record();
    run_->clock_fs = fs;
    run_->start = segment.start();
    run_->clock_sample = tick;
    for (Pick& pick : picks) {
      run_->tracks.emplace_back(*pick.tensor, pick.channels, segment.start() + pick.tensor->t0());
    }
    run_->recorded = recorded;
    run_->order = std::move(order);
    run_->grid = grid;
    run_->next = run_->covered = std::max(grid.first, tick);
  }
  run_->append(segment, picks);
  while (grid.length > 0 && run_->next + grid.length <= grid.limit && run_->complete(grid.length)) {
    emit_(run_->cut(grid.length, options_));
    run_->covered = run_->next + grid.length;
    run_->next += grid.stride;
  }
  run_->forget();
  return {};
}

void Resegmenter::flush() {
  if (!run_) return;
  Run& run = *run_;
  const Grid& grid = run.grid;
  if (grid.limit != Grid::kOpen) {
    for (Track& track : run.tracks) track.shorten(track.range(run.time(grid.limit), 0).first);
  }
  double end = 0;  // of the shortest recorded signal, s
  bool more = run.next < grid.limit;
  for (std::size_t i = 0; i < run.recorded; ++i) {
    const Track& track = run.tracks[i];
    const double track_end = track.origin() + static_cast<double>(track.end()) / track.fs();
    end = i == 0 ? track_end : std::min(end, track_end);
    more = more && track.range(run.time(std::max(run.next, run.covered)), 0).first < track.end();
  }
  if (more && (grid.length == 0 || options_.tail == Tail::kKeep)) {
    emit_(run.cut(std::llround((end - run.time(run.next)) * run.clock_fs), options_));
  } else if (more && options_.tail == Tail::kPad) {
    emit_(run.cut(grid.length, options_));
  } else if (more) {
    Cut cut;
    cut.reason = "tail";
    emit_(std::move(cut));
  }
  run_.reset();
}

stream::Counts resegment(stream::Inlet& in, Sink& sink, const Refinement& options) {
  stream::Counts total, part;
  std::uint64_t taken = 0, lost = 0;
  SignalList signals;
  Resegmenter cutter(options.selection, options.cut, [&](Cut cut) {
    if (!cut.reason.empty()) {
      ++part.skipped[cut.reason];
      return;
    }
    if (options.prepare) options.prepare(cut);
    if (options.dress) options.dress(cut.segment);
    sink.write(cut);
    ++part.written;
  });
  const auto take = [&](Segment segment) {
    const std::string record = segment.record();
    if (options.subject) {
      const Json source = segment.header.value("source", Json());
      segment.header["subject"] = options.subject->of(record, source.is_string() ? source.get<std::string>() : "");
    }
    if (options.wanted && !options.wanted(record, segment.subject_or_record())) return;
    ++part.read;
    std::vector<stream::ChannelRef> where;
    const auto labels = labels_of(segment, where);
    const std::string reason = cutter.push(std::move(segment));
    if (reason.empty()) {
      ++taken;
    } else {
      ++part.skipped[reason];
      signals.add(record, labels);
    }
  };
  bool open = false;
  const auto close = [&](bool partial) {
    cutter.flush();
    if (part.read > 0 && taken == 0 && !options.may_be_empty) {
      throw Error(Status::kUsage, "no segment of {} has what --signals {} asks for{}; there are: {}", part.read,
                  options.selection.text(), part.skipped.contains("outside") ? " within --from and --until" : "",
                  signals.summary());
    }
    part.damaged = in.lost_pieces() - lost;
    lost = in.lost_pieces();
    sink.end(part, partial || part.damaged > 0);
    total.read += part.read;
    total.written += part.written;
    total.damaged += part.damaged;
    total.partial += partial ? 1 : 0;
    for (const auto& [reason, n] : part.skipped) total.skipped[reason] += n;
    open = false;
  };
  for (stream::Frame frame; in.next(frame);) {
    if (frame.type == 'H') {
      if (open) close(true);  // its end was lost
      part = {};
      sink.begin(stream::parse_json(frame.header));
      open = true;
    } else if (frame.type == 'E') {
      close(stream::parse_json(frame.header).value("status", "") == "partial");
    } else if (frame.type == 'S') {
      take(stream::decode_segment(frame));
    } else if (frame.type != 'x') {
      sink.pass(frame);
    }
  }
  if (open) close(true);
  if (options.settle) options.settle();
  return total;
}

SignalList list_signals(stream::Inlet& in) {
  SignalList list;
  for (stream::Frame frame; in.next(frame);) {
    if (frame.type != 'S') continue;
    const Segment segment = stream::decode_segment(frame);
    std::vector<stream::ChannelRef> where;
    list.add(segment.record(), labels_of(segment, where));
  }
  return list;
}

bool is_stream_input(const std::string& input) {
  namespace fs = std::filesystem;
  if (input == "-") return true;
  std::error_code error;
  const fs::file_status status = fs::status(input, error);
  if (!fs::exists(status) || fs::is_directory(status)) return false;
  if (!fs::is_regular_file(status)) return true;
  return !fs::exists(input + ".hea", error) && format::sniff(input) == format::FileKind::kStream;
}

}  // namespace cfm::record
