// What every program that reads or makes a stream does: parts, provenance, notes, counts, the end.
//
//   Outlet out(output_file, write_options, provenance);
//   Inlet in(paths, read_options);
//   relay(in, out, threads, [&](Segment& segment) -> std::optional<std::string> {…; return std::nullopt;});
//
// The returned string is the reason why a segment is left out; nothing returned keeps it. Work runs on `threads`
// threads, the order stays. A filter writes one part for each part it reads; E is written only when all before it
// succeeded.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stream/frame.h"

namespace cfm::stream {

enum class Prov { kBase, kFull, kNone };  // of arguments: base names, as given, nothing at all (byte-reproducible)

struct Provenance {
  std::string tool, version;
  std::vector<std::string> args;  // as given on the command line
  std::optional<std::uint64_t> seed;
  std::string device;  // "" = not recorded
  Prov mode = Prov::kBase;
  std::string deid = {};  // how this tool de-identifies; then no argument's value stays in the chain. "" = it doesn't
};

// Counts of one part, and of a program over all parts.
struct Counts {
  std::uint64_t read = 0, written = 0;
  std::map<std::string, std::uint64_t> skipped;  // by reason
  std::uint64_t damaged = 0;                     // pieces lost to --on-error skip
  std::uint64_t partial = 0;                     // parts that arrived partial, or without end by --on-error skip
  std::uint64_t total_skipped() const;
  // "read 5, wrote 3, left out 2 (no_ppg 1, low_quality 1)"
  std::string line() const;
};

// A head frame's JSON with `entry` appended to the chain of `incoming` (null for a new stream).
Json make_head(const Json& incoming, const Provenance& provenance);

// The writing end: one part at a time.
class Outlet {
 public:
  Outlet(OutputFile& file, const WriteOptions& options, Provenance provenance);
  // incoming: the head this part continues, null for a source of streams.
  void begin(const Json& incoming);
  void write(const Segment& segment);
  // The same in two steps, the first on any thread.
  ReadySegment ready(const Segment& segment) const { return writer_.ready(segment); }
  void write(ReadySegment segment);
  // While on, small frames leave together: by flush(), at the end of a part, or when there is enough of them.
  void gather(bool on) { writer_.gather(on); }
  void flush() { writer_.flush(); }
  void pass(const Frame& frame);  // an ancillary frame, as it came
  // Note, index, end. partial: something was lost on the way in, or the incoming part was partial.
  void end(const Counts& counts, bool partial);
  bool open() const { return open_; }
  std::uint64_t written() const { return written_; }  // segments over all parts

 private:
  FrameWriter writer_;
  Provenance provenance_;
  std::uint64_t written_ = 0;
  bool open_ = false;
};

// Gathers what is written in its scope. On the way out of an error what was written before it still leaves.
template <typename Writer>
class Gathering {
 public:
  explicit Gathering(Writer& out) : out_(out) { out_.gather(true); }
  ~Gathering() {
    try {
      out_.gather(false);
    } catch (const Error&) {  // an error is under way, or flush() has said it
    }
  }
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;

 private:
  Writer& out_;
};

// The reading end over one or more files (none: standard input).
class Inlet {
 public:
  Inlet(std::vector<std::string> paths, ReadOptions options);
  // The next frame over all files; false at the end of the last.
  bool next(Frame& frame);
  bool ready() const;
  std::uint64_t lost_pieces() const;
  const std::string& name() const;  // of the file at hand

 private:
  std::vector<std::string> paths_;
  ReadOptions options_;
  std::size_t at_ = 0;
  std::unique_ptr<FrameReader> reader_;
  std::uint64_t lost_ = 0;
};

// An input, part by part.
class Parts {
 public:
  explicit Parts(Inlet& in) : in_(in) {}
  // The head of the next part, or nothing at the end of the input.
  std::optional<Frame> head();
  // The next segment or ancillary frame, or nothing at the end of the part.
  std::optional<Frame> next();
  bool ready() const { return waiting_ || in_.ready(); }
  // After next() has given nothing: the part was declared partial, or has no end.
  bool partial() const { return partial_; }

 private:
  Inlet& in_;
  std::optional<Frame> waiting_;
  bool partial_ = false;
};

// in → work → out for all parts. Returns the counts over all parts. With skip_damaged the returned Counts::damaged
// tells whether the program must end with status 6.
Counts relay(Inlet& in, Outlet& out, int threads, const std::function<std::optional<std::string>(Segment&)>& work);

// The same without an output, in order on the calling thread: consume() tells as work() does what is left out.
Counts drain(Inlet& in, const std::function<std::optional<std::string>(Segment&)>& consume);

}  // namespace cfm::stream
