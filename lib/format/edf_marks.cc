#include "format/edf_marks.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace cfm::format {
namespace {

constexpr char kAfterText = '\x14', kBeforeDuration = '\x15', kAfterList = '\0';
constexpr double kLongestTime = 1e9;  // s: 30 years; what is beyond is damage, and keeps whole numbers in their range

// Seconds in plain digits, to the nanosecond.
std::string seconds(double value) {
  std::string text = fmt::format("{:.9f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::optional<double> as_seconds(std::string_view text) {
  const bool plus = text.starts_with('+');
  if (text.find_first_not_of("0123456789.", plus || text.starts_with('-') ? 1 : 0) != std::string_view::npos) return {};
  const auto value = whole_number<double>(text.substr(plus ? 1 : 0));
  return value && std::abs(*value) <= kLongestTime ? value : std::nullopt;
}

}  // namespace

std::vector<Tal> parse_tals(std::string_view bytes, const std::string& where) {
  std::vector<Tal> tals;
  for (std::size_t at = bytes.find_first_not_of(kAfterList); at != std::string_view::npos;
       at = bytes.find_first_not_of(kAfterList, at)) {
    const std::string_view list = bytes.substr(at, bytes.find(kAfterList, at) - at);
    at += list.size();
    if (!list.ends_with(kAfterText)) {
      throw Error(Status::kMalformed, "{}: the annotation {} has no end", where, in_quotes(list));
    }
    std::string_view time = list.substr(0, list.find(kAfterText));
    std::string_view texts = list.substr(time.size() + 1);
    Tal tal;
    if (const auto mark = time.find(kBeforeDuration); mark != std::string_view::npos) {
      const auto duration = as_seconds(time.substr(mark + 1));
      if (!duration || *duration < 0) {
        throw Error(Status::kMalformed, "{}: {} is no duration of an annotation", where,
                    in_quotes(time.substr(mark + 1)));
      }
      tal.duration = *duration;
      time = time.substr(0, mark);
    }
    const auto onset = time.starts_with('+') || time.starts_with('-') ? as_seconds(time) : std::nullopt;
    if (!onset) {
      throw Error(Status::kMalformed, "{}: {} is no onset of an annotation (+ or -, and seconds)", where,
                  in_quotes(time));
    }
    tal.onset = *onset;
    while (!texts.empty()) {
      tal.texts.push_back(texts.substr(0, texts.find(kAfterText)));
      texts.remove_prefix(tal.texts.back().size() + 1);
    }
    tals.push_back(std::move(tal));
  }
  return tals;
}

std::string spell_tal(const Tal& tal) {
  const std::string onset = seconds(tal.onset);
  std::string out(onset.starts_with('-') ? "" : "+");
  out += onset;
  if (tal.duration > 0) out += kBeforeDuration + seconds(tal.duration);
  out += kAfterText;
  for (const std::string_view text : tal.texts) {
    for (const char c : text) out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    out += kAfterText;
  }
  return out + kAfterList;
}

}  // namespace cfm::format
