#include "format/names.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

namespace cfm::format {
namespace {

constexpr Alias kTable[] = {
    // Standard, modified and orthogonal leads.
    {"I", "I", "ecg", ""},
    {"II", "II", "ecg", ""},
    {"III", "III", "ecg", ""},
    {"D1", "I", "ecg", "mV"},
    {"D2", "II", "ecg", "mV"},
    {"D3", "III", "ecg", "mV"},
    {"DI", "I", "ecg", ""},
    {"DII", "II", "ecg", ""},
    {"DIII", "III", "ecg", ""},
    {"aVR", "aVR", "ecg", ""},
    {"aVL", "aVL", "ecg", ""},
    {"aVF", "aVF", "ecg", ""},
    {"-aVR", "-aVR", "ecg", ""},
    {"V", "V", "ecg", ""},
    {"V1", "V1", "ecg", ""},
    {"V2", "V2", "ecg", ""},
    {"V3", "V3", "ecg", ""},
    {"V4", "V4", "ecg", ""},
    {"V5", "V5", "ecg", ""},
    {"V6", "V6", "ecg", ""},
    {"V7", "V7", "ecg", ""},
    {"V8", "V8", "ecg", ""},
    {"V9", "V9", "ecg", ""},
    {"V3R", "V3R", "ecg", ""},
    {"V4R", "V4R", "ecg", ""},
    {"V5R", "V5R", "ecg", ""},
    {"V6R", "V6R", "ecg", ""},
    {"MLI", "MLI", "ecg", ""},
    {"MLII", "MLII", "ecg", ""},
    {"MLIII", "MLIII", "ecg", ""},
    {"ML2", "MLII", "ecg", ""},
    {"ML5", "ML5", "ecg", ""},
    {"MV1", "MV1", "ecg", ""},
    {"MV2", "MV2", "ecg", ""},
    {"MV5", "MV5", "ecg", ""},
    {"MCL", "MCL", "ecg", ""},
    {"MCL1", "MCL1", "ecg", ""},
    {"MCL6", "MCL6", "ecg", ""},
    {"CM2", "CM2", "ecg", ""},
    {"CM4", "CM4", "ecg", ""},
    {"CM5", "CM5", "ecg", ""},
    {"CC5", "CC5", "ecg", ""},
    {"CS12", "CS12", "ecg", ""},
    {"Vx", "Vx", "ecg", ""},
    {"Vy", "Vy", "ecg", ""},
    {"Vz", "Vz", "ecg", ""},
    {"X", "Vx", "ecg", "mV"},
    {"Y", "Vy", "ecg", "mV"},
    {"Z", "Vz", "ecg", "mV"},
    {"E-S", "E-S", "ecg", "mV"},
    {"A-S", "A-S", "ecg", "mV"},
    {"A-I", "A-I", "ecg", "mV"},
    {"ECG", "ECG", "ecg", ""},
    {"EKG", "ECG", "ecg", ""},
    {"ECG wave", "ECG", "ecg", ""},
    {"FECG", "FECG", "ecg", ""},
    {"MDC_ECG_ELEC_POTL", "ECG", "ecg", ""},
    {"MDC_ECG_LEAD_I", "I", "ecg", ""},
    {"MDC_ECG_LEAD_II", "II", "ecg", ""},
    {"MDC_ECG_LEAD_III", "III", "ecg", ""},
    {"MDC_ECG_LEAD_AVR", "aVR", "ecg", ""},
    {"MDC_ECG_LEAD_AVL", "aVL", "ecg", ""},
    {"MDC_ECG_LEAD_AVF", "aVF", "ecg", ""},
    {"MDC_ECG_LEAD_V1", "V1", "ecg", ""},
    {"MDC_ECG_LEAD_V2", "V2", "ecg", ""},
    {"MDC_ECG_LEAD_V3", "V3", "ecg", ""},
    {"MDC_ECG_LEAD_V4", "V4", "ecg", ""},
    {"MDC_ECG_LEAD_V5", "V5", "ecg", ""},
    {"MDC_ECG_LEAD_V6", "V6", "ecg", ""},
    // Photoplethysmograms.
    {"PLETH", "PLETH", "ppg", ""},
    {"PPG", "PLETH", "ppg", ""},
    {"Plethysmogram", "PLETH", "ppg", ""},
    {"Photoplethysmogram", "PLETH", "ppg", ""},
    {"SpO2-wave", "PLETH", "ppg", ""},
    {"SpO2 Pleth", "PLETH", "ppg", ""},
    {"Pleth wave", "PLETH", "ppg", ""},
    {"SpO2", "PLETH", "ppg", "NU"},
    {"MDC_PULS_OXIM_PLETH", "PLETH", "ppg", ""},
    {"PPG IR", "PPG IR", "ppg", ""},
    {"PPG red", "PPG red", "ppg", ""},
    {"PPG green", "PPG green", "ppg", ""},
    // Arterial pressure.
    {"ABP", "ABP", "abp", ""},
    {"ART", "ABP", "abp", ""},
    {"Art Line", "ABP", "abp", ""},
    {"Arterial pressure", "ABP", "abp", ""},
    {"IBP", "ABP", "abp", "mmHg"},
    {"BP", "ABP", "abp", "mmHg"},
    {"NIBP wave", "ABP", "abp", "mmHg"},
    {"AR", "ABP", "abp", "mmHg"},
    {"FEM", "ABP", "abp", "mmHg"},
    {"MDC_PRESS_BLD_ART", "ABP", "abp", ""},
    {"MDC_PRESS_BLD_ART_ABP", "ABP", "abp", ""},
    {"AOBP", "AOBP", "abp", ""},
    {"Ao", "AOBP", "abp", "mmHg"},
    {"UAP", "UAP", "abp", "mmHg"},
    {"FAP", "FAP", "abp", "mmHg"},
    // Breathing.
    {"RESP", "RESP", "resp", ""},
    {"Resp. Imp.", "RESP", "resp", ""},
    {"RESP_IMP", "RESP", "resp", ""},
    {"Resp impedance", "RESP", "resp", ""},
    {"Respiration", "RESP", "resp", ""},
    {"RR wave", "RESP", "resp", ""},
    {"MDC_RESP", "RESP", "resp", ""},
    {"MDC_TTHOR_IMPED", "RESP", "resp", ""},
    {"Airflow", "Airflow", "resp", ""},
    {"Resp nasal", "Resp nasal", "resp", ""},
    {"Resp chest", "Resp chest", "resp", ""},
    {"Resp abdomen", "Resp abdomen", "resp", ""},
    // What else stands beside them.
    {"PAP", "PAP", "pap", ""},
    {"PA", "PAP", "pap", "mmHg"},
    {"MDC_PRESS_BLD_ART_PULM", "PAP", "pap", ""},
    {"MDC_PRESS_BLD_VEN_CENT", "CVP", "cvp", ""},
    {"MDC_PRESS_INTRA_CRAN", "ICP", "icp", ""},
    {"CVP", "CVP", "cvp", ""},
    {"ICP", "ICP", "icp", ""},
    {"CO2", "CO2", "co2", ""},
    {"PCG", "PCG", "pcg", ""},
    {"SCG", "SCG", "scg", ""},
    {"EEG", "EEG", "eeg", ""},
    {"EMG", "EMG", "emg", ""},
    {"EOG", "EOG", "eog", ""},
};

// Letters and digits in lower case, and a minus at the very start: -aVR is not aVR.
std::string key_of(std::string_view name) {
  std::string key;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      key += static_cast<char>(c - 'A' + 'a');
    } else if (std::string_view(" _-./,\t").find(c) == std::string_view::npos || (c == '-' && key.empty())) {
      key += c;
    }
  }
  return key;
}

