// What a model is fed: channels chosen by kind or name, gaps filled, one rate, one length, one scale. A profile is
// data.
//
//   Profile profile = Profile::qualityfm();                       // or Profile::from_json(config["profile"])
//   std::vector<float> x = prepare(segment, profile);             // [channels, samples] row-major, never NaN
//   std::uint64_t id = profile.hash();                            // FNV-1a 64 of the canonical JSON
//
// Steps, in this order: the channel in its unit; the last `seconds` of the segment (crop); gaps; resampling
// (signal/resample.h); scaling; zeros where the segment is shorter (pad). All channels keep their place in time: the
// window ends where the longest chosen channel ends. A channel that is constant or wholly missing is 0. A signal that
// carries the attribute `profile` is used as it is when its hash is this one's, else status 3. Status 3: a required
// channel is not there, naming what is needed and what there is. Status 2: a profile that makes no sense.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::dataset {

struct ChannelSpec {
  std::string name;  // a kind ("ecg": its preferred channel) or a channel's name ("II"); in JSON "ppg?" when optional
  bool required = true;  // an optional channel that is absent is 0
  bool operator==(const ChannelSpec&) const = default;
};

enum class Missing {
  kInterpolate,  // linear between the neighbours of a gap, held at the ends
  kZero          // 0 after scaling
};
enum class Scaling {
  kRobust,  // per channel (x − median) / max(IQR / 1.349, SD / 10): the SD bounds channels whose middle half is flat
  kZscore,  // per channel (x − mean) / SD
  kJoint,   // 2 (x − min) / (max − min) − 1 with the extremes of all channels together
  kNone     // the channel's unit
};
enum class Crop { kLast, kFirst };  // which part of a longer segment
enum class Pad { kFront, kBack };   // where zeros go in a shorter one

struct Profile {
  std::string name = "profile";
  double fs = 300;                    // Hz
  double seconds = 30;                // length of the window
  std::vector<ChannelSpec> channels;  // the first is row 0
  Missing missing = Missing::kInterpolate;
  Scaling scaling = Scaling::kRobust;
  double clip = 0;  // values are held within ± clip after scaling; 0: no limit
  Crop crop = Crop::kLast;
  Pad pad = Pad::kFront;

  std::size_t samples() const;  // of a channel: fs · seconds, rounded
  // {"name", "fs", "seconds", "channels": ["ppg", "ecg"], "missing": "interpolate"|"zero", "scaling":
  // "robust"|"zscore"| "joint"|"none", "clip", "crop": "last"|"first", "pad": "front"|"back"}; what is left out keeps
  // its default, an unknown field is status 2.
  static Profile from_json(const stream::Json& json);
  stream::Json to_json() const;  // every field, in one order: the canonical form
  std::uint64_t hash() const;

  // PPG is row 0 and ECG row 1; 300 Hz, 30 s, robust scaling, clipped at ± 20 (a clean R wave reaches 10 to 15).
  static Profile qualityfm();
  bool operator==(const Profile&) const = default;
};

// present, when given: for each channel 1, or 0 where it is absent, constant or wholly missing.
std::vector<float> prepare(const stream::Segment& segment, const Profile& profile,
                           std::vector<std::uint8_t>* present = nullptr);

// Why a segment is no good to pre-train on: "no_ppg", "missing" (a chosen channel lacks more than max_missing of its
// samples), "constant"; nothing when it is fit. Embedding, fine-tuning and prediction keep every segment.
std::optional<std::string> unfit_for_pretraining(const stream::Segment& segment, const Profile& profile,
                                                 double max_missing = 0.2);

}  // namespace cfm::dataset
