#include "eval/beat_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"

namespace cfm::eval {
namespace {

using stream::Json;

struct BeatClass {
  const char* name;  // "": all beats
  BeatTally (BeatCounts::*tally)() const;
};
constexpr BeatClass kClasses[] = {{"", &BeatCounts::qrs}, {"V", &BeatCounts::veb}, {"S", &BeatCounts::sveb}};

double milliseconds(const BeatRecord& record) { return 1000 / record.rate; }
double rr_squares(const BeatRecord& record) {  // ms^2
  return record.counts.rr_squares * milliseconds(record) * milliseconds(record);
}

std::vector<Share> shares_of(const std::vector<BeatRecord>& records) {
  std::vector<Share> shares;
  const auto add = [&](const char* klass, const char* metric, const auto& part, const auto& whole, bool root = false) {
    Share share{.klass = klass, .metric = metric, .part = {}, .whole = {}, .root = root};
    for (const BeatRecord& record : records) {
      share.part.push_back(static_cast<double>(part(record)));
      share.whole.push_back(static_cast<double>(whole(record)));
    }
    shares.push_back(std::move(share));
  };
  for (const BeatClass& c : kClasses) {
    const auto tally = [&c](const BeatRecord& r) { return (r.counts.*c.tally)(); };
    const auto hits = [&](const BeatRecord& r) { return tally(r).tp; };
    add(c.name, "se", hits, [&](const BeatRecord& r) { return tally(r).tp + tally(r).fn; });
    add(c.name, "ppv", hits, [&](const BeatRecord& r) { return tally(r).tp + tally(r).fp; });
    if (c.name[0] == 'V')
      add(
          c.name, "fpr", [&](const BeatRecord& r) { return tally(r).fp; },
          [&](const BeatRecord& r) { return tally(r).fp + tally(r).tn; });
    if (c.name[0] != '\0') continue;
    add(
        "", "f1", [&](const BeatRecord& r) { return 2 * tally(r).tp; },
        [&](const BeatRecord& r) { return 2 * tally(r).tp + tally(r).fn + tally(r).fp; });
    add(
        "", "rr_rms", rr_squares, [](const BeatRecord& r) { return r.counts.rr_pairs; }, true);
    add(
        "", "bias",
        [](const BeatRecord& r) {
          double sum = 0;
          for (const double error : r.errors) sum += error;
          return sum;
        },
        [](const BeatRecord& r) { return r.errors.size(); });
  }
  return shares;
}

void add_value(std::vector<Row>& rows, Row row, const char* klass, const char* metric, double value) {
  row.klass = klass;
  row.metric = metric;
  row.value = value;
  row.low = row.high = std::numeric_limits<double>::quiet_NaN();
  rows.push_back(std::move(row));
}

void add_tally(std::vector<Row>& rows, const Row& common, const char* klass, const BeatTally& tally) {
  add_value(rows, common, klass, "tp", static_cast<double>(tally.tp));
  add_value(rows, common, klass, "fn", static_cast<double>(tally.fn));
  add_value(rows, common, klass, "fp", static_cast<double>(tally.fp));
}

void add_errors(std::vector<Row>& rows, const Row& common, const Spread& spread) {
  add_value(rows, common, "", "sd", spread.sd);
  add_value(rows, common, "", "median", spread.median);
  add_value(rows, common, "", "robust_sd", spread.robust_sd);
}

// Rows of `shares` that are of a class, and the counts behind them.
void add_summary(std::vector<Row>& rows, const std::vector<ShareRows>& shares, const Row& common,
                 const std::vector<BeatRecord>& records) {
  BeatCounts all;
  std::vector<std::vector<double>> errors;
  for (const BeatRecord& record : records) {
    all += record.counts;
    errors.push_back(record.errors);
  }
  Row gross = common;
  gross.note = "gross";
  for (const BeatClass& c : kClasses) {
    for (const ShareRows& share : shares)
      if (share.gross.klass == c.name) rows.push_back(share.gross);
    add_tally(rows, gross, c.name, (all.*c.tally)());
    if (c.name[0] != '\0') continue;
    add_errors(rows, gross, spread_of(pooled(errors)));
    const Spread within = spread_of(centred(errors));
    add_value(rows, gross, "", "centred_sd", within.sd);
    add_value(rows, gross, "", "centred_robust_sd", within.robust_sd);
  }
  for (const BeatClass& c : kClasses)
    for (const ShareRows& share : shares)
      if (share.average.klass == c.name) rows.push_back(share.average);
}

void add_record(std::vector<Row>& rows, const std::vector<Share>& shares, std::size_t i, const BeatRecord& record) {
  const Row common{.system = "model",
                   .label = "beats",
                   .subjects = 1,
                   .segments = record.segments,
                   .record = record.record,
                   .lead = record.lead};
  for (const BeatClass& c : kClasses) {
    for (const Share& share : shares)
      if (share.klass == c.name) add_value(rows, common, c.name, share.metric.c_str(), share.of(i));
    add_tally(rows, common, c.name, (record.counts.*c.tally)());
    if (c.name[0] == '\0') add_errors(rows, common, spread_of(record.errors));
  }
}

// {"N": {"n": 1, …, "x": 0}, …}
Json matrix_json(const BeatCounts& counts) {
  Json json = Json::object();
  for (std::size_t r = 0; r < kBeatLetters.size(); ++r) {
    for (std::size_t t = 0; t < kBeatLetters.size(); ++t) {
      if (r >= 5 && t >= 5) continue;
      json[std::string(1, kBeatLetters[r])][std::string(1, static_cast<char>(kBeatLetters[t] + 'a' - 'A'))] =
          counts.pairs[r][t];
    }
  }
  return json;
}

Json details_json(const std::vector<BeatRecord>& records, const BeatCounts& all) {
  Json json = {{"matrix", matrix_json(all)}, {"records", Json::array()}};
  for (const BeatRecord& record : records)
    json["records"].push_back({{"record", record.record},
                               {"lead", record.lead},
                               {"matrix", matrix_json(record.counts)},
                               {"shutdown", static_cast<double>(record.counts.shutdown) / record.rate}});
  return json;
}

std::string percent(double share, int digits = 2) {
  return std::isnan(share) ? "-" : fmt::format("{:.{}f}", 100 * share, digits);
}

std::string one_decimal(double value) { return std::isnan(value) ? "-" : fmt::format("{:.1f}", value); }

class BeatTable {
 public:
  explicit BeatTable(const std::vector<BeatRecord>& records) {
    for (const BeatRecord& r : records) width_ = std::max(width_, name(r).size());
    text_ = fmt::format("\n  {:<{}}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}\n",
                        "", width_, "beats", "missed", "false", "Se %", "+P %", "V Se", "V +P", "V FPR", "S Se", "S +P",
                        "RR ms", "bias ms", "SD ms");
  }

