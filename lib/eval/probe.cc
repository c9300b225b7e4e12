#include "eval/probe.h"

#include <Eigen/Dense>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"

namespace cfm::eval {
namespace {

using Eigen::ArrayXd;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kMostNewtonSteps = 100;
constexpr int kMostConjugateSteps = 500;
constexpr double kConverged = 1e-12;     // Newton decrement, share of 1 + objective; the step taken then is the last
constexpr double kSmallestAxis = 1e-13;  // eigenvalue, share of the largest: below it is rounding

// Weighted sums of losses over the rows and what their second-order model needs. One output is logistic, more are
// softmax.
class Loss {
 public:
  Loss(MatrixXd truth, std::size_t outputs) : truth_(std::move(truth)), logistic_(outputs == 1) {}

  double at(const MatrixXd& logits) {
    if (logistic_) {
      const ArrayXd z = logits.col(0).array(), y = truth_.col(0).array();
      probability_ = (1 / (1 + (-z).exp())).matrix();
      return ((-z.abs()).exp().log1p() + z.max(0) - y * z).sum();
    }
    const VectorXd top = logits.rowwise().maxCoeff();
    MatrixXd e = (logits.colwise() - top).array().exp().matrix();
    const VectorXd sum = e.rowwise().sum();
    probability_ = (e.array().colwise() / sum.array()).matrix();
    return sum.array().log().sum() + top.sum() - (truth_.array() * logits.array()).sum();
  }
  MatrixXd gradient() const { return probability_ - truth_; }
  MatrixXd curvature(const MatrixXd& direction) const {
    if (logistic_) return (probability_.array() * (1 - probability_.array()) * direction.array()).matrix();
    const VectorXd mean = (probability_.array() * direction.array()).rowwise().sum().matrix();
    return (probability_.array() * (direction.colwise() - mean).array()).matrix();
  }
  // Mean of p (1 − p) an output: the diagonal of the curvature.
  Eigen::RowVectorXd diagonal() const {
    return (probability_.array() * (1 - probability_.array())).colwise().mean().max(1e-6).matrix();
  }

 private:
  MatrixXd truth_, probability_;
  bool logistic_;
};

}  // namespace

// The standardised training set Z = F Vᵀ with orthogonal columns of F, whose squared lengths are `squared`.
struct ProbeFitter::Axes {
  std::vector<double> mean, sd;
  MatrixXd f, v;  // [n, r], [d, r]
  ArrayXd squared;

  LinearProbe finish(ProbeKind kind, const MatrixXd& theta, const Eigen::RowVectorXd& intercepts) const {
    LinearProbe probe{.kind = kind, .mean = mean, .sd = sd, .coefficients = {}, .intercepts = {}};
    const MatrixXd w = v * theta;  // [d, outputs], column-major: rows of coefficients
    probe.coefficients = Matrix(static_cast<std::size_t>(w.cols()), static_cast<std::size_t>(w.rows()));
    std::copy(w.data(), w.data() + w.size(), probe.coefficients.values.begin());
    probe.intercepts.assign(intercepts.data(), intercepts.data() + intercepts.size());
    return probe;
  }

