#include "record/look.h"

#include <fmt/format.h>

#include <cmath>

#include "base/csv.h"
#include "format/sniff.h"
#include "stream/summary.h"

namespace cfm::record {
namespace {

constexpr std::size_t kFewLines = 8;  // of comments and notes that are shown

std::string duration(double seconds) {
  const auto ms = std::llround(seconds * 1000);
  const auto h = ms / 3'600'000, m = ms / 60'000 % 60;
  const std::string tail = fmt::format("{:02}.{:03}", ms / 1000 % 60, ms % 1000);
  return h > 0 ? fmt::format("{}:{:02}:{}", h, m, tail) : fmt::format("{}:{}", m, tail);
}

std::string_view name_of(format::SampleType type) {
  switch (type) {
    case format::SampleType::kI16:
      return "I16";
    case format::SampleType::kI32:
      return "I32";
    case format::SampleType::kF32:
      return "F32";
    default:
      return "F64";
  }
}

std::string text_of(const format::Recording& recording, std::string_view kind) {
  const double seconds = static_cast<double>(recording.frames()) / recording.fs();
  std::string out =
      fmt::format("{}: {} record, {} of {} channels at {} Hz, {} frames\n", recording.name(), kind, duration(seconds),
                  recording.channels().size(), csv_number(recording.fs()), recording.frames());
  if (const auto time = recording.base_time()) out += fmt::format("  begins    {}\n", *time);
  for (const format::Channel& channel : recording.channels()) {
    out += fmt::format("  {:<16}  {:<5} {:>7} Hz  {:<6} {}{}\n", channel.name, channel.kind, csv_number(channel.fs),
                       channel.unit.empty() ? "-" : channel.unit, name_of(channel.type),
                       !channel.calibrated  ? ", uncalibrated"
                       : channel.scale == 1 ? ""
                                            : fmt::format(", {} a unit", csv_number(1 / channel.scale)));
  }
  const auto comments = recording.comments();
  for (std::size_t i = 0; i < std::min(comments.size(), kFewLines); ++i) out += fmt::format("  # {}\n", comments[i]);
  if (comments.size() > kFewLines) out += fmt::format("  # … {} lines\n", comments.size());
  const auto notes = recording.notes();
  for (std::size_t i = 0; i < std::min(notes.size(), kFewLines); ++i) {
    out += fmt::format("  {:>12}  {}\n", duration(notes[i].onset), notes[i].text);
  }
  if (notes.size() > kFewLines) out += fmt::format("  … {} notes\n", notes.size());
  return out;
}

}  // namespace

Sight look_at_stream(const std::string& path, const stream::ReadOptions& options) {
  Sight seen;
  stream::Summary summary;
  std::string form;
  try {
    stream::FrameReader reader = stream::FrameReader::open(path, options);
    form = reader.form() == stream::Form::kBinary ? "binary stream" : "text stream";
    for (stream::Frame frame; reader.next(frame);) summary.add(frame);
    if (reader.lost_pieces() > 0) seen.status = Status::kPartial;
  } catch (const Error& error) {
    if (error.status() == Status::kIo) throw;
    seen.damage = error.what();
    seen.status = error.status();
  }
  const std::string name = path == "-" ? "stdin" : path.substr(path.find_last_of('/') + 1);
  if (seen.damage.empty()) {
    seen.line = fmt::format("{}: {}, {} parts, {} segments, {} frames\n", name,
                            seen.status == Status::kPartial ? "partly read" : "whole", summary.parts(),
                            summary.segments(), summary.frames());
  }
  seen.text = summary.text(name, form.empty() ? "no stream" : form, seen.damage);
  return seen;
}

Sight look_at_recording(const FoundRecord& found, const format::OpenOptions& options, bool verify) {
  Sight seen;
  try {
    const auto recording = format::open_recording(found.path, found.name, options);
    seen.text = text_of(*recording, format::name_of(format::sniff(found.path)));
    if (verify && !options.trust_data) recording->verify();
    seen.line = fmt::format("{}: whole, {} channels, {} frames\n", found.name, recording->channels().size(),
                            recording->frames());
  } catch (const Error& error) {
    if (error.status() == Status::kIo) throw;
    seen.damage = error.what();
    seen.status = error.status();
  }
  return seen;
}

}  // namespace cfm::record
