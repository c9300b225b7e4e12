// Which channels of a segment a profile means.
//
//   std::vector<std::optional<stream::ChannelRef>> rows = choose(segment, profile);   // one a channel of the profile
//
// A kind is its preferred channel; a name is a channel's, where letter case, blanks, _ - . / , and a leading "ECG" or
// "lead" don't matter. Status 3, with what is needed and what there is, where a required one is missing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "prepare/profile.h"
#include "stream/segment.h"

namespace cfm::prepare {

std::optional<stream::ChannelRef> find_channel(const stream::Segment& segment, const std::string& name);
std::vector<std::optional<stream::ChannelRef>> choose(const stream::Segment& segment, const Profile& profile);

}  // namespace cfm::prepare
