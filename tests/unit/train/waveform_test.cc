// A signal as the target: read where the model's window lies, learnt, and told as a tensor.
#include "train/waveform.h"

#include <cmath>
#include <numbers>

#include "tiny_task.h"

namespace {

using namespace cfm;
using stream::Segment;
using test::TemporaryFolder;
using train::Mode;

prepare::Profile profile_of(double fs, double seconds) {
  return prepare::Profile::from_json({{"name", "p"}, {"fs", fs}, {"seconds", seconds}, {"channels", {"ecg"}}});
}

// An ECG of `seconds` at 250 Hz and a pressure 90 + 10 sin(2π t) at 125 Hz that begins `late` seconds after it.
Segment recorded(double seconds, double late) {
  const auto signal = [](const std::string& kind, double fs, double t0, std::vector<float> values) {
    const auto n = static_cast<std::int64_t>(values.size());
    return stream::make_tensor<float>(kind, {1, n}, std::move(values),
                                      {{"kind", kind},
                                       {"fs", fs},
                                       {"t0", t0},
                                       {"names", {kind == "abp" ? "ART" : "II"}},
                                       {"units", {kind == "abp" ? "mmHg" : "mV"}},
                                       {"scale", {1}},
                                       {"offset", {0}}});
  };
  std::vector<float> ecg(static_cast<std::size_t>(seconds * 250)),
      abp(static_cast<std::size_t>((seconds - late) * 125));
  for (std::size_t i = 0; i < ecg.size(); ++i) ecg[i] = std::sin(0.1F * static_cast<float>(i));
  for (std::size_t i = 0; i < abp.size(); ++i) {
    const double t = late + static_cast<double>(i) / 125;
    abp[i] = static_cast<float>(90 + 10 * std::sin(2 * std::numbers::pi * t));
  }
  Segment segment;
  segment.header = {{"id", "r/0"}, {"record", "r"}, {"subject", "r"}, {"start", 0}};
  segment.put(signal("ecg", 250, 0, std::move(ecg)));
  segment.put(signal("abp", 125, late, std::move(abp)));
  return segment;
}

double wave_at(double t) { return 90 + 10 * std::sin(2 * std::numbers::pi * t); }

}  // namespace

TEST_CASE("the target lies where the model's input lies") {
  const train::WaveformReader reader("abp", profile_of(300, 8));
  CHECK(reader.fs() == 60);
  CHECK(train::WaveformReader("abp", profile_of(50, 8)).fs() == 50);
  CHECK(train::WaveformReader("abp", profile_of(250, 8)).fs() == 62.5);
  for (const double late : {0.0, 3.0}) {
    CAPTURE(late);
    const auto made = reader.read(recorded(10, late));  // the last 8 s are read
    REQUIRE(made);
    CHECK(made->units == "mmHg");
    CHECK(made->name == "ART");
    REQUIRE(made->samples.size() == 480);
    for (const std::size_t k : {100UL, 200UL, 300UL, 400UL}) {
      CHECK(made->samples[k] == doctest::Approx(wave_at(2 + static_cast<double>(k) / 60)).epsilon(0.005));
    }
    CHECK(std::isnan(made->samples[30]) == (late > 0));
  }
}

TEST_CASE("what is missing is missing, and what is not there is nothing") {
  const train::WaveformReader reader("abp", profile_of(300, 8));
  Segment segment = recorded(8, 0);
  std::vector<float> values(segment.find("abp")->values<float>().begin(), segment.find("abp")->values<float>().end());
  std::fill(values.begin() + 250, values.begin() + 375, NAN);  // 2 s to 3 s
  stream::Tensor holey = *segment.find("abp");
  holey.data = Bytes::own(std::vector<float>(values));
  segment.put(holey);
  const auto made = reader.read(segment);
  REQUIRE(made);
  for (std::size_t k = 0; k < 480; ++k) {
    CAPTURE(k);
    const double t = static_cast<double>(k) / 60;
    if (t > 2.02 && t < 2.98) CHECK(std::isnan(made->samples[k]));
    if (t < 1.98 || t > 3.02) CHECK(std::isfinite(made->samples[k]));
  }
  holey.data = Bytes::own(std::vector<float>(values.size(), NAN));
  segment.put(holey);
  CHECK_FALSE(reader.read(segment));
  segment.remove("abp");
  CHECK_FALSE(reader.read(segment));
  const train::WaveformReader own("ecg", profile_of(300, 8));
  CHECK(test::status_of([&] { own.read(segment); }) == Status::kUsage);
}

