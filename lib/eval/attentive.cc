#include "eval/attentive.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <deque>

#include "base/error.h"
#include "base/random.h"

namespace cfm::eval {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Tokens = Eigen::Map<const RowMajor>;

constexpr int kMemory = 10;           // pairs that L-BFGS remembers
constexpr double kConverged = 1e-9;   // decrease of the objective, share of 1 + itself
constexpr double kFirstQuery = 1e-2;  // SD of a query's first components: all tokens count nearly alike

VectorXd attention_of(const Tokens& z, const VectorXd& query) {
  VectorXd s = z * query / std::sqrt(static_cast<double>(query.size()));
  s = (s.array() - s.maxCoeff()).exp();
  return s / s.sum();
}

// Probability of class 1, of each class, or the value.
VectorXd outputs_of(ProbeKind kind, VectorXd logits) {
  if (kind == ProbeKind::kLogistic) return (1 / (1 + (-logits.array()).exp())).matrix();
  if (kind == ProbeKind::kRidge) return logits;
  logits = (logits.array() - logits.maxCoeff()).exp();
  return logits / logits.sum();
}

// The objective and its gradient; parameters are query [d], weights [outputs, d] and intercepts, one after another.
class Objective {
 public:
  Objective(ProbeKind kind, RowMajor z, std::size_t tokens, std::span<const double> y, std::size_t outputs, double l2)
      : kind_(kind),
        z_(std::move(z)),
        tokens_(static_cast<Eigen::Index>(tokens)),
        y_(y),
        d_(z_.cols() / tokens_),
        outputs_(static_cast<Eigen::Index>(outputs)),
        l2_(l2) {}

  Eigen::Index size() const { return d_ + outputs_ * d_ + outputs_; }

  double at(const VectorXd& theta, VectorXd& gradient) const {
    const VectorXd query = theta.head(d_);
    const Eigen::Map<const RowMajor> w(theta.data() + d_, outputs_, d_);
    const VectorXd b = theta.tail(outputs_);
    // Squares are not halved, as in ridge of probe.h.
    const double weight = kind_ == ProbeKind::kRidge ? 1 : 0.5;
    gradient = 2 * weight * l2_ * theta;
    gradient.tail(outputs_).setZero();
    Eigen::Map<RowMajor> w_gradient(gradient.data() + d_, outputs_, d_);
    double sum = weight * l2_ * theta.head(theta.size() - outputs_).squaredNorm();
    for (Eigen::Index i = 0; i < z_.rows(); ++i) {
      const Tokens z(z_.row(i).data(), tokens_, d_);
      const VectorXd a = attention_of(z, query), pooled = z.transpose() * a;
      const VectorXd out = outputs_of(kind_, w * pooled + b);
      const double truth = y_[static_cast<std::size_t>(i)];
      VectorXd bent = out;  // derivative by the logits
      if (kind_ == ProbeKind::kRidge) {
        sum += (out[0] - truth) * (out[0] - truth);
        bent[0] = 2 * (out[0] - truth);
      } else if (kind_ == ProbeKind::kLogistic) {
        sum -= std::log(std::max(truth > 0 ? out[0] : 1 - out[0], 1e-300));
        bent[0] -= truth;
      } else {
        const auto klass = static_cast<Eigen::Index>(truth);
        sum -= std::log(std::max(out[klass], 1e-300));
        bent[klass] -= 1;
      }
      w_gradient += bent * pooled.transpose();
      gradient.tail(outputs_) += bent;
      const VectorXd by_attention = z * (w.transpose() * bent);
      const VectorXd by_score = a.array() * (by_attention.array() - a.dot(by_attention));
      gradient.head(d_) += z.transpose() * by_score / std::sqrt(static_cast<double>(d_));
    }
    return sum;
  }

 private:
  ProbeKind kind_;
  RowMajor z_;
  Eigen::Index tokens_;
  std::span<const double> y_;
  Eigen::Index d_, outputs_;
  double l2_;
};

// L-BFGS with a backtracking line search (Nocedal and Wright, algorithm 7.5).
void minimise(const Objective& objective, VectorXd& theta, int most_steps) {
  VectorXd gradient(theta.size()), next_gradient(theta.size());
  double value = objective.at(theta, gradient);
  std::deque<std::pair<VectorXd, VectorXd>> pairs;  // steps and changes of the gradient
  for (int step = 0; step < most_steps; ++step) {
    VectorXd direction = -gradient;
    std::vector<double> alpha(pairs.size());
    for (std::size_t k = pairs.size(); k-- > 0;) {
      const auto& [s, y] = pairs[k];
      alpha[k] = s.dot(direction) / s.dot(y);
      direction -= alpha[k] * y;
    }
    if (pairs.empty())
      direction /= std::max(1.0, gradient.norm());
    else
      direction *= pairs.back().first.dot(pairs.back().second) / pairs.back().second.squaredNorm();
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      const auto& [s, y] = pairs[k];
      direction += (alpha[k] - y.dot(direction) / s.dot(y)) * s;
    }
    const double slope = gradient.dot(direction);
    if (!(slope < 0)) return;
    double length = 1, reached = value;
    VectorXd next = theta;
    for (int halving = 0; halving < 30; ++halving, length /= 2) {
      next = theta + length * direction;
      reached = objective.at(next, next_gradient);
      if (reached <= value + 1e-4 * length * slope) break;
    }
    if (!(reached < value)) return;
    const VectorXd s = next - theta, y = next_gradient - gradient;
    if (s.dot(y) > 1e-12 * y.squaredNorm()) pairs.emplace_back(s, y);
    if (pairs.size() > kMemory) pairs.pop_front();
    const double gain = value - reached;
    theta = next;
    gradient = next_gradient;
    value = reached;
    if (gain <= kConverged * (1 + std::abs(value))) return;
  }
}

}  // namespace

