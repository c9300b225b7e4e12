#include "model/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <set>
#include <tuple>

#include "base/error.h"

namespace cfm::model {

static_assert(std::endian::native == std::endian::little, "tensor data are little-endian");

namespace {

using Json = nlohmann::ordered_json;
constexpr int kDeepest = 4;  // of a valid header: object, tensor, list, number

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Error(Status::kMalformed, "{}: no safetensors file: {}", name, what);
}

// Builds the header's JSON, refusing depth and repeated keys before they cost anything.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(Json& root) : sax_(root, false) {}
  const std::string& problem() const { return problem_; }

  bool null() override { return sax_.null(); }
  bool boolean(bool value) override { return sax_.boolean(value); }
  bool number_integer(std::int64_t value) override { return sax_.number_integer(value); }
  bool number_unsigned(std::uint64_t value) override { return sax_.number_unsigned(value); }
  bool number_float(double value, const std::string& text) override { return sax_.number_float(value, text); }
  bool string(std::string& value) override { return sax_.string(value); }
  bool binary(Json::binary_t& value) override { return sax_.binary(value); }
  bool start_object(std::size_t size) override {
    keys_.emplace_back();
    return deeper() && sax_.start_object(size);
  }
  bool end_object() override {
    keys_.pop_back();
    --depth_;
    return sax_.end_object();
  }
  bool start_array(std::size_t size) override { return deeper() && sax_.start_array(size); }
  bool end_array() override {
    --depth_;
    return sax_.end_array();
  }
  bool key(std::string& name) override {
    if (keys_.back().insert(name).second) return sax_.key(name);
    problem_ = fmt::format("the header names \"{}\" twice", name);
    return false;
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    problem_ = fmt::format("the header is not JSON (byte {})", position);
    return false;
  }

 private:
  bool deeper() {
    if (++depth_ <= kDeepest) return true;
    problem_ = "the header is nested too deeply";
    return false;
  }
  nlohmann::detail::json_sax_dom_parser<Json> sax_;
  std::vector<std::set<std::string>> keys_;
  int depth_ = 0;
  std::string problem_;
};

std::uint64_t natural(const Json& value, const std::string& file, const std::string& tensor) {
  if (!value.is_number_unsigned())
    refuse(file, fmt::format("tensor \"{}\": a size or offset is no natural number", tensor));
  return value.get<std::uint64_t>();
}

NamedTensor describe(const std::string& file, const std::string& name, const Json& entry, const Bytes& data) {
  const auto bad = [&](const std::string& what) { refuse(file, fmt::format("tensor \"{}\": {}", name, what)); };
  if (!entry.is_object()) bad("no description");
  for (const auto& [key, value] : entry.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") bad(fmt::format("unknown key \"{}\"", key));
  }
  const auto dtype = entry.find("dtype"), shape = entry.find("shape"), offsets = entry.find("data_offsets");
  if (dtype == entry.end() || !dtype->is_string()) bad("dtype is missing");
  if (shape == entry.end() || !shape->is_array()) bad("shape is missing");
  if (offsets == entry.end() || !offsets->is_array() || offsets->size() != 2) bad("data_offsets must be two numbers");
  NamedTensor tensor;
  tensor.name = name;
  const auto known = stream::dtype_named(dtype->get_ref<const std::string&>());
  if (!known) bad(fmt::format("unknown dtype \"{}\"", dtype->get_ref<const std::string&>()));
  tensor.dtype = *known;
  std::uint64_t bytes = stream::size_of(tensor.dtype);
  for (const Json& value : *shape) {
    const std::uint64_t size = natural(value, file, name);
    if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ||
        __builtin_mul_overflow(bytes, size, &bytes)) {
      bad("its size overflows");
    }
    tensor.shape.push_back(static_cast<std::int64_t>(size));
  }
  const std::uint64_t begin = natural((*offsets)[0], file, name), end = natural((*offsets)[1], file, name);
  if (begin > end || end > data.size())
    bad(fmt::format("data_offsets {}, {} in {} bytes of data", begin, end, data.size()));
  if (end - begin != bytes) bad(fmt::format("{} bytes where dtype and shape promise {}", end - begin, bytes));
  tensor.data = data.slice(begin, bytes);
  return tensor;
}

}  // namespace

