#include "eval/evidence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "dataset/labels.h"
#include "features/features.h"

namespace cfm::eval {
namespace {

constexpr unsigned char kBinaryStream = 0x89;

constexpr std::size_t kWaiting = 64;  // segments whose features are measured together
// A channel needs this many changes of its samples to be told from others by their pattern.
constexpr std::size_t kLeastChanges = 100;

Embedding embedding_of(const stream::Segment& segment, const std::string& name) {
  const stream::Tensor* tensor = segment.find(name);
  if (tensor == nullptr) return {};
  if (tensor->shape.empty() || tensor->shape.size() > 2)
    throw Error(Status::kUsage, "segment '{}': tensor '{}' has {} dimensions; a probe needs a vector, or one a token",
                segment.id(), name, tensor->shape.size());
  const auto values = tensor->values<float>();
  return {.values = {values.begin(), values.end()},
          .tokens = tensor->shape.size() == 1 ? 1 : static_cast<std::size_t>(tensor->shape[0])};
}

// Hash of the signs of a channel's differences; 0 where there are too few to tell it from others.
std::uint64_t pattern_of(std::span<const float> samples) {
  std::string signs;
  std::size_t changes = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const bool up = samples[i] > samples[i - 1], down = samples[i] < samples[i - 1];
    signs.push_back(up ? '+' : down ? '-' : std::isnan(samples[i]) ? '?' : '0');
    changes += up || down;
  }
  return changes < kLeastChanges ? 0 : fnv1a64(signs);
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

bool Embedding::finite() const {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

void Evidence::add(const stream::Segment& segment, const std::string& source) {
  count_once(segment.id(), fmt::format("segment '{}' is there twice", segment.id()), source);
  Item item{.id = segment.id(),
            .record = segment.record(),
            .subject = segment.subject_or_record(),
            .key = segment.id(),
            .start = segment.start()};
  item.labels = object_at(segment.header, "labels");
  item.predictions = object_at(segment.header, "predictions");
  item.quality = object_at(segment.header, "quality").value("class", "");
  for (const stream::Tensor& tensor : segment.tensors) tensors_.insert(tensor.name);
  if (!keep_.tensor.empty()) {
    item.embedding = embedding_of(segment, keep_.tensor);
    item.random = embedding_of(segment, keep_.tensor + "_random");
    if (const stream::Tensor* tensor = segment.find(keep_.tensor)) item.seen = tensor->attributes.value("seen", "");
  }
  if (keep_.columns > 0) item.channels = previews(segment, keep_.columns);
  items_.push_back(std::move(item));
  if (keep_.repeats) look_for_repeats(segment);
  if (!keep_.features) return;
  waiting_.push_back(segment);
  if (waiting_.size() == kWaiting) measure_waiting();
}

void Evidence::measure_waiting() {
  const std::size_t first = items_.size() - waiting_.size();
  parallel_for(keep_.threads, waiting_.size(),
               [&](std::size_t i) { items_[first + i].features = features::of(waiting_[i]); });
  waiting_.clear();
}

void Evidence::look_for_repeats(const stream::Segment& segment) {
  const std::size_t self = items_.size() - 1;
  std::set<std::size_t> told;  // segments that share a channel with this one
  for (const stream::Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    for (std::size_t c = 0; c < tensor.channels(); ++c) {
      const std::uint64_t hash = pattern_of(stream::physical(segment, tensor, c));
      if (hash == 0) continue;
      const auto [at, fresh] = item_of_.emplace(hash, self);
      if (fresh || at->second == self || !told.insert(at->second).second) continue;
      const Item &first = items_[at->second], &again = items_[self];
      repeats_.push_back({.first = first.id, .again = again.id, .two_subjects = first.subject != again.subject});
      same_.emplace_back(at->second, self);
    }
  }
}

void Evidence::finish() {
  if (!waiting_.empty()) measure_waiting();
  // Subjects joined by a shared signal take the name of the first of them.
  std::map<std::string, std::string> joined;
  const auto root = [&](std::string name) {
    for (auto at = joined.find(name); at != joined.end(); at = joined.find(name)) name = at->second;
    return name;
  };
  for (const auto& [a, b] : same_) {
    const std::string first = root(items_[a].subject), second = root(items_[b].subject);
    if (first != second) joined[std::max(first, second)] = std::min(first, second);
  }
  if (!joined.empty())
    for (Item& item : items_) item.subject = root(item.subject);
}

void Evidence::add(const CsvTable& table) {
  const std::size_t record = table.column("record"), subject = table.column("subject"), label = table.column("label"),
                    truth = table.column("truth"), score = table.column("score");
  const int id = table.find("id"), start = table.find("start");
  static const std::set<std::string> copied = {"threshold", "fold", "seen", "confidence", "abstain"};
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const std::vector<std::string>& cells = table.rows[r];
    const auto cell = [&](int column) { return column < 0 ? std::string() : cells[static_cast<std::size_t>(column)]; };
    Item item{.id = id >= 0 ? cell(id) : fmt::format("{} row {}", table.name, r + 1),
              .record = cells[record],
              .subject = cells[subject].empty() ? cells[record] : cells[subject]};
    const int row = rows_of_record_[cells[record] + '\n' + cells[label]]++;
    item.key = id >= 0 ? item.id : fmt::format("{}#{}", cells[record], row);
    if (const Json at = dataset::typed(cell(start)); at.is_number()) item.start = at.get<double>();
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
      else if (copied.contains(name))
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
