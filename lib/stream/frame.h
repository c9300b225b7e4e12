// Frames of cfm-stream 1.0, read from and written to binary or text, strictly checked.
//
//   FrameReader in = FrameReader::open("icu.cfm", {});
//   for (Frame frame; in.next(frame);) out.write(frame);
//
// Binary files are mapped, pipes are read in order in bounded memory. Damage is Error status 4 with byte offset and
// sequence number; a newer version or an unknown critical frame is status 3.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "stream/segment.h"

namespace cfm::stream {

struct Preamble;
class HeaderView;

inline constexpr std::size_t kAlignment = 64;                // bytes, of headers, payloads and tensors
inline constexpr std::size_t kLargestHeader = 16u << 20;     // bytes
inline constexpr std::uint64_t kDefaultMaxFrame = 1u << 30;  // bytes, --max-frame
inline constexpr int kDeepestJson = 32;                      // nesting of a header
inline constexpr std::size_t kLongestName = 256;             // bytes, of a tensor

enum class Form { kBinary, kText };
enum class Payload { kText, kBase64, kNone };  // of the text twin

struct Frame {
  char type = 0;    // 'H' 'S' 'E' critical, 'x' 'm' 'n' and any other lower-case letter ancillary
  bool crc = true;  // flags bit 0
  std::uint64_t part_id = 0;
  std::uint64_t seq = 0;
  std::uint64_t offset = 0;  // where it stood: byte of the binary form, line (from 1) of the text form
  std::string header;        // compact JSON of one line, without padding
  Bytes payload;
};

struct ReadOptions {
  std::uint64_t max_frame = kDefaultMaxFrame;  // bytes a payload may have
  bool skip_damaged = false;                   // --on-error skip: resynchronise on the next magic with a good CRC
  bool verify_payload = true;                  // payload CRC
};

class FrameReader {
 public:
  // "-": standard input. The form is told from the first byte; gzip and zstd are refused by name.
  static FrameReader open(const std::string& path, const ReadOptions& options);
  FrameReader(FrameReader&&) noexcept;
  ~FrameReader();

  // The next frame, or false at the clean end (after an E). With skip_damaged frames are lost, not the stream: see
  // lost_pieces(); a part may then end without E, by a head or by false. An index from text comes without its tensors.
  bool next(Frame& frame);
  // True when next() would not wait for more input.
  bool ready() const;
  Form form() const;
  const std::string& name() const;
  // Bytes that were skipped as damaged, and in how many pieces; always 0 without skip_damaged.
  std::uint64_t lost_bytes() const;
  std::uint64_t lost_pieces() const;

  struct Impl;

 private:
  explicit FrameReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Rows of an index frame, of `segments` segments each column.
struct Index {
  std::vector<std::uint64_t> offset;           // from the start of the part
  std::vector<std::uint64_t> record, subject;  // FNV-1a 64
  std::vector<double> start;                   // seconds
  std::vector<float> score;                    // NaN = none
  std::vector<std::uint8_t> klass;             // 0 excellent … 4 bad, 255 none
};
inline constexpr std::uint8_t kNoClass = 255;
inline constexpr std::array<std::string_view, 5> kQualityClasses = {"excellent", "good", "acceptable", "poor", "bad"};
std::uint8_t class_code(std::string_view name);  // kNoClass when unknown

struct WriteOptions {
  Form form = Form::kBinary;
  Payload payload = Payload::kText;
  bool index = true;         // write an index frame before E where the output is a regular file
  bool index_pipes = false;  // and where it is none: a conversion keeps what there was
};

// One row of an index, but for the offset.
struct IndexRow {
  std::uint64_t record = 0, subject = 0;  // FNV-1a 64
  double start = 0;                       // seconds
  float score = 0;                        // NaN = none
  std::uint8_t klass = kNoClass;
};

// A segment as it will be written, but for its number: made by FrameWriter::ready on any thread.
struct ReadySegment {
  std::string front;                 // room for the preamble, then the padded header; of the text twin, the line
  std::vector<Bytes> payload;        // in order, with the zeros between tensors
  std::uint64_t payload_length = 0;  // bytes
  std::size_t header_length = 0;     // bytes, without padding
  std::uint32_t header_crc = 0, payload_crc = 0;
  IndexRow row;
};

// Writes frames, numbering them; the counts of `end` frames and the index are made here.
class FrameWriter {
 public:
  FrameWriter(OutputFile& out, const WriteOptions& options);