  // Truncated Newton: conjugate gradients on each quadratic model, then a backtracking line search (Nocedal and Wright,
  // chapter 7).
  LinearProbe minimise(ProbeKind kind, Loss loss, Eigen::Index outputs, double l2) const {
    MatrixXd theta = MatrixXd::Zero(f.cols(), outputs);
    Eigen::RowVectorXd b = Eigen::RowVectorXd::Zero(outputs);
    const auto logits_of = [&](const MatrixXd& t, const Eigen::RowVectorXd& c) {
      MatrixXd logits = f * t;
      logits.rowwise() += c;
      return logits;
    };
    double objective = loss.at(logits_of(theta, b));
    for (int step = 0; step < kMostNewtonSteps; ++step) {
      const MatrixXd residual = loss.gradient();
      const MatrixXd g = f.transpose() * residual + l2 * theta;
      const Eigen::RowVectorXd g_b = residual.colwise().sum();
      const Eigen::RowVectorXd a = loss.diagonal();
      const MatrixXd precondition = ((squared.matrix() * a).array() + l2).inverse().matrix();
      const Eigen::RowVectorXd precondition_b = (a * static_cast<double>(f.rows())).cwiseInverse();

      MatrixXd d = MatrixXd::Zero(theta.rows(), outputs), r = -g;
      Eigen::RowVectorXd d_b = Eigen::RowVectorXd::Zero(outputs), r_b = -g_b;
      MatrixXd z = precondition.cwiseProduct(r), p = z;
      Eigen::RowVectorXd z_b = precondition_b.cwiseProduct(r_b), p_b = z_b;
      double rz = r.cwiseProduct(z).sum() + r_b.dot(z_b);
      const double first = rz, share = std::min(0.1, std::sqrt(rz / (1 + objective)));
      for (int k = 0; k < kMostConjugateSteps && rz > share * share * first && rz > 0; ++k) {
        const MatrixXd bent = loss.curvature(logits_of(p, p_b));
        const MatrixXd h = f.transpose() * bent + l2 * p;
        const Eigen::RowVectorXd h_b = bent.colwise().sum();
        const double along = p.cwiseProduct(h).sum() + p_b.dot(h_b);
        if (!(along > 0)) break;
        const double length = rz / along;
        d += length * p;
        d_b += length * p_b;
        r -= length * h;
        r_b -= length * h_b;
        z = precondition.cwiseProduct(r);
        z_b = precondition_b.cwiseProduct(r_b);
        const double next = r.cwiseProduct(z).sum() + r_b.dot(z_b);
        p = z + next / rz * p;
        p_b = z_b + next / rz * p_b;
        rz = next;
      }
      const double slope = g.cwiseProduct(d).sum() + g_b.dot(d_b);
      const double slack = 1e-14 * (1 + std::abs(objective));
      double length = 1, reached = 0;
      for (int halving = 0; halving < 40; ++halving, length /= 2) {
        const MatrixXd t = theta + length * d;
        reached = loss.at(logits_of(t, b + length * d_b)) + l2 / 2 * t.squaredNorm();
        if (reached <= objective + 1e-4 * length * slope + slack) break;
      }
      theta += length * d;
      b += length * d_b;
      objective = reached;
      if (-slope <= kConverged * (1 + std::abs(objective))) break;
    }
    b.array() -= outputs > 1 ? b.mean() : 0;
    return finish(kind, theta, b);
  }
};

ProbeFitter::ProbeFitter(const Matrix& features, std::span<const std::size_t> rows) : axes_(std::make_unique<Axes>()) {
  const auto n = static_cast<Eigen::Index>(rows.size()), d = static_cast<Eigen::Index>(features.columns);
  if (n == 0 || d == 0) throw std::invalid_argument("a probe needs rows and features");
  MatrixXd z(n, d);
  for (Eigen::Index i = 0; i < n; ++i)
    z.row(i) = Eigen::Map<const Eigen::RowVectorXd>(features.row(rows[static_cast<std::size_t>(i)]).data(), d);
  for (Eigen::Index j = 0; j < d; ++j) {
    auto column = z.col(j);
    const double known = column.array().isNaN().select(0, ArrayXd::Ones(n)).sum();
    const double filled = known > 0 ? column.array().isNaN().select(0, column.array()).sum() / known : 0;
    column = column.array().isNaN().select(filled, column.array()).matrix();
    const bool constant = column.minCoeff() == column.maxCoeff();
    const double mean = column.mean();
    column.array() -= mean;
    // What rounding leaves of a constant is no spread.
    const double rounding = std::numeric_limits<double>::epsilon() * std::abs(mean) * static_cast<double>(n);
    double sd = std::sqrt(column.squaredNorm() / static_cast<double>(n));
    if (constant || sd <= rounding) sd = 0;
    axes_->mean.push_back(mean);
    axes_->sd.push_back(sd);
    column *= sd > 0 ? 1 / sd : 0;
  }
  const bool wide = d > n;
  const MatrixXd gram = wide ? MatrixXd(z * z.transpose()) : MatrixXd(z.transpose() * z);
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(gram);
  const VectorXd& values = eigen.eigenvalues();  // ascending
  Eigen::Index first = 0;
  while (first < values.size() && values[first] <= kSmallestAxis * values[values.size() - 1]) ++first;
  const Eigen::Index kept = values.size() - first;
  const MatrixXd vectors = eigen.eigenvectors().rightCols(kept);
  axes_->squared = values.tail(kept).array();
  if (wide) {
    const VectorXd length = axes_->squared.sqrt().matrix();
    axes_->f = vectors * length.asDiagonal();
    axes_->v = z.transpose() * (vectors * length.cwiseInverse().asDiagonal());
  } else {
    axes_->f = z * vectors;
    axes_->v = vectors;
  }
}

ProbeFitter::~ProbeFitter() = default;
ProbeFitter::ProbeFitter(ProbeFitter&&) noexcept = default;

LinearProbe ProbeFitter::ridge(std::span<const double> y, double l2) const {
  const VectorXd target = Eigen::Map<const VectorXd>(y.data(), static_cast<Eigen::Index>(y.size()));
  const double mean = target.mean();
  const VectorXd along = axes_->f.transpose() * (target.array() - mean).matrix();
  const VectorXd theta = (along.array() / (axes_->squared + l2)).matrix();
  return axes_->finish(ProbeKind::kRidge, theta, Eigen::RowVectorXd::Constant(1, mean));
}

LinearProbe ProbeFitter::logistic(std::span<const int> y, double l2) const {
  MatrixXd truth(static_cast<Eigen::Index>(y.size()), 1);
  for (std::size_t i = 0; i < y.size(); ++i) truth(static_cast<Eigen::Index>(i), 0) = y[i] != 0;
  if (truth.minCoeff() == truth.maxCoeff())
    throw Error(Status::kUsage, "all {} training segments are of one class: a probe needs both", y.size());
  return axes_->minimise(ProbeKind::kLogistic, Loss(truth, 1), 1, l2);
}

LinearProbe ProbeFitter::softmax(std::span<const int> y, std::size_t classes, double l2) const {
  MatrixXd truth = MatrixXd::Zero(static_cast<Eigen::Index>(y.size()), static_cast<Eigen::Index>(classes));
  for (std::size_t i = 0; i < y.size(); ++i) truth(static_cast<Eigen::Index>(i), y[i]) = 1;
  if ((truth.colwise().sum().array() > 0).count() < 2)
    throw Error(Status::kUsage, "all {} training segments are of one class: a probe needs at least two", y.size());
  return axes_->minimise(ProbeKind::kSoftmax, Loss(truth, classes), static_cast<Eigen::Index>(classes), l2);
}

Matrix LinearProbe::predict(const Matrix& features, std::span<const std::size_t> rows) const {
  Matrix result(rows.size(), intercepts.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto x = features.row(rows[i]);
    const auto out = result.row(i);
    for (std::size_t k = 0; k < out.size(); ++k) {
      const auto w = coefficients.row(k);
      double sum = intercepts[k];
      for (std::size_t j = 0; j < x.size(); ++j)
        if (sd[j] > 0 && !std::isnan(x[j])) sum += w[j] * (x[j] - mean[j]) / sd[j];
      out[k] = sum;
    }
    if (kind == ProbeKind::kLogistic) out[0] = 1 / (1 + std::exp(-out[0]));
    if (kind != ProbeKind::kSoftmax) continue;
    const double top = *std::max_element(out.begin(), out.end());
    double sum = 0;
    for (double& v : out) sum += v = std::exp(v - top);
    for (double& v : out) v /= sum;
  }
  return result;
}

}  // namespace cfm::eval
