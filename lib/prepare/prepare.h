// What a model is fed: a segment's channels as a profile wants them.
//
//   const Preparer preparer(Profile::open("csfm"));
//   std::vector<float> x = preparer.matrix(segment);        // [channels, samples] row-major, never NaN
//   Prepared made = preparer.run(segment);                  // the same, and where it lies in time
//
// Steps and their order: prepare/profile.h. All channels keep their place in time: the window ends where the longest
// chosen channel ends (crop and pad at the front), or begins where the earliest begins. A channel that is constant or
// wholly missing is 0. A signal that carries the attribute `profile` is used as it is when its hash is this one's, else
// status 3. Status 3: a required channel is not there, naming what is needed and what there is. Status 2: a filter that
// runs at the recording's rate and does not exist there. What depends on rates alone is designed once a Preparer,
// which may be used from several threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "prepare/filter_chain.h"
#include "prepare/profile.h"
#include "signal/segment_resampler.h"
#include "stream/segment.h"

namespace cfm::prepare {

struct Prepared {
  std::vector<std::optional<stream::ChannelRef>> from;  // a channel of the profile each; nothing where it is absent
  std::vector<std::uint8_t> live;                       // 0 where it is absent, constant or wholly missing
  std::vector<float> values;                            // [from.size(), samples]
  std::size_t samples = 0;
  double begin = 0;  // seconds of the first sample after the segment's start
};

class Preparer {
 public:
  explicit Preparer(Profile profile) : profile_(std::move(profile)), hash_(profile_.hash()) {}
  const Profile& profile() const { return profile_; }

  Prepared run(const stream::Segment& segment) const;
  std::vector<float> matrix(const stream::Segment& segment) const { return run(segment).values; }
  // Whether the tensor already went through this profile; status 3 when through another.
  bool went_through(const stream::Segment& segment, const stream::Tensor& tensor) const;

 private:
  struct Group;
  // who: what a filter that does not exist at this rate is named with.
  const FilterChain& chain(const std::string& kind, double fs, const std::string& who) const;
  const signal::SegmentResampler& resampler(double fs) const;
  void fill(const stream::Segment& segment, const Prepared& made, Group& group) const;
  void scale(std::vector<Group>& groups) const;

  Profile profile_;
  std::uint64_t hash_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::string, double>, std::unique_ptr<const FilterChain>> chains_;  // by kind and rate
  mutable std::map<double, signal::SegmentResampler> resamplers_;  // by the recording's rate
};

// present, when given: Prepared::live. Many segments are for a Preparer.
std::vector<float> prepared(const stream::Segment& segment, const Profile& profile,
                            std::vector<std::uint8_t>* present = nullptr);

// Why a segment is no good to pre-train on: "no_ppg", "missing" (a chosen channel lacks more than max_missing of its
// samples), "constant"; nothing when it is fit. Embedding, fine-tuning and prediction keep every segment.
std::optional<std::string> unfit_for_pretraining(const stream::Segment& segment, const Profile& profile,
                                                 double max_missing = 0.2);

}  // namespace cfm::prepare
