// Segments → embeddings by a model's encoder.
#include "cli/program.h"
#include "model/batch_relay.h"
#include "model/device.h"
#include "model/embed.h"
#include "model/embedding_file.h"

using namespace cfm;
using stream::Segment;

int main(int argc, char** argv) {
  cli::Program program("cfm-embed", "turn segments into embeddings by a model's encoder");
  std::string model_path, pool = "mean";
  model::EmbedOptions options;
  std::int64_t batch = 16;
  program.description(
      "Each segment gets a tensor `embedding`: what the model's encoder makes of it. The model prepares its input "
      "itself: channels, rate, length and scaling come from its configuration. A stream without a channel of the model "
      "is status 3.");
  program.description(
      "--to csv is a row a segment: id,record,subject,start, then the numbers. --to npy is an array [segments, …] of "
      "the embeddings alone. --to safetensors holds `embedding` and, with --control, `embedding_random`; metadata ids, "
      "records and subjects are JSON lists.");
  program.reads_streams().writes_stream({"cfm", "ndjson", "csv", "npy", "safetensors"}).parallel().seeded();
  program.on_device().in_precision();
  program.option("-m,--model", model_path, "MODEL", "run folder, or a safetensors file with its configuration")
      .required()
      .brief();
  program
      .option("--pool", pool, "HOW",
              "mean over tokens; the first token; mean and SD over tokens; what the query of a model fine-tuned with "
              "--mode attentive makes of them; or all tokens")
      .choices({"mean", "cls", "statistics", "attentive", "none"})
      .brief();
  program.option("--layer", options.layer, "N", "what comes out of layer N, 0: the tokens that the first gets")
      .at_least(0)
      .shown_default("what comes out of the encoder");
  program.flag("--only-embedding", options.only_embedding, "drop all other tensors, the waveforms too").brief();
  program.flag("--control", options.control, "add embedding_random: the same encoder with random weights (of --seed)")
      .brief();
  program.option("--batch", batch, "N", "segments worked on together").range(1, 65536);
  program.example("cfm-embed --control -m runs/qualityfm vt.cfm | cfm-eval --probe true_alarm",
                  "do embeddings tell real alarms from false ones, and better than random weights do?");
  program.example("cfm-embed -m runs/qualityfm --to csv icu.cfm > icu.csv", "a table, one row a segment");
  program.example("cfm-embed -m runs/qualityfm --pool none --to safetensors icu.cfm -o icu.safetensors",
                  "all tokens, for another program");
  return program.run(argc, argv, [&] {
    model::use_device(program.device(), program.threads());
    options.pool = model::pool_named(pool);
    options.bf16 = program.precision() == "bf16";
    options.seed = program.seed();
    options.threads = program.threads();
    options.batch = static_cast<std::size_t>(batch);
    model::Embedder embedder(model::load_checkpoint(model_path), options);
    const auto work = [&](std::span<Segment> segments, std::size_t first) { embedder.embed(segments, first); };
    stream::Inlet in = program.open_inlet();
    const std::string& form = program.form();
    if (form == "cfm" || form == "ndjson") {
      stream::Outlet out = program.open_outlet();
      program.finish(model::relay_batches(in, out, options.batch, work));
      return;
    }
    model::EmbeddingFile file(program.open_output(),
                              form == "csv"   ? model::EmbeddingForm::kCsv
                              : form == "npy" ? model::EmbeddingForm::kNpy
                                              : model::EmbeddingForm::kSafetensors,
                              options.control);
    program.finish(model::drain_batches(in, options.batch, work, [&](const Segment& segment) { file.add(segment); }));
    file.finish();
  });
}
