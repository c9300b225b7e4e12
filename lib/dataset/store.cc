#include "dataset/store.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "base/error.h"
#include "base/hash.h"

namespace cfm::dataset {
namespace {

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Store::Store(const std::vector<std::string>& paths, std::uint64_t max_frame) {
  if (paths.empty()) {
    throw Error(Status::kUsage, "segments are read here in any order: name .cfm files, a pipe cannot give it");
  }
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (path == "-" || std::filesystem::is_fifo(path, ignored) || std::filesystem::is_character_file(path, ignored)) {
      throw Error(Status::kUsage,
                  "{}: segments are read here in any order, which a pipe cannot give; save it first (-o)", path);
    }
    files_.push_back(std::make_unique<stream::MappedStream>(path, max_frame));
    first_.push_back(size());
    const stream::Index& rows = files_.back()->rows();
    append(rows_.offset, rows.offset);
    append(rows_.record, rows.record);
    append(rows_.subject, rows.subject);
    append(rows_.start, rows.start);
    append(rows_.score, rows.score);
    append(rows_.klass, rows.klass);
  }
  refuse_repeats();
}

std::uint64_t Store::who(std::size_t i) const {
  return rows_.subject[i] == fnv1a64("") ? rows_.record[i] : rows_.subject[i];
}

std::size_t Store::file_of(std::size_t i) const {
  if (i >= size()) throw Error(Status::kBug, "segment {} of {} was asked for", i, size());
  return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), i) - first_.begin()) - 1;
}

stream::Segment Store::segment(std::size_t i) const {
  const std::size_t file = file_of(i);
  return files_[file]->segment(i - first_[file]);
}

const std::string& Store::path_of(std::size_t i) const { return files_[file_of(i)]->path(); }

void Store::refuse_repeats() const {
  std::vector<std::size_t> order(size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::pair(rows_.record[i], rows_.start[i]); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  for (std::size_t k = 1; k < order.size(); ++k) {
    if (key(order[k]) != key(order[k - 1])) continue;
    const auto [first, second] = std::minmax(order[k - 1], order[k]);
    const std::string id = segment(second).id();
    if (segment(first).id() != id) continue;  // two signals of a record may start within the same instant of its clock
    throw Error(Status::kUsage, "segment {} is there twice: in {} and in {}", id, path_of(first), path_of(second));
  }
}

}  // namespace cfm::dataset
