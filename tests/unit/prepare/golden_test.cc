// Every shipped profile against what its authors' steps give in numpy and scipy: tests/golden/profiles.py.
#include "golden.h"

#include <algorithm>
#include <cmath>

#include "prepare/prepare.h"

using namespace cfm;
using namespace cfm::prepare;
using stream::Json;
using stream::Segment;

namespace {

const std::string kFolder = std::filesystem::path(__FILE__).parent_path() / "../../golden/profiles/";

Segment golden_segment(const nlohmann::json& about) {
  const double ecg_fs = about["ecg_fs"], ppg_fs = about["ppg_fs"];
  const std::vector<float> components = test::narrow(test::read_npy(kFolder + "ecg.npy"));
  std::vector<float> ppg = test::narrow(test::read_npy(kFolder + "ppg.npy"));
  const auto names = about["leads"].get<std::vector<std::string>>();
  const std::size_t n = components.size() / 3;
  std::vector<float> leads;
  for (std::size_t lead = 0; lead < names.size(); ++lead) {
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < 3; ++c) sum += about["weights"][lead][c].get<float>() * components[c * n + i];
      leads.push_back(static_cast<float>(sum));
    }
  }
  for (const auto& gap : about["gaps"]) {
    const auto lead = std::find(names.begin(), names.end(), gap[0].get<std::string>()) - names.begin();
    const bool is_ppg = gap[0] == "ppg";
    const double fs = is_ppg ? ppg_fs : ecg_fs;
    float* x = is_ppg ? ppg.data() : leads.data() + static_cast<std::size_t>(lead) * n;
    for (std::size_t i = 0; i < (is_ppg ? ppg.size() : n); ++i) {
      const double at = static_cast<double>(i) / fs;
      if (at >= gap[1] && at < gap[2]) x[i] = std::numeric_limits<float>::quiet_NaN();
    }
  }
  Segment segment;
  segment.header = {{"id", "golden/0"}, {"record", "golden"}};
  segment.put(stream::make_tensor("ecg", {12, static_cast<std::int64_t>(n)}, std::move(leads),
                                  Json{{"kind", "ecg"}, {"fs", ecg_fs}, {"names", names}}));
  const auto size = static_cast<std::int64_t>(ppg.size());
  segment.put(stream::make_tensor("ppg", {1, size}, std::move(ppg),
                                  Json{{"kind", "ppg"}, {"fs", ppg_fs}, {"names", {"PLETH"}}}));
  return segment;
}

}  // namespace

TEST_CASE("each shipped profile prepares as an independent program does") {
  const auto about = test::read_json(kFolder + "input.json");
  const Segment segment = golden_segment(about);
  const std::size_t stride = about["stride"];
  std::size_t seen = 0;
  for (const Profile& profile : shipped_profiles()) {
    CAPTURE(profile.name);
    const auto names = about["profiles"].get<std::vector<std::string>>();
    REQUIRE(std::ranges::find(names, profile.name) != names.end());
    ++seen;
    const std::vector<double> wanted = test::read_npy(kFolder + profile.name + ".npy");
    const Prepared made = Preparer(profile).run(segment);
    const std::size_t kept = (made.samples + stride - 1) / stride;
    REQUIRE(wanted.size() == kept * profile.channels.size());
    double worst = 0, worst_edge = 0;
    for (std::size_t c = 0; c < profile.channels.size(); ++c) {
      for (std::size_t k = 0; k < kept; ++k) {
        const double at = static_cast<double>(k * stride) / profile.fs;
        const double off = std::abs(made.values[c * made.samples + k * stride] - wanted[c * kept + k]);
        const bool edge = at < 0.5 || at > profile.seconds - 0.5;
        (edge ? worst_edge : worst) = std::max(edge ? worst_edge : worst, off);
      }
    }
    MESSAGE(profile.name << ": largest difference " << worst << " inside, " << worst_edge << " within 0.5 s of an end");
    // What differs is the slope between pass and stop band, which no contract fixes: only at 100 Hz do the signals have
    // something there. Near the ends it is how far the resampler's kernel reaches into the held value.
    CHECK(worst < (profile.fs <= 100 ? 2e-3 : 2e-4));
    CHECK(worst_edge < (profile.fs <= 100 ? 2e-3 : 5e-4));
  }
  CHECK(seen == about["profiles"].size());
}
