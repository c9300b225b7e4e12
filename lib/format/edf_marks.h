// Time-stamped annotation lists (TALs) of EDF+ and BDF+, and the marks in them that are ours.
//
//   for (const Tal& tal : parse_tals(bytes, "night.edf, data record 3")) use(tal.onset, tal.texts);
//   std::string text = spell_tal({.onset = 1.5, .duration = 0.25, .texts = {"artefact"}});
//
// Onsets are seconds after the start time of the header. Throws kMalformed, `where` first.
// Format: Kemp & Olivan, Clin Neurophysiol 2003;114:1755, 2.2.2; www.edfplus.info/specs/edfplus.html.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cfm::format {

inline constexpr std::string_view kEndMark = "cfm: end";            // the last data record is padding from here
inline constexpr std::string_view kMissingMark = "cfm: missing@@";  // and a channel's label, or # and its number
inline constexpr std::string_view kCommentMark = "cfm: comment ";   // and a comment that has no field

struct Tal {
  double onset = 0;
  double duration = 0;                  // 0: none
  std::vector<std::string_view> texts;  // as in the file; the first of a data record is empty: it keeps the time
};

std::vector<Tal> parse_tals(std::string_view bytes, const std::string& where);
std::string spell_tal(const Tal& tal);

}  // namespace cfm::format
