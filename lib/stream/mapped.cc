#include <algorithm>

#include "base/hash.h"
#include "stream/frame.h"
#include "stream/index.h"
#include "stream/json_text.h"
#include "stream/layout.h"
#include "stream/preamble.h"

namespace cfm::stream {

Error MappedStream::damaged(std::uint64_t offset, const Error& error) const {
  return Error(error.status(), "{}: byte {}: {}", path_, offset, error.what());
}

Preamble MappedStream::preamble_at(std::uint64_t offset) const {
  if (offset > file_.size() || file_.size() - offset < kPreambleBytes) {
    throw Error(Status::kMalformed, "cut inside a preamble");
  }
  const Preamble preamble = read_preamble(file_.span().subspan(offset, kPreambleBytes), max_frame_);
  if (preamble.size() > file_.size() - offset) throw Error(Status::kMalformed, "a frame is cut");
  return preamble;
}

std::string_view MappedStream::header_at(std::uint64_t offset, const Preamble& preamble) const {
  return unpadded_header(preamble, file_.span().subspan(offset + kPreambleBytes, preamble.header_length));
}

MappedStream::MappedStream(const std::string& path, std::uint64_t max_frame) : path_(path), max_frame_(max_frame) {
  if (!is_regular_file(path)) {
    map_file(path);  // says what is wrong, but of a pipe
    throw Error(Status::kMalformed, "{}: no regular file; random access needs one", path);
  }
  file_ = map_file(path);
  if (file_.text().starts_with('{')) {
    throw Error(Status::kMalformed, "{}: the text twin has no random access; convert it: cfm-view --to cfm", path);
  }
  if (!file_.text().starts_with(kMagic[0])) {
    FrameReader::open(path, {});  // names what it is
  }
  try {
    preamble_at(0);  // a newer version says so
  } catch (const Error& error) {
    throw damaged(0, error);
  }
  try {
    find_parts();
  } catch (const Error& error) {
    if (error.status() == Status::kMalformed) refuse_newer();
    throw;
  }
}

// End frames tell where their parts begin: from the last to the first.
void MappedStream::find_parts() {
  std::vector<std::pair<Part, std::uint64_t>> found;
  for (std::uint64_t end = file_.size(); end > 0;) {
    const std::uint64_t at = end < kEndBytes ? 0 : end - kEndBytes;
    try {
      if (end < kEndBytes) throw Error(Status::kMalformed, "too short for a part");
      const Preamble preamble = preamble_at(at);
      if (preamble.type != 'E') throw Error(Status::kMalformed, "no end frame: the stream was cut");
      const HeaderView header(header_at(at, preamble));
      check_frame('E', header, 0);
      const std::uint64_t bytes = header.count("part_bytes").value_or(0);
      if (bytes < kEndBytes + 2 * kAlignment || bytes > end)
        throw Error(Status::kMalformed, "the end frame says part_bytes {}", bytes);
      found.emplace_back(Part{end - bytes, end, preamble.part_id}, at);
      end -= bytes;
    } catch (const Error& error) {
      throw damaged(at, error);
    }
  }
  std::reverse(found.begin(), found.end());
  for (const auto& [part, at] : found) {
    const Preamble preamble = preamble_at(at);
    add_part(part, preamble, HeaderView(header_at(at, preamble)));
  }
}

// What looks wrong from the end may be newer: says status 3 where a reader in order would.
void MappedStream::refuse_newer() const {
  std::uint64_t at = 0;
  try {
    while (at < file_.size()) at += preamble_at(at).size();
  } catch (const Error& error) {
    if (error.status() == Status::kIncompatible) throw damaged(at, error);
  }
}

// Frames of a part from byte `at` to byte `end`, by their preambles; unknown critical ones are status 3.
std::uint64_t MappedStream::hop(const Part& part, std::uint64_t at, std::uint64_t end) const {
  std::uint64_t frames = 0;
  for (; at < end; ++frames) {
    const Preamble preamble = preamble_at(at);
    if (preamble.part_id != part.id) {
      throw Error(Status::kMalformed, "frame of part {} inside part {} at byte {}", hex16(preamble.part_id),
                  hex16(part.id), at);
    }
    at += preamble.size();
  }
  if (at != end) throw Error(Status::kMalformed, "the frames end at byte {} where the index says {}", at, end);
  return frames;
}

// Every frame of a part is a segment of its index, or known by its preamble.
void MappedStream::check_frames(const Part& part, const std::vector<std::uint64_t>& offsets,
                                std::uint64_t frames) const {
  const std::uint64_t first = offsets.empty() ? part.end : part.begin + offsets.front();
  std::uint64_t found = hop(part, part.begin, first);
  if (!offsets.empty()) found += hop(part, part.begin + offsets.back(), part.end) + offsets.size() - 1;
  if (found != frames) found = hop(part, part.begin, part.end);  // some stand between segments
  if (found != frames) throw Error(Status::kMalformed, "{} frames where the end frame says {}", found, frames);
}

void MappedStream::add_part(const Part& part, const Preamble& end, const HeaderView& counts) {
  std::uint64_t at = part.begin;
  try {
    const Preamble head = preamble_at(at);
    if (head.type != 'H' || head.seq != 0 || head.part_id != part.id) {
      throw Error(Status::kMalformed, "no head where the end frame says that its part begins");
    }
    const std::string_view head_header = header_at(at, head);
    check_frame('H', HeaderView(head_header), head.payload_length);
    heads_.push_back(parse_json(head_header));
    parts_.push_back(part);
    if (counts.count("frames") != end.seq + 1) throw Error(Status::kMalformed, "the end frame miscounts its frames");
    const auto index_offset = counts.count("index_offset");
    if (!index_offset) return walk(part, counts);

    const std::uint64_t length = part.end - part.begin;
    if (*index_offset >= length || *index_offset % kAlignment != 0) {
      throw Error(Status::kMalformed, "the end frame says index_offset {}", *index_offset);
    }
    at = part.begin + *index_offset;
    const Preamble preamble = preamble_at(at);
    if (preamble.type != 'x' || preamble.part_id != part.id || at + preamble.size() > part.end) {
      throw Error(Status::kMalformed, "no index where the end frame says");
    }
    const auto padded =
        file_.span().subspan(at + kPreambleBytes + preamble.header_length, align_up(preamble.payload_length));
    check_payload(preamble, padded, true);
    Frame frame{.type = 'x',
                .part_id = part.id,
                .seq = preamble.seq,
                .offset = at,
                .header = std::string(header_at(at, preamble)),
                .payload = file_.slice(at + kPreambleBytes + preamble.header_length, preamble.payload_length)};
    const Index rows = read_index(decode_segment(frame).tensors, counts.count("segments").value_or(0), *index_offset);
    check_frames(part, rows.offset, end.seq + 1);
    for (const std::uint64_t offset : rows.offset) rows_.offset.push_back(part.begin + offset);
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(rows_.record, rows.record);
    append(rows_.subject, rows.subject);
    append(rows_.start, rows.start);
    append(rows_.score, rows.score);
    append(rows_.klass, rows.klass);
  } catch (const Error& error) {
    throw damaged(at, error);
  }
}

// Makes the rows by looking at every header of the part; payloads are not touched.
void MappedStream::walk(const Part& part, const HeaderView& counts) {
  std::uint64_t at = part.begin, seq = 0, segments = 0, payload_bytes = 0;
  try {
    for (; at < part.end; ++seq) {
      const Preamble preamble = preamble_at(at);
      if (preamble.part_id != part.id || preamble.seq != seq || (preamble.type == 'H') != (seq == 0)) {
        throw Error(Status::kMalformed, "frame '{}' with seq {} of part {} where seq {} of part {} is due",
                    preamble.type, preamble.seq, hex16(preamble.part_id), seq, hex16(part.id));
      }
      const HeaderView header(header_at(at, preamble));
      check_frame(preamble.type, header, preamble.payload_length);
      if (preamble.type == 'S') {
        append_row(rows_, at, row_of(header));
        ++segments;
      }
      payload_bytes += preamble.payload_length;
      at += preamble.size();
    }
    if (at != part.end || counts.count("segments") != segments || counts.count("payload_bytes") != payload_bytes) {
      throw Error(Status::kMalformed, "counts that disagree with the end frame");
    }
  } catch (const Error& error) {
    throw damaged(at, error);
  }
}

Segment MappedStream::segment(std::size_t i) const {
  if (i >= size()) throw Error(Status::kBug, "{}: segment {} of {}", path_, i, size());
  const std::uint64_t at = rows_.offset[i];
  const auto part = std::upper_bound(parts_.begin(), parts_.end(), at,
                                     [](std::uint64_t offset, const Part& p) { return offset < p.end; });
  try {
    const Preamble preamble = preamble_at(at);
    if (preamble.type != 'S' || preamble.part_id != part->id)
      throw Error(Status::kMalformed, "no segment where the index says");
    Frame frame{.type = 'S',
                .crc = preamble.crc,
                .part_id = preamble.part_id,
                .seq = preamble.seq,
                .offset = at,
                .header = std::string(header_at(at, preamble)),
                .payload = {}};
    const std::uint64_t begin = at + kPreambleBytes + preamble.header_length;
    check_payload(preamble, file_.span().subspan(begin, align_up(preamble.payload_length)), true);
    frame.payload = file_.slice(begin, preamble.payload_length);
    Segment segment = decode_segment(frame);
    if (fnv1a64(segment.record()) != rows_.record[i] || fnv1a64(segment.subject()) != rows_.subject[i]) {
      throw Error(Status::kMalformed, "the index names another record or subject for this segment");
    }
    return segment;
  } catch (const Error& error) {
    throw damaged(at, error);
  }
}

}  // namespace cfm::stream