const NamedTensor* Safetensors::find(std::string_view name) const {
  const auto at =
      std::lower_bound(tensors.begin(), tensors.end(), name,
                       [](const NamedTensor& tensor, std::string_view wanted) { return tensor.name < wanted; });
  return at != tensors.end() && at->name == name ? &*at : nullptr;
}

Safetensors parse_safetensors(const Bytes& file, const std::string& name) {
  if (file.size() < 8) refuse(name, fmt::format("{} bytes", file.size()));
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  if (length > kLargestSafetensorsHeader) refuse(name, fmt::format("a header of {} bytes", length));
  if (length > file.size() - 8) {
    refuse(name, fmt::format("a header of {} bytes in a file of {} (cut short?)", length, file.size()));
  }
  const std::string_view text = file.slice(8, length).text();
  if (!text.starts_with('{')) refuse(name, "the header does not begin with {");
  Json header;
  HeaderReader reader(header);
  if (!Json::sax_parse(text, &reader)) refuse(name, reader.problem());
  const Bytes data = file.slice(8 + length, file.size() - 8 - length);

  Safetensors result;
  for (const auto& [key, entry] : header.items()) {
    if (key != "__metadata__") {
      result.tensors.push_back(describe(name, key, entry, data));
      continue;
    }
    if (!entry.is_object()) refuse(name, "__metadata__ is no object");
    for (const auto& [label, value] : entry.items()) {
      if (!value.is_string()) refuse(name, fmt::format("__metadata__ \"{}\" is no string", label));
      result.metadata[label] = value.get<std::string>();
    }
  }
  // In the order of their data the tensors must follow one another without overlap or hole, to the last byte.
  std::vector<const NamedTensor*> by_place;
  for (const NamedTensor& tensor : result.tensors) by_place.push_back(&tensor);
  std::sort(by_place.begin(), by_place.end(), [](const NamedTensor* a, const NamedTensor* b) {
    return std::tuple(a->data.data(), a->data.size()) < std::tuple(b->data.data(), b->data.size());
  });
  const std::byte* expected = data.data();
  for (const NamedTensor* tensor : by_place) {
    if (tensor->data.data() != expected)
      refuse(name, fmt::format("tensor \"{}\": data overlap or leave a hole", tensor->name));
    expected += tensor->data.size();
  }
  if (expected != data.data() + data.size()) {
    refuse(name, fmt::format("{} bytes belong to no tensor", data.data() + data.size() - expected));
  }
  std::sort(result.tensors.begin(), result.tensors.end(),
            [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
  return result;
}

Safetensors read_safetensors(const std::string& path) { return parse_safetensors(map_file(path), path); }

void write_safetensors(const std::string& path, const Safetensors& content) {
  OutputFile out = OutputFile::create(path, true);
  write_safetensors(out, content);
  out.commit();
}

void write_safetensors(OutputFile& out, const Safetensors& content) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& tensor : content.tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const std::size_t wide_a = stream::size_of(a->dtype), wide_b = stream::size_of(b->dtype);
    return wide_a != wide_b ? wide_a > wide_b : a->name < b->name;
  });
  Json header = Json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  std::uint64_t offset = 0;
  for (const NamedTensor* tensor : order) {
    header[tensor->name] = {{"dtype", stream::name_of(tensor->dtype)},
                            {"shape", tensor->shape},
                            {"data_offsets", {offset, offset + tensor->data.size()}}};
    offset += tensor->data.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  out.write(std::as_bytes(std::span(&length, 1)));
  out.write(text);
  for (const NamedTensor* tensor : order) out.write(tensor->data.span());
}

}  // namespace cfm::model
