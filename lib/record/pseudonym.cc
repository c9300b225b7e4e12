#include "record/pseudonym.h"

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "record/segmenter.h"

namespace cfm::record {
namespace {

using stream::Json;

constexpr std::size_t kShortestKey = 16;      // bytes: 128 bits, crypto_generichash_KEYBYTES_MIN
constexpr std::size_t kHexDigits = 20;        // 80 bits: ten million names collide with a chance of 4e-11
constexpr int kMostWeeks = 520;               // ten years
constexpr double kWeek = 7 * 24 * 3600;       // s
constexpr int kOldestTold = 89, kOlder = 90;  // years, 45 CFR 164.514(b)(2)(i)(C)

// Keys of a header that hold nothing about a person beyond what is replaced here.
constexpr std::array<std::string_view, 12> kKept = {"id",    "record", "subject", "source", "split",       "start",
                                                    "clock", "t_abs",  "quality", "labels", "predictions", "type"};

}  // namespace

Pseudonymiser::Pseudonymiser(const std::string& key_file) {
  if (sodium_init() < 0) throw Error(Status::kBug, "libsodium can't be initialised");
  const Bytes secret = map_file(key_file);
  if (secret.size() < kShortestKey) {
    throw Error(Status::kUsage, "{}: a key of {} bytes; at least {} are needed: head -c 32 /dev/urandom > {}", key_file,
                secret.size(), kShortestKey, key_file);
  }
  struct stat status {};
  if (::stat(key_file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0) {
    log::warn("{}: everybody on this machine can read the key; chmod 600 it", key_file);
  }
  crypto_generichash(key_.data(), key_.size(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                     nullptr, 0);
}

Pseudonymiser::Digest Pseudonymiser::digest(char purpose, std::string_view text) const {
  const std::string message = std::string(1, purpose) + std::string(text);
  Digest out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                     key_.data(), key_.size());
  return out;
}

std::string Pseudonymiser::name(char purpose, std::string_view text) const {
  std::string out(1, purpose);
  for (const unsigned char byte : digest(purpose, text)) out += fmt::format("{:02x}", byte);
  return out.substr(0, 1 + kHexDigits);
}

std::string Pseudonymiser::record(std::string_view text) const { return name('r', text); }
std::string Pseudonymiser::subject(std::string_view text) const { return name('s', text); }

int Pseudonymiser::weeks(std::string_view subject) const {
  const Digest bytes = digest('t', subject);
  const unsigned drawn = bytes[0] | static_cast<unsigned>(bytes[1]) << 8 | static_cast<unsigned>(bytes[2]) << 16;
  return 1 + static_cast<int>(drawn % kMostWeeks);
}

void Pseudonymiser::apply(stream::Segment& segment) const {
  Json& header = segment.header;
  const std::string who = segment.subject_or_record(), old = segment.record(), id = segment.id();
  const std::string fresh = record(old);
  // An id is the record, a slash and the first sample; another spelling would be the record's name in disguise.
  const std::string tail = id.starts_with(old + "/") ? id.substr(old.size()) : "/" + name('i', id);
  std::vector<std::string> dropped;
  for (const auto& [key, value] : header.items()) {
    if (std::ranges::find(kKept, key) == kKept.end()) dropped.push_back(key);
  }
  for (const std::string& key : dropped) header.erase(key);
  header["id"] = fresh + tail;
  header["record"] = fresh;
  if (header.contains("subject") && header["subject"].is_string()) header["subject"] = subject(who);
  if (header.contains("source") && header["source"].is_string()) {
    header["source"] = name('d', header["source"].get<std::string>());
  }
  if (header.contains("t_abs") && header["t_abs"].is_string()) {
    header["t_abs"] = later(header["t_abs"].get<std::string>(), -kWeek * weeks(who));
  }
  if (header.contains("labels") && header["labels"].is_object() && header["labels"].contains("age")) {
    Json& age = header["labels"]["age"];
    if (age.is_number() && age.get<double>() > kOldestTold) age = kOlder;
  }
  segment.remove("reference/notes");
  for (stream::Tensor& tensor : segment.tensors) {
    dropped.clear();
    for (const auto& [key, value] : tensor.attributes.items()) {
      if (key.starts_with("x-")) dropped.push_back(key);
    }
    for (const std::string& key : dropped) tensor.attributes.erase(key);
  }
}

}  // namespace cfm::record
