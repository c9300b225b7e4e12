#include "eval/forest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"

namespace cfm::eval {
namespace {

constexpr std::uint32_t kMissing = std::numeric_limits<std::uint32_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A node's rows, summed: of classes how much of each there is, of numbers their sum. The impurity that a split leaves
// is the sum over both sides of squares() / weight, but for the sign and a constant, for Gini's index and variance
// alike.
class Sums {
 public:
  explicit Sums(std::size_t outputs) : sums_(outputs) {}
  void clear() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    weight_ = squares_ = 0;
  }
  void add(std::size_t output, double value, double weight) {
    squares_ += value * (2 * sums_[output] + value);
    sums_[output] += value;
    weight_ += weight;
  }
  double weight() const { return weight_; }
  double purity() const { return squares_ / weight_; }
  std::span<const double> sums() const { return sums_; }

 private:
  std::vector<double> sums_;
  double weight_ = 0, squares_ = 0;
};

struct Split {
  double purity = -kInfinity, threshold = 0;
  std::size_t feature = 0;
  bool missing_left = false;
};

}  // namespace

// The training rows, numbered from 0, and each feature's order of them.
struct Forest::Training {
  Training(const Matrix& features, std::span<const std::size_t> chosen, int threads)
      : n(chosen.size()), d(features.columns), values(n * d), order(n * d), rank(n * d), present(d) {
    if (n == 0 || d == 0) throw std::invalid_argument("a forest needs rows and features");
    parallel_for(threads, d, [&](std::size_t j) {
      double* v = &values[j * n];
      for (std::size_t i = 0; i < n; ++i) v[i] = features.row(chosen[i])[j];
      std::uint32_t *o = &order[j * n], *r = &rank[j * n];
      std::iota(o, o + n, 0U);
      std::stable_sort(o, o + n,
                       [&](auto a, auto b) { return v[a] < v[b] || (std::isnan(v[b]) && !std::isnan(v[a])); });
      for (std::uint32_t i = 0; i < n; ++i) {
        const bool same = i > 0 && v[o[i]] == v[o[i - 1]];
        r[o[i]] = std::isnan(v[o[i]]) ? kMissing : same ? r[o[i - 1]] : i;
        present[j] += !std::isnan(v[o[i]]);
      }
    });
    draws.emplace_back(n);
    std::iota(draws[0].begin(), draws[0].end(), 0U);
  }

  std::size_t n, d, outputs = 1, tried = 1;  // features a split
  std::vector<double> values;                // [d, n]
  std::vector<std::uint32_t> order, rank;    // [d, n]: rows by value, missing ones last; of a row, the same where equal
  std::vector<std::size_t> present;          // [d]
  std::vector<std::size_t> output;           // [n]
  std::vector<double> value;                 // [n]
  std::vector<std::vector<std::uint32_t>> draws;  // rows that are drawn equally often; such sets are, too
  double offset = 0;                              // of the outputs
};

struct Forest::Tree {
  struct Node {
    double threshold = 0;
    std::size_t next = 0;  // the left one, the right one after it; of a leaf, the place of its outputs
    std::uint32_t feature = 0;
    bool leaf = true, missing_left = false;
  };
  std::vector<Node> nodes;
  std::vector<double> leaves;
  std::vector<bool> seen;  // [n] of the training rows

  const double* at(std::span<const double> x) const {
    const Node* node = nodes.data();
    while (!node->leaf) {
      const double v = x[node->feature];
      const bool left = std::isnan(v) ? node->missing_left : v <= node->threshold;
      node = &nodes[node->next + (left ? 0 : 1)];
    }
    return &leaves[node->next];
  }

  class Grower;
};

class Forest::Tree::Grower {
 public:
  Grower(const Training& training, const ForestOptions& options, int number, Tree& tree)
      : t_(training),
        least_(static_cast<std::size_t>(options.least_leaf)),
        random_(options.seed, "forest", std::to_string(number)),
        tree_(tree),
        drawn_(t_.n),
        inside_(t_.n),
        features_(t_.d),
        all_(t_.outputs),
        left_(t_.outputs),
        right_(t_.outputs) {
    std::iota(features_.begin(), features_.end(), std::size_t{0});
    for (std::size_t i = 0; i < t_.n; ++i) {
      const auto& rows = t_.draws[random_.below(t_.draws.size())];
      drawn_[rows[random_.below(rows.size())]] += 1;
    }
    tree.seen.resize(t_.n);
    for (std::uint32_t i = 0; i < t_.n; ++i)
      if (drawn_[i] > 0) {
        rows_.push_back(i);
        tree.seen[i] = true;
      }
  }

