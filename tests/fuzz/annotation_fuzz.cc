// Annotation files: what is read and can be written, reads back to the same.
#include "format/annotation.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cfm::fuzz::MemoryFile file(cfm::fuzz::text(data, size));
  return cfm::fuzz::expect_errors([&] {
    const cfm::format::AnnotationFile read = cfm::format::read_annotations(file.path());
    for (const auto& annotation : read.annotations) read.symbol(annotation.code);
    const std::string again = cfm::fuzz::folder() + "/again.atr";
    cfm::format::write_annotations(again, read, true);
    if (!(cfm::format::read_annotations(again) == read)) cfm::fuzz::fail("annotations change when they are written");
  });
}
