// How well the score of quality tells bad segments from good ones, by a label of the segments.
//
//   QualityLog log(QualityQuestion::of("rhythm=A,O:N"));      // or "rhythm=~", "snr<10"; then log.add(frame, source)
//   Context context = quality_figures(log, {});               // auroc of a low score for the bad first
//
// Bad are the segments whose label has one of the first values, good those with one of the second, or all others. A
// condition (< <= > >=) makes bad what fulfils it; the score is then taken as the probability of the opposite, as that
// of cfm-quality is of snr >= 10. A label that is a list is bad if any of its values is.
// Rows of the system `model` are of quality.score: auroc, auprc (of bad, by 1 - score), mean_difference (good - bad),
// mean and median of either class; of a condition also brier, ece (ten bins), spearman (score and number, pooled, then
// the mean over subjects), reliability (share of good segments, class 0.0-0.1 …) and mean_score of each bin. Then a
// row `auroc` of every index: `system` is its name, `lead` the kind of its channel, a segment counts once a channel.
// Intervals are over subjects. Throws kUsage: no such label or value (those there are named), no score, one class
// only, a segment twice; kMalformed: a score outside [0, 1].
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "eval/gathered.h"
#include "eval/marks.h"
#include "eval/results.h"

namespace cfm::eval {

struct QualityQuestion {
  std::string label;
  std::string relation;             // "=", "<", "<=", ">", ">="
  std::set<std::string> bad, good;  // values, of "="; good empty: all others
  double level = 0;                 // what a condition compares with

  // LABEL=BAD[,BAD…][:GOOD[,GOOD…]] or LABEL<NUMBER. Throws kUsage for anything else.
  static QualityQuestion of(const std::string& text);
  bool is_condition() const { return relation != "="; }
  std::string bad_name() const;   // "A,O", "<10"
  std::string good_name() const;  // "N", "others", ">=10"
};

class QualityLog : public Gathered {
 public:
  explicit QualityLog(QualityQuestion question) : question_(std::move(question)) {}

  using Gathered::add;
  void add(const stream::Segment& segment, const std::string& source) override;

  struct Value {
    std::uint32_t index;  // of index_names()
    double value;
  };
  struct Item {
    std::string subject;              // or record
    std::vector<std::string> values;  // of the label; none: it has none
    double number;                    // NaN where the label is none
    double score;                     // NaN: not there
    std::vector<Value> indices;       // those that are defined, of all channels
  };
  const QualityQuestion& question() const { return question_; }
  const std::vector<Item>& items() const { return items_; }
  // {kind of the channel, index}
  const std::vector<std::pair<std::string, std::string>>& index_names() const { return index_names_; }
  const std::set<std::string>& label_names() const { return label_names_; }

 private:
  void add_indices(Item& item, const std::string& kind, const stream::Json& indices);

  QualityQuestion question_;
  std::vector<Item> items_;
  std::vector<std::pair<std::string, std::string>> index_names_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> index_of_;
  std::set<std::string> label_names_;
};

Context quality_figures(const QualityLog& log, const MarkOptions& options);

}  // namespace cfm::eval