const Alias* look_up(const std::string& key, std::string_view unit) {
  static const auto index = [] {
    std::unordered_map<std::string, const Alias*> made;
    for (const Alias& alias : kTable) made.emplace(key_of(alias.alias), &alias);
    return made;
  }();
  const auto at = index.find(key);
  if (at == index.end()) return nullptr;
  return at->second->unit.empty() || at->second->unit == canonical_unit(unit) ? at->second : nullptr;
}

struct Known {
  std::string canonical;
  std::string_view kind;
};

Known known(std::string_view name, std::string_view unit) {
  const std::string key = key_of(name);
  if (const Alias* alias = look_up(key, unit)) return {std::string(alias->canonical), alias->kind};
  // "ECG lead II", "lead V5", "EKG aVF"
  std::string_view lead = key;
  for (const std::string_view before : {"ecg", "ekg", "lead"}) {
    if (lead.starts_with(before)) lead.remove_prefix(before.size());
  }
  if (lead.size() < key.size()) {
    const Alias* alias = look_up(std::string(lead), unit);
    if (alias != nullptr && alias->kind == "ecg") return {std::string(alias->canonical), alias->kind};
  }
  // "ECG 1", "PLETH2": a number after the name of a kind of signal, which has three letters or more
  constexpr std::size_t kShortest = 3;
  const std::size_t letters = key.find_last_not_of("0123456789") + 1;
  if (letters >= kShortest && letters < key.size()) {
    const Alias* alias = look_up(key.substr(0, letters), unit);
    if (alias != nullptr) return {std::string(alias->canonical) + key.substr(letters), alias->kind};
  }
  // "SNUADC/ECG_II" of VitalDB: a device, a slash, its name
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    return known(name.substr(slash + 1), unit);
  }
  // "EEG Fpz-Cz", "EMG submental": the first word is the kind
  const std::string_view first = name.substr(0, name.find(' '));
  if (first.size() < name.size() && first.size() >= kShortest) {
    const Alias* alias = look_up(key_of(first), unit);
    if (alias != nullptr) return {std::string(name), alias->kind};
  }
  return {std::string(name), "other"};
}

