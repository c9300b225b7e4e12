// Bytes that torch's allocator hands out in this thread while a MemoryCount lives: at the moment, and at most.
//
//   const cfm::test::MemoryCount memory;
//   …;  memory.now();  memory.peak();       // less what was freed that had been there before
#pragma once

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <memory>

namespace cfm::test {

class MemoryCount {
 public:
  std::int64_t now() const { return report_->now; }
  std::int64_t peak() const { return report_->peak; }

 private:
  struct Report : c10::MemoryReportingInfoBase {
    void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t, c10::Device) override {
      now += bytes;
      peak = std::max(peak, now);
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::int64_t now = 0, peak = 0;
  };
  std::shared_ptr<Report> report_ = std::make_shared<Report>();
  c10::DebugInfoGuard guard_{c10::DebugInfoKind::PROFILER_STATE, report_};
};

}  // namespace cfm::test
