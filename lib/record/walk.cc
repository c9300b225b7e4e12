#include "record/walk.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "format/wfdb_header.h"

namespace cfm::record {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".hea";
constexpr int kLookers = 8;  // threads that look into headers: they wait for the disk, not for a processor

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What a header lists as segments. A few kilobytes show whether it does; a long list is read to its end.
std::vector<std::string> segments_of(const std::string& path) {
  constexpr std::size_t kEnough = 4096;  // bytes: the record line and at least one segment
  std::string head(kEnough, '\0');
  head.resize(InputFile::open(path).read(std::as_writable_bytes(std::span(head))));
  std::vector<std::string> names = format::listed_segments(head);
  return names.empty() || head.size() < kEnough ? names : format::listed_segments(map_file(path).text());
}

// Names (without suffix) that headers of `folder` list as segments.
std::set<std::string> segments_listed_in(const std::string& folder, const std::vector<std::string>& headers) {
  std::vector<std::vector<std::string>> listed(headers.size());
  parallel_for(headers.size() < 64 ? 1 : kLookers, headers.size(), [&](std::size_t i) {
    try {
      listed[i] = segments_of(folder + headers[i]);
    } catch (const Error&) {
      // What can't be read is said when the record is opened.
    }
  });
  std::set<std::string> names;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string own = headers[i].substr(0, headers[i].size() - kSuffix.size());
    for (std::string& name : listed[i]) {
      if (name != own) names.insert(std::move(name));
    }
  }
  return names;
}

}  // namespace

// A stack of folders being walked; entries are taken from their back.
struct RecordWalk::Impl {
  struct Entry {
    std::string key;  // "100", or "mitdb/" for a folder: sorted so, names below come in byte order
    bool is_folder;
  };
  struct Level {
    std::string prefix;  // of record names: "" or "a/b/"
    fs::path real;       // against folders that contain themselves
    std::vector<Entry> entries;
  };

  std::string root;  // with a final slash
  std::vector<Level> levels;
  std::optional<FoundRecord> single;

  void enter(const std::string& prefix) {
    const std::string folder = root + prefix;
    std::error_code error;
    Level level{prefix, fs::canonical(folder, error), {}};
    const bool within_itself =
        std::any_of(levels.begin(), levels.end(), [&](const Level& l) { return l.real == level.real; });
    if (!error && within_itself) return;
    std::vector<std::string> headers;
    fs::directory_iterator at(folder, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      std::string name = at->path().filename().string();
      if (name.starts_with('.')) continue;
      std::error_code unreadable;
      if (name.size() > kSuffix.size() && name.ends_with(kSuffix) && !at->is_directory(unreadable)) {
        headers.push_back(std::move(name));
      } else if (at->is_directory(unreadable)) {
        level.entries.push_back({name + "/", true});
      }
    }
    if (error) throw Error(Status::kIo, "{}: {}", folder, error.message());
    const std::set<std::string> segments = segments_listed_in(folder, headers);
    for (const std::string& header : headers) {
      std::string name = header.substr(0, header.size() - kSuffix.size());
      if (!segments.contains(name)) level.entries.push_back({std::move(name), false});
    }
    std::sort(level.entries.begin(), level.entries.end(), [](const Entry& a, const Entry& b) { return a.key > b.key; });
    levels.push_back(std::move(level));
  }

  std::optional<FoundRecord> next() {
    if (single) return std::exchange(single, std::nullopt);
    while (!levels.empty()) {
      Level& level = levels.back();
      if (level.entries.empty()) {
        levels.pop_back();
        continue;
      }
      const Entry entry = std::move(level.entries.back());
      level.entries.pop_back();
      std::string name = level.prefix + entry.key;
      if (!entry.is_folder) return FoundRecord{root + name + std::string(kSuffix), std::move(name)};
      enter(name);
    }
    return std::nullopt;
  }
};

RecordWalk::RecordWalk(std::string input) : impl_(std::make_unique<Impl>()) {
  if (is_directory(input)) {
    impl_->root = input.ends_with('/') ? input : input + "/";
    impl_->enter("");
    return;
  }
  const bool has_suffix = input.ends_with(kSuffix);
  const std::string stem = has_suffix ? input.substr(0, input.size() - kSuffix.size()) : input;
  if (is_regular_file(stem + std::string(kSuffix))) {
    impl_->single = FoundRecord{stem + std::string(kSuffix), base_name(stem)};
  } else if (is_regular_file(input)) {
    throw Error(Status::kMalformed, "{}: not a WFDB header (NAME.hea), and no other format is read by this version",
                input);
  } else {
    throw Error(Status::kIo, "{}: no such record{}", input, has_suffix ? "" : ", header (.hea) or folder");
  }
}

RecordWalk::~RecordWalk() = default;
RecordWalk::RecordWalk(RecordWalk&&) noexcept = default;
RecordWalk& RecordWalk::operator=(RecordWalk&&) noexcept = default;

std::optional<FoundRecord> RecordWalk::next() { return impl_->next(); }

std::vector<FoundRecord> find_recordings(const std::string& input) {
  RecordWalk walk(input);
  std::vector<FoundRecord> found;
  while (auto record = walk.next()) found.push_back(std::move(*record));
  return found;
}

}  // namespace cfm::record
