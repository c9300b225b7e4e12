#include "eval/pulse_figures.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace cfm::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kSystole = 20, kFoot = 21;  // SYSTOLE, DIASTOLE of ecgcodes.h
constexpr double kWindow = 0.15;          // s
constexpr double kLongestLag = 1.6,
                 kLagStep = 0.01;  // s, of a pulse after its beat: monitors show theirs up to 1.3 s late
constexpr const char* kMetrics[] = {"se", "ppv", "f1"};

// Of a channel of a record: one code, or against beats.
struct Compared {
  std::string record, subject, lead, klass;
  std::size_t segments = 0;
  double tp = 0, fn = 0, fp = 0, lag = kNaN;  // lag: ms
  std::vector<double> errors = {};            // ms, after the lag

  double part(std::size_t metric) const { return metric == 2 ? 2 * tp : tp; }
  double whole(std::size_t metric) const { return metric == 0 ? tp + fn : metric == 1 ? tp + fp : 2 * tp + fn + fp; }
};

std::vector<double> frames_of(std::span<const Event> events, const auto& is_wanted) {
  std::vector<double> frames;
  for (const Event& e : events)
    if (is_wanted(e)) frames.push_back(e.frame);
  return frames;
}

std::vector<double> moved(std::vector<double> frames, double by) {
  for (double& frame : frames) frame += by;
  return frames;
}

std::vector<double> errors_of(std::span<const double> reference, std::span<const double> test, double window) {
  std::vector<double> errors;
  for (const auto& [r, t] : match_marks(reference, test, window)) errors.push_back(test[t] - reference[r]);
  return errors;
}

double mean_size(std::span<const double> errors) {
  double sum = 0;
  for (const double error : errors) sum += std::abs(error);
  return errors.empty() ? 0 : sum / static_cast<double>(errors.size());
}

// The lag, in frames, that pairs most marks; of several the one with the smallest errors, then moved to their median.
double best_lag(const std::vector<double>& beats, const std::vector<double>& pulses, double fs) {
  double best = 0, error = 0;
  std::size_t most = 0;
  for (int step = 0; step * kLagStep <= kLongestLag; ++step) {
    const double lag = step * kLagStep * fs;
    const std::vector<double> errors = errors_of(moved(beats, lag), pulses, kWindow * fs);
    if (errors.size() < most || (errors.size() == most && mean_size(errors) >= error)) continue;
    most = errors.size();
    error = mean_size(errors);
    best = lag;
  }
  if (most == 0) return best;
  const std::vector<double> errors = errors_of(moved(beats, best), pulses, kWindow * fs);
  const double centre = best + median_of(errors);
  return errors_of(moved(beats, centre), pulses, kWindow * fs).size() >= most ? centre : best;
}

// Adds what one stretch holds. lag in frames.
void count(Compared& result, const std::vector<double>& reference, const std::vector<double>& test,
           const Stretch& stretch, double lag, double fs) {
  const std::vector<double> wanted = moved(reference, lag);
  std::vector<bool> has_pulse(wanted.size()), has_beat(test.size());
  for (const auto& [r, t] : match_marks(wanted, test, kWindow * fs)) {
    has_pulse[r] = has_beat[t] = true;
    result.errors.push_back((test[t] - wanted[r]) * 1000 / fs);
    ++result.tp;
  }
  for (std::size_t r = 0; r < wanted.size(); ++r) result.fn += !has_pulse[r] && wanted[r] < stretch.end ? 1 : 0;
  for (std::size_t t = 0; t < test.size(); ++t) result.fp += !has_beat[t] && test[t] >= stretch.begin + lag ? 1 : 0;
}

std::span<const Event> within(const EventRecord& record, const std::string& tensor, const Stretch& stretch) {
  const auto at = record.events.find(tensor);
  return at == record.events.end() ? std::span<const Event>()
                                   : events_within(at->second, stretch.begin - 0.5, stretch.end);
}

Compared begin(const EventRecord& record, const std::string& lead, const char* klass) {
  return {
      .record = record.record, .subject = record.subject, .lead = lead, .klass = klass, .segments = record.segments};
}

void compare_with_pulses(const EventRecord& record, const std::vector<std::string>& leads,
                         std::vector<Compared>& results) {
  for (const std::string& lead : leads) {
    for (const int code : {kFoot, kSystole}) {
      const auto is_wanted = [&](const Event& e) { return e.code == code && e.lead == lead; };
      const auto is_reference = [&](const Event& e) { return e.code == code && (e.lead.empty() || e.lead == lead); };
      Compared result = begin(record, lead, code == kFoot ? "foot" : "systole");
      for (const Stretch& stretch : record.stretches)
        count(result, frames_of(within(record, "reference/pulses", stretch), is_reference),
              frames_of(within(record, "pulses", stretch), is_wanted), stretch, 0, record.rate);
      if (result.tp + result.fn > 0) results.push_back(std::move(result));
    }
  }
}

