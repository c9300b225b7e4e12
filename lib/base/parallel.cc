#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace cfm {

int available_processors() {
  cpu_set_t set;
  int n = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  std::ifstream quota("/sys/fs/cgroup/cpu.max");  // cgroup v2: "QUOTA PERIOD" in microseconds, or "max PERIOD"
  double limit = 0, period = 0;
  if (quota >> limit >> period && period > 0 && limit > 0)
    n = std::min(n, std::max(1, static_cast<int>(limit / period)));
  return std::max(1, n);
}

}  // namespace cfm
