// Times of the model's layers and of training steps, for attention.sh and train.sh.
//
//   bench_model attention REPEATS N…             rows: n window forward_s both_s peak_bytes; window 0 is dense SDPA
//   bench_model train MODEL REPEATS BATCH FILE [KEY=VALUE…]
//                                             rows: forward S, step S; the weights before go to FILE
//
// Seconds are the fastest of the repeats, which alternate between what is compared. Data is noise, in memory.
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>

#include "base/error.h"
#include "model/attention.h"
#include "model/memory.h"
#include "train/loop.h"
#include "train/objective.h"
#include "train/optimiser.h"
#include "train/pretrain.h"

using namespace cfm;
using torch::Tensor;

namespace {

constexpr std::int64_t kHeads = 4, kHeadDim = 128;
constexpr double kLongRun = 5;  // seconds after which a row is not repeated

struct Fastest {
  double seconds = std::numeric_limits<double>::infinity();
  void add(double other) { seconds = std::min(seconds, other); }
};

template <typename F>
double seconds(const F& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Row {
  std::int64_t window, peak = 0;
  Fastest forward, both;
};

void bench_attention(int repeats, std::int64_t n) {
  const auto draw = [&] { return torch::randn({1, kHeads, n, kHeadDim}).requires_grad_(); };
  const std::vector<Tensor> inputs = {draw(), draw(), draw()};
  const Tensor gradient = torch::randn_like(inputs[0]);
  std::vector<Row> rows = {{0}, {8}, {64}, {512}};
  for (int i = 0; i < repeats; ++i) {
    for (Row& row : rows) {
      if (row.both.seconds < 1e9 && row.both.seconds > kLongRun) continue;
      const auto run = [&] {
        const Tensor &q = inputs[0], &k = inputs[1], &v = inputs[2];
        return row.window > 0 ? model::windowed_attention(q, k, v, row.window)
                              : at::scaled_dot_product_attention(q, k, v);
      };
      {
        const torch::NoGradGuard no_grad;
        row.forward.add(seconds(run));
      }
      const test::MemoryCount memory;
      row.both.add(seconds([&] { torch::autograd::grad({run()}, inputs, {gradient}); }));
      row.peak = memory.peak();
    }
  }
  for (const Row& row : rows) {
    fmt::print("{} {} {:.6f} {:.6f} {}\n", n, row.window, row.forward.seconds, row.both.seconds, row.peak);
    std::fflush(stdout);
  }
}

void bench_train(const std::string& name, int repeats, std::int64_t batch_size, const std::string& file,
                 const std::vector<std::string>& changes) {
  model::ModelConfig config = model::ModelConfig::open(name);
  config.set(changes);
  const auto objective = train::make_objective(config, 1);
  train::Adam adam(objective->trained().named_parameters(), train::adam_options(config));
  model::save_checkpoint(file, {.config = config, .tensors = objective->result()});
  train::Batch batch;
  for (int i = 0; i < 2; ++i) batch.views.push_back(torch::randn({batch_size, config.channels(), 9000}));
  Fastest forward, step;
  for (int i = 0; i < repeats; ++i) {
    objective->trained().eval();
    forward.add(seconds([&] {
      const torch::NoGradGuard no_grad;
      dynamic_cast<model::QualityFMImpl&>(objective->trained()).forward(batch.views[1]);
    }));
    objective->trained().train();
    step.add(seconds([&] {
      adam.zero_grad();
      train::gradients(*objective, batch, 0, false, 1);
      adam.clip(config.optimiser.at("clip").get<double>());
      adam.step(1e-4, 0.04);
      objective->after_step(i, repeats);
    }));
  }
  fmt::print("forward {:.6f}\nstep {:.6f}\n", forward.seconds, step.seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    torch::manual_seed(1);
    if (words.size() >= 3 && words[0] == "attention") {
      for (std::size_t i = 2; i < words.size(); ++i) bench_attention(std::stoi(words[1]), std::stoll(words[i]));
    } else if (words.size() >= 5 && words[0] == "train") {
      bench_train(words[1], std::stoi(words[2]), std::stoll(words[3]), words[4], {words.begin() + 5, words.end()});
    } else {
      throw Error(Status::kUsage, "attention REPEATS N…, or train MODEL REPEATS BATCH FILE [KEY=VALUE…]");
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_model: {}\n", error.what());
    return 2;
  }
  return 0;
}
