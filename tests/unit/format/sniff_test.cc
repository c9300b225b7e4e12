#include "format/sniff.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "golden_readers.h"

namespace cfm::format {
namespace {

TEST_CASE("every golden recording") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto all = test::Json::parse(test::slurp(golden + "/readers/expected.json"));
  for (const auto& row : all["files"]) {
    const auto file = row["file"].get<std::string>();
    const std::string folder = file.substr(0, file.find('/'));
    if (folder == "wfdb" && !file.ends_with(".hea")) continue;
    INFO(file);
    const FileKind kind = sniff(golden + "/readers/" + file);
    const std::string want = file.ends_with(".bdf") ? "BDF"
                             : folder == "wfdb"     ? "WFDB"
                             : folder == "edf"      ? "EDF"
                             : folder == "audio"    ? "audio"
                             : folder == "mat"      ? "MAT"
                             : folder == "npy"      ? "NPY"
                                                    : "table";
    CHECK(name_of(kind) == want);
  }
}

TEST_CASE("streams, binary and text") {
  CFM_NEEDS(stream, "CFM_STREAM");
  CHECK(sniff(stream + "/one.cfm") == FileKind::kStream);
  CHECK(sniff(stream + "/one.ndjson") == FileKind::kStream);
}

TEST_CASE("signal files and annotations of WFDB are nothing by themselves, least of all MAT") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  for (const auto& entry : std::filesystem::directory_iterator(golden + "/readers/wfdb")) {
    if (entry.path().extension() == ".hea") continue;
    INFO(entry.path().string());
    FileKind kind = FileKind::kTable;
    const auto refusal = test::refusal_of([&] { kind = sniff(entry.path().string()); });
    CHECK(kind != FileKind::kMat);
    CHECK((refusal.status == Status::kOk || refusal.status == Status::kMalformed));
  }
}

struct Sniffer {
  test::TemporaryFolder folder;
  test::Refusal refusal;
  std::string operator()(const std::string& content) {
    write_file(folder / "x", content);
    std::string name;
    refusal = test::refusal_of([&] { name = name_of(sniff(folder / "x")); });
    if (!refusal.text.empty()) CHECK(refusal.text.starts_with(folder / "x"));
    return refusal.status == Status::kOk ? name : refusal.text;
  }
};

TEST_CASE("what is refused, by its name") {
  Sniffer sniffer;
  const auto refused = [&](const std::string& content, const std::string& part) {
    INFO(part);
    CHECK(sniffer(content).find(part) != std::string::npos);
    CHECK(sniffer.refusal.status == Status::kMalformed);
  };
  refused("", "empty");
  refused("\x1f\x8b\x08", "gzip");
  refused("\x28\xb5\x2f\xfd\x01", "zstd");
  refused("BZh91AY", "bzip2");
  refused(std::string("\xfd"
                      "7zXZ\0",
                      6),
          "xz");
  refused("PK\x03\x04", "zip");
  refused(std::string("\xff\xfet\0", 4), "UTF-16");
  refused(std::string("\xfe\xff\0t", 4), "UTF-16");
  refused(std::string("t\0i\0m\0e\0", 8), "not a recording");
  refused("%PDF-1.7", "PDF");
  refused("<!DOCTYPE html>", "web page");
  refused("\x89PNG\r\n\x1a\n", "an image");
  refused(
      "\x7f"
      "ELF\x02\x01",
      "not a recording");
  refused("\x89HDF\r\n\x1a\n", "HDF5");
  CHECK(test::status_of([&] { sniff(sniffer.folder / "none"); }) == Status::kIo);
}

TEST_CASE("text is a table, whatever its first line says") {
  Sniffer sniffer;
  for (const char* text : {"time,II\n0,1\n", "x", "0,1\n", "\xEF\xBB\xBFtime\n", "MAT,LAB\n",
                           "Gr\xc3\xb6\xc3\x9f"
                           "e;b\n",
                           "Gr\xf6\xdf"
                           "e\n",
                           "{\"a\": 1}\n", "\"RIFF\",x\n", "0 1\n"}) {
    CHECK(sniffer(text) == "table");
  }
  CHECK(sniffer(std::string("time,II\n0,1\n0.004,\0\n", 21)) == "table");
  CHECK(sniffer(std::string(5000, 'a')) == "table");
}

TEST_CASE("MAT of version 4 has no signature, and is not seen where it isn't") {
  Sniffer sniffer;
  const auto header = [](std::initializer_list<std::uint32_t> words, const std::string& rest, bool big = false) {
    std::string text;
    for (const std::uint32_t w : words) {
      for (int i = 0; i < 4; ++i) text += static_cast<char>(w >> (8 * (big ? 3 - i : i)) & 0xff);
    }
    return text + rest;
  };
  const std::string name("val\0", 4), data(24, '\1');
  CHECK(sniffer(header({30, 2, 6, 0, 4}, name + data)) == "MAT");
  CHECK(sniffer(header({1030, 2, 6, 0, 4}, name + data, true)) == "MAT");
  CHECK(sniffer(header({30, 2, 6, 2, 4}, name + data)) != "MAT");                     // neither real nor imaginary
  CHECK(sniffer(header({60, 2, 6, 0, 4}, name + data)) != "MAT");                     // no such type
  CHECK(sniffer(header({30, 2, 6, 0, 4}, std::string("v-l\0", 4) + data)) != "MAT");  // no name
  CHECK(sniffer(header({30, 2, 6, 0, 4}, "vals" + data)) != "MAT");                   // not closed
  CHECK(sniffer(header({0, 0, 0, 0, 2}, std::string(100, '\0'))) != "MAT");           // zeros
  CHECK(sniffer(std::string(1000, '\0')) != "MAT");
  // Small numbers of 16 and 32 bits, as signal files hold them.
  int seen = 0;
  for (std::uint32_t k = 0; k < 2000; ++k) {
    std::string text;
    for (std::uint32_t i = 0; i < 100; ++i) {
      const std::uint32_t x = (k * 2654435761U + i * 40503U) >> 16 & (k % 2 != 0 ? 0x3fU : 0x7U);
      text += header({x}, "").substr(0, k % 3 != 0 ? 2 : 4);
    }
    seen += sniffer(text) == "MAT";
  }
  CHECK(seen == 0);
}

}  // namespace
}  // namespace cfm::format
