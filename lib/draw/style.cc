#include "draw/style.h"

#include <algorithm>

namespace cfm::draw {
namespace {

constexpr std::array<Colour, stream::kQualityClasses.size()> kQualityColours = {
    {{0, 90, 160}, {105, 180, 225}, {240, 205, 60}, {230, 125, 30}, {135, 25, 35}}};

constexpr Colour kP{204, 121, 167}, kQrs{0, 114, 178}, kT{213, 94, 0};
constexpr Colour kFoot{0, 158, 115}, kSystole{212, 94, 0}, kNotch{118, 80, 180}, kDiastolic{86, 140, 210};

// WFDB codes of points.
constexpr int kNormalBeat = 1, kFootCode = 21, kSystoleCode = 20, kMeasurement = 23, kPPeak = 24, kTPeak = 27,
              kOnset = 39, kEnd = 40;

constexpr std::array kLegend = {LegendEntry{kPPeak, 0, kP, "P"},
                                LegendEntry{kNormalBeat, 0, kQrs, "QRS"},
                                LegendEntry{kTPeak, 0, kT, "T"},
                                LegendEntry{kFootCode, 0, kFoot, "foot"},
                                LegendEntry{kSystoleCode, 0, kSystole, "systole"},
                                LegendEntry{kMeasurement, 1, kNotch, "notch"},
                                LegendEntry{kMeasurement, 2, kDiastolic, "diastolic peak"}};

}  // namespace

Colour quality_colour(std::string_view name) {
  const auto at = std::find(stream::kQualityClasses.begin(), stream::kQualityClasses.end(), name);
  return at == stream::kQualityClasses.end()
             ? kGrey
             : kQualityColours[static_cast<std::size_t>(at - stream::kQualityClasses.begin())];
}

Shape fiducial_mark(const Event& event, Point at) {
  Shape mark{.role = Role::kFiducial, .points = {}, .pen = 0.22, .reference = event.reference};
  mark.form = event.reference ? Form::kOutline : Form::kFill;
  if (event.code == kOnset || event.code == kEnd) {
    constexpr double kHalf = 1.3, kFootLength = 0.7;  // a bracket that opens towards the wave
    const double foot = event.code == kOnset ? kFootLength : -kFootLength;
    mark.form = Form::kLine;
    mark.colour = event.num == 0 ? kP : event.num == 1 ? kQrs : kT;
    mark.points = {
        {at.x + foot, at.y - kHalf}, {at.x, at.y - kHalf}, {at.x, at.y + kHalf}, {at.x + foot, at.y + kHalf}};
    return mark;
  }
  constexpr double kHalf = 0.7;
  const auto entry = std::find_if(kLegend.begin(), kLegend.end(), [&](const LegendEntry& of) {
    return of.code == event.code && (of.code != kMeasurement || of.num == event.num);
  });
  // Any code of a beat is the peak of a QRS.
  mark.colour = entry != kLegend.end() ? entry->colour : kQrs;
  if (event.code == kMeasurement && entry == kLegend.end()) return mark;
  mark.points = {{at.x, at.y - kHalf}, {at.x + kHalf, at.y}, {at.x, at.y + kHalf}, {at.x - kHalf, at.y}};
  return mark;
}

std::span<const LegendEntry> fiducial_legend() { return kLegend; }

}  // namespace cfm::draw
