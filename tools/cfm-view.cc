// cfm-view: look at a stream, check it, take its head, convert between its forms.
#include "base/log.h"
#include "cli/program.h"
#include "stream/convert.h"
#include "stream/summary.h"

using namespace cfm;

namespace {

// Reads a whole stream into a summary; the message of what damaged it, and its status.
struct Looked {
  stream::Summary summary;
  std::string form, damage;
  Status status = Status::kOk;
};

Looked look(const std::string& path, const stream::ReadOptions& options) {
  Looked seen;
  try {
    stream::FrameReader reader = stream::FrameReader::open(path, options);
    seen.form = reader.form() == stream::Form::kBinary ? "binary stream" : "text stream";
    for (stream::Frame frame; reader.next(frame);) seen.summary.add(frame);
  } catch (const Error& error) {
    if (error.status() == Status::kIo) throw;
    seen.damage = error.what();
    seen.status = error.status();
  }
  return seen;
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-view", "look at streams, check them, convert between their forms");
  std::int64_t head = 0;
  bool check = false;
  program.reads_streams().writes_stream();
  program.option("--head", head, "N", "only the first N segments").at_least(1).shown_default("").brief();
  program.flag("--check", check, "only check: one line a stream, status 4 when one is damaged").brief();
  program.description(
      "Without a flag, prints what each stream is in one screen: parts, segments, channels with rates and units, "
      "quality, labels, "
      "provenance, and whether it is whole. With --to it converts between the binary form and the text twin: binary to "
      "text to binary "
      "gives the same bytes.");
  program.example("cfm-view icu.cfm", "what is in a stream");
  program.example("cfm-view --head 1 --to ndjson icu.cfm | jq .labels", "the labels of the first segment");
  program.example("cfm-view --check *.cfm", "are these files whole?");
  return program.run(argc, argv, [&] {
    const std::vector<std::string> paths = program.inputs().empty() ? std::vector<std::string>{"-"} : program.inputs();
    const stream::ReadOptions options{.max_frame = program.max_frame(), .skip_damaged = program.skip_errors()};
    const bool converts = program.is_set("--to");
    if (head > 0) {
      stream::Inlet in = program.open_inlet();
      stream::Outlet out = program.open_outlet();
      stream::head(in, out, static_cast<std::uint64_t>(head));
      return;
    }
    if (converts && !check) {
      stream::FrameWriter writer = program.open_writer();
      for (const std::string& path : paths) {
        stream::FrameReader reader = stream::FrameReader::open(path, options);
        stream::convert(reader, writer);
        if (reader.lost_pieces() > 0) program.set_status(Status::kPartial);
      }
      return;
    }
    for (const std::string& path : paths) {
      const std::string name = path == "-" ? "stdin" : path.substr(path.find_last_of('/') + 1);
      const Looked seen = look(path, options);
      if (seen.status != Status::kOk) program.set_status(seen.status);
      if (check) {
        if (!seen.damage.empty())
          log::error("{}", seen.damage);
        else
          program.open_text().write(fmt::format("{}: whole, {} parts, {} segments, {} frames\n", name,
                                                seen.summary.parts(), seen.summary.segments(), seen.summary.frames()));
      } else {
        if (!seen.damage.empty()) log::error("{}", seen.damage);
        program.open_text().write(seen.summary.text(name, seen.form.empty() ? "no stream" : seen.form, seen.damage));
      }
    }
  });
}
