#include "record/labelled_records.h"

#include <algorithm>
#include <filesystem>

#include "base/csv.h"
#include "base/error.h"

namespace cfm::record {
namespace {

using stream::Json;

constexpr double kClock = 1000;  // Hz

ExportStyle style_of(ExportForm form) {
  const auto annotator = [form](const stream::Tensor& event, const std::string& channel) -> std::string {
    for (const char* name : {"reference/beats", "reference/rhythm", "reference/notes"}) {
      if (event.name == name) return "atr";
    }
    const bool told = event.name == "reference/waves" || event.name.starts_with("reference/pulses");
    if (!told || form != ExportForm::kWfdb) return "";
    return ExportStyle::annotator_named(channel);
  };
  return {.annotator = annotator, .resolution = kClock, .labels = true};
}

OutputFile create_table(const std::string& folder, bool force) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(Status::kIo, "{}: {}", folder, error.message());
  return OutputFile::create((std::filesystem::path(folder) / "labels.csv").string(), force);
}

std::string cell_of(const Json& value) {
  if (value.is_null()) return "";
  return csv_cell(value.is_string() ? value.get<std::string>() : value.dump());
}

}  // namespace

LabelledRecords::LabelledRecords(ExportForm form, const std::string& path, bool force, bool several, bool table)
    : files_(form, path, force, std::vector<std::string>(several ? 2 : 1)), sink_(files_, style_of(form)) {
  if (table && files_.is_folder()) table_.emplace(create_table(path, force));
}

void LabelledRecords::write(stream::Segment segment) {
  const std::string record = std::filesystem::path(segment.record()).filename().string();
  segment.header["record"] = record;
  if (table_) labels_.emplace_back(record, segment.header.value("labels", Json::object()));
  Cut cut{.segment = std::move(segment), .order = {}, .reason = {}};
  for (std::size_t t = 0; t < cut.segment.tensors.size(); ++t) {
    const stream::Tensor& tensor = cut.segment.tensors[t];
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    for (std::size_t c = 0; c < tensor.channels(); ++c) cut.order.push_back({t, c});
  }
  sink_.write(cut);
}

void LabelledRecords::finish() {
  sink_.end({}, false);
  if (!table_) return;
  std::vector<std::string> names;
  for (const auto& [record, labels] : labels_) {
    for (const auto& [name, value] : labels.items()) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  std::string text = "record";
  for (const std::string& name : names) text += "," + csv_cell(name);
  for (const auto& [record, labels] : labels_) {
    text += "\n" + csv_cell(record);
    for (const std::string& name : names) text += "," + cell_of(labels.value(name, Json(nullptr)));
  }
  table_->write(text + "\n");
  table_->commit();
}

}  // namespace cfm::record