// beat_lead: whose beats are compared with.
void compare_with_beats(const EventRecord& record, const std::vector<std::string>& leads, const std::string& beat_lead,
                        std::vector<Compared>& results) {
  const auto is_beat = [&](const Event& e) { return e.lead == beat_lead; };
  for (const std::string& lead : leads) {
    const std::vector<Event>& pulses = record.events.at("pulses");
    const bool has_feet = std::ranges::any_of(pulses, [&](const Event& e) { return e.code == kFoot; });
    const auto is_wanted = [&](const Event& e) { return e.code == (has_feet ? kFoot : kSystole) && e.lead == lead; };
    Compared result = begin(record, lead, "");
    const double lag =
        best_lag(frames_of(record.events.at("beats"), is_beat), frames_of(pulses, is_wanted), record.rate);
    for (const Stretch& stretch : record.stretches)
      count(result, frames_of(within(record, "beats", stretch), is_beat),
            frames_of(within(record, "pulses", stretch), is_wanted), stretch, lag, record.rate);
    result.lag = lag * 1000 / record.rate;
    results.push_back(std::move(result));
  }
}

void add_summary(std::vector<Row>& rows, const std::vector<const Compared*>& parts, const std::string& klass,
                 const std::string& lead, bool has_lag, const MarkOptions& options) {
  std::vector<std::string> subjects;
  std::vector<std::vector<double>> errors;
  Row common{.system = "model", .label = "pulses", .klass = klass, .lead = lead};
  Compared sum;
  std::vector<Share> shares;
  for (const char* metric : kMetrics) shares.push_back({.klass = klass, .metric = metric, .part = {}, .whole = {}});
  for (const Compared* part : parts) {
    subjects.push_back(part->subject);
    errors.push_back(part->errors);
    common.segments += part->segments;
    sum.tp += part->tp;
    sum.fn += part->fn;
    sum.fp += part->fp;
    for (std::size_t m = 0; m < shares.size(); ++m) {
      shares[m].part.push_back(part->part(m));
      shares[m].whole.push_back(part->whole(m));
    }
  }
  const Bootstrap bootstrap(numbered(subjects),
                            {.draws = options.draws, .seed = options.seed, .threads = options.threads});
  common.subjects = bootstrap.subjects();
  const auto add = [&](const char* metric, double value, const char* note) {
    Row row = common;
    row.metric = metric;
    row.value = value;
    row.note = note;
    rows.push_back(std::move(row));
  };
  const std::vector<ShareRows> shared = share_rows(shares, bootstrap, common);
  for (const ShareRows& share : shared) rows.push_back(share.gross);
  add("tp", sum.tp, "gross");
  add("fn", sum.fn, "gross");
  add("fp", sum.fp, "gross");
  const Spread spread = spread_of(pooled(errors));
  if (!has_lag) add("bias", spread.bias, "gross");
  add("sd", spread.sd, "gross");
  for (const ShareRows& share : shared) rows.push_back(share.average);
  for (const Share& share : shares) {
    std::vector<double> values;
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (!std::isnan(share.of(i))) values.push_back(share.of(i));
    add(share.metric.c_str(), median_of(std::move(values)), "median");
  }
}

void add_record(std::vector<Row>& rows, const Compared& c) {
  const auto add = [&](const char* metric, double value) {
    rows.push_back({.system = "model",
                    .label = "pulses",
                    .klass = c.klass,
                    .metric = metric,
                    .value = value,
                    .subjects = 1,
                    .segments = c.segments,
                    .record = c.record,
                    .lead = c.lead});
  };
  for (std::size_t m = 0; m < 3; ++m) add(kMetrics[m], c.whole(m) > 0 ? c.part(m) / c.whole(m) : kNaN);
  add("tp", c.tp);
  add("fn", c.fn);
  add("fp", c.fp);
  const Spread spread = spread_of(c.errors);
  if (std::isnan(c.lag))
    add("bias", spread.bias);
  else
    add("lag", c.lag);
  add("sd", spread.sd);
}

std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.2f}", 100 * share); }
std::string one_decimal(double value) { return std::isnan(value) ? "-" : fmt::format("{:.1f}", value); }

