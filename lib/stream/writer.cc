#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "base/hash.h"
#include "stream/frame.h"
#include "stream/index.h"
#include "stream/json_text.h"
#include "stream/preamble.h"
#include "stream/text_twin.h"

namespace cfm::stream {
namespace {

constexpr std::array<std::byte, kAlignment> kZeros{};

std::span<const std::byte> zeros(std::uint64_t n) { return std::span(kZeros).first(n); }

// Payload of tensors at `offsets`, with the zeros between them.
std::vector<std::span<const std::byte>> pieces_of(const std::vector<Tensor>& tensors,
                                                  const std::vector<std::uint64_t>& offsets) {
  std::vector<std::span<const std::byte>> pieces;
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (offsets[i] > at) pieces.push_back(zeros(offsets[i] - at));
    pieces.push_back(tensors[i].data.span());
    at = offsets[i] + tensors[i].data.size();
  }
  return pieces;
}

Bytes joined(std::span<const std::span<const std::byte>> pieces) {
  std::vector<std::byte> all;
  for (const auto& piece : pieces) all.insert(all.end(), piece.begin(), piece.end());
  return Bytes::own(std::move(all));
}

std::string header_of(const std::string& type, const Json& keys, const std::vector<Tensor>& tensors,
                      std::vector<std::uint64_t>& offsets, std::uint64_t& payload_length) {
  offsets.clear();
  payload_length = 0;
  std::string entries = "{";
  for (const Tensor& t : tensors) {
    if (t.data.size() != t.elements() * size_of(t.dtype)) {
      throw Error(Status::kBug, "tensor '{}' of {} bytes where its shape promises {}", t.name, t.data.size(),
                  t.elements() * size_of(t.dtype));
    }
    payload_length = align_up(payload_length);
    offsets.push_back(payload_length);
    if (entries.size() > 1) entries += ',';
    entries += dump_json(t.name) + ":{\"dtype\":\"";
    entries.append(name_of(t.dtype)) += "\",\"shape\":[";
    for (std::size_t d = 0; d < t.shape.size(); ++d) entries += (d > 0 ? "," : "") + std::to_string(t.shape[d]);
    entries += "],\"data_offsets\":[" + std::to_string(payload_length) + ',';
    payload_length += t.data.size();
    entries += std::to_string(payload_length) + ']';
    if (!t.attributes.empty()) {
      const std::string attributes = dump_json(t.attributes);
      entries.append(1, ',').append(attributes, 1, attributes.size() - 2);
    }
    entries += '}';
  }
  entries += '}';

  // One dump for all keys: each has its price.
  const std::string dumped = dump_json(keys);
  std::string out = "{\"type\":\"" + type + '"';
  bool placed = false;
  for (const auto& member : json_members(dumped, kDeepestJson)) {
    if (member.key == "type") continue;
    const bool here = member.key == "tensors";
    out.append(1, ',').append(member.spelt).append(1, ':').append(here ? std::string_view(entries) : member.value);
    placed = placed || here;
  }
  if (!placed) out += ",\"tensors\":" + entries;
  return out += '}';
}

}  // namespace

std::uint64_t derived_part_id(std::string_view header) {
  std::string padded(header);
  padded.resize(padded_header_length(header.size()) - 1, ' ');
  padded += '\n';
  return crc32c(std::as_bytes(std::span(padded))) * 0x100000001ULL;
}

std::string segment_header(const Segment& segment, std::vector<std::uint64_t>& offsets, std::uint64_t& payload_length) {
  return header_of("segment", segment.header, segment.tensors, offsets, payload_length);
}

FrameWriter::FrameWriter(OutputFile& out, const WriteOptions& options) : out_(out), options_(options) {}

bool FrameWriter::collects_index() const { return options_.index && (out_.is_regular() || options_.index_pipes); }

void FrameWriter::count(char type, std::size_t header_length, std::uint64_t payload_length) {
  const std::uint64_t padded = type == 'E' ? kEndBytes - kPreambleBytes : padded_header_length(header_length);
  part_bytes_ += kPreambleBytes + padded + align_up(payload_length);
  payload_bytes_ += payload_length;
  segments_ += type == 'S' ? 1 : 0;
  ++seq_;
}

