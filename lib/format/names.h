// What a channel is, by its name: one alias table for all formats and devices.
//
//   kind_of("SpO2-wave", "NU")   → "ppg"
//   canonical_name("ECG_II")     → "II"        canonical_name("MLII") → "MLII"
//   canonical_name("my signal")  → "my signal" (kind "other")
//
// Letter case, blanks and the signs _ - . / , within a name don't matter, nor does a leading "ECG" or "lead" before the
// name of a lead ("ECG lead II"); a number after a name of three letters and more is kept ("ECG_1" is "ECG1"). Throws
// nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cfm::format {

struct Alias {
  std::string_view alias;      // as devices and databases write it
  std::string_view canonical;  // the name it stands for
  std::string_view kind;       // ecg ppg abp resp pap cvp icp pcg scg co2 eeg emg eog
  std::string_view unit;       // "" or: only where the channel has this unit
};

// The table, as --list-signals and the pages show it.
std::span<const Alias> alias_table();

// Kind of a channel; "other" where the table doesn't know the name.
std::string kind_of(std::string_view channel_name, std::string_view unit);

// The name a user asks for; the channel's own where the table doesn't know it.
std::string canonical_name(std::string_view channel_name, std::string_view unit = "");

// Whether `wanted` (of --signals) names this channel: the same text, or the same canonical name.
bool same_name(std::string_view wanted, std::string_view channel_name, std::string_view unit = "");

// Usual spelling of a unit: mV, uV, V, mmHg, kPa; others as they came.
std::string canonical_unit(std::string_view unit);

// The unit in which signals of a kind are given out, and what one of `unit` is in it: ("ecg", "uV") → mV, 0.001;
// ("abp", "kPa") → mmHg, 7.5. Unknown units stay, with factor 1.
struct StandardUnit {
  std::string unit;
  double factor = 1;
};
StandardUnit standard_unit(std::string_view kind, std::string_view unit);

}  // namespace cfm::format
