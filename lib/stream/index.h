// Rows of the index of a part: one a segment.
//
//   append_row(rows, offset, row_of(HeaderView(frame.header)));
//   std::vector<Tensor> tensors = index_tensors(rows);  // offset, record, subject, start, score, class
//   Index again = read_index(tensors, segments, end);
//
// Names are FNV-1a 64 over UTF-8, null as the empty string. Errors are status 4 and name no file.
#pragma once

#include "stream/frame.h"
#include "stream/json_text.h"

namespace cfm::stream {

IndexRow row_of(const HeaderView& segment);
IndexRow row_of(const Segment& segment);
void append_row(Index& rows, std::uint64_t offset, const IndexRow& row);
std::vector<Tensor> index_tensors(Index rows);
// Of a part of `segments` segments whose index stands at `end` bytes from its start.
Index read_index(const std::vector<Tensor>& tensors, std::uint64_t segments, std::uint64_t end);

}  // namespace cfm::stream