AttentiveProbe fit_attentive(ProbeKind kind, const Matrix& x, std::size_t tokens, std::span<const std::size_t> rows,
                             std::span<const double> y, std::size_t classes, const AttentiveOptions& options) {
  if (kind != ProbeKind::kRidge && std::ranges::all_of(y, [&](double v) { return v == y[0]; }))
    throw Error(Status::kUsage, "all {} training segments are of one class: a probe needs two", y.size());
  const std::size_t d = x.columns / tokens;
  AttentiveProbe probe{.kind = kind, .tokens = tokens, .mean = std::vector<double>(d), .sd = std::vector<double>(d)};
  const double n = static_cast<double>(rows.size() * tokens);
  for (const std::size_t i : rows)
    for (std::size_t j = 0; j < x.columns; ++j) probe.mean[j % d] += x.row(i)[j] / n;
  for (const std::size_t i : rows)
    for (std::size_t j = 0; j < x.columns; ++j) probe.sd[j % d] += std::pow(x.row(i)[j] - probe.mean[j % d], 2) / n;
  for (double& sd : probe.sd) sd = std::sqrt(sd);
  RowMajor z(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(x.columns));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < x.columns; ++j)
      z(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          probe.sd[j % d] > 0 ? (x.row(rows[i])[j] - probe.mean[j % d]) / probe.sd[j % d] : 0;

  const std::size_t outputs = kind == ProbeKind::kSoftmax ? classes : 1;
  const Objective objective(kind, std::move(z), tokens, y, outputs, options.l2);
  VectorXd theta = VectorXd::Zero(objective.size());
  Random random(options.seed, "cfm-eval/attentive", "query");
  for (std::size_t j = 0; j < d; ++j) theta[static_cast<Eigen::Index>(j)] = kFirstQuery * random.normal();
  minimise(objective, theta, options.most_steps);
  probe.query.assign(theta.data(), theta.data() + d);
  probe.weights = Matrix(outputs, d);
  std::copy_n(theta.data() + d, outputs * d, probe.weights.values.begin());
  probe.intercepts.assign(theta.data() + d + outputs * d, theta.data() + theta.size());
  return probe;
}

std::vector<double> AttentiveProbe::attention(std::span<const double> segment) const {
  const auto d = static_cast<Eigen::Index>(mean.size());
  RowMajor z(static_cast<Eigen::Index>(tokens), d);
  for (Eigen::Index j = 0; j < z.size(); ++j) {
    const auto k = static_cast<std::size_t>(j % d);
    z.data()[j] = sd[k] > 0 ? (segment[static_cast<std::size_t>(j)] - mean[k]) / sd[k] : 0;
  }
  const VectorXd a = attention_of(Tokens(z.data(), z.rows(), d), Eigen::Map<const VectorXd>(query.data(), d));
  return {a.data(), a.data() + a.size()};
}

Matrix AttentiveProbe::predict(const Matrix& x, std::span<const std::size_t> rows) const {
  const std::size_t d = mean.size();
  Matrix result(rows.size(), intercepts.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto segment = x.row(rows[i]);
    const std::vector<double> a = attention(segment);
    VectorXd logits = Eigen::Map<const VectorXd>(intercepts.data(), static_cast<Eigen::Index>(intercepts.size()));
    for (std::size_t t = 0; t < tokens; ++t)
      for (std::size_t j = 0; j < d; ++j) {
        if (sd[j] <= 0) continue;
        const double z = a[t] * (segment[t * d + j] - mean[j]) / sd[j];
        for (std::size_t k = 0; k < intercepts.size(); ++k)
          logits[static_cast<Eigen::Index>(k)] += weights.row(k)[j] * z;
      }
    const VectorXd out = outputs_of(kind, logits);
    std::copy(out.data(), out.data() + out.size(), result.row(i).begin());
  }
  return result;
}

}  // namespace cfm::eval
