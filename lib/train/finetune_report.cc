#include "train/finetune_report.h"

#include <fmt/format.h>

#include <cmath>

namespace cfm::train {
namespace {

Json json_of(const Share& share) { return {{"segments", share.segments}, {"subjects", share.subjects}}; }

Share share_from(const Json& json) {
  return {json.at("segments").get<std::size_t>(), json.at("subjects").get<std::size_t>()};
}

}  // namespace

std::string FinetuneReport::line() const {
  if (!seed_losses.empty()) {
    const auto n = static_cast<double>(seed_losses.size());
    double mean = 0, squares = 0;
    for (const double loss : seed_losses) mean += loss / n;
    for (const double loss : seed_losses) squares += (loss - mean) * (loss - mean);
    return fmt::format("{}: {} seeds, validation loss {:.4f} ± {:.4f} (SD)", task.label, seed_losses.size(), mean,
                       n > 1 ? std::sqrt(squares / (n - 1)) : 0.0);
  }
  return fmt::format(
      "{}: {} segments of {} subjects to train, {} of {} to choose, {} of {} held out; epoch {} of {}, validation loss "
      "{:.4f}{}",
      task.label, train.segments, train.subjects, validation.segments, validation.subjects, held_out.segments,
      held_out.subjects, best_epoch, epochs, validation_loss, note.empty() ? "" : "; " + note);
}

Json FinetuneReport::to_json() const {
  return {{"train", json_of(train)},
          {"validation", json_of(validation)},
          {"held_out", json_of(held_out)},
          {"epochs", epochs},
          {"best_epoch", best_epoch},
          {"validation_loss", validation_loss},
          {"note", note}};
}

FinetuneReport FinetuneReport::from_json(const Json& json, const LabelTask& task) {
  FinetuneReport report;
  report.task = task;
  report.train = share_from(json.at("train"));
  report.validation = share_from(json.at("validation"));
  report.held_out = share_from(json.at("held_out"));
  report.epochs = json.at("epochs").get<std::int64_t>();
  report.best_epoch = json.at("best_epoch").get<std::int64_t>();
  report.validation_loss = json.at("validation_loss").get<double>();
  report.note = json.at("note").get<std::string>();
  return report;
}

}  // namespace cfm::train