TEST_CASE("a head of any number of tokens covers the window in time") {
  train::LabelTask task;
  task.kind = train::TaskKind::kNumber;
  task.waveform = train::Waveform{.fs = 60, .samples = 1800, .units = "mmHg", .name = "ABP"};
  // Each token tells how far into the window it lies: its time must come out, whatever the tokens' rate.
  for (const double hop : {500.0, 150.0, 60.0, 20.0, 405.0, 162.0}) {  // samples at 300 Hz
    CAPTURE(hop);
    train::TaskHead head(1, hop / 300, task);
    const torch::NoGradGuard no_grad;
    head->weight.fill_(1);
    head->bias.zero_();
    const auto n = static_cast<std::int64_t>(std::ceil(9000 / hop));
    const torch::Tensor centre = (torch::arange(n, torch::kFloat) + 0.5) * (hop / 300);
    const torch::Tensor told = head(head->reduce(centre.view({1, n, 1})));
    REQUIRE(told.sizes() == torch::IntArrayRef({1, 1800}));
    const torch::Tensor time = (torch::arange(1800, torch::kFloat) + 0.5) / 60;
    CHECK((told[0] - time).abs().max().item<double>() < 0.5 * hop / 300 + 2.0 / 60);
  }
}

TEST_CASE("a wave that follows from the input is learnt, in its unit, of those who are held out") {
  TemporaryFolder folder;
  auto ask = test::tiny_task(folder, "abp");
  ask.data = {test::tiny_stream(folder, {.subjects = 20, .segments = 3, .abp = 2})};
  ask.mode = Mode::kFull;
  ask.rate = 2e-3;
  ask.epochs = 20;
  const train::FinetuneReport report = train::finetune(ask);
  CHECK(report.note == "20 segments without abp left out");
  CHECK(report.task.waveform->units == "mmHg");
  CHECK(report.train.segments + report.validation.segments == 32);
  const dataset::Store store(ask.data);
  train::Predictor predictor(ask.folder, {.fold = ask.fold, .batch = 1});
  double squares = 0, all = 0, n = 0;
  int kept = 0;
  for (std::size_t i = 0; i < store.size(); ++i) {
    std::vector<Segment> one = {store.segment(i)};
    if (predictor.left_out(one[0]) || one[0].find("abp") == nullptr) continue;
    ++kept;
    predictor.predict(one);
    const stream::Tensor* told = one[0].find("predicted/abp");
    REQUIRE(told != nullptr);
    CHECK(told->is_signal());
    CHECK(told->kind() == "waveform");
    CHECK(told->fs() == 50);
    CHECK(told->units() == std::vector<std::string>{"mmHg"});
    CHECK(told->attributes["of"] == "abp");
    CHECK(told->attributes["folds"] == 5);
    CHECK_FALSE(one[0].header.contains("predictions"));
    REQUIRE(told->samples() == 500);
    const auto abp = one[0].find("abp")->values<float>(), x = told->values<float>();
    for (std::size_t k = 50; k < 500; ++k) {
      squares += std::pow(abp[k] - x[k], 2);
      all += std::pow(abp[k] - report.task.mean, 2);
      n += 1;
    }
    CHECK(predictor.row(one[0]).size() == predictor.columns().size());
    CHECK(std::abs(std::stod(predictor.row(one[0])[6]) - train::mean_of(x)) < 1e-3);
  }
  CHECK(kept == 8);
  MESSAGE("RMS error ", std::sqrt(squares / n), " mmHg, SD ", std::sqrt(all / n));
  CHECK(squares < 0.25 * all);
}

TEST_CASE("a short segment is told as long as it lasts") {
  TemporaryFolder folder;
  auto ask = test::tiny_task(folder, "abp");
  ask.data = {test::tiny_stream(folder, {.subjects = 20, .segments = 2, .abp = 2})};
  ask.epochs = 1;
  train::finetune(ask);  // linear
  CHECK(model::load_checkpoint(ask.folder).tensors.at("head.weight").sizes() == torch::IntArrayRef({50, 200}));
  std::vector<Segment> one = {dataset::Store(ask.data).segment(0)};
  for (const char* kind : {"ecg", "ppg"}) {
    const auto x = one[0].find(kind)->values<float>();
    one[0].put(test::tiny_signal(kind, kind, "mV", std::vector<float>(x.begin(), x.begin() + 300)));
  }
  train::Predictor(ask.folder, {.allow_seen = true}).predict(one);
  CHECK(one[0].find("predicted/abp")->samples() == 300);
  CHECK(one[0].find("predicted/abp")->t0() == doctest::Approx(0));
}

TEST_CASE("signals that cannot be a target") {
  TemporaryFolder folder;
  auto ask = test::tiny_task(folder, "resp");
  const auto message = [&] {
    try {
      train::finetune(ask);
    } catch (const Error& error) {
      CHECK(error.status() == Status::kUsage);
      return std::string(error.what());
    }
    return std::string();
  };
  ask.waveform = true;
  CHECK(message().find("the first has ecg, ppg") != std::string::npos);
  ask.label = "ecg";
  CHECK(message().find("the model reads it") != std::string::npos);
  ask.data = {test::tiny_stream(folder, {.subjects = 20, .segments = 2, .abp = 2})};
  ask.label = "abp";
  ask.mode = Mode::kAttentive;
  CHECK(message().find("attentive") != std::string::npos);
  ask.mode = Mode::kLinear;
  ask.loss.weights = train::ClassWeights::kBalanced;
  CHECK(message().find("a waveform") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(ask.folder));
}
