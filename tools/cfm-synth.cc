// Recordings with known truth, as a stream of one segment a record.
#include "base/error.h"
#include "base/parallel.h"
#include "cli/program.h"
#include "synth/synth.h"

namespace {

using namespace cfm;

void choose_signals(const std::string& list, synth::SynthOptions& options) {
  options.ecg = options.ppg = false;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    const std::string name = list.substr(from, comma - from);
    bool& chosen = name == "ecg" ? options.ecg : options.ppg;
    if (name != "ecg" && name != "ppg") {
      throw Error(Status::kUsage, "--signals: '{}' cannot be made; there are ecg and ppg", name);
    }
    if (chosen) throw Error(Status::kUsage, "--signals: {} is named twice", name);
    chosen = true;
    from = comma + 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-synth", "make recordings whose truth is known");
  std::uint64_t subjects = 1;
  synth::SynthOptions options;
  std::string signals = "ecg,ppg", rhythm = "sinus", noise = "motion@0..24";
  std::optional<std::string> heart_rate;
  program.description(
      "Makes ECG (lead II, 250 Hz, mV) and PPG (125 Hz, NU) of subjects that never were, one record and one segment "
      "each, "
      "with the truth beside them: labels rhythm, heart_rate (/min), qt and pat (ms), snr (dB); events "
      "reference/beats, "
      "reference/pulses, reference/rhythm and reference/snr; the clean signals reference/ecg and reference/ppg.");
  program.description(
      "SNR is (median peak-to-peak of a QRS or pulse)^2 / 8 over the mean square of the noise of a span of 30 s. With "
      "--rhythm mix half of the subjects end in 10 s of ventricular tachycardia, and the label true_alarm says which.");
  program.option("--subjects", subjects, "N", "how many, a record each").range(1, 10'000'000).brief();
  program.option("--duration", options.duration, "S", "seconds of each record").range(1, 86400).brief();
  program.option("--signals", signals, "LIST", "of ecg, ppg").brief();
  program.option("--rhythm", rhythm, "NAME", "sinus (with respiratory arrhythmia), vt, or mix")
      .choices({"sinus", "vt", "mix"})
      .brief();
  program
      .option("--heart-rate", heart_rate, "BPM|LOW..HIGH",
              "rate of the rhythm (of mix: the sinus part), drawn once a subject")
      .shown_default("50..100; vt 140..220")
      .brief();
  program
      .option(
          "--noise", noise, "KIND@LEVEL,...",
          "baseline, motion, muscle or mains at an SNR in dB; clip, dropout or flat at a fraction of the samples; a "
          "level LOW..HIGH is drawn anew every 30 s; none for clean signals")
      .brief();
  program.writes_stream().parallel().seeded().sharded();
  program.example("cfm-synth --subjects 40 --rhythm mix | cfm-quality -o demo.cfm",
                  "forty records to try the toolkit on");
  program.example("cfm-synth --noise muscle@12,dropout@0.1 --seed 7 -o noisy.cfm",
                  "muscle noise at 12 dB, a tenth of the samples lost");

  return program.run(argc, argv, [&] {
    choose_signals(signals, options);
    options.rhythm = synth::parse_rhythm(rhythm);
    options.noise = synth::parse_noise(noise);
    if (heart_rate) options.heart_rate = synth::parse_range(*heart_rate, "--heart-rate");
    options.seed = program.seed();
    synth::validate(options);

    stream::Outlet out = program.open_outlet();
    out.begin(nullptr);
    stream::Counts counts;
    cli::Progress progress(program, subjects, "records");
    std::uint64_t number = 0;
    ordered_parallel<std::uint64_t, stream::Segment>(
        program.threads(),
        [&]() -> std::optional<std::uint64_t> {
          while (number < subjects && !program.in_shard(synth::synth_subject(number))) ++number;
          return number < subjects ? std::optional(number++) : std::nullopt;
        },
        [&](std::uint64_t subject) { return synth::synthesise(options, subject); },
        [&](stream::Segment segment) {
          out.write(segment);
          ++counts.read;
          progress.update(++counts.written);
        });
    out.end(counts, false);
    program.finish(counts);
  });
}
