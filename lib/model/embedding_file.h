// Embeddings for programs that don't read streams.
//
//   EmbeddingFile file(out, EmbeddingForm::kSafetensors, control);
//   file.add(segment);                       // after Embedder::embed()
//   file.finish();
//
// CSV: a row a segment, id,record,subject,start, then embedding_0 …, and embedding_random_0 … where there is a control.
// NPY: float32 [segments, …] of `embedding` alone, in the order of the segments. Safetensors: `embedding` and
// `embedding_random`, float32 [segments, …], and metadata ids, records, subjects (JSON lists, null where there is
// none). NPY and safetensors need all in memory before the first byte. Status 2: a table of what has more than one
// dimension; rows of different sizes.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "stream/segment.h"

namespace cfm::model {

enum class EmbeddingForm { kCsv, kNpy, kSafetensors };

class EmbeddingFile {
 public:
  EmbeddingFile(OutputFile& out, EmbeddingForm form, bool control);
  void add(const stream::Segment& segment);
  void finish();

 private:
  struct Rows {
    std::string name;
    std::vector<std::int64_t> shape{};  // of one
    std::vector<float> values{};
  };
  void write_row(const stream::Segment& segment);
  std::vector<std::int64_t> shape_of(const Rows& rows) const;

  OutputFile& out_;
  EmbeddingForm form_;
  std::vector<Rows> tensors_;
  stream::Json ids_ = stream::Json::array(), records_ = stream::Json::array(), subjects_ = stream::Json::array();
  std::int64_t count_ = 0;
};

}  // namespace cfm::model
