#include <fmt/format.h>

#include <cmath>

#include "base/csv.h"
#include "delineate/delineator.h"

namespace cfm::delineate {
namespace {

constexpr const char* kBefore =
    "id,record,channel,beat,class,p_on,p_peak,p_off,qrs_on,r_peak,qrs_off,t_on,t_peak,t_off,"
    "foot,systole,notch,diastole";
constexpr const char* kAfter = "pat,pat_reason,systolic,diastolic,mean";
constexpr double kParts = 1e6;  // of a s, ms or the lead's unit that are told: below the noise of any recording

std::string number(double value) { return csv_number(std::round(value * kParts) / kParts); }

}  // namespace

std::string row_header() {
  std::string out = kBefore;
  for (const char* name : interval_columns()) out += fmt::format(",{}", name);
  return out + "," + kAfter;
}

std::string row_line(const stream::Segment& segment, const BeatRow& row) {
  std::string out = fmt::format("{},{},{},{},{}", csv_cell(segment.id()), csv_cell(segment.record()),
                                csv_cell(row.channel), row.beat, row.symbol);
  for (const double time : {row.p_on, row.p_peak, row.p_off, row.qrs_on, row.r_peak, row.qrs_off, row.t_on, row.t_peak,
                            row.t_off, row.foot, row.systole, row.notch, row.diastole}) {
    out += "," + number(time);
  }
  for (const double value : row.intervals.values()) out += "," + number(value);
  out += fmt::format(",{},{}", number(row.arrival), row.reason);
  for (const double value : {row.systolic, row.diastolic, row.mean}) out += "," + number(value);
  return out;
}

}  // namespace cfm::delineate
