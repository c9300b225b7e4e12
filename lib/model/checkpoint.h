// A model on disk: weights, and in the metadata all that is needed to use them and to judge a result honestly.
//
//   Checkpoint checkpoint = load_checkpoint("runs/qualityfm");     // a run folder, or a safetensors file
//   Encoder encoder = load_encoder(checkpoint);                    // the teacher's where there is one
//   save_checkpoint("runs/copy/model.safetensors", checkpoint);    // written beside, renamed
//
// Tensors are named as in PyTorch's state_dict: the student without prefix, the teacher's encoder under
// `teacher.encoder.`, a task's head under `head.`. Metadata: cfm.config cfm.profile cfm.prov cfm.folds
// cfm.subjects_seen cfm.subjects_labelled (JSON in strings), cfm.crc32c (of the tensors' bytes in the order of their
// names). A file that is no safetensors, is cut short or has another checksum than it says: status 4.
// One without cfm.config, of an unknown family, or whose tensors do not fit its configuration: status 3.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "model/config.h"
#include "model/encoder.h"
#include "model/qualityfm.h"

namespace cfm::model {

using State = std::map<std::string, torch::Tensor>;  // by name, on the CPU

struct Checkpoint {
  std::string path;  // of the file read; for messages
  ModelConfig config;
  Json provenance = Json::array();                           // the chain of the head frame that training made
  Json folds = nullptr;                                      // how the data were split, null before fine-tuning
  std::set<std::uint64_t> subjects_seen, subjects_labelled;  // FNV-1a 64 of subject_or_record
  std::map<std::string, std::string> extra;                  // any further metadata (cfm.task, …), kept as it is
  State tensors;
};

inline constexpr const char* kTeacherPrefix = "teacher.encoder.";

// PATH/model.safetensors for a folder, else PATH.
std::string checkpoint_file(const std::string& path);
Checkpoint load_checkpoint(const std::string& path);
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Parameters and buffers of a module, detached copies on the CPU, under `prefix`.
State state_of(const torch::nn::Module& module, const std::string& prefix = "");
// Fills a module from the tensors under `prefix`. Names and shapes must be the module's (status 3 naming `where` and
// the tensor); tensors outside the prefix are no business of this call.
void load_state(torch::nn::Module& module, const State& state, const std::string& prefix, const std::string& where);

// The encoder for use downstream: the teacher's, else the student's. In evaluation mode.
Encoder load_encoder(const Checkpoint& checkpoint);
// The whole student.
QualityFM load_model(const Checkpoint& checkpoint);
// The same architecture with weights that nothing has taught: the control.
Encoder random_encoder(const ModelConfig& config, std::uint64_t seed);

}  // namespace cfm::model
