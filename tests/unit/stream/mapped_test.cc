// Random access: the index, the pass that replaces it, and lies.
#include <atomic>
#include <cmath>

#include "base/hash.h"
#include "base/parallel.h"
#include "stream/convert.h"
#include "stream/preamble.h"
#include "stream_support.h"

using namespace cfm;
using namespace cfm::test;
using stream::MappedStream;

namespace {

Status open_status(const std::string& bytes) {
  const Feed feed(bytes, Way::kFile);
  return status_of([&] { MappedStream whole(feed.path()); });
}

// Rewrites the CRCs of the frame at `at`.
void sign(std::string& bytes, std::size_t at) {
  const auto span = std::as_writable_bytes(std::span(bytes)).subspan(at);
  auto load = [&](std::size_t i) {
    std::uint32_t v = 0;
    std::memcpy(&v, span.data() + i, 4);
    return v;
  };
  auto store = [&](std::size_t i, std::uint32_t v) { std::memcpy(span.data() + i, &v, 4); };
  const std::size_t header = load(12), payload = load(16);
  store(40, crc32c(span.subspan(64 + header, payload)));
  store(44, crc32c(span.subspan(64, header)));
  store(56, crc32c(span.first(56)));
}

std::string frame_bytes(const stream::Frame& frame) {
  const bool end = frame.type == 'E';
  const std::size_t padded = end ? stream::kEndBytes - 64 : stream::padded_header_length(frame.header.size());
  std::string bytes(64, '\0');
  bytes += frame.header + std::string(padded - 1 - frame.header.size(), ' ') + '\n';
  bytes += frame.payload.text();
  bytes.resize(stream::align_up(bytes.size()));
  const stream::Preamble preamble{.type = frame.type,
                                  .header_length = static_cast<std::uint32_t>(padded),
                                  .payload_length = frame.payload.size(),
                                  .seq = frame.seq,
                                  .part_id = frame.part_id};
  stream::write_preamble(preamble, std::as_writable_bytes(std::span(bytes)));
  sign(bytes, 0);
  return bytes;
}

// The part of these frames, with the counts of its end and the offsets of its index made anew.
std::string assembled(std::vector<stream::Frame> frames) {
  std::string bytes;
  std::vector<std::uint64_t> offsets;
  std::uint64_t payload = 0, index = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    stream::Frame& frame = frames[i];
    frame.seq = i;
    frame.part_id = frames[0].part_id;
    if (frame.type == 'S') offsets.push_back(bytes.size());
    if (frame.type == 'x') {
      index = bytes.size();
      std::vector<std::byte> rows(frame.payload.span().begin(), frame.payload.span().end());
      std::memcpy(rows.data(), offsets.data(), 8 * offsets.size());
      frame.payload = Bytes::own(std::move(rows));
    }
    if (frame.type == 'E') {
      auto end = stream::Json::parse(frame.header);
      end["frames"] = frames.size();
      end["payload_bytes"] = payload;
      end["part_bytes"] = bytes.size() + stream::kEndBytes;
      end.erase("index_offset");
      if (index > 0) end["index_offset"] = index;
      frame.header = end.dump();
    }
    payload += frame.payload.size();
    bytes += frame_bytes(frame);
  }
  return bytes;
}

}  // namespace

TEST_CASE("frames that nobody here knows: random access and a reader in order agree") {
  for (const bool indexed : {true, false}) {
    const auto frames = read_all(counting_stream(3, 100, {.index = indexed})).frames;
    REQUIRE(read_status(assembled(frames)) == Status::kOk);
    for (std::size_t i = 1; i < frames.size(); ++i) {
      CAPTURE(i);
      for (const char type : {'q', 'Z'}) {
        auto more = frames;
        more.insert(more.begin() + static_cast<std::ptrdiff_t>(i),
                    {.type = type, .header = std::string("{\"type\":\"") + type + "\"}", .payload = {}});
        const std::string bytes = assembled(more);
        const Status due = type == 'Z' ? Status::kIncompatible : Status::kOk;
        CHECK(read_status(bytes) == due);
        CHECK(open_status(bytes) == due);
        CHECK(open_status(counting_stream(1) + bytes + counting_stream(1)) == due);
      }
    }
  }
}

TEST_CASE("foreign columns of an index are passed over, and not kept by who makes it anew") {
  auto frames = read_all(counting_stream(3)).frames;  // H S S S n x E
  auto header = stream::Json::parse(frames[5].header);
  header["tensors"]["x-rank"] = {{"dtype", "U8"}, {"shape", {0}}, {"data_offsets", {0, 0}}};
  frames[5].header = header.dump();
  const std::string bytes = assembled(frames);
  const Feed feed(bytes, Way::kFile);
  const MappedStream opened(feed.path());
  REQUIRE(opened.size() == 3);
  CHECK(opened.segment(2).id() == "r/200");
  auto in = stream::FrameReader::open(feed.path(), {});
  const std::string again = written({}, [&](OutputFile& file, const stream::WriteOptions& options) {
    stream::FrameWriter out(file, options);
    stream::convert(in, out);
  });
  CHECK((again == counting_stream(3)));
}

