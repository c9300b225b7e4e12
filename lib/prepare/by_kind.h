// A setting that may differ from one kind of signal to another: of "ecg", of "ppg", otherwise.
//
//   ByKind<double> clip = 20.0;             // for all
//   clip.of["ecg"] = 5;                     // but for ECG
//   double limit = clip.for_kind("ppg");    // 20
//
// In JSON a plain value, or an object {"ecg": 5, "*": 20} in which * is every kind that has no own entry.
#pragma once

#include <map>
#include <string>
#include <utility>

namespace cfm::prepare {

template <typename T>
struct ByKind {
  T otherwise{};
  std::map<std::string, T> of = {};

  ByKind() = default;
  ByKind(T value) : otherwise(std::move(value)) {}

  const T& for_kind(const std::string& kind) const {
    const auto at = of.find(kind);
    return at == of.end() ? otherwise : at->second;
  }
  bool operator==(const ByKind&) const = default;
};

}  // namespace cfm::prepare
