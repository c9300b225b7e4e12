#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "dataset/labels.h"
#include "eval/evaluate.h"

namespace cfm::eval {
namespace {

constexpr unsigned char kBinaryStream = 0x89;

std::vector<float> vector_of(const stream::Segment& segment, const char* name) {
  const stream::Tensor* tensor = segment.find(name);
  if (tensor == nullptr) return {};
  if (tensor->shape.size() != 1)
    throw Error(
        Status::kUsage,
        "segment '{}': tensor '{}' has {} dimensions; a probe needs one vector a segment: cfm-embed --pool mean",
        segment.id(), name, tensor->shape.size());
  const auto values = tensor->values<float>();
  return {values.begin(), values.end()};
}

// The first byte of standard input; -1 when it is empty or cannot be looked at without reading it.
int peek_standard_input() {
  struct stat about {};
  unsigned char byte = 0;
  if (::fstat(STDIN_FILENO, &about) != 0) throw io_error("standard input");
  if (S_ISREG(about.st_mode)) {
    const ssize_t got = ::pread(STDIN_FILENO, &byte, 1, ::lseek(STDIN_FILENO, 0, SEEK_CUR));
    return got == 1 ? byte : -1;
  }
  if (!S_ISFIFO(about.st_mode)) return -1;
  std::array<int, 2> copy{};
  if (::pipe2(copy.data(), O_CLOEXEC) != 0) throw io_error("standard input");
  ssize_t got = 0;
  do got = ::tee(STDIN_FILENO, copy[1], 1, 0);
  while (got < 0 && errno == EINTR);
  if (got == 1) got = ::read(copy[0], &byte, 1);
  ::close(copy[0]);
  ::close(copy[1]);
  return got == 1 ? byte : -1;
}

}  // namespace

void Evidence::add(const stream::Segment& segment, const std::string& source) {
  count_once(segment.id(), fmt::format("segment '{}' is there twice", segment.id()), source);
  Item item{.id = segment.id(),
            .subject = segment.subject_or_record(),
            .labels = object_at(segment.header, "labels"),
            .predictions = object_at(segment.header, "predictions"),
            .embedding = {},
            .random = {}};
  for (const stream::Tensor& tensor : segment.tensors) tensors_.insert(tensor.name);
  if (keep_embeddings_) {
    item.embedding = vector_of(segment, "embedding");
    item.random = vector_of(segment, "embedding_random");
  }
  items_.push_back(std::move(item));
}

void Evidence::add(const CsvTable& table) {
  const std::size_t record = table.column("record"), subject = table.column("subject"), label = table.column("label"),
                    truth = table.column("truth"), score = table.column("score");
  const int id = table.find("id");
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const std::vector<std::string>& cells = table.rows[r];
    Item item{.id = id >= 0 ? cells[static_cast<std::size_t>(id)] : fmt::format("{} row {}", table.name, r + 1),
              .subject = cells[subject].empty() ? cells[record] : cells[subject],
              .labels = Json::object(),
              .predictions = Json::object(),
              .embedding = {},
              .random = {}};
    count_once(item.id + '\n' + cells[label],
               fmt::format("segment '{}' is there twice for label '{}'", item.id, cells[label]), table.name);
    const Json value = dataset::typed(cells[truth]);
    if (!value.is_null()) item.labels[cells[label]] = value;
    Json& prediction = item.predictions[cells[label]] = Json::object();
    if (!cells[score].empty()) prediction["score"] = dataset::typed(cells[score]);
    for (std::size_t c = 0; c < table.header.size(); ++c) {
      const std::string& name = table.header[c];
      if (cells[c].empty()) continue;
      if (name == "prediction")
        prediction["value"] = dataset::typed(cells[c]);
      else if (name == "threshold" || name == "fold" || name == "seen")
        prediction[name] = dataset::typed(cells[c]);
      else if (name.starts_with("score_"))
        prediction["scores"][name.substr(6)] = dataset::typed(cells[c]);
    }
    items_.push_back(std::move(item));
  }
}

std::set<std::string> Evidence::label_names() const {
  std::set<std::string> names;
  for (const Item& item : items_)
    for (const auto& [name, value] : item.labels.items())
      if (!value.is_null()) names.insert(name);
  return names;
}

std::set<std::string> Evidence::prediction_names() const {
  std::set<std::string> names;
  for (const Item& item : items_)
    for (const auto& [name, value] : item.predictions.items()) names.insert(name);
  return names;
}

CsvTable read_table(const std::string& path) {
  if (path != "-") return read_csv(path);
  InputFile in = InputFile::open(path);
  std::string text;
  std::vector<std::byte> piece(1 << 16);
  while (const std::size_t n = in.read(piece)) text.append(reinterpret_cast<const char*>(piece.data()), n);
  return parse_csv(text, "standard input");
}

bool is_stream(const std::string& path) {
  int first = -1;
  if (path == "-") {
    first = peek_standard_input();
  } else {
    InputFile file = InputFile::open(path);
    if (!is_regular_file(path)) return true;
    std::byte byte{};
    if (file.read(std::span(&byte, 1)) == 1) first = std::to_integer<int>(byte);
  }
  // Empty and compressed inputs are a stream's to refuse; a table starts with a letter, a quote or a byte order mark.
  return first < 0 || first == kBinaryStream || first == '{' || first == 0x1F || first == 0x28;
}

}  // namespace cfm::eval
