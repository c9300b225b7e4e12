#include "eval/fiducials.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/error.h"
#include "eval/wave_marks.h"

namespace cfm::eval {
namespace {

using delineate::BeatWaves;
using delineate::Wave;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kGlobal = "global";
constexpr std::size_t kMarks = kMarkNames.size(), kIntervals = kIntervalNames.size();
constexpr std::size_t kPPeakMark = 1;

struct Count {
  double tp = 0, fn = 0, fp = 0;
  std::vector<double> errors = {};  // ms
};

// One lead of a record, or all its leads: global.
struct Compared {
  std::string record, subject, lead;
  std::size_t segments = 0;
  std::array<Count, kMarks> marks;
  std::array<std::vector<double>, kIntervals> intervals;  // errors, ms
  bool has_p = false;                                     // the reference, in any lead
};

// Marks of a kind, ascending.
std::vector<double> marks_of(const LeadWaves& waves, std::size_t mark) {
  std::vector<double> marks;
  for (const Wave& wave : waves.of[mark / 3]) {
    const double at = mark % 3 == 0 ? wave.onset : mark % 3 == 1 ? wave.peak : wave.offset;
    if (!std::isnan(at)) marks.push_back(at);
  }
  std::ranges::sort(marks);
  return marks;
}

// PR, QRS and QT in frames.
std::array<double, kIntervals> intervals_of(const BeatWaves& beat) {
  return {beat.qrs.onset - beat.p.onset, beat.qrs.offset - beat.qrs.onset, beat.t.offset - beat.qrs.onset};
}

void compare_marks(Compared& result, const LeadWaves& reference, const LeadWaves& test, double fs) {
  double first = HUGE_VAL, last = -HUGE_VAL;
  for (std::size_t m = 0; m < kMarks; ++m) {
    for (const double at : marks_of(reference, m)) {
      first = std::min(first, at);
      last = std::max(last, at);
    }
  }
  for (std::size_t m = 0; m < kMarks; ++m) {
    Count& count = result.marks[m];
    const std::vector<double> wanted = marks_of(reference, m), found = marks_of(test, m);
    std::vector<bool> is_paired(found.size());
    for (const auto& [r, t] : match_marks(wanted, found, kMarkWindow * fs)) {
      is_paired[t] = true;
      count.errors.push_back((found[t] - wanted[r]) * 1000 / fs);
    }
    count.tp = static_cast<double>(count.errors.size());
    count.fn = static_cast<double>(wanted.size()) - count.tp;
    for (std::size_t t = 0; t < found.size(); ++t)
      count.fp += !is_paired[t] && found[t] >= first && found[t] <= last ? 1 : 0;
  }
}

void compare_intervals(Compared& result, const LeadWaves& reference, const LeadWaves& test, double fs) {
  const std::vector<BeatWaves> wanted = beats_of(reference), found = beats_of(test);
  std::vector<double> wanted_at, found_at;
  for (const BeatWaves& beat : wanted) wanted_at.push_back(beat.beat);
  for (const BeatWaves& beat : found) found_at.push_back(beat.beat);
  for (const auto& [r, t] : match_marks(wanted_at, found_at, kMarkWindow * fs)) {
    const auto a = intervals_of(wanted[r]), b = intervals_of(found[t]);
    for (std::size_t i = 0; i < kIntervals; ++i)
      if (!std::isnan(a[i] + b[i])) result.intervals[i].push_back((b[i] - a[i]) * 1000 / fs);
  }
}

std::vector<Event> of_lead(const std::vector<Event>& events, const std::string& lead) {
  std::vector<Event> own;
  std::ranges::copy_if(events, std::back_inserter(own), [&](const Event& e) { return e.lead == lead; });
  return own;
}

// Leads of the reference that were delineated at all, in this record or another, and all together if that was done.
void compare_record(const EventRecord& record, const std::set<std::string>& tested, std::vector<Compared>& results) {
  const std::vector<Event>& reference = record.events.at("reference/waves");
  const std::vector<Event>& test = record.events.at("waves");
  std::vector<LeadWaves> reference_leads;
  std::vector<Compared> compared;
  bool has_p = false;
  const auto add = [&](const std::string& lead, const LeadWaves& wanted, const LeadWaves& found) {
    Compared result{.record = record.record,
                    .subject = record.subject,
                    .lead = lead,
                    .segments = record.segments,
                    .marks = {},
                    .intervals = {}};
    compare_marks(result, wanted, found, record.rate);
    compare_intervals(result, wanted, found, record.rate);
    compared.push_back(std::move(result));
  };
  std::optional<LeadWaves> given_global;
  for (const std::string& lead : leads_of(reference)) {
    LeadWaves wanted = waves_of(of_lead(reference, lead), record.rate);
    has_p = has_p || std::ranges::any_of(wanted[WaveKind::kP], [](const Wave& p) { return !std::isnan(p.peak); });
    if (lead.empty()) {
      given_global = std::move(wanted);
      continue;
    }
    if (tested.contains(lead)) add(lead, wanted, waves_of(of_lead(test, lead), record.rate));
    reference_leads.push_back(std::move(wanted));
  }
  if (tested.contains(""))
    add(kGlobal, given_global ? *given_global : global_waves_of(reference_leads, record.rate),
        waves_of(of_lead(test, ""), record.rate));
  for (Compared& result : compared) {
    result.has_p = has_p;
    results.push_back(std::move(result));
  }
}

// The rows of a lead pooled over records, or of all leads.
void add_pooled(std::vector<Row>& rows, const std::vector<const Compared*>& parts, const std::string& lead,
                const MarkOptions& options) {
  std::vector<std::string> subjects;
  std::size_t segments = 0;
  for (const Compared* part : parts) {
    subjects.push_back(part->subject);
    segments += part->segments;
  }
  const std::vector<std::size_t> numbers = numbered(subjects);
  const Bootstrap bootstrap(numbers, {.draws = options.draws, .seed = options.seed, .threads = options.threads});
  const Row common{.system = "model",
                   .label = "waves",
                   .subjects = bootstrap.subjects(),
                   .segments = segments,
                   .lead = lead,
                   .note = "gross"};
  const auto add = [&](const char* klass, const char* metric, double value) {
    Row row = common;
    row.klass = klass;
    row.metric = metric;
    row.value = value;
    rows.push_back(std::move(row));
  };
  const auto add_spread = [&](const char* klass, const auto& errors_of) {
    std::vector<std::vector<double>> errors;
    for (const Compared* part : parts) errors.push_back(errors_of(*part));
    return add(klass, "sd", spread_of(pooled(errors)).sd);
  };
  std::vector<Share> shares;
  const auto share = [&](const char* klass, const char* metric, const auto& part, const auto& whole) {
    Share s{.klass = klass, .metric = metric, .part = {}, .whole = {}};
    for (const Compared* p : parts) {
      s.part.push_back(part(*p));
      s.whole.push_back(whole(*p));
    }
    shares.push_back(std::move(s));
  };
  const auto sum = [](const std::vector<double>& errors) {
    double total = 0;
    for (const double error : errors) total += error;
    return total;
  };
  const auto size = [](const std::vector<double>& errors) { return static_cast<double>(errors.size()); };
  for (std::size_t m = 0; m < kMarks; ++m) {
    const auto mark = [m](const Compared& c) -> const Count& { return c.marks[m]; };
    const auto hits = [&](const Compared& c) { return mark(c).tp; };
    share(kMarkNames[m], "se", hits, [&](const Compared& c) { return mark(c).tp + mark(c).fn; });
    share(kMarkNames[m], "ppv", hits, [&](const Compared& c) { return mark(c).tp + mark(c).fp; });
    share(
        kMarkNames[m], "bias", [&](const Compared& c) { return sum(mark(c).errors); },
        [&](const Compared& c) { return size(mark(c).errors); });
  }
  for (std::size_t i = 0; i < kIntervals; ++i)
    share(
        kIntervalNames[i], "bias", [&](const Compared& c) { return sum(c.intervals[i]); },
        [&](const Compared& c) { return size(c.intervals[i]); });

  const std::vector<ShareRows> shared = share_rows(shares, bootstrap, common);
  for (std::size_t m = 0; m < kMarks; ++m) {
    for (std::size_t s = 0; s < 3; ++s) rows.push_back(shared[3 * m + s].gross);
    add_spread(kMarkNames[m], [m](const Compared& c) { return c.marks[m].errors; });
    Count total;
    for (const Compared* part : parts) {
      total.tp += part->marks[m].tp;
      total.fn += part->marks[m].fn;
      total.fp += part->marks[m].fp;
    }
    add(kMarkNames[m], "tp", total.tp);
    add(kMarkNames[m], "fn", total.fn);
    add(kMarkNames[m], "fp", total.fp);
  }
  for (std::size_t s = 0; s < 2; ++s) {
    rows.push_back(shared[3 * kPPeakMark + s].gross);
    rows.back().klass = "p";
  }
  double false_p = 0;
  std::set<std::string> without_p;
  for (const Compared* part : parts) {
    if (part->has_p) continue;
    without_p.insert(part->subject);
    false_p += part->marks[kPPeakMark].fp;
  }
  add("p", "fp_absent", !without_p.empty() ? false_p : kNaN);
  rows.back().subjects = without_p.size();
  for (std::size_t i = 0; i < kIntervals; ++i) {
    double n = 0;
    for (const Compared* part : parts) n += size(part->intervals[i]);
    add(kIntervalNames[i], "n", n);
    rows.push_back(shared[3 * kMarks + i].gross);
    add_spread(kIntervalNames[i], [i](const Compared& c) { return c.intervals[i]; });
  }
}

void add_record(std::vector<Row>& rows, const Compared& c) {
  const auto add = [&](const char* klass, const char* metric, double value) {
    rows.push_back({.system = "model",
                    .label = "waves",
                    .klass = klass,
                    .metric = metric,
                    .value = value,
                    .subjects = 1,
                    .segments = c.segments,
                    .record = c.record,
                    .lead = c.lead});
  };
  const auto add_errors = [&](const char* klass, const std::vector<double>& errors) {
    const Spread spread = spread_of(errors);
    add(klass, "bias", spread.bias);
    add(klass, "sd", spread.sd);
  };
  for (std::size_t m = 0; m < kMarks; ++m) {
    const Count& count = c.marks[m];
    if (count.tp + count.fn + count.fp == 0) continue;
    add(kMarkNames[m], "se", count.tp + count.fn > 0 ? count.tp / (count.tp + count.fn) : kNaN);
    add(kMarkNames[m], "ppv", count.tp + count.fp > 0 ? count.tp / (count.tp + count.fp) : kNaN);
    add_errors(kMarkNames[m], count.errors);
    add(kMarkNames[m], "tp", count.tp);
    add(kMarkNames[m], "fn", count.fn);
    add(kMarkNames[m], "fp", count.fp);
  }
  for (std::size_t i = 0; i < kIntervals; ++i) {
    if (c.intervals[i].empty()) continue;
    add(kIntervalNames[i], "n", static_cast<double>(c.intervals[i].size()));
    add_errors(kIntervalNames[i], c.intervals[i]);
  }
}

// ---- text

class WaveText {
 public:
  WaveText(const std::vector<Row>& rows, const std::vector<std::string>& leads) : rows_(rows), leads_(leads) {
    for (const std::string& lead : leads) width_ = std::max(width_, lead.size());
  }