TEST_CASE("segments by number, with and without index, over parts") {
  const std::string indexed = counting_stream(5), plain = counting_stream(4, 100, {.index = false});
  const Feed feed(indexed + plain + indexed, Way::kFile);
  const MappedStream all(feed.path());
  REQUIRE(all.size() == 14);
  CHECK(all.heads().size() == 3);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t k = i < 5 ? i : i < 9 ? i - 5 : i - 9;
    CHECK(all.segment(i).id() == "r/" + std::to_string(100 * k));
    CHECK(all.rows().record[i] == fnv1a64("r"));
    CHECK(all.rows().subject[i] == fnv1a64(""));
    CHECK(all.rows().start[i] == doctest::Approx(0.4 * double(k)));
    CHECK(std::isnan(all.rows().score[i]));
    CHECK(all.rows().klass[i] == stream::kNoClass);
  }
  std::atomic<int> good = 0;
  parallel_for(4, 400, [&](std::size_t i) { good += all.segment(i % 14).tensors[0].data.size() == 800 ? 1 : 0; });
  CHECK(good == 400);
  CHECK(status_of([&] { all.segment(14); }) == Status::kBug);
}

TEST_CASE("golden rows") {
  CFM_NEEDS(folder, "CFM_STREAM");
  const MappedStream two(folder + "/two.cfm");
  REQUIRE(two.size() == 3);
  CHECK(two.rows().offset[1] == 1792 + 256);
  CHECK(two.rows().record[0] == 638529316312573804ULL);  // without index
  CHECK(two.rows().record[2] == 638529316312573804ULL);
  CHECK(two.rows().score[2] == 0.75F);
  CHECK(two.rows().klass[0] == 1);
  CHECK(two.segment(2).start() == 1.0);
}

TEST_CASE("truncation at every byte is refused at once") {
  CFM_NEEDS(folder, "CFM_STREAM");
  const std::string bytes = slurp(folder + "/two.cfm");
  std::size_t wrong = 0;
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    wrong += (open_status(bytes.substr(0, n)) == Status::kOk) != (n == 1792 || n == bytes.size()) ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(open_status("") == Status::kMalformed);
}

TEST_CASE("an index that lies is refused") {
  const std::string bytes = counting_stream(3);
  const auto frames = read_all(bytes).frames;  // H S S S n x E
  const std::size_t x = frames[5].offset, payload = x + 64 + (frames[5].header.size() + 64) / 64 * 64;
  const auto lie = [&](std::size_t column, std::size_t row, std::uint64_t value) {
    std::string bad = bytes;
    std::memcpy(bad.data() + payload + 64 * column + 8 * row, &value, 8);
    sign(bad, x);
    return bad;
  };
  CHECK(open_status(lie(0, 1, frames[2].offset)) == Status::kOk);
  CHECK(open_status(lie(0, 1, 1ULL << 40)) == Status::kMalformed);
  CHECK(open_status(lie(0, 1, 77)) == Status::kMalformed);
  CHECK(open_status(lie(0, 1, frames[1].offset)) == Status::kMalformed);
  std::string unsigned_lie = bytes;
  unsigned_lie[payload] ^= 1;
  CHECK(open_status(unsigned_lie) == Status::kMalformed);
  for (const std::string& bad : {lie(0, 1, frames[2].offset + 64), lie(1, 1, 5), lie(2, 1, 5)}) {
    const Feed feed(bad, Way::kFile);
    const MappedStream opened(feed.path());
    CHECK(status_of([&] { opened.segment(0); }) == Status::kOk);
    CHECK(status_of([&] { opened.segment(1); }) == Status::kMalformed);
  }
}

TEST_CASE("damaged payloads are found when they are read; text and pipes are named") {
  std::string bytes = counting_stream(2);
  bytes[read_all(bytes).frames[2].offset - 100] ^= 1;
  const Feed feed(bytes, Way::kFile);
  const MappedStream opened(feed.path());
  CHECK(status_of([&] { opened.segment(0); }) == Status::kMalformed);
  CHECK(status_of([&] { opened.segment(1); }) == Status::kOk);
  CHECK(open_status(converted(counting_stream(1), stream::Form::kText)) == Status::kMalformed);
  CHECK(open_status("\x1F\x8B\x08") == Status::kMalformed);
  CHECK(status_of([] { MappedStream("/nowhere/x.cfm"); }) == Status::kIo);
  CHECK(status_of([] { MappedStream("/dev/null"); }) == Status::kMalformed);
}
