#include "record/record_source.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "base/error.h"
#include "base/log.h"
#include "base/parallel.h"

namespace cfm::record {

namespace {

constexpr std::int64_t kJobBytes = 4 << 20;  // samples a job reads, so that threads share a long record

}  // namespace

struct RecordSource::Plan {
  explicit Plan(RecordCutter c) : cutter(std::move(c)) {}
  RecordCutter cutter;
  bool verify = false;
  std::once_flag once;
  std::exception_ptr damage;  // what verify() said
  bool left_out = false;      // after damage, on the consuming thread
};

struct RecordSource::Job {
  std::shared_ptr<Plan> plan;
  std::int64_t first = 0, last = 0;  // windows
};

struct RecordSource::Result {
  std::shared_ptr<Plan> plan;
  std::vector<Cut> cuts;
  std::exception_ptr error;
};

std::string source_name(const std::string& input) {
  namespace fs = std::filesystem;
  const fs::path path = fs::absolute(input).lexically_normal();
  const fs::path folder = is_directory(input) ? (path.has_filename() ? path : path.parent_path()) : path.parent_path();
  return folder.filename().string();
}

SignalList list_signals(const std::vector<std::string>& inputs) {
  SignalList list;
  for (const std::string& input : inputs) {
    RecordWalk walk(input);
    while (const auto found = walk.next()) {
      const auto recording = format::open_recording(found->path, found->name, {});
      list.add(found->path, labels_of(*recording));
    }
  }
  return list;
}

RecordSource::RecordSource(std::vector<std::string> inputs, SourceOptions options)
    : inputs_(std::move(inputs)), options_(std::move(options)) {
  options_.cut.check();
}

RecordSource::~RecordSource() = default;

std::shared_ptr<RecordSource::Plan> RecordSource::plan_of(const FoundRecord& found, const std::string& source,
                                                          const std::string& subject) {
  std::shared_ptr<format::Recording> recording =
      format::open_recording(found.path, found.name, {.trust_data = options_.trust_data});
  signals_.add(found.name, labels_of(*recording));
  RecordFacts facts;
  facts.subject = subject;
  facts.source = source.empty() ? stream::Json(nullptr) : stream::Json(source);
  if (options_.header_labels) facts.labels = header_labels(recording->comments());
  if (!options_.annotator.empty()) {
    const std::string path = std::filesystem::path(found.path).replace_extension(options_.annotator).string();
    const bool there = is_regular_file(path);
    ++(there ? annotated_ : not_annotated_);
    if (there) {
      facts.reference = std::make_shared<const Reference>(Reference::read(path, recording->fs(), recording->frames()));
    }
  }
  auto plan = std::make_shared<Plan>(RecordCutter(recording, options_.selection, options_.cut, std::move(facts)));
  plan->verify = !options_.trust_data && (options_.verify || plan->cutter.reads_all());
  return plan;
}

std::shared_ptr<RecordSource::Plan> RecordSource::next_plan() {
  for (; input_ < inputs_.size(); ++input_, walk_.reset()) {
    if (!walk_) walk_.emplace(inputs_[input_]);
    const std::string source = source_name(inputs_[input_]);
    while (const auto found = walk_->next()) {
      if (!names_.insert(found->name).second) {
        throw Error(Status::kUsage, "{}: a second record named {}; name a folder above both", found->path, found->name);
      }
      const std::string subject = options_.subject.of(found->name, source);
      if (options_.wanted && !options_.wanted(found->name, subject)) continue;
      ++counts_.read;
      try {
        auto plan = plan_of(*found, source, subject);
        if (plan->cutter.reason().empty()) {
          ++selected_;
          return plan;
        }
        ++counts_.skipped[plan->cutter.reason()];
      } catch (const Error& error) {
        if (!options_.skip_errors || error.status() == Status::kUsage) throw;
        ++counts_.damaged;
        log::warn("left out: {}", error.what());
      }
    }
  }
  return nullptr;
}

void RecordSource::consume(Result result, Sink& sink) {
  if (result.plan->left_out) return;
  for (Cut& cut : result.cuts) {
    if (!cut.reason.empty()) {
      ++counts_.skipped[cut.reason];
      continue;
    }
    if (options_.dress) options_.dress(cut.segment);
    sink.write(cut);
    ++counts_.written;
  }
  if (!result.error) return;
  try {
    std::rethrow_exception(result.error);
  } catch (const Error& error) {
    if (!options_.skip_errors) throw;
    log::warn("left out: {}", error.what());
    result.plan->left_out = true;
    ++counts_.damaged;
  }
}

stream::Counts RecordSource::run(int threads, Sink& sink) {
  bool begun = false;
  const auto begin = [&] {
    if (!begun) sink.begin(nullptr);
    begun = true;
  };
  Job pending;
  const auto next = [&]() -> std::optional<Job> {
    if (!pending.plan || pending.last == pending.plan->cutter.windows()) {
      pending = {next_plan(), 0, 0};
      if (!pending.plan) return std::nullopt;
    }
    const std::int64_t windows = std::max<std::int64_t>(1, kJobBytes / pending.plan->cutter.bytes());
    pending.first = pending.last;
    pending.last = std::min(pending.first + windows, pending.plan->cutter.windows());
    return pending;
  };
  const auto work = [](Job job) {
    Result result;
    Plan& plan = *job.plan;
    result.plan = job.plan;
    if (plan.verify) {
      std::call_once(plan.once, [&] {
        try {
          plan.cutter.recording().verify();
        } catch (...) {
          plan.damage = std::current_exception();
        }
      });
      if (plan.damage) {
        result.error = plan.damage;
        return result;
      }
    }
    try {
      for (std::int64_t k = job.first; k < job.last; ++k) result.cuts.push_back(plan.cutter.cut(k));
    } catch (...) {
      result.error = std::current_exception();
    }
    return result;
  };
  ordered_parallel<Job, Result>(threads, next, work, [&](Result result) {
    begin();
    consume(std::move(result), sink);
  });
  if (names_.empty()) throw Error(Status::kIo, "{}: no records in there", inputs_.empty() ? "-" : inputs_.front());
  if (!options_.annotator.empty() && annotated_ == 0 && not_annotated_ > 0) {
    throw Error(Status::kUsage, "--ann {}: none of {} records has such a file", options_.annotator, not_annotated_);
  }
  if (selected_ == 0 && counts_.damaged == 0 && !options_.may_be_empty) {
    throw Error(Status::kUsage, "no record of {} has what --signals {} asks for{}; there are: {}", counts_.read,
                options_.selection.text(), counts_.skipped.contains("outside") ? " within --from and --until" : "",
                signals_.summary());
  }
  if (not_annotated_ > 0) log::info("{} records have no .{} file", not_annotated_, options_.annotator);
  if (options_.settle) options_.settle();
  begin();
  sink.end(counts_, counts_.damaged > 0);
  return counts_;
}

}  // namespace cfm::record
