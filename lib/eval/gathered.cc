#include "eval/gathered.h"

#include <algorithm>

#include "base/error.h"
#include "stream/pipe.h"

namespace cfm::eval {

using stream::Json;

std::uint64_t Gathered::read(const std::vector<std::string>& paths, const stream::ReadOptions& options) {
  std::uint64_t lost = 0;
  for (const std::string& path : paths) {
    stream::Inlet in({path}, options);
    for (stream::Frame frame; in.next(frame);) add(frame, path == "-" ? "standard input" : path);
    lost += in.lost_pieces();
  }
  return lost;
}

void Gathered::add(const stream::Frame& frame, const std::string& source) {
  if (frame.type == 'S') {
    add(stream::decode_segment(frame), source);
  } else if (frame.type == 'H') {
    const Json head = Json::parse(frame.header);
    const Json chain = head.value("prov", Json::array());
    if (std::find(provenance_.begin(), provenance_.end(), chain) == provenance_.end()) provenance_.push_back(chain);
  } else if (frame.type == 'n') {
    notes_.push_back(Json::parse(frame.header));
  } else if (frame.type == 'E') {
    partial_ = partial_ || Json::parse(frame.header).value("status", "ok") != "ok";
  }
}

void Gathered::count_once(const std::string& key, const std::string& again, const std::string& source) {
  ++read_;
  const auto [at, fresh] = source_of_.emplace(key, source);
  if (!fresh) throw Error(Status::kUsage, "{} (in {} and in {}): each may be scored once", again, at->second, source);
}

Json object_at(const Json& header, const char* key) {
  const auto at = header.find(key);
  return at != header.end() && at->is_object() ? *at : Json::object();
}

}  // namespace cfm::eval
