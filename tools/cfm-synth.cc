// Recordings with known truth, as a stream of one segment a record or as files; or those that there are, spoiled.
#include "base/error.h"
#include "base/parallel.h"
#include "cli/program.h"
#include "record/labelled_records.h"
#include "synth/converter.h"
#include "synth/corrupt.h"
#include "synth/synth.h"

namespace {

using namespace cfm;

struct Settings : synth::SynthWords {
  std::uint64_t subjects = 1;
  double duration = 60;
  std::string corrupt;
};

void declare(cli::Program& program, Settings& s) {
  program.description(
      "Makes ECG (250 Hz, mV), PPG (125 Hz, NU) and arterial pressure (125 Hz, mmHg) of subjects that never were, one "
      "record and one segment each, with the truth beside them: labels rhythm (N, AFIB, B, VT, VFIB, ASYS, P), "
      "heart_rate (/min), qt, pat and pat_abp (ms), sbp and dbp (mmHg), snr (dB); events reference/beats, "
      "reference/waves, reference/rhythm, reference/pulses, reference/pressure, reference/snr and reference/notes; the "
      "clean signals reference/ecg, reference/ppg and reference/abp. What is undefined (QT without beats) is absent.");
  program.description(
      "SNR is (median peak-to-peak of a QRS or pulse)^2 / 8 over the mean square of the noise of a span of 30 s, of "
      "each channel by itself; III, aVR, aVL and aVF follow from I and II. The foot of a PPG pulse comes the pulse "
      "arrival time after R, that of ABP after 0.72 to 0.85 of it. With --rhythm mix the basic rhythm of a subject is "
      "sinus, af, pvc or paced; half of the subjects end in 10 s of ventricular tachycardia: label true_alarm.");
  program.description(
      "With --corrupt nothing is made: the signals of a stream are spoiled, and the stream goes on without what was "
      "told of them before (quality, predictions, embeddings). Labels and events stay: they are the truth.");
  program.description(
      "--to wfdb and --to edf write records as a device with 16 bits would (steps of 1 uV, 0.0001 NU and 0.01 mmHg, "
      "coarser where the range asks for it). WFDB records get annotation files: atr (beats, rhythms, "
      "spikes), waves, ppg and abp (feet and systoles), in ms; EDF+ gets beats, rhythms and spikes. Labels stand in "
      "the header, where cfm-segment --header-labels reads them, and for a folder in its labels.csv.");
  program.option("--subjects", s.subjects, "N", "how many, a record each").range(1, 10'000'000).brief();
  program.option("--duration", s.duration, "S", "seconds of each record").range(1, 86400).brief();
  program
      .option("--signals", s.signals, "LIST",
              "of ecg (lead II), ecg:all (I II III aVR aVL aVF V1 to V6), single leads by name, ppg, abp")
      .brief();
  program
      .option("--rhythm", s.rhythm, "NAME",
              "sinus (with respiratory arrhythmia), af (atrial fibrillation), pvc (sinus with ventricular ectopic "
              "beats), vt, vf, asystole, paced, or mix")
      .choices({"sinus", "af", "pvc", "vt", "vf", "asystole", "paced", "mix"})
      .brief();
  program
      .option("--heart-rate", s.heart_rate, "BPM|LOW..HIGH",
              "rate of the rhythm (of mix: the part before VT), drawn once a subject")
      .shown_default("50..100; af 60..130, vt 140..220, paced 60..80")
      .brief();
  program.option("--pat", s.pat, "MS|LOW..HIGH", "time from R to the tangent foot of the PPG, drawn once a subject")
      .shown_default("170..270");
  program.option("--sbp", s.sbp, "MMHG|LOW..HIGH", "systolic pressure at rest, drawn once a subject")
      .shown_default("100..150");
  program.option("--dbp", s.dbp, "MMHG|LOW..HIGH", "diastolic pressure at rest, drawn once a subject")
      .shown_default("0.56..0.68 of the systolic");
  program
      .option("--noise", s.noise, "KIND@LEVEL,...",
              "baseline, motion, muscle, mains or pop (of electrodes) at an SNR in dB; clip, dropout or flat at a "
              "fraction of the samples; a level LOW..HIGH is drawn anew every 30 s; none for clean signals")
      .brief();
  program
      .option("--corrupt", s.corrupt, "LIST",
              "spoil the signals of FILE: KIND:flat@S holds a value, KIND:dropout@S loses samples for S seconds; "
              "KIND:NOISE@R adds noise (but clip) of R times the signal's SD; KIND:missing takes all samples")
      .not_with({"--subjects", "--duration", "--signals", "--rhythm", "--heart-rate", "--pat", "--sbp", "--dbp",
                 "--noise", "--shard"});
  program.reads_inputs("FILE", "streams to spoil with --corrupt (default: standard input)", false);
  program.writes_stream({"cfm", "ndjson", "wfdb", "edf"}).parallel().seeded().sharded();
  program.example("cfm-synth --subjects 40 --rhythm mix | cfm-quality -o demo.cfm",
                  "forty records to try the toolkit on");
  program.example("cfm-synth --noise muscle@12,dropout@0.1 --seed 7 -o noisy.cfm",
                  "muscle noise at 12 dB, a tenth of the samples lost");
  program.example("cfm-synth --signals ecg:all,ppg,abp --rhythm af --noise none | cfm-view --plot af.png",
                  "atrial fibrillation in twelve leads, with its pulses");
  program.example("cfm-synth --subjects 20 --signals ecg,abp --sbp 90..180 --to wfdb -o synth/",
                  "a folder of WFDB records with annotations and labels.csv");
  program.example("cfm-synth --corrupt ecg:flat@3,ppg:missing vt.cfm | cfm-embed -m runs/q", "who still knows it?");
}

void corrupt(cli::Program& program, const std::string& list) {
  synth::Corruptions corruptions(synth::parse_corruptions(list), program.seed());
  if (record::export_form(program.form())) throw Error(Status::kUsage, "--corrupt: cfm-view makes files of a stream");
  stream::Inlet in = program.open_inlet();
  stream::Outlet out = program.open_outlet();
  program.finish(stream::relay(in, out, program.threads(), [&](stream::Segment& segment) {
    corruptions.apply(segment);
    return std::optional<std::string>();
  }));
  corruptions.settle();
}

// Records in order, each where it goes.
stream::Counts make(cli::Program& program, std::uint64_t subjects, const synth::SynthOptions& options, bool as_files,
                    const std::function<void(stream::Segment)>& write) {
  stream::Counts counts;
  cli::Progress progress(program, subjects, "records");
  std::uint64_t number = 0;
  ordered_parallel<std::uint64_t, stream::Segment>(
      program.threads(),
      [&]() -> std::optional<std::uint64_t> {
        while (number < subjects && !program.in_shard(synth::synth_subject(number))) ++number;
        return number < subjects ? std::optional(number++) : std::nullopt;
      },
      [&](std::uint64_t subject) {
        stream::Segment segment = synth::synthesise(options, subject);
        return as_files ? synth::converted(segment) : segment;
      },
      [&](stream::Segment segment) {
        write(std::move(segment));
        ++counts.read;
        progress.update(++counts.written);
      });
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-synth", "make recordings whose truth is known");
  Settings settings;
  declare(program, settings);
  return program.run(argc, argv, [&] {
    if (program.is_set("--corrupt")) return corrupt(program, settings.corrupt);
    if (!program.inputs().empty()) throw Error(Status::kUsage, "{}: FILE is for --corrupt", program.inputs().front());
    const auto options = synth::parse_options(settings, settings.duration, program.seed());
    if (const auto form = record::export_form(program.form())) {
      record::LabelledRecords records(*form, program.output_path(), program.force(), settings.subjects > 1,
                                      !program.is_set("--shard"));
      const auto counts =
          make(program, settings.subjects, options, true, [&](stream::Segment segment) { records.write(segment); });
      records.finish();
      return program.finish(counts);
    }
    synth::check_fits(options, stream::kDefaultMaxFrame);
    stream::Outlet out = program.open_outlet();
    out.begin(nullptr);
    const auto counts =
        make(program, settings.subjects, options, false, [&](stream::Segment segment) { out.write(segment); });
    out.end(counts, false);
    program.finish(counts);
  });
}
