// Many .cfm files as one numbered collection of segments: mapped, reached through their indices, read in any order.
//
//   Store store({"icu-0.cfm", "icu-1.cfm"});
//   for (std::size_t i = 0; i < store.size(); ++i) if (store.rows().score[i] > 0.8F) use(store.segment(i));
//
// Numbers run over the files in the order given, then over their segments in the order of the file. Needs files, not
// pipes, and at least one (status 2). The same segment twice (record and start) is status 2. Damage is status 4, as
// stream/frame.h says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "stream/frame.h"

namespace cfm::dataset {

class Store {
 public:
  explicit Store(const std::vector<std::string>& paths, std::uint64_t max_frame = stream::kDefaultMaxFrame);

  std::size_t size() const { return rows_.offset.size(); }
  // One row a segment: record and subject as FNV-1a 64, start in seconds, score (NaN: none), class; offset is from the
  // start of the file that holds the segment.
  const stream::Index& rows() const { return rows_; }
  // Hash of who it is: the subject's, or the record's where the subject is null.
  std::uint64_t who(std::size_t i) const;
  stream::Segment segment(std::size_t i) const;  // thread-safe
  const std::string& path_of(std::size_t i) const;
  const std::vector<std::unique_ptr<stream::MappedStream>>& files() const { return files_; }

 private:
  std::size_t file_of(std::size_t i) const;
  void refuse_repeats() const;
  std::vector<std::unique_ptr<stream::MappedStream>> files_;
  std::vector<std::size_t> first_;  // number of each file's first segment
  stream::Index rows_;
};

}  // namespace cfm::dataset
