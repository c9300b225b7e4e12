#include "record/record_source.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "base/error.h"
#include "base/log.h"
#include "base/parallel.h"
#include "format/names.h"

namespace cfm::record {

namespace {

constexpr std::int64_t kJobBytes = 1 << 20;  // samples a job reads, so that threads share a long record

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

SignalList list_signals(const std::vector<std::string>& inputs, const format::OpenOptions& open,
                        const WalkOptions& walk_options) {
  SignalList list;
  for (const std::string& input : inputs) {
    RecordWalk walk(input, walk_options);
    while (const auto found = walk.next()) {
      const auto recording = format::open_recording(found->path, found->name, open);
      list.add(found->path, labels_of(*recording));
    }
  }
  return list;
}

Reference read_reference(const format::Recording& recording, const std::string& path, const std::string& annotator,
                         bool& found) {
  Reference reference(recording.fs(), recording.frames());
  const auto read = [&](std::string suffix, const std::string& lead) {
    const std::string file = std::filesystem::path(path).replace_extension(suffix).string();
    if (!is_regular_file(file)) return;
    found = true;
    reference.read(file, lead);
  };
  if (annotator == "@lead") {
    for (const format::Channel& channel : recording.channels()) {
      std::string suffix = format::canonical_name(channel.name, channel.unit);
      std::ranges::transform(suffix, suffix.begin(),
                             [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      read(suffix, channel.name);
    }
  } else if (!annotator.empty()) {
    read(annotator, {});
  }
  reference.add_notes(recording.notes());
  return reference;
}

RecordSource::RecordSource(std::vector<std::string> inputs, SourceOptions options)
    : inputs_(std::move(inputs)), options_(std::move(options)) {
  options_.refine.cut.check();
  if (!options_.refine.subject) options_.refine.subject = SubjectRule::parse("record");
}

RecordSource::~RecordSource() = default;

std::shared_ptr<RecordSource::Plan> RecordSource::plan_of(const FoundRecord& found, const std::string& source,
                                                          const std::string& subject) {
  std::shared_ptr<format::Recording> recording = format::open_recording(found.path, found.name, options_.open);
  signals_.add(found.name, labels_of(*recording));
  RecordFacts facts;
  facts.subject = subject;
  facts.source = source.empty() ? stream::Json(nullptr) : stream::Json(source);
  if (options_.header_labels) facts.labels = header_labels(recording->comments());
  bool there = false;
  Reference reference = read_reference(*recording, found.path, options_.annotator, there);
  if (!options_.annotator.empty()) ++(there ? annotated_ : not_annotated_);
  if (there || !reference.empty()) facts.reference = std::make_shared<const Reference>(std::move(reference));
  auto plan =
      std::make_shared<Plan>(RecordCutter(recording, options_.refine.selection, options_.refine.cut, std::move(facts)));
  plan->verify = !options_.open.trust_data && (options_.verify || plan->cutter.reads_all());
  return plan;
}

std::shared_ptr<RecordSource::Plan> RecordSource::next_plan() {
  for (; input_ < inputs_.size(); ++input_, walk_.reset()) {
    if (!walk_) walk_.emplace(inputs_[input_], options_.walk);
    const std::string source = source_name(inputs_[input_]);
    while (const auto found = walk_->next()) {
      if (!names_.insert(found->name).second) {
        throw Error(Status::kUsage, "{}: a second record named {}; name a folder above both", found->path, found->name);
      }
      const std::string subject = options_.refine.subject->of(found->name, source);
      if (options_.refine.wanted && !options_.refine.wanted(found->name, subject)) continue;
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
    if (options_.refine.dress) options_.refine.dress(cut.segment);
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
  const auto work = [this](Job job) {
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
      for (std::int64_t k = job.first; k < job.last; ++k) {
        result.cuts.push_back(plan.cutter.cut(k));
        if (options_.refine.prepare && result.cuts.back().reason.empty()) options_.refine.prepare(result.cuts.back());
      }
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
  if (selected_ == 0 && counts_.damaged == 0 && !options_.refine.may_be_empty) {
    throw Error(Status::kUsage, "no record of {} has what --signals {} asks for{}; there are: {}", counts_.read,
                options_.refine.selection.text(),
                counts_.skipped.contains("outside") ? " within --from and --until" : "", signals_.summary());
  }
  if (not_annotated_ > 0) log::info("{} records have no .{} file", not_annotated_, options_.annotator);
  if (options_.refine.settle) options_.refine.settle();
  begin();
  sink.end(counts_, counts_.damaged > 0);
  return counts_;
}

}  // namespace cfm::record