std::string text_of(const std::vector<Row>& rows, const std::vector<Compared>& compared, bool has_lag) {
  const auto name = [](const Compared& c) {
    return fmt::format("{}{}{}{}{}", c.record, c.lead.empty() ? "" : " ", c.lead, c.klass.empty() ? "" : " ", c.klass);
  };
  std::size_t width = 24;
  for (const Compared& c : compared) width = std::max(width, name(c).size());
  std::string text = fmt::format("\n  {:<{}}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7}\n", "", width, "pulses",
                                 "missed", "false", "Se %", "+P %", "F1 %", has_lag ? "lag ms" : "bias ms", "SD ms");
  const auto line = [&](const std::string& title, const auto& value) {
    const auto whole = [&](double n) { return std::isnan(n) ? std::string() : fmt::format("{:.0f}", n); };
    text += fmt::format("  {:<{}}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7}\n", title, width,
                        whole(value("tp") + value("fn")), whole(value("fn")), whole(value("fp")), percent(value("se")),
                        percent(value("ppv")), percent(value("f1")), one_decimal(value(has_lag ? "lag" : "bias")),
                        one_decimal(value("sd")));
  };
  for (const Compared& c : compared) {
    line(name(c), [&](const std::string& metric) {
      for (const Row& row : rows)
        if (row.record == c.record && row.lead == c.lead && row.klass == c.klass && row.metric == metric)
          return row.value;
      return kNaN;
    });
  }
  for (auto at = rows.begin(); at != rows.end() && at->record.empty(); ++at) {
    if (at->metric != "se") continue;
    line(fmt::format("{}{}{}{}{}", at->note, at->lead.empty() ? "" : " ", at->lead, at->klass.empty() ? "" : " ",
                     at->klass),
         [&](const std::string& metric) {
           for (const Row& row : rows)
             if (row.record.empty() && row.note == at->note && row.lead == at->lead && row.klass == at->klass &&
                 row.metric == metric)
               return row.value;
           return kNaN;
         });
  }
  return text;
}

std::vector<Compared> compare_all(const EventLog& log, bool& has_lag, Context& context) {
  const std::vector<EventRecord> records = log.records();
  const std::set<std::string> leads = leads_with(records, "pulses"), beat_leads = leads_with(records, "beats");
  const auto has = [&](const char* tensor) {
    return std::ranges::any_of(records, [&](const EventRecord& r) { return r.events.contains(tensor); });
  };
  has_lag = !has("reference/pulses");
  const char* reference = has_lag ? "beats" : "reference/pulses";
  const std::string there = log.names().empty() ? "no events" : fmt::format("{}", fmt::join(log.names(), ", "));
  if (!has("pulses"))
    throw Error(Status::kUsage, "no segment has 'pulses' to compare; the input holds {}: cfm-delineate finds them",
                there);
  if (!has(reference))
    throw Error(Status::kUsage,
                "neither 'reference/pulses' nor 'beats' of an ECG to compare the pulses with; the input holds {}",
                there);
  std::vector<Compared> compared;
  for (const EventRecord& record : records) {
    if (!record.events.contains(reference)) {
      context.excluded[fmt::format("without {}", reference)] += record.segments;
    } else if (!record.events.contains("pulses")) {
      context.excluded["without pulses"] += record.segments;
    } else if (!has_lag) {
      compare_with_pulses(record, leads_to_compare(record, "pulses", leads), compared);
    } else {
      const std::string beat_lead = leads_to_compare(record, "beats", beat_leads).front();
      compare_with_beats(record, leads_to_compare(record, "pulses", leads), beat_lead, compared);
    }
  }
  if (compared.empty()) throw Error(Status::kUsage, "no record has both 'pulses' and '{}'", reference);
  return compared;
}

}  // namespace

Context pulse_figures(const EventLog& log, const MarkOptions& options) {
  Context context;
  context.label = context.task = "pulses";
  bool has_lag = false;
  const std::vector<Compared> compared = compare_all(log, has_lag, context);
  context.protocol =
      has_lag ? fmt::format(
                    "pulses against the beats of the ECG, one lag a record, paired one to one "
                    "within {:g} ms; beats are no truth about pulses",
                    1000 * kWindow)
              : fmt::format("pulses against reference/pulses, paired one to one within {:g} ms", 1000 * kWindow);
  std::set<std::string> subjects, leads, classes;
  for (std::size_t i = 0; i < compared.size(); ++i) {
    subjects.insert(compared[i].subject);
    leads.insert(compared[i].lead);
    classes.insert(compared[i].klass);
    if (i == 0 || compared[i].record != compared[i - 1].record) context.segments += compared[i].segments;
  }
  context.subjects = subjects.size();
  const auto pool = [&](const std::string& lead, const auto& is_part) {
    for (const std::string& klass : classes) {
      std::vector<const Compared*> parts;
      for (const Compared& c : compared)
        if (c.klass == klass && is_part(c)) parts.push_back(&c);
      if (!parts.empty()) add_summary(context.rows, parts, klass, lead, has_lag, options);
    }
  };
  pool("", [](const Compared&) { return true; });
  if (leads.size() > 1)
    for (const std::string& lead : leads) pool(lead, [&](const Compared& c) { return c.lead == lead; });
  for (const Compared& c : compared) add_record(context.rows, c);
  context.text = text_of(context.rows, compared, has_lag);
  return context;
}

}  // namespace cfm::eval
