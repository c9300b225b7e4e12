// A preparation as data: which channels at which rate, what is filtered, how it is scaled.
//
//   Profile profile = Profile::open("csfm");                      // a shipped one, or a JSON file
//   std::vector<float> x = Preparer(profile).matrix(segment);     // prepare/prepare.h
//   std::uint64_t id = profile.hash();                            // FNV-1a 64 of the canonical JSON
//
// The steps, in this order for every profile:
//   1. each channel in its unit, the last (or first) `seconds` of the segment;
//   2. gaps filled by straight lines, held at the ends;
//   3. filters, where they run at the recording's rate (filter_at "source");
//   4. resampling to fs, band-limited;
//   5. filters, where they run at fs (filter_at "profile", the default);
//   6. scaling; 7. clipping; 8. 0 where samples were missing (missing "zero"); 9. zeros where the segment is shorter.
// Filters see one segment alone, as the published systems do it: zero phase runs forward and backward over the segment
// with odd padding at its ends. JSON, where all but channels may be left out (an unknown field is status 2):
//   {"name": "mine", "fs": 250, "seconds": 10 (null: as long as the segment), "channels": ["II", "ppg?"],
//    "missing": "interpolate"|"zero", "scaling": "robust"|"zscore"|"zscore_joint"|"minmax"|"joint"|"none",
//    "clip": 5, "crop": "last"|"first", "pad": "front"|"back", "filter_at": "profile"|"source", "filters": […],
//    "source": "where it is from", "published": "what is, there", "defaults": "what is not"}
// scaling, clip and filters may be objects by kind (by_kind.h). A filter, in the order in which they run:
//   {"filter": "butterworth", "band": "low"|"high"|"band"|"stop", "order": 4, "hz": 0.5 or [0.5, 40]}
//   {"filter": "chebyshev2", "band": …, "order": 4, "stop_db": 20, "hz": …}     hz: the edges of the stop band
//   {"filter": "notch", "hz": 50, "q": 30}
//   {"filter": "mean", "seconds": 0.02}              moving average
//   {"filter": "minus_median", "seconds": 0.4}       the running median taken off: baseline removal
// each with "phase": "zero" (the default) or "causal", its delay compensated (prepare/filter_chain.h). Status 2, naming
// profile, field and value, for what makes no sense.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "prepare/by_kind.h"
#include "signal/filter.h"
#include "stream/segment.h"

namespace cfm::prepare {

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
  kRobust,       // per channel (x − median) / max(IQR / 1.349, SD / 10): SD bounds channels whose middle half is flat
  kZscore,       // per channel (x − mean) / SD
  kZscoreJoint,  // the same with mean and SD of all channels together
  kMinmax,       // per channel 2 (x − min) / (max − min) − 1
  kJoint,        // the same with the extremes of all channels together
  kNone          // the channel's unit
};
enum class Crop { kLast, kFirst };          // which part of a longer segment
enum class Pad { kFront, kBack };           // where zeros go in a shorter one
enum class FilterAt { kProfile, kSource };  // at which rate filters run: after or before resampling
enum class FilterKind { kButterworth, kChebyshev2, kNotch, kMean, kMinusMedian };
enum class Phase { kZero, kCausal };

struct FilterSpec {
  FilterKind kind = FilterKind::kButterworth;
  signal::Band band = signal::Band::kHigh;
  int order = 0;
  double hz = 0, hz_end = 0;  // the second of kBand and kStop
  double stop_db = 0;
  double q = 0;        // of a notch: hz / its bandwidth
  double seconds = 0;  // of kMean and kMinusMedian
  Phase phase = Phase::kZero;
  bool operator==(const FilterSpec&) const = default;
};

struct Profile {
  std::string name = "profile";
  double fs = 300;                    // Hz
  double seconds = 30;                // length of the window; 0: as long as the segment
  std::vector<ChannelSpec> channels;  // the first is row 0
  Missing missing = Missing::kInterpolate;
  ByKind<Scaling> scaling = Scaling::kRobust;
  ByKind<double> clip = 0.0;  // values are held within ± clip after scaling; 0: no limit
  Crop crop = Crop::kLast;
  Pad pad = Pad::kFront;
  FilterAt filter_at = FilterAt::kProfile;
  ByKind<std::vector<FilterSpec>> filters = {};
  std::string source, published, defaults;  // for people: no part of to_json() and hash()

  std::size_t samples() const;  // of a channel: fs · seconds, rounded; 0: as long as the segment
  std::string signals() const;  // the channels as a list, "II,ppg?"
  std::string summary() const;  // what it does, in a line

  static Profile from_json(const stream::Json& json);
  // The canonical form: every field of old in one order, filter_at and filters where there are filters.
  stream::Json to_json() const;
  std::uint64_t hash() const;
  // A shipped profile by its name, or a file. Status 2 names those there are.
  static Profile open(const std::string& name_or_file);
  static Profile qualityfm() { return open("qualityfm"); }
  // The same preparation, whatever is said of it.
  bool operator==(const Profile& other) const { return to_json() == other.to_json(); }
};

// The shipped profiles, in the order of their names.
const std::vector<Profile>& shipped_profiles();
// A table for people: name, rate, seconds, channels, what is done, source.
std::string profile_table();

}  // namespace cfm::prepare
