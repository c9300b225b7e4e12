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
std::vector<Bytes> pieces_of(const std::vector<Tensor>& tensors, const std::vector<std::uint64_t>& offsets) {
  std::vector<Bytes> pieces;
  pieces.reserve(2 * tensors.size());
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (offsets[i] > at) pieces.emplace_back(nullptr, zeros(offsets[i] - at));
    pieces.push_back(tensors[i].data);
    at = offsets[i] + tensors[i].data.size();
  }
  return pieces;
}

Bytes joined(std::span<const Bytes> pieces) {
  if (pieces.size() == 1) return pieces[0];
  std::vector<std::byte> all;
  for (const Bytes& piece : pieces) all.insert(all.end(), piece.span().begin(), piece.span().end());
  return Bytes::own(std::move(all));
}

constexpr int kTensorDepth = 3;  // header, tensors, tensor

// A further member of an object that is nested `depth` deep.
void put_member(std::string& out, std::string_view key, const Json& value, int depth) {
  out += ',';
  append_string(out, key);
  out += ':';
  append_json(out, value, kDeepestJson - depth);
}

std::string header_of(const std::string& type, const Json& keys, const std::vector<Tensor>& tensors,
                      std::vector<std::uint64_t>& offsets, std::uint64_t& payload_length) {
  offsets.clear();
  payload_length = 0;
  std::string out;
  constexpr std::size_t kUsual = 1024;  // bytes
  out.reserve(kUsual);
  out.append("{\"type\":\"").append(type).append(1, '"');
  const auto put_tensors = [&] {
    out += ",\"tensors\":{";
    for (const Tensor& t : tensors) {
      if (t.data.size() != t.elements() * size_of(t.dtype)) {
        throw Error(Status::kBug, "tensor '{}' of {} bytes where its shape promises {}", t.name, t.data.size(),
                    t.elements() * size_of(t.dtype));
      }
      payload_length = align_up(payload_length);
      if (!offsets.empty()) out += ',';
      offsets.push_back(payload_length);
      append_string(out, t.name);
      out.append(":{\"dtype\":\"").append(name_of(t.dtype)).append("\",\"shape\":[");
      for (std::size_t d = 0; d < t.shape.size(); ++d) out.append(d > 0 ? "," : "").append(std::to_string(t.shape[d]));
      out.append("],\"data_offsets\":[").append(std::to_string(payload_length)).append(1, ',');
      payload_length += t.data.size();
      out.append(std::to_string(payload_length)).append(1, ']');
      for (const auto& [key, value] : t.attributes.items()) put_member(out, key, value, kTensorDepth);
      out += '}';
    }
    out += '}';
  };
  bool placed = false;
  for (const auto& [key, value] : keys.items()) {
    if (key == "type") continue;
    if (key == "tensors") {
      put_tensors();
      placed = true;
    } else {
      put_member(out, key, value, 1);
    }
  }
  if (!placed) put_tensors();
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

ReadySegment FrameWriter::ready(char type, std::string_view header, std::vector<Bytes> payload, bool crc) const {
  const std::uint64_t padded = type == 'E' ? kEndBytes - kPreambleBytes : padded_header_length(header.size());
  if (padded > kLargestHeader || header.size() >= padded) {
    throw Error(Status::kMalformed, "{}: a header of {} bytes is too long for a frame '{}'", out_.name(), header.size(),
                type);
  }
  ReadySegment ready;
  ready.header_length = header.size();
  ready.front.reserve(kPreambleBytes + padded);
  ready.front.append(kPreambleBytes, ' ').append(header).resize(kPreambleBytes + padded, ' ');
  ready.front.back() = '\n';
  ready.header_crc = crc32c(std::as_bytes(std::span(ready.front)).subspan(kPreambleBytes));
  for (const Bytes& piece : payload) {
    const auto known = payload.size() == 1 ? piece.known_crc32c() : std::nullopt;
    if (crc) ready.payload_crc = known ? *known : crc32c(piece.span(), ready.payload_crc);
    ready.payload_length += piece.size();
  }
  ready.payload = std::move(payload);
  return ready;
}

void FrameWriter::put(char type, ReadySegment& frame, bool crc) {
  const Preamble preamble{.type = type,
                          .crc = crc,
                          .header_length = static_cast<std::uint32_t>(frame.front.size() - kPreambleBytes),
                          .payload_length = frame.payload_length,
                          .seq = seq_,
                          .part_id = part_id_,
                          .payload_crc = frame.payload_crc,
                          .header_crc = frame.header_crc};
  write_preamble(preamble, std::as_writable_bytes(std::span(frame.front)));
  std::vector<std::span<const std::byte>> pieces;
  pieces.reserve(frame.payload.size() + 2);
  pieces.push_back(std::as_bytes(std::span(frame.front)));
  for (const Bytes& piece : frame.payload) pieces.push_back(piece.span());
  pieces.push_back(zeros(align_up(preamble.payload_length) - preamble.payload_length));
  out_.write(pieces);
  count(type, frame.header_length, preamble.payload_length);
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
  if (frame.type == 'S' && collects_index()) append_row(rows_, part_bytes_, row_of(HeaderView(frame.header)));
  if (options_.form == Form::kText) return put_text(frame);
  std::vector<Bytes> payload;
  if (frame.payload.size() > 0) payload.push_back(frame.payload);
  ReadySegment all = ready(frame.type, frame.header, std::move(payload), frame.crc);
  put(frame.type, all, frame.crc);
}

ReadySegment FrameWriter::ready(const Segment& segment) const {
  std::vector<std::uint64_t> offsets;
  std::uint64_t payload_length = 0;
  std::string header = segment_header(segment, offsets, payload_length);
  auto pieces = pieces_of(segment.tensors, offsets);
  ReadySegment all;
  if (options_.form == Form::kText) {
    const std::size_t length = header.size();
    all.front = text_line(Frame{.type = 'S', .header = std::move(header), .payload = joined(pieces)}, options_.payload);
    all.front += '\n';
    all.header_length = length;
    all.payload_length = payload_length;
  } else {
    all = ready('S', header, std::move(pieces), true);
  }
  if (collects_index()) all.row = row_of(segment);
  return all;
}

void FrameWriter::write(ReadySegment segment) {
  if (!open_) throw Error(Status::kBug, "a segment outside a part");
  if (collects_index()) append_row(rows_, part_bytes_, segment.row);
  if (options_.form == Form::kBinary) return put('S', segment, true);
  out_.write(segment.front);
  count('S', segment.header_length, segment.payload_length);
}

void FrameWriter::write(const Segment& segment) { write(ready(segment)); }

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
    auto pieces = pieces_of(tensors, offsets);
    if (options_.form == Form::kText) {
      put_text(Frame{.type = 'x', .header = header, .payload = joined(pieces)});
    } else {
      ReadySegment all = ready('x', header, std::move(pieces), true);
      put('x', all, true);
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
  out_.flush();  // the end is written when all before it has succeeded
  if (options_.form == Form::kText) {
    put_text(Frame{.type = 'E', .header = header});
  } else {
    ReadySegment all = ready('E', header, {}, true);
    put('E', all, true);
  }
  out_.flush();
  open_ = false;
}

}  // namespace cfm::stream
