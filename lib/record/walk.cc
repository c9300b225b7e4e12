#include "record/walk.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/text.h"
#include "format/wfdb_header.h"

namespace cfm::record {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = ".hea";
constexpr std::array<std::string_view, 5> kSuffixes = {".edf", ".bdf", ".wav", ".flac", ".au"};
constexpr int kLookers = 8;  // threads that look into headers: they wait for the disk, not for a processor

// "100.hea" → ".hea", in lower case; "" where there is none.
std::string suffix_of(const std::string& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return {};
  std::string suffix = name.substr(dot);
  for (char& c : suffix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return suffix;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string stem_of(const std::string& name) { return name.substr(0, name.size() - suffix_of(name).size()); }

// What a folder's headers name.
struct Named {
  std::set<std::string> segments;  // without suffix
  std::set<std::string> files;     // of signals; only where asked for
};

// First words of the lines after the record line: signal files, leniently.
void add_signal_files(std::string_view text, std::vector<std::string>& files) {
  bool after_record_line = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view word = Fields(text.substr(0, end)).next();
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty() || word.front() == '#') continue;
    if (std::exchange(after_record_line, true)) files.emplace_back(word);
  }
}

Named named_in(const std::string& folder, const std::vector<std::string>& headers, bool with_files) {
  constexpr std::size_t kEnough = 4096;  // bytes: the record line and at least one segment
  struct One {
    std::vector<std::string> segments, files;
  };
  std::vector<One> found(headers.size());
  parallel_for(headers.size() < 64 ? 1 : kLookers, headers.size(), [&](std::size_t i) {
    try {
      std::string head(kEnough, '\0');
      head.resize(InputFile::open(folder + headers[i]).read(std::as_writable_bytes(std::span(head))));
      const bool cut = head.size() == kEnough;
      found[i].segments = format::listed_segments(head);
      if (cut && (with_files || !found[i].segments.empty())) {
        head = map_file(folder + headers[i]).text();
        found[i].segments = format::listed_segments(head);
      }
      if (with_files && found[i].segments.empty()) add_signal_files(head, found[i].files);
    } catch (const Error&) {
      // What can't be read is said when the record is opened.
    }
  });
  Named named;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    for (std::string& name : found[i].segments) {
      if (name != stem_of(headers[i])) named.segments.insert(std::move(name));
    }
    for (std::string& name : found[i].files) named.files.insert(std::move(name));
  }
  return named;
}

}  // namespace

// A stack of folders being walked; entries are taken from their back.
struct RecordWalk::Impl {
  struct Entry {
    std::string key;   // "100", or "mitdb/" for a folder: sorted so, names below come in byte order
    std::string file;  // "100.hea"; empty for a folder
  };
  struct Level {
    std::string prefix;  // of record names: "" or "a/b/"
    fs::path real;       // against folders that contain themselves
    std::vector<Entry> entries;
  };

  std::string root;  // with a final slash
  WalkOptions options;
  std::vector<Level> levels;
  std::optional<FoundRecord> single;

  bool included(const std::string& prefix, const std::string& name) const {
    if (std::ranges::find(kSuffixes, suffix_of(name)) != kSuffixes.end()) return true;
    return std::ranges::any_of(options.include, [&](const std::string& pattern) {
      return fnmatch(pattern.c_str(), name.c_str(), 0) == 0 ||
             fnmatch(pattern.c_str(), (prefix + name).c_str(), 0) == 0;
    });
  }

  void enter(const std::string& prefix) {
    const std::string folder = root + prefix;
    std::error_code error;
    Level level{prefix, fs::canonical(folder, error), {}};
    const bool within_itself =
        std::any_of(levels.begin(), levels.end(), [&](const Level& l) { return l.real == level.real; });
    if (!error && within_itself) return;
    std::vector<std::string> headers, others;
    fs::directory_iterator at(folder, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      std::string name = at->path().filename().string();
      if (name.starts_with('.')) continue;
      std::error_code unreadable;
      if (at->is_directory(unreadable)) {
        level.entries.push_back({name + "/", {}});
      } else if (name.size() > kHeader.size() && name.ends_with(kHeader)) {
        headers.push_back(std::move(name));
      } else if (included(prefix, name)) {
        others.push_back(std::move(name));
      }
    }
    if (error) throw Error(Status::kIo, "{}: {}", folder, error.message());
    const Named named = named_in(folder, headers, !others.empty());
    std::map<std::string, int> stems;
    std::vector<std::string> records;
    for (std::string& name : headers) {
      if (!named.segments.contains(stem_of(name))) records.push_back(std::move(name));
    }
    for (std::string& name : others) {
      if (!named.files.contains(name)) records.push_back(std::move(name));
    }
    for (const std::string& name : records) ++stems[stem_of(name)];
    for (std::string& name : records) {
      std::string stem = stem_of(name);
      const bool alone = stems[stem] == 1 || name.ends_with(kHeader);
      level.entries.push_back({alone ? std::move(stem) : name, name});
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
      if (!entry.file.empty()) return FoundRecord{root + level.prefix + entry.file, std::move(name)};
      enter(name);
    }
    return std::nullopt;
  }
};

RecordWalk::RecordWalk(std::string input, WalkOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->options = std::move(options);
  if (is_directory(input)) {
    impl_->root = input.ends_with('/') ? input : input + "/";
    impl_->enter("");
  } else if (is_regular_file(input + std::string(kHeader))) {
    impl_->single = FoundRecord{input + std::string(kHeader), base_name(input)};
  } else if (is_regular_file(input)) {
    impl_->single = FoundRecord{input, stem_of(base_name(input))};
  } else {
    throw Error(Status::kIo, "{}: no such record{}", input,
                input.ends_with(kHeader) ? "" : ", header (.hea), file or folder");
  }
}

RecordWalk::~RecordWalk() = default;
RecordWalk::RecordWalk(RecordWalk&&) noexcept = default;
RecordWalk& RecordWalk::operator=(RecordWalk&&) noexcept = default;

std::optional<FoundRecord> RecordWalk::next() { return impl_->next(); }

std::vector<FoundRecord> find_recordings(const std::string& input, const WalkOptions& options) {
  RecordWalk walk(input, options);
  std::vector<FoundRecord> found;
  while (auto record = walk.next()) found.push_back(std::move(*record));
  return found;
}

}  // namespace cfm::record