// What one of a unit is in the standard one of a kind of signal.
struct UnitRow {
  std::string_view unit, standard;
  double factor;
};
constexpr std::array kVoltages = {UnitRow{"uV", "mV", 1e-3}, UnitRow{"V", "mV", 1e3}, UnitRow{"nV", "mV", 1e-6}};
// 1 mmHg = 133.322387415 Pa (NIST SP 811, appendix B.8); 1 cmH2O = 98.0665 Pa
constexpr std::array kPressures = {UnitRow{"kPa", "mmHg", 1000 / 133.322387415},
                                   UnitRow{"Pa", "mmHg", 1 / 133.322387415},
                                   UnitRow{"cmH2O", "mmHg", 98.0665 / 133.322387415}};

}  // namespace

StandardUnit standard_unit(std::string_view kind, std::string_view unit) {
  constexpr std::array<std::string_view, 4> kPressureKinds = {"abp", "pap", "cvp", "icp"};
  const std::string usual = canonical_unit(unit);
  const auto rows = kind == "ecg" ? std::span<const UnitRow>(kVoltages)
                    : std::ranges::find(kPressureKinds, kind) != kPressureKinds.end()
                        ? std::span<const UnitRow>(kPressures)
                        : std::span<const UnitRow>();
  for (const UnitRow& row : rows) {
    if (row.unit == usual) return {std::string(row.standard), row.factor};
  }
  return {usual, 1};
}

std::span<const Alias> alias_table() { return kTable; }

std::string kind_of(std::string_view channel_name, std::string_view unit) {
  return std::string(known(channel_name, unit).kind);
}

std::string canonical_name(std::string_view channel_name, std::string_view unit) {
  return known(channel_name, unit).canonical;
}

bool same_name(std::string_view wanted, std::string_view channel_name, std::string_view unit) {
  return wanted == channel_name || canonical_name(wanted, unit) == canonical_name(channel_name, unit);
}

std::string canonical_unit(std::string_view unit) {
  constexpr std::array<std::string_view, 7> kUsual = {"mV", "uV", "V", "mmHg", "NU", "kPa", "cmH2O"};
  std::string text(unit);
  for (const std::string_view micro : {"\u00b5", "\u03bc"}) {
    if (!text.starts_with(micro)) continue;
    text.erase(0, micro.size() - 1);
    text.front() = 'u';
  }
  const auto same = [&](std::string_view usual) {
    return std::equal(usual.begin(), usual.end(), text.begin(), text.end(), [](char a, char b) {
      const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
      return lower(a) == lower(b);
    });
  };
  // "MV" is no millivolt; a letter's case is only mended where nothing else is meant.
  if (text == "MV") return text;
  const auto at = std::find_if(kUsual.begin(), kUsual.end(), same);
  return at == kUsual.end() ? text : std::string(*at);
}

}  // namespace cfm::format