  std::string text() const {
    std::string text;
    text += wave("P", 0);
    text += wave("QRS", 3);
    text += wave("T", 6);
    text += fmt::format("\n  {:<{}}  {:>21} {:>21} {:>21}   mean ± SD of the error, ms (beats)\n", "", width_, "PR",
                        "QRS", "QT");
    for (const std::string& lead : leads_) {
      text += fmt::format("  {:<{}} ", name(lead), width_);
      for (const char* interval : kIntervalNames)
        text += pad(fmt::format("{} ({})", spread(lead, interval), count(value(lead, interval, "n"))), 22);
      text += "\n";
    }
    return text;
  }

 private:
  static std::string name(const std::string& lead) { return lead.empty() ? "all" : lead; }
  static std::string count(double n) { return std::isnan(n) ? "-" : fmt::format("{:.0f}", n); }
  static std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.1f}", 100 * share); }
  // Right-aligned; ± takes two bytes and one column.
  static std::string pad(const std::string& cell, std::size_t width) {
    const std::size_t columns = cell.size() - (cell.find("±") != std::string::npos ? 1 : 0);
    return std::string(columns < width ? width - columns : 1, ' ') + cell;
  }

  double value(const std::string& lead, const char* klass, const char* metric) const {
    for (const Row& row : rows_)
      if (row.record.empty() && row.lead == lead && row.klass == klass && row.metric == metric) return row.value;
    return kNaN;
  }

