#include "eval/gathered.h"

#include "base/error.h"

namespace cfm::eval {

using stream::Json;

void Gathered::add(const stream::Frame& frame, const std::string& source) {
  if (frame.type == 'S') {
    add(stream::decode_segment(frame), source);
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
