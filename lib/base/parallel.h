// Work in parallel, results in order: the same bytes with any number of threads.
//
//   ordered_parallel<Job, Result>(threads, [&]() -> std::optional<Job> {…}, [](Job) {…}, [&](Result) {…});
//   parallel_for(threads, n, [&](std::size_t i) {…});
//
// Bounded: at most a few jobs a thread are in flight. The first exception of any stage stops all and is rethrown; what
// came before it has been consumed, in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace cfm {

// Processors this process may use (affinity mask, then cgroup quota); at least 1.
int available_processors();

// next() and consume() run on the calling thread (consume in the order of next), work() on the others.
// ready(): false when next() would have to wait for its input; then finished results are consumed first.
template <typename Job, typename Result>
void ordered_parallel(
    int threads, const std::function<std::optional<Job>()>& next, const std::function<Result(Job)>& work,
    const std::function<void(Result)>& consume, const std::function<bool()>& ready = [] { return true; }) {
  if (threads <= 1) {
    while (auto job = next()) consume(work(std::move(*job)));
    return;
  }
  struct Done {
    std::optional<Result> result;
    std::exception_ptr error;
  };
  std::mutex mutex;
  std::condition_variable wake_worker, wake_caller;
  std::deque<std::pair<std::size_t, Job>> jobs;
  std::map<std::size_t, Done> done;
  bool stop = false;
  std::vector<std::jthread> workers;
  const auto finish = [&] {
    const std::lock_guard lock(mutex);
    stop = true;
    wake_worker.notify_all();
  };
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      for (;;) {
        std::unique_lock lock(mutex);
        wake_worker.wait(lock, [&] { return stop || !jobs.empty(); });
        if (stop) return;
        auto [number, job] = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        Done outcome;
        try {
          outcome.result.emplace(work(std::move(job)));
        } catch (...) {
          outcome.error = std::current_exception();
        }
        lock.lock();
        done.emplace(number, std::move(outcome));
        wake_caller.notify_one();
      }
    });
  }
  const auto limit = static_cast<std::size_t>(threads) * 4;
  std::size_t submitted = 0, consumed = 0;
  std::exception_ptr failure;  // of next(): what came before is still consumed
  // Returned, not assigned: g++ 12 -O1 keeps no empty optional<int> over an assignment that throws.
  const auto fetch = [&]() -> std::optional<Job> {
    try {
      return next();
    } catch (...) {
      failure = std::current_exception();
      return std::nullopt;
    }
  };
  try {
    bool more = true;
    while (more || consumed < submitted) {
      if (more && submitted - consumed < limit && (submitted == consumed || ready())) {
        std::optional<Job> job = fetch();
        if (job) {
          const std::lock_guard lock(mutex);
          jobs.emplace_back(submitted++, std::move(*job));
          wake_worker.notify_one();
        } else {
          more = false;
        }
      }
      for (;;) {
        std::unique_lock lock(mutex);
        const bool must_wait = consumed < submitted && (!more || submitted - consumed >= limit || !ready());
        if (must_wait) wake_caller.wait(lock, [&] { return done.contains(consumed); });
        const auto at = done.find(consumed);
        if (at == done.end()) break;
        Done outcome = std::move(at->second);
        done.erase(at);
        lock.unlock();
        ++consumed;
        if (outcome.error) std::rethrow_exception(outcome.error);
        consume(std::move(*outcome.result));
      }
    }
  } catch (...) {
    finish();
    throw;
  }
  finish();
  if (failure) std::rethrow_exception(failure);
}

template <typename Body>
void parallel_for(int threads, std::size_t n, const Body& body) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < n;) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = n;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 1; t < threads; ++t) workers.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace cfm
