// Fine-tuning that is stopped, killed and resumed ends with the bits of one that was not.
#include <csignal>
#include <stdexcept>

#include "tiny_task.h"

namespace {

using namespace cfm;
using test::TemporaryFolder;
using test::tiny_task;
using train::Ending;
using train::FinetuneOptions;
using train::Mode;

FinetuneOptions small_task(const TemporaryFolder& folder, Mode mode) {
  FinetuneOptions ask = tiny_task(folder, "above");
  ask.mode = mode;
  ask.epochs = 3;
  ask.batch = 8;  // 5 steps an epoch
  ask.checkpoint_every = 2;
  ask.provenance.mode = stream::Prov::kNone;
  return ask;
}

FinetuneOptions resume_of(const std::string& folder) {
  FinetuneOptions ask;
  ask.folder = folder;
  ask.resume = true;
  ask.provenance.mode = stream::Prov::kNone;
  return ask;
}

std::string model_of(const std::string& folder) { return test::slurp(folder + "/model.safetensors"); }

struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

}  // namespace

TEST_CASE("a signal saves, and what is resumed is what it would have been") {
  for (const Mode mode : {Mode::kLinear, Mode::kAttentive, Mode::kLora, Mode::kFull}) {
    CAPTURE(train::name_of(mode));
    TemporaryFolder folder;
    FinetuneOptions ask = small_task(folder, mode);
    const train::FinetuneReport whole = train::finetune(ask);
    ask.folder = folder / "stopped";
    ask.progress = [](std::int64_t done, std::int64_t, const std::string&) {
      if (done == 7) std::raise(SIGTERM);
    };
    CHECK(train::finetune(ask).ending == Ending::kInterrupted);
    const train::FinetuneReport resumed = train::finetune(resume_of(ask.folder));
    CHECK(resumed.ending == Ending::kDone);
    CHECK(resumed.validation_loss == whole.validation_loss);
    CHECK(resumed.line() == whole.line());
    CHECK(model_of(ask.folder) == model_of(folder / "task"));
  }
}

TEST_CASE("so is a run that was killed, wherever that was") {
  TemporaryFolder folder;
  FinetuneOptions ask = small_task(folder, Mode::kLora);
  train::finetune(ask);
  for (const int last : {1, 3, 5, 15}) {
    CAPTURE(last);
    ask.folder = folder / fmt::format("killed-{}", last);
    ask.progress = [last](std::int64_t done, std::int64_t, const std::string&) {
      if (done == last) throw Killed();
    };
    CHECK_THROWS_AS(train::finetune(ask), Killed);
    train::finetune(resume_of(ask.folder));
    CHECK(model_of(ask.folder) == model_of(folder / "task"));
  }
}

TEST_CASE("what is complete stays, and other options are not those of the run") {
  TemporaryFolder folder;
  FinetuneOptions ask = small_task(folder, Mode::kLinear);
  ask.resume = true;  // nothing to resume: it starts
  const train::FinetuneReport first = train::finetune(ask);
  CHECK_FALSE(std::filesystem::exists(ask.folder + "/best.safetensors"));
  const std::string made = model_of(ask.folder);
  CHECK(train::finetune(ask).line() == first.line());
  CHECK(train::finetune(resume_of(ask.folder)).line() == first.line());
  CHECK(model_of(ask.folder) == made);
  const auto status = [](const FinetuneOptions& options) { return test::status_of([&] { train::finetune(options); }); };
  FinetuneOptions other = ask;
  other.seed = 1;
  CHECK(status(other) == Status::kUsage);
  other = ask;
  other.seeds = 2;
  CHECK(status(other) == Status::kUsage);
  CHECK(status(resume_of(folder / "nothing")) == Status::kUsage);
  CHECK_FALSE(std::filesystem::exists(folder / "nothing"));
}

TEST_CASE("a run whose data have changed is not resumed") {
  TemporaryFolder folder;
  FinetuneOptions ask = small_task(folder, Mode::kLinear);
  ask.progress = [](std::int64_t done, std::int64_t, const std::string&) {
    if (done == 3) std::raise(SIGTERM);
  };
  CHECK(train::finetune(ask).ending == Ending::kInterrupted);
  test::tiny_stream(folder, {.subjects = 20, .segments = 3, .wrong_fourth = true});
  CHECK(test::status_of([&] { train::finetune(resume_of(ask.folder)); }) == Status::kUsage);
}
