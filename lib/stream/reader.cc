#include <string.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "stream/frame.h"
#include "stream/json_text.h"
#include "stream/layout.h"
#include "stream/preamble.h"
#include "stream/source.h"
#include "stream/text_twin.h"

namespace cfm::stream {
namespace {

// Characters of a line per byte of payload: no dtype needs more ("-6.103515625e-05," for two).
constexpr std::uint64_t kTextPerByte = 12;

// Numbers that have been seen, 16 bytes each at most: a part has millions of segments.
class Seen {
 public:
  // False when it is there already.
  bool insert(std::uint64_t number) {
    number += number == 0 ? 1 : 0;  // 0 is a free place
    if (2 * (used_ + 1) > places_.size()) grow();
    std::uint64_t& place = find(number);
    if (place == number) return false;
    place = number;
    ++used_;
    return true;
  }

 private:
  std::uint64_t& find(std::uint64_t number) {
    const std::size_t mask = places_.size() - 1;
    std::size_t i = number & mask;
    while (places_[i] != 0 && places_[i] != number) i = (i + 1) & mask;
    return places_[i];
  }
  void grow() {
    constexpr std::size_t kFirst = 64;  // a power of two
    const auto old = std::exchange(places_, std::vector<std::uint64_t>(std::max(kFirst, 2 * places_.size())));
    for (const std::uint64_t number : old) {
      if (number != 0) find(number) = number;
    }
  }

  std::vector<std::uint64_t> places_;
  std::size_t used_ = 0;
};

// What has been seen of the part at hand.
struct PartState {
  bool open = false, damaged = false;
  std::uint64_t id = 0, seq = 0, segments = 0, payload_bytes = 0, begin = 0, index_offset = 0;
  Seen ids;  // FNV-1a of segment ids
};

}  // namespace

struct FrameReader::Impl {
  Impl(const std::string& path, const ReadOptions& read_options) : source(path), options(read_options) { sniff(); }

