// Background threads that make batches ahead of their use, handed out in order: the same for any number of threads.
//
//   Loader<Tensors> loader(threads, [&](std::uint64_t step) { return make(batches.at(step)); }, first, last);
//   while (auto batch = loader.next()) train(*batch);
//   log("{:.0%} of the time waited for data", loader.wait_share());
//
// make(step) must be a pure function of the step. What it throws is rethrown by the next() that would have returned it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace cfm::dataset {

template <typename T>
class Loader {
 public:
  // Steps first … last − 1; at most `ahead` of them are made or held at once (0: twice the threads).
  Loader(int threads, std::function<T(std::uint64_t step)> make, std::uint64_t first, std::uint64_t last,
         std::size_t ahead = 0)
      : make_(std::move(make)), give_(first), take_(first), last_(last), started_(Clock::now()) {
    const int n = threads < 1 ? 1 : threads;
    ahead_ = ahead == 0 ? static_cast<std::size_t>(n) * 2 : ahead;
    for (int t = 0; t < n; ++t) workers_.emplace_back([this] { work(); });
  }
  ~Loader() {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    room_.notify_all();
  }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The next step's result; nothing after the last.
  std::optional<T> next() {
    std::unique_lock lock(mutex_);
    if (give_ >= last_) return std::nullopt;
    const auto before = Clock::now();
    made_.wait(lock, [&] { return ready_.contains(give_); });
    waited_ += Clock::now() - before;
    auto node = ready_.extract(give_);
    ++give_;
    room_.notify_all();
    lock.unlock();
    if (node.mapped().error) std::rethrow_exception(node.mapped().error);
    return std::move(node.mapped().value);
  }

  // Seconds next() has waited, and their share of the time since the start.
  double waited() const { return std::chrono::duration<double>(waited_).count(); }
  double wait_share() const {
    const double all = std::chrono::duration<double>(Clock::now() - started_).count();
    return all > 0 ? waited() / all : 0;
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Made {
    std::optional<T> value;
    std::exception_ptr error;
  };

  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return stop_ || take_ >= last_ || take_ - give_ < ahead_; });
      if (stop_ || take_ >= last_) return;
      const std::uint64_t step = take_++;
      lock.unlock();
      Made result;
      try {
        result.value.emplace(make_(step));
      } catch (...) {
        result.error = std::current_exception();
      }
      lock.lock();
      ready_.emplace(step, std::move(result));
      made_.notify_one();
    }
  }

  std::function<T(std::uint64_t)> make_;
  std::uint64_t give_, take_, last_;
  std::size_t ahead_ = 0;
  std::map<std::uint64_t, Made> ready_;
  std::mutex mutex_;
  std::condition_variable room_, made_;
  bool stop_ = false;
  Clock::duration waited_{};
  Clock::time_point started_;
  std::vector<std::jthread> workers_;  // last: joined before anything it uses goes
};

}  // namespace cfm::dataset