void FrameWriter::put(char type, std::string_view header, std::span<const std::span<const std::byte>> payload,
                      bool crc) {
  Preamble preamble{.type = type, .crc = crc, .seq = seq_, .part_id = part_id_};
  const std::uint64_t padded = type == 'E' ? kEndBytes - kPreambleBytes : padded_header_length(header.size());
  if (padded > kLargestHeader || header.size() >= padded) {
    throw Error(Status::kMalformed, "{}: a header of {} bytes is too long for a frame '{}'", out_.name(), header.size(),
                type);
  }
  preamble.header_length = static_cast<std::uint32_t>(padded);
  for (const auto& piece : payload) {
    if (crc) preamble.payload_crc = crc32c(piece, preamble.payload_crc);
    preamble.payload_length += piece.size();
  }
  std::vector<std::byte> front(kPreambleBytes + padded, std::byte{' '});
  std::memcpy(front.data() + kPreambleBytes, header.data(), header.size());
  front.back() = std::byte{'\n'};
  preamble.header_crc = crc32c(std::span(front).subspan(kPreambleBytes));
  write_preamble(preamble, front);

  std::vector<std::span<const std::byte>> pieces;
  pieces.reserve(payload.size() + 2);
  pieces.emplace_back(front);
  pieces.insert(pieces.end(), payload.begin(), payload.end());
  pieces.push_back(zeros(align_up(preamble.payload_length) - preamble.payload_length));
  out_.write(pieces);
  count(type, header.size(), preamble.payload_length);
}

void FrameWriter::put_text(const Frame& frame) {
  out_.write(text_line(frame, options_.payload) + '\n');
  count(frame.type, frame.header.size(), frame.payload.size());
}

void FrameWriter::write(const Frame& frame) {
  if (frame.type == 'x' || frame.type == 'E') throw Error(Status::kBug, "end_part writes frames '{}'", frame.type);
  if ((frame.type == 'H') == open_)
    throw Error(Status::kBug, "frame '{}' {} a part", frame.type, open_ ? "inside" : "outside");
  if (frame.type == 'H') {
    open_ = true;
    part_id_ = frame.part_id;
    seq_ = segments_ = payload_bytes_ = part_bytes_ = 0;
    rows_ = {};
  }
  if (frame.type == 'S' && collects_index()) append_row(rows_, part_bytes_, HeaderView(frame.header));
  if (options_.form == Form::kText) return put_text(frame);
  const std::span<const std::byte> payload = frame.payload.span();
  put(frame.type, frame.header, std::span(&payload, payload.empty() ? 0 : 1), frame.crc);
}

void FrameWriter::write(const Segment& segment) {
  if (!open_) throw Error(Status::kBug, "a segment outside a part");
  std::vector<std::uint64_t> offsets;
  std::uint64_t payload_length = 0;
  const std::string header = segment_header(segment, offsets, payload_length);
  if (collects_index()) append_row(rows_, part_bytes_, HeaderView(header));
  const auto pieces = pieces_of(segment.tensors, offsets);
  if (options_.form == Form::kText) return put_text(Frame{.type = 'S', .header = header, .payload = joined(pieces)});
  put('S', header, pieces, true);
}

void FrameWriter::end_part(Json end, bool with_index) {
  if (!open_) throw Error(Status::kBug, "the end of a part that nobody began");
  std::optional<std::uint64_t> index_offset;
  const std::uint64_t segments = segments_;
  if (with_index && collects_index()) {
    index_offset = part_bytes_;
    const auto tensors = index_tensors(std::exchange(rows_, {}));
    std::vector<std::uint64_t> offsets;
    std::uint64_t payload_length = 0;
    const std::string header = header_of("index", Json::object(), tensors, offsets, payload_length);
    const auto pieces = pieces_of(tensors, offsets);
    if (options_.form == Form::kText) {
      put_text(Frame{.type = 'x', .header = header, .payload = joined(pieces)});
    } else {
      put('x', header, pieces, true);
    }
  }
  Json json = {{"type", "end"},
               {"status", end.value("status", "ok")},
               {"segments", segments},
               {"frames", seq_ + 1},
               {"skipped", end.contains("skipped") ? end["skipped"] : Json(0)},
               {"payload_bytes", payload_bytes_},
               {"part_bytes", part_bytes_ + kEndBytes}};
  if (index_offset) json["index_offset"] = *index_offset;
  for (const auto& [key, value] : end.items()) {
    if (!json.contains(key) && key != "index_offset") json[key] = value;
  }
  const std::string header = dump_json(json);
  if (options_.form == Form::kText) {
    put_text(Frame{.type = 'E', .header = header});
  } else {
    put('E', header, {}, true);
  }
  open_ = false;
}

}  // namespace cfm::stream
