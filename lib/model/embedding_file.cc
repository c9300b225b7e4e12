#include "model/embedding_file.h"

#include "base/csv.h"
#include "base/error.h"
#include "format/npy_header.h"
#include "model/safetensors.h"

namespace cfm::model {

using stream::Json, stream::Segment;

EmbeddingFile::EmbeddingFile(OutputFile& out, EmbeddingForm form, bool control) : out_(out), form_(form) {
  tensors_.push_back({.name = "embedding"});
  if (control && form_ != EmbeddingForm::kNpy) tensors_.push_back({.name = "embedding_random"});
}

void EmbeddingFile::add(const Segment& segment) {
  for (Rows& rows : tensors_) {
    const stream::Tensor& tensor = *segment.find(rows.name);
    if (count_ == 0) rows.shape = tensor.shape;
    if (tensor.shape != rows.shape) {
      throw Error(Status::kUsage, "segment '{}': its {} has another size than those before", segment.id(), rows.name);
    }
    if (form_ == EmbeddingForm::kCsv && tensor.shape.size() > 1) {
      throw Error(Status::kUsage, "a table has one row a segment, not one a token: --to npy and safetensors hold them");
    }
  }
  if (form_ == EmbeddingForm::kCsv) {
    write_row(segment);
  } else {
    for (Rows& rows : tensors_) {
      const auto values = segment.find(rows.name)->values<float>();
      rows.values.insert(rows.values.end(), values.begin(), values.end());
    }
    ids_.push_back(segment.id());
    records_.push_back(segment.record());
    subjects_.push_back(segment.subject().empty() ? Json() : Json(segment.subject()));
  }
  ++count_;
}

void EmbeddingFile::write_row(const Segment& segment) {
  std::string header = "id,record,subject,start", row;
  for (const std::string& text : {segment.id(), segment.record(), segment.subject()}) row += csv_cell(text) + ",";
  row += csv_number(segment.start());
  for (const Rows& rows : tensors_) {
    const auto values = segment.find(rows.name)->values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (count_ == 0) header += "," + rows.name + "_" + std::to_string(i);
      row += "," + csv_number(values[i]);
    }
  }
  out_.write((count_ == 0 ? header + "\n" : "") + row + "\n");
}

std::vector<std::int64_t> EmbeddingFile::shape_of(const Rows& rows) const {
  std::vector<std::int64_t> shape = {count_};
  shape.insert(shape.end(), rows.shape.begin(), rows.shape.end());
  return shape;
}

void EmbeddingFile::finish() {
  if (form_ == EmbeddingForm::kNpy) {
    out_.write(format::npy_header("<f4", shape_of(tensors_[0])));
    out_.write(std::as_bytes(std::span(tensors_[0].values)));
  }
  if (form_ != EmbeddingForm::kSafetensors) return;
  Safetensors file;
  for (Rows& rows : tensors_) {
    file.tensors.push_back({rows.name, stream::Dtype::kF32, shape_of(rows), Bytes::own(std::move(rows.values))});
  }
  file.metadata = {{"ids", ids_.dump()}, {"records", records_.dump()}, {"subjects", subjects_.dump()}};
  write_safetensors(out_, file);
}

}  // namespace cfm::model