  void grow() {
    struct Open {
      std::size_t node, from, to;
    };
    tree_.nodes.emplace_back();
    std::vector<Open> open = {{0, 0, rows_.size()}};
    while (!open.empty()) {
      const auto [node, from, to] = open.back();
      open.pop_back();
      const std::span rows = std::span(rows_).subspan(from, to - from);
      const Split split = best_split(rows);
      if (!(split.purity > -kInfinity)) {
        tree_.nodes[node].next = tree_.leaves.size();
        for (const double sum : all_.sums()) tree_.leaves.push_back(sum / all_.weight() + t_.offset);
        continue;
      }
      const double* v = &t_.values[split.feature * t_.n];
      const auto middle = std::partition(rows.begin(), rows.end(), [&](std::uint32_t i) {
        return std::isnan(v[i]) ? split.missing_left : v[i] <= split.threshold;
      });
      const std::size_t half = from + static_cast<std::size_t>(middle - rows.begin());
      tree_.nodes[node] = {.threshold = split.threshold,
                           .next = tree_.nodes.size(),
                           .feature = static_cast<std::uint32_t>(split.feature),
                           .leaf = false,
                           .missing_left = split.missing_left};
      open.push_back({tree_.nodes.size() + 1, half, to});
      open.push_back({tree_.nodes.size(), from, half});
      tree_.nodes.resize(tree_.nodes.size() + 2);
    }
  }

 private:
  void add(Sums& sums, std::uint32_t i) const { sums.add(t_.output[i], drawn_[i] * t_.value[i], drawn_[i]); }

  // Without purity: a leaf. all_ becomes the sums of the rows.
  Split best_split(std::span<const std::uint32_t> rows) {
    all_.clear();
    bool pure = true;
    const std::uint32_t first = rows.front();
    for (const std::uint32_t i : rows) {
      add(all_, i);
      pure = pure && t_.output[i] == t_.output[first] && t_.value[i] == t_.value[first];
    }
    Split best;
    if (pure || rows.size() < 2 * least_) return best;
    for (const std::uint32_t i : rows) inside_[i] = 1;
    for (std::size_t tried = 0; tried < t_.d && (tried < t_.tried || !(best.purity > -kInfinity)); ++tried) {
      std::swap(features_[tried], features_[tried + random_.below(t_.d - tried)]);
      try_feature(features_[tried], rows, best);
    }
    for (const std::uint32_t i : rows) inside_[i] = 0;
    return best;
  }

  void try_feature(std::size_t feature, std::span<const std::uint32_t> rows, Split& best) {
    sort(feature, rows);
    if (sorted_.empty()) return;
    const bool missing = sorted_.size() < rows.size();
    scan(feature, rows, missing, false, best);
    if (missing) scan(feature, rows, missing, true, best);
  }

  // sorted_: those of the rows that have the feature, by its value; missing_: the others.
  void sort(std::size_t feature, std::span<const std::uint32_t> rows) {
    sorted_.clear();
    missing_.clear();
    const std::uint32_t *rank = &t_.rank[feature * t_.n], *order = &t_.order[feature * t_.n];
    for (const std::uint32_t i : rows)
      if (rank[i] == kMissing) missing_.push_back(i);
    // To walk through all rows is quicker where most are in the node.
    if (static_cast<double>(rows.size()) * std::log2(static_cast<double>(rows.size())) > static_cast<double>(t_.n)) {
      for (std::size_t k = 0; k < t_.present[feature]; ++k)
        if (inside_[order[k]] != 0) sorted_.push_back(order[k]);
      return;
    }
    keys_.clear();
    for (const std::uint32_t i : rows)
      if (rank[i] != kMissing) keys_.push_back(std::uint64_t{rank[i]} << 32 | i);
    std::sort(keys_.begin(), keys_.end());
    for (const std::uint64_t key : keys_) sorted_.push_back(static_cast<std::uint32_t>(key));
  }

