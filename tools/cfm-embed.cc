// Segments → embeddings by a model's encoder.
#include "base/csv.h"
#include "cli/program.h"
#include "model/batch_relay.h"
#include "model/embed.h"

using namespace cfm;
using stream::Segment;

namespace {

void require_cpu(const std::string& device) {
  if (device == "auto" || device == "cpu") return;
  if (device == "cuda" || device.starts_with("cuda:")) {
    throw Error(Status::kDevice, "--device {}: the CUDA plug-in is not built; --device cpu does without", device);
  }
  throw Error(Status::kUsage, "--device {}: auto, cpu or cuda[:N]", device);
}

std::string csv_row(const Segment& segment, std::span<const std::string> tensors, bool with_header) {
  std::string header = "id,record,subject,start", row;
  for (const std::string& text : {segment.id(), segment.record(), segment.subject()}) row += csv_cell(text) + ",";
  row += csv_number(segment.start());
  for (const std::string& name : tensors) {
    const auto values = segment.find(name)->values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (with_header) header += "," + name + "_" + std::to_string(i);
      row += "," + csv_number(values[i]);
    }
  }
  return (with_header ? header + "\n" : "") + row + "\n";
}

// Header of an NPY file, version 1.0: magic, length, a Python dict padded to a multiple of 64.
std::string npy_header(const std::vector<std::int64_t>& shape) {
  std::string sizes;
  for (const std::int64_t size : shape) sizes += std::to_string(size) + ", ";
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + sizes + "), }";
  dict.append(63 - (10 + dict.size()) % 64, ' ').push_back('\n');
  const auto length = static_cast<std::uint16_t>(dict.size());
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(length & 255) + static_cast<char>(length >> 8) + dict;
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-embed", "turn segments into embeddings by a model's encoder");
  std::string model_path, pool = "mean", device = "auto";
  model::EmbedOptions options;
  std::int64_t batch = 16;
  program.description(
      "Each segment gets a tensor `embedding`: what the model's encoder makes of it. The model prepares its input "
      "itself: "
      "channels, rate, length and scaling come from its configuration. A stream without a channel of the model is "
      "status 3.");
  program.reads_streams().writes_stream({"cfm", "ndjson", "csv", "npy"}).parallel().seeded();
  program.option("-m,--model", model_path, "MODEL", "run folder, or a safetensors file with its configuration")
      .required()
      .brief();
  program.option("--pool", pool, "HOW", "mean over tokens; the first token; mean and SD over tokens; or all tokens")
      .choices({"mean", "cls", "statistics", "none"})
      .brief();
  program.flag("--only-embedding", options.only_embedding, "drop all other tensors, the waveforms too").brief();
  program.flag("--control", options.control, "add embedding_random: the same encoder with random weights (of --seed)")
      .brief();
  program.option("--batch", batch, "N", "segments worked on together").range(1, 65536);
  program.option("--device", device, "DEVICE", "auto, cpu or cuda[:N]");
  program.example("cfm-embed --control -m runs/qualityfm vt.cfm | cfm-eval --probe true_alarm",
                  "do embeddings tell real alarms from false ones, and better than random weights do?");
  program.example("cfm-embed -m runs/qualityfm --to csv icu.cfm > icu.csv", "a table, one row a segment");
  return program.run(argc, argv, [&] {
    require_cpu(device);
    options.pool = model::pool_named(pool);
    options.seed = program.seed();
    options.threads = program.threads();
    options.batch = static_cast<std::size_t>(batch);
    const std::string form = program.form();
    if (form == "csv" && options.pool == model::Pool::kNone) {
      throw Error(Status::kUsage, "--to csv holds one row a segment; --pool none makes many (--to npy holds them)");
    }
    model::Embedder embedder(model::load_checkpoint(model_path), options);
    const auto work = [&](std::span<Segment> segments, std::size_t first) { embedder.embed(segments, first); };
    stream::Inlet in = program.open_inlet();
    if (form == "cfm" || form == "ndjson") {
      stream::Outlet out = program.open_outlet();
      program.finish(model::relay_batches(in, out, options.batch, work));
      return;
    }
    OutputFile& out = program.open_output();
    if (form == "csv") {
      std::vector<std::string> columns = {"embedding"};
      if (options.control) columns.emplace_back("embedding_random");
      bool first = true;
      program.finish(model::drain_batches(in, options.batch, work, [&](Segment& segment) {
        out.write(csv_row(segment, columns, std::exchange(first, false)));
      }));
      return;
    }
    std::vector<float> values;
    std::vector<std::int64_t> shape = {0};
    program.finish(model::drain_batches(in, options.batch, work, [&](Segment& segment) {
      const stream::Tensor* tensor = segment.find("embedding");
      const auto row = tensor->values<float>();
      values.insert(values.end(), row.begin(), row.end());
      if (shape.size() == 1) shape.insert(shape.end(), tensor->shape.begin(), tensor->shape.end());
      ++shape[0];
    }));
    out.write(npy_header(shape));
    out.write(std::as_bytes(std::span(values)));
  });
}