  void sniff() {
    const auto front = source.peek(4);
    const auto starts = [&](std::string_view magic) {
      return front.size() >= magic.size() &&
             std::equal(magic.begin(), magic.end(), front.begin(),
                        [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
    };
    if (front.empty()) throw Error(Status::kMalformed, "{}: empty, no stream", source.name());
    if (starts("\x1F\x8B")) {
      throw Error(Status::kMalformed, "{}: compressed by gzip; use: zcat {} | …", source.name(), source.name());
    }
    if (starts("\x28\xB5\x2F\xFD")) {
      throw Error(Status::kMalformed, "{}: compressed by zstd; use: zstdcat {} | …", source.name(), source.name());
    }
    if (starts("{")) {
      form = Form::kText;
    } else if (!starts("\x89")) {
      throw Error(Status::kMalformed, "{}: neither a stream nor its text twin (first byte {:#04x})", source.name(),
                  static_cast<unsigned>(front[0]));
    }
  }

  // ---- what both forms share

  // Of the message nothing but the place is added.
  Error placed(const Error& error) const {
    if (form == Form::kText) return Error(error.status(), "{}: line {}: {}", source.name(), line_number, error.what());
    const std::string seq = part.open ? fmt::format(", seq {}", part.seq) : "";
    return Error(error.status(), "{}: byte {}{}: {}", source.name(), source.position(), seq, error.what());
  }

  void lose(std::uint64_t bytes) {
    if (!losing) ++pieces;
    losing = true;
    lost += bytes;
    part.damaged = true;
  }

  void begin_part(const Frame& frame) {
    part = {};
    part.open = true;
    part.id = frame.part_id;
    part.begin = frame.offset;
  }

  void check_order(char type) const {
    if (type == 'H' && part.open && !options.skip_damaged) {
      throw Error(Status::kMalformed, "a head inside a part: the one before has no end frame");
    }
    if (type != 'H' && !part.open) throw Error(Status::kMalformed, "frame '{}' outside a part: no head", type);
  }

  void check_id(const HeaderView& header) {
    const std::string id = header.text("id").value_or("");
    if (!part.ids.insert(fnv1a64(id))) throw Error(Status::kMalformed, "segment id '{}' twice in a part", id);
  }

  void check_status(const HeaderView& header) const {
    const std::string status = header.text("status").value_or("");
    if (status != "ok" && status != "partial") {
      throw Error(Status::kMalformed, "end frame with status '{}', neither ok nor partial", status);
    }
  }

  void no_more() {
    if (part.open) throw Error(Status::kMalformed, "the stream ends without an end frame: it was cut");
    if (heads == 0) throw Error(Status::kMalformed, "no frame could be read");
  }

  // False at the end of the input.
  bool next(Frame& frame) {
    for (;;) {
      try {
        if (!(form == Form::kBinary ? next_binary(frame) : next_text(frame))) {
          no_more();
          return false;
        }
        heads += frame.type == 'H' ? 1 : 0;
        losing = false;
        return true;
      } catch (const Error& error) {
        const Error where = placed(error);
        const bool over = finished();
        if (!options.skip_damaged || error.status() != Status::kMalformed || (over && heads == 0)) throw where;
        if (!losing) log::warn("{}; skipped", where.what());
        if (over) {
          lose(0);
          part = {};
          return false;
        }
        form == Form::kBinary ? resynchronise() : lose(line_bytes);
      }
    }
  }

  bool finished() { return source.peek(1).empty(); }

  // ---- binary

  bool next_binary(Frame& frame) {
    const auto front = source.peek(kPreambleBytes);
    if (front.empty()) return false;
    if (front.size() < kPreambleBytes) throw Error(Status::kMalformed, "cut inside a preamble");
    const Preamble preamble = read_preamble(front.first(kPreambleBytes), options.max_frame);
    check_place(preamble);

    const std::size_t front_length = kPreambleBytes + preamble.header_length;
    const auto with_header = source.peek(front_length);
    if (with_header.size() < front_length) throw Error(Status::kMalformed, "cut inside a header");
    frame.header = unpadded_header(preamble, with_header.subspan(kPreambleBytes, preamble.header_length));
    const HeaderView header(frame.header);
    const auto places = check_frame(preamble.type, header, preamble.payload_length);

    const std::uint64_t padded = align_up(preamble.payload_length);
    const Bytes payload = padded == 0 ? Bytes() : source.take(front_length, padded);
    if (payload.size() < padded) throw Error(Status::kMalformed, "cut inside a payload");
    check_payload(preamble, payload.span(), options.verify_payload);
    if (is_known(preamble.type)) check_gaps(places, payload.span());

    frame.type = preamble.type;
    frame.crc = preamble.crc;
    frame.part_id = preamble.part_id;
    frame.seq = preamble.seq;
    frame.offset = source.position();
    frame.payload = payload.slice(0, preamble.payload_length);
    if (preamble.crc && options.verify_payload) frame.payload.verified(preamble.payload_crc);
    account(frame, header, preamble);
    source.advance(preamble.size());
    return true;
  }

  void check_place(const Preamble& preamble) const {
    check_order(preamble.type);
    const std::uint64_t expected = preamble.type == 'H' ? 0 : part.seq;
    const bool gap = part.open && part.damaged && preamble.type != 'H' && preamble.seq > expected;
    if (preamble.seq != expected && !gap) {
      throw Error(Status::kMalformed, "frame with seq {} where {} is due: something is missing", preamble.seq,
                  expected);
    }
    if (preamble.type != 'H' && preamble.part_id != part.id) {
      throw Error(Status::kMalformed, "frame of part {} inside part {}", hex16(preamble.part_id), hex16(part.id));
    }
  }

  void account(const Frame& frame, const HeaderView& header, const Preamble& preamble) {
    if (frame.type == 'H') begin_part(frame);
    if (frame.type == 'S') {
      check_id(header);
      ++part.segments;
    }
    if (frame.type == 'x') part.index_offset = frame.offset - part.begin;
    part.payload_bytes += preamble.payload_length;
    part.seq = frame.seq + 1;
    if (frame.type == 'E') check_end(frame, header);
  }

  void check_end(const Frame& frame, const HeaderView& header) {
    check_status(header);
    if (!part.damaged) {
      const auto demand = [&](const char* key, std::uint64_t found) {
        const auto said = header.count(key);
        if (said == found) return;
        throw Error(Status::kMalformed, "the end frame says {} {}, found {}", key, said ? std::to_string(*said) : "no",
                    found);
      };
      demand("segments", part.segments);
      demand("frames", part.seq);
      demand("payload_bytes", part.payload_bytes);
      demand("part_bytes", frame.offset + kEndBytes - part.begin);
      if (header.find("index_offset")) demand("index_offset", part.index_offset);
    }
    part = {};
  }

  // Moves to the next preamble whose own CRC is good, or to the end.
  void resynchronise() {
    const auto skip = [&](std::size_t n) {
      lose(n);
      source.advance(n);
    };
    skip(1);
    for (;;) {
      const auto rest = source.peek(kPreambleBytes);
      if (rest.size() < kPreambleBytes) return skip(rest.size());
      const void* found = ::memmem(rest.data(), rest.size(), kMagic.data(), kMagic.size());
      if (found == nullptr) {
        skip(rest.size() - (kMagic.size() - 1));
        continue;
      }
      const auto at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - rest.data());
      if (at > 0) {
        skip(at);
      } else if (is_preamble(rest)) {
        return;
      } else {
        skip(1);
      }
    }
  }

  // ---- text

  // The next line that is not blank, without its end; false at the end of the input.
  bool next_line(std::string_view& line) {
    const std::uint64_t longest =
        kLargestHeader + (options.max_frame > UINT64_MAX / 16 ? UINT64_MAX / 2 : kTextPerByte * options.max_frame);
    for (;;) {
      std::size_t seen = 0;
      const void* end = nullptr;
      std::span<const std::byte> rest = source.peek(1);
      for (;;) {
        end = rest.size() > seen ? std::memchr(rest.data() + seen, '\n', rest.size() - seen) : nullptr;
        if (end != nullptr || rest.size() == seen) break;
        seen = rest.size();
        if (seen > longest) break;
        rest = source.peek(seen + 1);
      }
      if (rest.empty()) return false;
      ++line_number;
      const std::size_t length =
          end == nullptr ? rest.size() : static_cast<std::size_t>(static_cast<const std::byte*>(end) - rest.data());
      line_bytes = length + (end == nullptr ? 0 : 1);
      line = {reinterpret_cast<const char*>(rest.data()), length};
      if (length > longest)
        throw Error(Status::kMalformed, "a line longer than --max-frame {} allows", options.max_frame);
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) return true;
      source.advance(line_bytes);
    }
  }