  void add(const BeatRecord& r, double rr_rms) {
    const BeatTally qrs = r.counts.qrs(), veb = r.counts.veb(), sveb = r.counts.sveb();
    const Spread spread = spread_of(r.errors);
    line(name(r), fmt::format("{}", qrs.tp + qrs.fn), fmt::format("{}", qrs.fn), fmt::format("{}", qrs.fp),
         percent(qrs.sensitivity()), percent(qrs.predictivity()), percent(veb.sensitivity()),
         percent(veb.predictivity()), percent(veb.false_rate(), 3), percent(sveb.sensitivity()),
         percent(sveb.predictivity()), one_decimal(rr_rms), one_decimal(spread.bias), one_decimal(spread.sd));
  }

  // Values by class and metric, of the rows with this note.
  void add(const std::vector<Row>& rows, const std::string& note) {
    const auto value = [&](const char* klass, const char* metric) {
      for (const Row& row : rows)
        if (row.record.empty() && row.note == note && row.klass == klass && row.metric == metric) return row.value;
      return std::numeric_limits<double>::quiet_NaN();
    };
    const auto count = [&](double n) { return std::isnan(n) ? "" : fmt::format("{}", static_cast<std::int64_t>(n)); };
    line(note, count(value("", "tp") + value("", "fn")), count(value("", "fn")), count(value("", "fp")),
         percent(value("", "se")), percent(value("", "ppv")), percent(value("V", "se")), percent(value("V", "ppv")),
         percent(value("V", "fpr"), 3), percent(value("S", "se")), percent(value("S", "ppv")),
         one_decimal(value("", "rr_rms")), one_decimal(value("", "bias")), one_decimal(value("", "sd")));
  }

