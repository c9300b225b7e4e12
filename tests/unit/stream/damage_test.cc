// Truncation at every byte, a flip of every byte, limits, and what --on-error skip saves.
#include "base/hash.h"
#include "stream_support.h"

using namespace cfm;
using namespace cfm::test;
using stream::ReadOptions;

namespace {

// Byte offsets behind complete parts.
std::vector<std::size_t> part_ends(const std::string& bytes) {
  std::vector<std::size_t> ends;
  for (const auto& frame : read_all(bytes).frames) {
    if (frame.type == 'E') ends.push_back(frame.offset + 512);
  }
  return ends;
}

std::string types(const ReadBack& all) {
  std::string out;
  for (const auto& frame : all.frames) out += frame.type;
  return out;
}

std::string message_of(const std::string& bytes, const ReadOptions& options = {}) {
  try {
    read_all(bytes, Way::kFile, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("truncation at every byte is found") {
  CFM_NEEDS(folder, "CFM_STREAM");
  for (const std::string name : {"one.cfm", "two.cfm", "two.ndjson"}) {
    CAPTURE(name);
    const std::string bytes = slurp(folder + "/" + name);
    std::vector<std::size_t> whole;
    if (name.ends_with("cfm")) {
      whole = part_ends(bytes);
    } else {
      for (std::size_t at = 0; (at = bytes.find("{\"type\":\"end\"", at)) != std::string::npos; ++at) {
        whole.push_back(bytes.find('\n', at));
        whole.push_back(bytes.find('\n', at) + 1);
      }
    }
    std::size_t missed = 0, refused = 0;
    for (std::size_t n = 0; n <= bytes.size(); ++n) {
      const Status due = std::find(whole.begin(), whole.end(), n) != whole.end() ? Status::kOk : Status::kMalformed;
      for (const Way way : kWays) {
        const Status status = read_status(bytes.substr(0, n), way);
        if (status == due) continue;
        ++(due == Status::kOk ? refused : missed);
      }
    }
    CHECK(missed == 0);
    CHECK(refused == 0);
  }
}

TEST_CASE("a flip of any byte is found") {
  CFM_NEEDS(folder, "CFM_STREAM");
  const std::string bytes = slurp(folder + "/one.cfm");
  std::size_t missed = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int bit : {0, 7}) {
      std::string bad = bytes;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      for (const Way way : kWays) missed += read_status(bad, way) == Status::kOk ? 1 : 0;
    }
  }
  CHECK(missed == 0);
}

TEST_CASE("messages name file, byte and seq") {
  std::string bytes = counting_stream(3);
  const auto third = read_all(bytes).frames.at(2).offset;
  bytes[third + 70] ^= 1;
  const std::string message = message_of(bytes);
  CHECK(message.find("stream.cfm: byte " + std::to_string(third) + ", seq 2: ") != std::string::npos);
  CHECK(message.find("checksum") != std::string::npos);
}

TEST_CASE("parts can be concatenated, in one file and over pipes") {
  const std::string a = counting_stream(2), b = counting_stream(3);
  for (const Way way : kWays) CHECK(types(read_all(a + b, way)) == "HSSnxEHSSSnxE");
  CHECK(read_status(a + b.substr(0, b.size() - 512)) == Status::kMalformed);
  CHECK(read_status(a.substr(0, a.size() - 512) + b) == Status::kMalformed);
}

TEST_CASE("limits are checked before anything is allocated") {
  CHECK(message_of(counting_stream(1, 1000), {.max_frame = 7999}).find("--max-frame") != std::string::npos);
  CHECK(read_all(counting_stream(1, 1000, {.index = false}), Way::kPipe, {.max_frame = 8000}).frames.size() == 4);
  const std::string text = counting_stream(1, 1000, {.form = stream::Form::kText, .index = false});
  CHECK(message_of(text, {.max_frame = 7999}) != "");
  CHECK(read_all(text, Way::kPipe, {.max_frame = 8000}).frames.size() == 4);
}

TEST_CASE("payloads larger than any buffer come through a pipe") {
  const std::string bytes = counting_stream(3, 3'000'000);  // 24 MB each
  const auto all = read_all(bytes, Way::kPipe);
  CHECK(types(all) == "HSSSnxE");
  const auto segment = stream::decode_segment(all.frames[2]);
  CHECK(segment.tensors[0].values<float>()[5'999'999] == 6'000'000.0F);
  CHECK(crc32c(all.frames[3].payload.span()) == crc32c(read_all(bytes).frames[3].payload.span()));
}

TEST_CASE("skip_damaged saves what is whole") {
  const std::string bytes = counting_stream(4, 100'000);
  const auto frames = read_all(bytes).frames;  // H S S S S n x E
  const ReadOptions skip{.skip_damaged = true};
  for (const Way way : kWays) {
    SUBCASE(way == Way::kFile ? "file" : "pipe") {
      CHECK(read_all(bytes, way, skip).lost_pieces == 0);

      std::string payload = bytes;
      payload[frames[3].offset - 500] ^= 1;  // in the payload of the second segment
      auto all = read_all(payload, way, skip);
      CHECK(types(all) == "HSSSnxE");
      CHECK(all.lost_pieces == 1);
      CHECK(all.lost_bytes == frames[3].offset - frames[2].offset);

      std::string two = payload;
      two[frames[4].offset + 3] ^= 1;  // and the magic of the fourth
      all = read_all(two, way, skip);
      CHECK(types(all) == "HSSnxE");
      CHECK(all.lost_pieces == 2);

      // Bytes inserted, and a piece cut out of a payload.
      all = read_all(bytes.substr(0, frames[2].offset) + "garbage" + bytes.substr(frames[2].offset), way, skip);
      CHECK(types(all) == "HSSSSnxE");
      CHECK(all.lost_bytes == 7);
      CHECK(stream::decode_segment(all.frames[4]).tensors[0].values<float>()[0] == 3.0F);
      all = read_all(bytes.substr(0, frames[3].offset - 1000) + bytes.substr(frames[3].offset), way, skip);
      CHECK(types(all) == "HSSSnxE");

      // The end is lost; a head is lost; both parts' neighbours are safe.
      all = read_all(bytes.substr(0, frames[7].offset) + bytes, way, skip);
      CHECK(types(all) == "HSSSSnxHSSSSnxE");
      all = read_all(bytes.substr(0, frames[5].offset + 10), way, skip);
      CHECK(types(all) == "HSSSS");
      CHECK(all.lost_pieces == 1);
      std::string headless = bytes;
      headless[20] ^= 1;
      CHECK(types(read_all(headless + bytes, way, skip)) == "HSSSSnxE");
      CHECK(status_of([&] { read_all(headless, way, skip); }) == Status::kMalformed);

      const std::string text = converted(bytes, stream::Form::kText);
      std::string cut = text;
      cut.erase(text.find('\n') + 1000, 5000);
      all = read_all(cut, way, skip);
      CHECK(types(all) == "HSSSnxE");
      CHECK(all.lost_pieces == 1);
    }
  }
}
