// Golden files: read, written back, through text and back, byte for byte; damaged ones refused with their status.
#include <nlohmann/json.hpp>

#include "stream_support.h"

using namespace cfm;
using namespace cfm::test;
using stream::Form, stream::Payload;

TEST_CASE("golden files come back byte for byte, all ways") {
  CFM_NEEDS(folder, "CFM_STREAM");
  for (const std::string name : {"one", "two", "ancillary"}) {
    CAPTURE(name);
    const std::string binary = slurp(folder + "/" + name + ".cfm"), text = slurp(folder + "/" + name + ".ndjson");
    for (const Way way : kWays) {
      CHECK(converted(binary, Form::kBinary, Payload::kText, way) == binary);
      CHECK(converted(binary, Form::kText, Payload::kText, way) == text);
      CHECK(converted(text, Form::kBinary, Payload::kText, way) == binary);
      CHECK(converted(text, Form::kText, Payload::kText, way) == text);
    }
    const std::string base64 = converted(binary, Form::kText, Payload::kBase64);
    CHECK(base64 != text);
    CHECK(converted(base64, Form::kBinary) == binary);
    const std::string nothing = converted(binary, Form::kText, Payload::kNone);
    CHECK(nothing.find("data\":") == std::string::npos);
    CHECK(read_status(nothing) == Status::kMalformed);
  }
}

TEST_CASE("segments decoded and written again keep every byte") {
  CFM_NEEDS(folder, "CFM_STREAM");
  const std::string binary = slurp(folder + "/two.cfm");
  const std::string again = written({}, [&](OutputFile& out, const stream::WriteOptions& options) {
    stream::FrameWriter writer(out, options);
    for (const auto& frame : read_all(binary).frames) {
      if (frame.type == 'S') {
        writer.write(stream::decode_segment(frame));
      } else if (frame.type == 'E') {
        auto end = stream::Json::parse(frame.header);
        writer.end_part(end, end.contains("index_offset"));
      } else if (frame.type != 'x') {
        writer.write(frame);
      }
    }
  });
  CHECK(again == binary);
}

TEST_CASE("damaged files are refused with their status") {
  CFM_NEEDS(folder, "CFM_STREAM");
  const auto expected = nlohmann::json::parse(slurp(folder + "/bad/expected.json"));
  REQUIRE(expected.size() > 20);
  for (const auto& [name, entry] : expected.items()) {
    CAPTURE(name);
    const std::string bytes = slurp(folder + "/bad/" + name);
    for (const Way way : kWays) CHECK(static_cast<int>(read_status(bytes, way)) == entry["status"].get<int>());
    const Status mapped = status_of([&] { stream::MappedStream whole(folder + "/bad/" + name); });
    CHECK(static_cast<int>(mapped) == entry["status"].get<int>());
  }
}

TEST_CASE("compressed input names its tool") {
  const auto message = [](const std::string& bytes) -> std::string {
    try {
      read_all(bytes);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message("\x1F\x8B\x08....").find("zcat") != std::string::npos);
  CHECK(message("\x28\xB5\x2F\xFD....").find("zstdcat") != std::string::npos);
  CHECK(message("").find("empty") != std::string::npos);
  CHECK(read_status("record,subject\n") == Status::kMalformed);
}

TEST_CASE("the independent reader accepts what is written") {
  CFM_NEEDS(folder, "CFM_STREAM");
  if (std::system("python3 --version >/dev/null 2>&1") != 0) {
    std::printf("skipped: no python3\n");
    return;
  }
  const TemporaryFolder temporary;
  const std::string a = counting_stream(3), two = slurp(folder + "/two.cfm");
  write_file(temporary / "a.cfm", a);
  write_file(temporary / "b.cfm", converted(converted(two, Form::kText), Form::kBinary) + a);
  const std::string command =
      "python3 " + folder + "/cfms.py --check " + (temporary / "a.cfm") + " " + (temporary / "b.cfm");
  CHECK(std::system((command + " >/dev/null").c_str()) == 0);
  write_file(temporary / "a.cfm", a.substr(0, a.size() - 1));
  CHECK(std::system((command + " >/dev/null 2>&1").c_str()) != 0);
}