  const std::string& text() const { return text_; }

 private:
  static std::string name(const BeatRecord& r) { return r.lead.empty() ? r.record : r.record + " " + r.lead; }

  template <typename... Cells>
  void line(const std::string& name, const Cells&... cells) {
    std::string row = fmt::format("  {:<{}} ", name, width_);
    ((row += fmt::format(" {:>7}", cells)), ...);
    text_ += row + "\n";
  }

  std::size_t width_ = 7;  // "average"
  std::string text_;
};

std::string matrix_text(const BeatCounts& counts) {
  std::string text = "\n  reference | test";
  text += fmt::format("\n     {:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "n", "s", "v", "f", "q", "o", "x");
  for (std::size_t r = 0; r < kBeatLetters.size(); ++r) {
    text += fmt::format("   {} ", kBeatLetters[r]);
    for (std::size_t t = 0; t < (r < 5 ? kBeatLetters.size() : 5); ++t)
      text += fmt::format("{:>9}", counts.pairs[r][t]);
    text += "\n";
  }
  return text;
}

std::string figures_text(const std::vector<BeatRecord>& records, const std::vector<Row>& rows, const BeatCounts& all) {
  BeatTable table(records);
  for (const BeatRecord& r : records) {
    const auto n = static_cast<double>(r.counts.rr_pairs);
    table.add(r, n > 0 ? std::sqrt(rr_squares(r) / n) : std::numeric_limits<double>::quiet_NaN());
  }
  table.add(rows, "gross");
  table.add(rows, "average");
  std::string text = table.text() + matrix_text(all) + "\n";
  const auto value = [&](const char* metric) {
    return std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.metric == metric; })->value;
  };
  text += fmt::format(
      "matched beats: bias {} ms, SD {}, median {}, IQR/1.35 {}; after each record's median SD {}, IQR/1.35 {}\n",
      one_decimal(value("bias")), one_decimal(value("sd")), one_decimal(value("median")),
      one_decimal(value("robust_sd")), one_decimal(value("centred_sd")), one_decimal(value("centred_robust_sd")));
  for (const char* metric : {"se", "ppv"}) {
    const Row& row =
        *std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) { return candidate.metric == metric; });
    if (!std::isnan(row.low))
      text += fmt::format("gross {} {} [{}, {}]\n", metric, percent(row.value), percent(row.low), percent(row.high));
  }
  return text;
}

}  // namespace

Context beat_figures(const std::vector<BeatRecord>& records, const std::string& protocol, const MarkOptions& options) {
  if (records.empty()) throw Error(Status::kUsage, "there is no record whose beats could be compared");
  Context context;
  context.label = context.task = "beats";
  context.protocol = protocol;
  std::vector<std::string> subjects;
  BeatCounts all;
  for (const BeatRecord& record : records) {
    subjects.push_back(record.subject);
    all += record.counts;
    context.segments += record.segments;
  }
  context.subjects = std::set<std::string>(subjects.begin(), subjects.end()).size();
  const std::vector<Share> shares = shares_of(records);
  const Bootstrap bootstrap(numbered(subjects),
                            {.draws = options.draws, .seed = options.seed, .threads = options.threads});
  const Row common{.system = "model", .label = "beats", .subjects = context.subjects, .segments = context.segments};
  add_summary(context.rows, share_rows(shares, bootstrap, common), common, records);
  for (std::size_t i = 0; i < records.size(); ++i) add_record(context.rows, shares, i, records[i]);
  context.details = details_json(records, all);
  context.text = figures_text(records, context.rows, all);
  return context;
}

}  // namespace cfm::eval