  // A frame as it is: type, header, payload, crc; seq is assigned. A head starts a part with frame.part_id. Index and
  // end frames are not for here (status 70): end_part makes them.
  void write(const Frame& frame);
  // A segment, gathered from its tensors without copying.
  void write(const Segment& segment);
  // The same in two steps: what costs time can be done by many threads.
  ReadySegment ready(const Segment& segment) const;
  void write(ReadySegment segment);
  // While on, small frames leave together: by flush(), at the end of a part, or when there is enough of them.
  void gather(bool on) { out_.gather(on); }
  void flush() { out_.flush(); }
  // Closes the part: index (when the output is regular, `index` allows it and `with_index` is set), then E. `end` holds
  // status, skipped and any further keys (an incoming E will do); segments, frames, payload_bytes, part_bytes and
  // index_offset are made here. The text twin counts what its binary form would have.
  void end_part(Json end, bool with_index);

  std::uint64_t segments() const { return segments_; }  // written in this part

 private:
  ReadySegment ready(char type, std::string_view header, std::vector<Bytes> payload, bool crc) const;
  void put(char type, ReadySegment& frame, bool crc);
  void put_text(const Frame& frame);
  void count(char type, std::size_t header_length, std::uint64_t payload_length);
  bool collects_index() const;
  OutputFile& out_;
  WriteOptions options_;
  bool open_ = false;
  std::uint64_t part_id_ = 0, seq_ = 0, segments_ = 0, payload_bytes_ = 0, part_bytes_ = 0;
  Index rows_;
};

// The part_id of a byte-reproducible part: the CRC-32C of the padded head header in both halves.
std::uint64_t derived_part_id(std::string_view header);

// Frame S ↔ Segment. decode checks offsets, shapes, alignment, overlap and names (status 4).
Segment decode_segment(const Frame& frame);
std::string segment_header(const Segment& segment, std::vector<std::uint64_t>& offsets, std::uint64_t& payload_length);

// Random access to a whole binary file: its parts, each with an index (read from the x frame, else made by one pass).
// Columns of an index that nobody here knows are passed over; whoever rewrites a part makes its index anew, without
// them (cfm-view --to cfm|ndjson, too), for nobody could tell what their rows would be.
class MappedStream {
 public:
  explicit MappedStream(const std::string& path, std::uint64_t max_frame = kDefaultMaxFrame);
  std::size_t size() const { return rows_.offset.size(); }
  const Index& rows() const { return rows_; }  // offset: from the start of the file
  Segment segment(std::size_t i) const;        // thread-safe; CRCs checked
  const std::string& path() const { return path_; }
  // Header of each part's head frame.
  const std::vector<Json>& heads() const { return heads_; }

 private:
  struct Part {
    std::uint64_t begin = 0, end = 0, id = 0;  // bytes of the file
  };
  void find_parts();
  void add_part(const Part& part, const Preamble& end, const HeaderView& counts);
  void walk(const Part& part, const HeaderView& counts);
  void refuse_newer() const;
  std::uint64_t hop(const Part& part, std::uint64_t at, std::uint64_t end) const;
  void check_frames(const Part& part, const std::vector<std::uint64_t>& offsets, std::uint64_t frames) const;
  Preamble preamble_at(std::uint64_t offset) const;
  std::string_view header_at(std::uint64_t offset, const Preamble& preamble) const;
  Error damaged(std::uint64_t offset, const Error& error) const;

  std::string path_;
  Bytes file_;
  std::uint64_t max_frame_;
  Index rows_;
  std::vector<Part> parts_;
  std::vector<Json> heads_;
};

}  // namespace cfm::stream
