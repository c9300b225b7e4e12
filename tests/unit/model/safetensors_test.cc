#include "model/safetensors.h"

#include <chrono>
#include <cmath>
#include <cstring>

#include "base/file.h"
#include "support.h"

using cfm::Bytes;
using cfm::Status;
using cfm::model::NamedTensor;
using cfm::model::parse_safetensors;
using cfm::model::read_safetensors;
using cfm::model::Safetensors;
using cfm::stream::Dtype;
using Json = nlohmann::json;

namespace {

template <typename T>
T number(const NamedTensor& tensor, std::size_t i) {
  T value;
  std::memcpy(&value, tensor.data.data() + i * sizeof(T), sizeof(T));
  return value;
}

// The value as Python prints it, near enough to compare as a number.
double value_of(const NamedTensor& tensor, std::size_t i) {
  switch (tensor.dtype) {
    case Dtype::kF64:
      return number<double>(tensor, i);
    case Dtype::kF32:
      return number<float>(tensor, i);
    case Dtype::kI64:
      return static_cast<double>(number<std::int64_t>(tensor, i));
    case Dtype::kU8:
    case Dtype::kBool:
      return number<std::uint8_t>(tensor, i);
    case Dtype::kBF16: {
      const std::uint32_t bits = static_cast<std::uint32_t>(number<std::uint16_t>(tensor, i)) << 16;
      float value;
      std::memcpy(&value, &bits, 4);
      return value;
    }
    case Dtype::kF16: {
      const auto bits = number<std::uint16_t>(tensor, i);
      const double size = std::ldexp(1024 + (bits & 1023), (bits >> 10 & 31) - 25);
      return (bits & 0x8000) != 0 ? -size : size;
    }
    default:
      FAIL("no golden file has this type");
      return 0;
  }
}

double expected_of(const std::string& text) {
  return text == "True" ? 1 : text == "False" ? 0 : text == "inf" ? INFINITY : text == "nan" ? NAN : std::stod(text);
}

std::string dtype_text(Dtype dtype) {
  const std::map<Dtype, std::string> names = {
      {Dtype::kF64, "float64"}, {Dtype::kF32, "float32"}, {Dtype::kF16, "float16"}, {Dtype::kBF16, "bfloat16"},
      {Dtype::kI64, "int64"},   {Dtype::kU8, "uint8"},    {Dtype::kBool, "bool"}};
  return names.at(dtype);
}

Safetensors sample() {
  Safetensors content;
  content.metadata = {{"b", "two \"lines\"\n"}, {"a", "β"}};
  content.tensors.push_back({"z", Dtype::kU8, {3}, Bytes::own(std::vector<std::uint8_t>{1, 2, 3})});
  content.tensors.push_back({"y", Dtype::kF32, {1, 2}, Bytes::own(std::vector<float>{0.5F, -1})});
  content.tensors.push_back({"empty", Dtype::kF32, {0, 4}, Bytes()});
  content.tensors.push_back({"x", Dtype::kI64, {}, Bytes::own(std::vector<std::int64_t>{-7})});
  return content;
}

}  // namespace

TEST_CASE("every golden file is accepted or refused as it should be, at once") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string folder = golden + "/models/safetensors/";
  const Json cases = Json::parse(cfm::test::slurp(folder + "case.json"));
  for (const Json& item : cases["files"]) {
    const std::string file = item["file"];
    CAPTURE(file);
    const auto start = std::chrono::steady_clock::now();
    Safetensors content;
    const Status status = cfm::test::status_of([&] { content = read_safetensors(folder + file); });
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
    if (item["accept"].is_boolean()) CHECK(status == (item["accept"] ? Status::kOk : Status::kMalformed));
    if (item["accept"] != true || status != Status::kOk) continue;
    CHECK(content.tensors.size() == item["tensors"].size());
    for (const auto& [name, expected] : item["tensors"].items()) {
      const NamedTensor* tensor = content.find(name);
      REQUIRE(tensor != nullptr);
      CHECK(dtype_text(tensor->dtype) == expected["dtype"]);
      CHECK(tensor->shape == expected["shape"].get<std::vector<std::int64_t>>());
      REQUIRE(tensor->data.size() == expected["values"].size() * cfm::stream::size_of(tensor->dtype));
      for (std::size_t i = 0; i < expected["values"].size(); ++i) {
        const double want = expected_of(expected["values"][i]), have = value_of(*tensor, i);
        CHECK((std::isnan(want) ? std::isnan(have) : have == want && std::signbit(have) == std::signbit(want)));
      }
    }
  }
}

TEST_CASE("what is written reads back, the same bytes each time and in any order") {
  const cfm::test::TemporaryFolder folder;
  Safetensors content = sample();
  write_safetensors(folder / "a", content);
  std::swap(content.tensors[0], content.tensors[3]);
  write_safetensors(folder / "b", content);
  CHECK(cfm::test::slurp(folder / "a") == cfm::test::slurp(folder / "b"));

  const Safetensors back = read_safetensors(folder / "a");
  CHECK(back.metadata == content.metadata);
  REQUIRE(back.tensors.size() == 4);
  for (const NamedTensor& tensor : sample().tensors) {
    const NamedTensor* read = back.find(tensor.name);
    REQUIRE(read != nullptr);
    CHECK(read->dtype == tensor.dtype);
    CHECK(read->shape == tensor.shape);
    CHECK(read->data.text() == tensor.data.text());
  }
  CHECK(back.find("w") == nullptr);
}

TEST_CASE("a file that is cut anywhere is refused") {
  const cfm::test::TemporaryFolder folder;
  write_safetensors(folder / "a", sample());
  const std::string whole = cfm::test::slurp(folder / "a");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    const Bytes part =
        Bytes::own(std::vector<char>(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    CHECK(cfm::test::status_of([&] { parse_safetensors(part, "part"); }) == Status::kMalformed);
  }
}