  void scan(std::size_t feature, std::span<const std::uint32_t> rows, bool missing, bool missing_left, Split& best) {
    const std::uint32_t* rank = &t_.rank[feature * t_.n];
    const double* v = &t_.values[feature * t_.n];
    if (rank[sorted_.front()] == rank[sorted_.back()] && !missing) return;
    left_.clear();
    std::size_t count = 0;  // rows on the left
    if (missing_left) {
      for (const std::uint32_t i : missing_) add(left_, i);
      count = missing_.size();
    }
    // What is on the right is added up backwards first, so that nothing is ever taken away from a sum.
    purity_.resize(sorted_.size());
    right_.clear();
    if (missing && !missing_left)
      for (const std::uint32_t i : missing_) add(right_, i);
    for (std::size_t k = sorted_.size(); k-- > 0;) {
      purity_[k] = right_.weight() > 0 ? right_.purity() : -kInfinity;  // of what follows k
      add(right_, sorted_[k]);
    }
    // All that is there against all that is missing is tried once, with the missing ones on the right.
    const std::size_t last = missing && !missing_left ? sorted_.size() : sorted_.size() - 1;
    for (std::size_t k = 0; k < last; ++k) {
      const std::uint32_t i = sorted_[k];
      add(left_, i);
      ++count;
      const bool end = k + 1 == sorted_.size();
      if (!end && rank[i] == rank[sorted_[k + 1]]) continue;
      if (count < least_ || rows.size() - count < least_) continue;
      const double purity = left_.purity() + purity_[k];
      if (!(purity > best.purity)) continue;
      best = {.purity = purity, .threshold = kInfinity, .feature = feature, .missing_left = missing_left};
      if (!missing) best.missing_left = 2 * count > rows.size();
      if (end) continue;
      const double low = v[i], high = v[sorted_[k + 1]], middle = low / 2 + high / 2;
      best.threshold = middle >= low && middle < high ? middle : low;
    }
  }

  const Training& t_;
  std::size_t least_;
  Random random_;
  Tree& tree_;
  std::vector<double> drawn_;  // [n], times in the bootstrap sample
  std::vector<char> inside_;   // [n], of the node
  std::vector<std::size_t> features_;
  std::vector<std::uint32_t> rows_, sorted_, missing_;
  std::vector<std::uint64_t> keys_;
  std::vector<double> purity_;
  Sums all_, left_, right_;
};

Forest::Forest(const Training& t, const ForestOptions& options)
    : trees_(static_cast<std::size_t>(options.trees)),
      out_of_bag_(t.n, t.outputs),
      outputs_(t.outputs),
      threads_(options.threads) {
  parallel_for(threads_, trees_.size(),
               [&](std::size_t i) { Tree::Grower(t, options, static_cast<int>(i), trees_[i]).grow(); });
  parallel_for(threads_, t.n, [&](std::size_t i) {
    std::vector<double> x(t.d);
    for (std::size_t j = 0; j < t.d; ++j) x[j] = t.values[j * t.n + i];
    const auto out = out_of_bag_.row(i);
    int trees = 0;
    for (const Tree& tree : trees_) {
      if (tree.seen[i]) continue;
      const double* leaf = tree.at(x);
      for (std::size_t k = 0; k < outputs_; ++k) out[k] += leaf[k];
      ++trees;
    }
    for (double& value : out) value = trees > 0 ? value / trees : std::numeric_limits<double>::quiet_NaN();
  });
  for (Tree& tree : trees_) tree.seen = {};
}

Forest Forest::classify(const Matrix& features, std::span<const std::size_t> rows, std::span<const int> y,
                        std::size_t classes, const ForestOptions& options) {
  Training t(features, rows, options.threads);
  t.outputs = classes;
  std::vector<std::vector<std::uint32_t>> members(classes);
  for (const int label : y) {
    const auto output = static_cast<std::size_t>(label);
    members.at(output).push_back(static_cast<std::uint32_t>(t.output.size()));
    t.output.push_back(output);
  }
  std::erase_if(members, [](const auto& rows_of_class) { return rows_of_class.empty(); });
  if (members.size() < 2)
    throw Error(Status::kUsage, "all {} training segments are of one class: a forest needs at least two", y.size());
  if (options.balanced) t.draws = std::move(members);
  t.value.assign(t.n, 1);
  t.tried = static_cast<std::size_t>(std::sqrt(static_cast<double>(t.d)));
  if (options.features > 0) t.tried = static_cast<std::size_t>(options.features);
  return {t, options};
}

Forest Forest::regress(const Matrix& features, std::span<const std::size_t> rows, std::span<const double> y,
                       const ForestOptions& options) {
  Training t(features, rows, options.threads);
  t.offset = std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(t.n);
  t.output.assign(t.n, 0);
  for (const double value : y) t.value.push_back(value - t.offset);
  t.tried = options.features > 0 ? static_cast<std::size_t>(options.features) : std::max<std::size_t>(1, t.d / 3);
  return {t, options};
}

Forest::~Forest() = default;
Forest::Forest(Forest&&) noexcept = default;
Forest& Forest::operator=(Forest&&) noexcept = default;

Matrix Forest::predict(const Matrix& features, std::span<const std::size_t> rows) const {
  Matrix result(rows.size(), outputs_);
  parallel_for(threads_, rows.size(), [&](std::size_t i) {
    const auto out = result.row(i);
    for (const Tree& tree : trees_) {
      const double* leaf = tree.at(features.row(rows[i]));
      for (std::size_t k = 0; k < outputs_; ++k) out[k] += leaf[k];
    }
    for (double& value : out) value /= static_cast<double>(trees_.size());
  });
  return result;
}

}  // namespace cfm::eval