  std::string spread(const std::string& lead, const char* klass) const {
    const double bias = value(lead, klass, "bias"), sd = value(lead, klass, "sd");
    if (std::isnan(bias)) return "-";
    return std::isnan(sd) ? fmt::format("{:.1f}", bias) : fmt::format("{:.1f} ± {:.1f}", bias, sd);
  }

  // first: of the three marks of a wave.
  std::string wave(const char* title, std::size_t first) const {
    const char* peak = kMarkNames[first + 1];
    std::string text = fmt::format("\n  {:<{}}  {:>6} {:>6} {:>6} {:>6} {:>6} {:>15} {:>15} {:>15}{}\n", title, width_,
                                   "peaks", "missed", "false", "Se %", "+P %", "onset ms", "peak ms", "offset ms",
                                   first == 0 ? "   false where there is no P (records)" : "");
    for (const std::string& lead : leads_) {
      const double tp = value(lead, peak, "tp"), fn = value(lead, peak, "fn");
      text += fmt::format("  {:<{}}  {:>6} {:>6} {:>6} {:>6} {:>6}", name(lead), width_, count(tp + fn), count(fn),
                          count(value(lead, peak, "fp")), percent(value(lead, peak, "se")),
                          percent(value(lead, peak, "ppv")));
      for (std::size_t m = first; m < first + 3; ++m) text += pad(spread(lead, kMarkNames[m]), 16);
      if (first == 0) text += absent(lead);
      text += "\n";
    }
    return text;
  }