  bool next_text(Frame& frame) {
    source.advance(std::exchange(line_bytes, 0));
    std::string_view line;
    if (!next_line(line)) return false;
    const std::uint64_t longest_payload = options.max_frame;
    frame = text_frame(line, longest_payload);
    frame.offset = line_number;
    check_order(frame.type);
    if (frame.type == 'H') begin_part(frame);
    frame.part_id = part.id;
    frame.seq = part.seq++;
    if (frame.type == 'S') check_id(HeaderView(frame.header));
    if (frame.type == 'E') {
      check_status(HeaderView(frame.header));
      part = {};
    }
    return true;
  }

  Source source;
  ReadOptions options;
  Form form = Form::kBinary;
  PartState part;
  std::uint64_t heads = 0, pieces = 0, lost = 0, line_number = 0;
  std::size_t line_bytes = 0;  // of the line at hand, with its end
  bool losing = false;
};

FrameReader::FrameReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader::~FrameReader() = default;

FrameReader FrameReader::open(const std::string& path, const ReadOptions& options) {
  return FrameReader(std::make_unique<Impl>(path, options));
}

bool FrameReader::next(Frame& frame) { return impl_->next(frame); }

bool FrameReader::ready() const {
  if (impl_->form == Form::kText) {
    const auto rest = impl_->source.at_hand().subspan(impl_->line_bytes);
    return impl_->source.ready(SIZE_MAX) || std::find(rest.begin(), rest.end(), std::byte{'\n'}) != rest.end();
  }
  const auto rest = impl_->source.at_hand();
  if (rest.size() < kPreambleBytes || !is_preamble(rest)) return impl_->source.ready(kPreambleBytes);
  try {
    return impl_->source.ready(read_preamble(rest.first(kPreambleBytes), impl_->options.max_frame).size());
  } catch (const Error&) {
    return true;  // next() says it at once
  }
}

Form FrameReader::form() const { return impl_->form; }
const std::string& FrameReader::name() const { return impl_->source.name(); }
std::uint64_t FrameReader::lost_bytes() const { return impl_->lost; }
std::uint64_t FrameReader::lost_pieces() const { return impl_->pieces; }

}  // namespace cfm::stream
