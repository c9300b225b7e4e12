// Segments with events for the tests of marks: a record at 100 Hz with two leads, i and ii, cut anywhere.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "eval/events.h"

namespace cfm::test {

using Rows = std::vector<std::vector<double>>;  // sample of the record, code, channel, num

struct EventRecording {
  std::string record = "a";
  double begin = 0, end = 1000;             // samples
  std::map<std::string, Rows> events = {};  // of a tensor
  std::vector<std::string> names = {"i", "ii"};
  double fs = 100;

  stream::Segment segment(double from, double until) const {
    stream::Segment s;
    s.header["id"] = fmt::format("{}/{}", record, from);
    s.header["record"] = record;
    s.header["subject"] = "s-" + record;
    s.header["start"] = from / fs;
    s.header["clock"] = {{"fs", fs}, {"sample", from}};
    const auto channels = static_cast<std::int64_t>(names.size()), samples = static_cast<std::int64_t>(until - from);
    s.put(stream::make_tensor("ecg", {channels, samples},
                              std::vector<float>(static_cast<std::size_t>(channels * samples)),
                              {{"kind", "ecg"}, {"fs", fs}, {"names", names}}));
    for (const auto& [name, rows] : events) {
      std::vector<double> values;
      for (const std::vector<double>& row : rows) {
        if (row[0] < from || row[0] >= until) continue;
        values.push_back(row[0] - from);
        for (std::size_t c = 1; c < 4; ++c) values.push_back(c < row.size() ? row[c] : c == 2 ? -1 : 0);
      }
      const auto n = static_cast<std::int64_t>(values.size() / 4);
      s.put(stream::make_tensor(name, {n, 4}, std::move(values),
                                {{"kind", "event"}, {"of", "ecg"}, {"columns", {"sample", "code", "channel", "num"}}}));
    }
    return s;
  }

  // In pieces of `length` samples; 0: one.
  void add_to(eval::EventLog& log, double length = 0) const {
    if (length == 0) length = end - begin;
    for (double from = begin; from < end; from += length) log.add(segment(from, std::min(from + length, end)), "a.cfm");
  }
};

}  // namespace cfm::test