  std::string absent(const std::string& lead) const {
    for (const Row& row : rows_) {
      if (row.record.empty() && row.lead == lead && row.metric == "fp_absent" && row.subjects > 0)
        return fmt::format("   {:.0f} ({})", row.value, row.subjects);
    }
    return "";
  }

  const std::vector<Row>& rows_;
  const std::vector<std::string>& leads_;
  std::size_t width_ = 6;
};

// What was there to compare, told where there is nothing.
std::vector<Compared> compare_all(const EventLog& log, Context& context) {
  std::vector<Compared> compared;
  std::string untested;
  bool has_waves = false;
  const std::vector<EventRecord> records = log.records();
  const std::set<std::string> tested = leads_with(records, "waves");
  for (const EventRecord& record : records) {
    const bool has_test = record.events.contains("waves");
    has_waves = has_waves || has_test;
    if (!record.events.contains("reference/waves"))
      context.excluded["without reference/waves"] += record.segments;
    else if (has_test)
      compare_record(record, tested, compared);
    else if (untested.empty())
      untested = record.record;
  }
  const std::string there = log.names().empty() ? "no events" : fmt::format("{}", fmt::join(log.names(), ", "));
  if (!has_waves)
    throw Error(Status::kUsage, "no segment has 'waves' to compare; the input holds {}: cfm-delineate finds them",
                there);
  if (!untested.empty())
    throw Error(Status::kUsage, "record '{}' has reference/waves and no 'waves': leaving it out would flatter",
                untested);
  if (compared.empty())
    throw Error(Status::kUsage,
                "no lead has both 'waves' and 'reference/waves'; the input holds {}: cfm-segment --ann @lead reads "
                "those of LUDB",
                there);
  return compared;
}

}  // namespace

Context fiducial_figures(const EventLog& log, const MarkOptions& options) {
  Context context;
  context.label = context.task = "waves";
  context.protocol = fmt::format(
      "marks paired one to one within {:g} ms; a mark outside the stretch that the reference marks is not false; "
      "errors "
      "are test - reference",
      1000 * kMarkWindow);
  const std::vector<Compared> compared = compare_all(log, context);
  std::vector<std::string> records, leads;
  for (const Compared& c : compared) {
    if (std::ranges::find(records, c.subject) == records.end()) records.push_back(c.subject);
    if (std::ranges::find(leads, c.lead) == leads.end()) leads.push_back(c.lead);
  }
  context.subjects = records.size();
  for (std::size_t i = 0; i < compared.size(); ++i)
    if (i == 0 || compared[i].record != compared[i - 1].record) context.segments += compared[i].segments;
  std::ranges::sort(leads, [](const std::string& a, const std::string& b) {
    return (a == kGlobal) != (b == kGlobal) ? b == kGlobal : lead_before(a, b);
  });

  const auto pool = [&](const std::string& name, const auto& is_part) {
    std::vector<const Compared*> parts;
    for (const Compared& c : compared)
      if (is_part(c)) parts.push_back(&c);
    if (!parts.empty()) add_pooled(context.rows, parts, name, options);
  };
  std::vector<std::string> shown = leads;
  if (std::ranges::count_if(leads, [](const std::string& lead) { return lead != kGlobal; }) > 1) {
    pool("", [](const Compared& c) { return c.lead != kGlobal; });
    shown.insert(shown.begin(), "");
  }
  for (const std::string& lead : leads) pool(lead, [&](const Compared& c) { return c.lead == lead; });
  for (const Compared& c : compared) add_record(context.rows, c);
  context.text = WaveText(context.rows, shown).text();
  return context;
}

}  // namespace cfm::eval
