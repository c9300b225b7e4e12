#include "model/recompute.h"

#include <ATen/autocast_mode.h>

#include <mutex>
#include <utility>

namespace cfm::model {

namespace {

using torch::Tensor;
using torch::autograd::variable_list;

Tensor draws_of(at::Generator generator) {
  const std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void set_draws(at::Generator generator, const Tensor& state) {
  const std::lock_guard lock(generator.mutex());
  generator.set_state(state);
}

// A scope that draws from `state` on; afterwards the generator is where it was before.
class DrawsAgain {
 public:
  DrawsAgain(const at::Generator& generator, const Tensor& state)
      : generator_(generator), before_(draws_of(generator)) {
    set_draws(generator_, state);
  }
  ~DrawsAgain() { set_draws(generator_, before_); }
  DrawsAgain(const DrawsAgain&) = delete;
  DrawsAgain& operator=(const DrawsAgain&) = delete;

 private:
  at::Generator generator_;
  Tensor before_;
};

struct AutocastState {
  bool on = false, cache = true;
  at::ScalarType type = at::kBFloat16;

  static AutocastState of(at::DeviceType device) {
    return {at::autocast::is_autocast_enabled(device), at::autocast::is_autocast_cache_enabled(),
            at::autocast::get_autocast_dtype(device)};
  }
  void set(at::DeviceType device) const {
    at::autocast::set_autocast_enabled(device, on);
    at::autocast::set_autocast_cache_enabled(cache);
    at::autocast::set_autocast_dtype(device, type);
  }
};

// A scope without autocast's cache of converted weights: one made without gradients must not serve where they are on.
class AutocastAgain {
 public:
  AutocastAgain(at::DeviceType device, AutocastState state) : device_(device), before_(AutocastState::of(device)) {
    state.cache = false;
    state.set(device_);
  }
  ~AutocastAgain() { before_.set(device_); }
  AutocastAgain(const AutocastAgain&) = delete;
  AutocastAgain& operator=(const AutocastAgain&) = delete;

 private:
  at::DeviceType device_;
  AutocastState before_;
};

struct Run : torch::CustomClassHolder {
  std::function<Tensor(const Tensor&)> f;
  Tensor draws;  // state of the generator before the first run
  AutocastState autocast;
};

struct Recomputation : torch::autograd::Function<Recomputation> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, c10::intrusive_ptr<Run> run) {
    run->draws = draws_of(at::globalContext().defaultGenerator(x.device()));
    run->autocast = AutocastState::of(x.device().type());
    context->save_for_backward({x});
    const AutocastAgain scope(x.device().type(), run->autocast);
    const Tensor y = run->f(x);
    context->saved_data["run"] = c10::IValue::make_capsule(std::move(run));
    return y;
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& gradients) {
    const auto capsule = context->saved_data.at("run").toCapsule();
    const auto& run = static_cast<const Run&>(*capsule);
    const Tensor x = context->get_saved_variables().front().detach().requires_grad_();
    Tensor y;
    {
      const torch::AutoGradMode with_gradients(true);
      const AutocastAgain scope(x.device().type(), run.autocast);
      const DrawsAgain draws(at::globalContext().defaultGenerator(x.device()), run.draws);
      y = run.f(x);
    }
    torch::autograd::backward({y}, {gradients.front()});
    return {x.grad(), Tensor()};
  }
};

}  // namespace

Tensor recomputed(std::function<Tensor(const Tensor&)> f, const Tensor& x) {
  if (!torch::GradMode::is_enabled() || !x.requires_grad()) return f(x);
  auto run = c10::make_intrusive<Run>();
  run->f = std::move(f);
  return Recomputation::apply(x, std::move(run));
}

}  // namespace cfm::model
