#include "eval/evaluate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "dataset/labels.h"
#include "eval/calibrate.h"
#include "eval/figures.h"
#include "eval/nested.h"
#include "eval/predicted.h"
#include "eval/strata.h"

namespace cfm::eval {
namespace {

constexpr std::size_t kColumns = 600;  // of a preview: pixels of a page

// What is scored for a label: the model's segments, and in their order those of each rival.
struct Chosen {
  std::vector<const Item*> items;
  std::vector<std::vector<const Item*>> rivals;
  std::map<std::string, std::uint64_t> excluded;
};

struct Question {
  const Evidence& evidence;
  std::span<const Rival> rivals;
  const EvaluateOptions& options;
  std::string label;

  bool probes() const { return !options.probe.empty(); }
};

Json label_of(const Item& item, const std::string& label) {
  const auto at = item.labels.find(label);
  return at == item.labels.end() ? Json(nullptr) : *at;
}

bool is_measured(const std::vector<float>& features) {
  return std::any_of(features.begin(), features.end(), [](float v) { return !std::isnan(v); });
}

std::string why_not_probed(const Item& item, const std::string& on) {
  if (on == kFeatures) return is_measured(item.features) ? "" : "without a waveform to measure";
  if (item.embedding.tokens == 0) return "without embedding";
  return item.embedding.finite() ? "" : "with an embedding that is not finite";
}

// A rival brings predictions, or, where a tensor or features are probed, its own.
bool rival_is_probed(const Question& ask, const Rival& rival) {
  if (!ask.probes()) return false;
  if (ask.options.on != kFeatures) return rival.evidence->tensor_names().contains(ask.options.on);
  return !rival.evidence->prediction_names().contains(ask.label);
}

std::map<std::string, const Item*> usable_of_rival(const Question& ask, const Rival& rival) {
  std::map<std::string, const Item*> by_key;
  for (const Item& item : rival.evidence->items()) {
    const std::string why =
        rival_is_probed(ask, rival) ? why_not_probed(item, ask.options.on) : why_unscored(item, ask.label);
    if (why.empty()) by_key.emplace(item.key, &item);
  }
  return by_key;
}

// Segments with the label that model and rivals say something of; the others counted by reason.
Chosen choose(const Question& ask) {
  Chosen chosen;
  chosen.rivals.resize(ask.rivals.size());
  std::vector<std::map<std::string, const Item*>> usable;
  for (const Rival& rival : ask.rivals) usable.push_back(usable_of_rival(ask, rival));
  bool labelled = false;
  for (const Item& item : ask.evidence.items()) {
    std::string why;
    if (label_of(item, ask.label).is_null()) {
      why = "without label";
    } else {
      labelled = true;
      why = ask.probes() ? why_not_probed(item, ask.options.on) : why_unscored(item, ask.label);
    }
    for (std::size_t r = 0; r < usable.size() && why.empty(); ++r)
      if (!usable[r].contains(item.key)) why = fmt::format("not in {}", ask.rivals[r].name);
    if (!why.empty()) {
      ++chosen.excluded[why];
      continue;
    }
    chosen.items.push_back(&item);
    for (std::size_t r = 0; r < usable.size(); ++r) chosen.rivals[r].push_back(usable[r][item.key]);
  }
  if (labelled && !chosen.items.empty()) return chosen;
  if (labelled)
    throw Error(Status::kUsage, "none of the {} segments can be scored on '{}' ({} {})", ask.evidence.items().size(),
                ask.label, chosen.excluded.begin()->second, chosen.excluded.begin()->first);
  const std::set<std::string> there = ask.evidence.label_names();
  throw Error(Status::kUsage, "no segment has a label '{}'; {}", ask.label,
              there.empty() ? "there are no labels: join them with cfm-segment --labels FILE"
                            : fmt::format("there are {}", fmt::join(there, ", ")));
}

Problem problem_of(const Question& ask, const Chosen& chosen) {
  std::vector<Json> values;
  std::vector<std::string> subjects;
  for (const Item* item : chosen.items) {
    values.push_back(label_of(*item, ask.label));
    subjects.push_back(item->subject);
  }
  dataset::LabelOptions options = ask.options.label;
  if (!options.kind && !ask.probes()) options.kind = kind_told(chosen.items, ask.label);
  return make_problem(Task::of(ask.label, values, options), values, subjects);
}

// Segments of subjects that the model was fitted on with their labels: refused, or marked where that is asked for.
template <typename SeenBy>
void look_at_seen(Context& context, Items items, const EvaluateOptions& options, const std::string& what,
                  const SeenBy& seen_by) {
  std::set<std::string> labels, pretraining;
  for (const Item* item : items) {
    const std::string seen = seen_by(*item);
    if (seen == "labels") {
      if (!options.allow_seen)
        throw Error(Status::kUsage,
                    "{} was fitted with the labels of subject '{}': its score there is no test; leave such subjects "
                    "out (cfm-predict --fold), or --allow-seen scores and marks them",
                    what, item->subject);
      ++context.seen_segments;
      labels.insert(item->subject);
    } else if (seen == "pretraining") {
      ++context.pretrained_segments;
      pretraining.insert(item->subject);
    }
  }
  context.seen_subjects += labels.size();
  context.pretrained_subjects += pretraining.size();
}

Inputs inputs_of(Items items, Embedding Item::*vector) {
  const Embedding& first = items.front()->*vector;
  Inputs inputs{.values = Matrix(items.size(), first.values.size()), .tokens = first.tokens};
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Embedding& embedding = items[i]->*vector;
    if (embedding.values.size() != first.values.size() || embedding.tokens != first.tokens)
      throw Error(Status::kIncompatible, "the embedding of '{}' has {} values, that of '{}' {}: they are of two models",
                  items.front()->id, first.values.size(), items[i]->id, embedding.values.size());
    std::ranges::copy(embedding.values, inputs.values.row(i).begin());
  }
  return inputs;
}

Inputs features_of(Items items) {
  Inputs inputs{.values = Matrix(items.size(), items.front()->features.size())};
  for (std::size_t i = 0; i < items.size(); ++i) std::ranges::copy(items[i]->features, inputs.values.row(i).begin());
  return inputs;
}

Inputs probed_inputs(Items items, const std::string& on) {
  return on == kFeatures ? features_of(items) : inputs_of(items, &Item::embedding);
}

// Percents, apart by commas, as shares.
std::vector<double> shares_of(const std::vector<std::string>& lists) {
  std::vector<double> shares;
  for (const std::string& list : lists)
    for (const std::string& percent : dataset::label_list(list)) {
      const Json value = dataset::typed(percent);
      if (!value.is_number() || value.get<double>() <= 0 || value.get<double>() > 100)
        throw Error(Status::kUsage, "--fractions {}: '{}' is no percentage above 0", list, percent);
      shares.push_back(value.get<double>() / 100);
    }
  return shares;
}

// Features and predictions are vectors: what would attend to tokens is linear there.
NestedOptions on_vectors(NestedOptions nested) {
  if (nested.learner == Learner::kAttentive) nested.learner = Learner::kLinear;
  return nested;
}

std::string name_of_rival(const Question& ask, std::size_t r, Items items) {
  const Rival& rival = ask.rivals[r];
  if (rival_is_probed(ask, rival)) return rival.name;
  const std::string control = control_told(items, ask.label);
  return control.empty() ? rival.name : control;
}

void name_missing(Context& context, const Question& ask, const std::vector<System>& systems, bool has_folds) {
  const auto missing = [&](const char* name) {
    return std::none_of(systems.begin(), systems.end(), [&](const System& s) { return s.name == name; });
  };
  const auto add = [&](const char* name, std::string command) {
    if (missing(name)) context.missing.push_back({.control = name, .add = std::move(command)});
  };
  if (context.system != kFeatures)
    add("random", ask.probes()
                      ? "cfm-embed --control"
                      : fmt::format("cfm-finetune --init random --label {} … && cfm-predict … && cfm-eval … --against",
                                    ask.label));
  if (ask.probes())
    add(kFeatures, "cfm-embed (without --only-embedding, so that waveforms are there)");
  else
    add(kFeatures, has_folds ? "cfm-eval --features" : "cfm-eval --features (on the predictions of all folds)");
  add("resnet",
      fmt::format("cfm-finetune --model resnet1d --label {} … && cfm-predict … && cfm-eval … --against", ask.label));
}

// Rows, comparisons and strata of the systems, the first of which is judged.
void add_figures(Context& context, const Problem& problem, std::vector<System> systems, Items items,
                 const EvaluateOptions& options, const std::vector<std::pair<double, System>>& fractions,
                 const std::set<std::string>& rivals) {
  const BootstrapOptions draws{.draws = options.draws, .seed = options.seed, .threads = options.threads};
  const Bootstrap bootstrap(problem.subject, draws);
  std::optional<Figures> model;
  for (const System& system : systems) {
    Figures figures(problem, system, bootstrap);
    const std::vector<Row> rows = figures.rows();
    context.rows.insert(context.rows.end(), rows.begin(), rows.end());
    if (model) {
      for (Comparison gain : compare(*model, figures, bootstrap)) {
        gain.rival = rivals.contains(system.name);
        context.comparisons.push_back(std::move(gain));
      }
    } else {
      model.emplace(std::move(figures));
    }
  }
  for (const auto& [fraction, system] : fractions)
    for (Row row : Figures(problem, system, bootstrap).rows()) {
      row.fraction = fraction;
      context.rows.push_back(std::move(row));
    }
  for (Row& row : context.rows) {
    if (row.system != context.system || context.seen_segments == 0) continue;
    row.note += fmt::format("{}{} segments seen in training", row.note.empty() ? "" : "; ", context.seen_segments);
  }
  for (const std::string& by : options.by) {
    const std::vector<Stratum> strata = strata_by(by, problem, systems.front(), items, draws);
    context.strata.insert(context.strata.end(), strata.begin(), strata.end());
  }
  auto scored = std::make_shared<Scored>();
  scored->problem = problem;
  for (const Item* item : items)
    scored->examples.push_back({.id = item->id,
                                .record = item->record,
                                .subject = item->subject,
                                .start = item->start,
                                .channels = item->channels});
  scored->systems = std::move(systems);
  context.scored = std::move(scored);
}

void count(Context& context, const Problem& problem) {
  context.label = problem.task.label;
  context.task = dataset::name_of(problem.task.kind);
  context.classes = problem.task.classes;
  context.class_segments.assign(context.classes.size(), 0);
  if (problem.task.kind == TaskKind::kMultilabel) {
    for (std::size_t k = 0; k < context.classes.size(); ++k)
      for (const double held : problem.members.column(k)) context.class_segments[k] += held != 0;
  } else if (!context.classes.empty()) {
    for (const int label : problem.labels()) ++context.class_segments[static_cast<std::size_t>(label)];
  }
  context.subjects = problem.subject_names.size();
  context.segments = problem.size();
}

// What is common to probes and predictions once the systems are there.
void finish(Context& context, const Question& ask, Problem problem, Chosen& chosen, std::vector<System> systems,
            const std::vector<std::pair<double, System>>& fractions, const std::set<std::string>& rivals) {
  if (ask.options.calibrate > 0) {
    const std::vector<std::size_t> rows = calibrate(problem, systems, chosen.items, ask.options.calibrate);
    context.excluded["used to calibrate"] += chosen.items.size() - rows.size();
    std::vector<const Item*> kept;
    for (const std::size_t i : rows) kept.push_back(chosen.items[i]);
    chosen.items = std::move(kept);
    context.protocol += fmt::format("; each record's offset from its first {:g} s", ask.options.calibrate);
  }
  context.excluded.insert(chosen.excluded.begin(), chosen.excluded.end());
  count(context, problem);
  add_figures(context, problem, std::move(systems), chosen.items, ask.options, fractions, rivals);
}

// Systems by the rivals' predictions, or by probes of their embeddings on the same folds.
std::set<std::string> add_rivals(std::vector<System>& systems, Context& context, const Question& ask,
                                 const Chosen& chosen, const Problem& problem, const dataset::Folds* folds,
                                 const NestedOptions& nested) {
  std::set<std::string> rivals;
  for (std::size_t r = 0; r < ask.rivals.size(); ++r) {
    const Items items = chosen.rivals[r];
    const bool probed = rival_is_probed(ask, ask.rivals[r]) && folds != nullptr;
    const std::string name = name_of_rival(ask, r, items);
    for (const System& system : systems)
      if (system.name == name)
        throw Error(Status::kUsage, "two systems are called '{}': give --against files of different names", name);
    Context of_rival;
    look_at_seen(of_rival, items, ask.options, name,
                 [&](const Item& item) { return probed ? item.seen : seen_by_model(item, ask.label); });
    context.seen_segments += of_rival.seen_segments;
    systems.push_back(probed ? probe_out_of_fold(name, problem, probed_inputs(items, ask.options.on), *folds, nested)
                             : predicted(problem, items, name));
    if (name != "resnet" && name != "random") rivals.insert(name);
  }
  return rivals;
}

Context evaluate_probe(const Question& ask) {
  const EvaluateOptions& options = ask.options;
  const std::set<std::string>& tensors = ask.evidence.tensor_names();
  if (options.on != kFeatures && !tensors.contains(options.on))
    throw Error(Status::kUsage,
                "no segment has a tensor '{}' to probe; the input holds {}: cfm-embed -m MODEL makes an embedding, and "
                "--on features probes hand-crafted features",
                options.on, tensors.empty() ? "no tensors" : fmt::format("{}", fmt::join(tensors, ", ")));
  Chosen chosen = choose(ask);
  Problem problem = problem_of(ask, chosen);
  Context context;
  context.system = options.on == kFeatures ? kFeatures : "model";
  if (problem.task.kind == TaskKind::kMultilabel) {
    const std::vector<std::size_t> labels = frequent_labels(problem);
    if (labels.empty())
      throw Error(Status::kUsage, "label '{}': none of its {} values is had, and not had, by three subjects", ask.label,
                  problem.task.classes.size());
    if (labels.size() < problem.task.classes.size())
      context.details["too_rare"] = problem.task.classes.size() - labels.size();
    problem = with_labels(problem, labels);
  }
  const dataset::Folds folds = probe_folds(problem, options.folds, options.seed);
  look_at_seen(context, chosen.items, options, "the encoder", [](const Item& item) { return item.seen; });
  const NestedOptions nested{.learner = options.learner, .seed = options.seed, .threads = options.threads};
  const Inputs inputs = probed_inputs(chosen.items, options.on);
  if (inputs.tokens > 1 && options.learner != Learner::kAttentive)
    throw Error(Status::kUsage,
                "'{}' holds {} tokens a segment: --probe-by attentive pools them, cfm-embed --pool mean does",
                options.on, inputs.tokens);
  context.protocol = fmt::format(
      "{} probe ({}) on {} [{}]: {} folds over subjects, {}{} from inner folds, out-of-fold scores pooled, seed {}",
      options.learner == Learner::kForest   ? "forest"
      : options.learner == Learner::kLinear ? "linear"
                                            : "attentive",
      method_of(options.learner, problem.task.kind), options.on,
      inputs.tokens > 1 ? fmt::format("{}, {}", inputs.tokens, inputs.width()) : fmt::format("{}", inputs.width()),
      folds.n, setting_name(options.learner), problem.task.kind == TaskKind::kBinary ? " and thresholds" : "",
      options.seed);
  if (context.details.contains("too_rare"))
    context.protocol += fmt::format("; {} values are had by fewer than three subjects and left out",
                                    context.details["too_rare"].get<std::size_t>());

  struct Learned {
    std::string name;
    Inputs inputs;
    NestedOptions nested;
  };
  std::vector<Learned> learned = {{context.system, inputs, nested}};
  if (std::all_of(chosen.items.begin(), chosen.items.end(),
                  [](const Item* item) { return item->random.tokens > 0 && item->random.finite(); }))
    learned.push_back({"random", inputs_of(chosen.items, &Item::random), nested});
  if (context.system != kFeatures && std::any_of(chosen.items.begin(), chosen.items.end(),
                                                 [](const Item* item) { return is_measured(item->features); }))
    learned.push_back({kFeatures, features_of(chosen.items), on_vectors(nested)});
  std::vector<System> systems;
  std::vector<std::pair<double, System>> fractions;
  for (const Learned& one : learned) {
    systems.push_back(probe_out_of_fold(one.name, problem, one.inputs, folds, one.nested));
    for (const double fraction : shares_of(options.fractions)) {
      NestedOptions few = one.nested;
      few.fraction = fraction;
      if (fraction < 1) fractions.emplace_back(fraction, probe_out_of_fold(one.name, problem, one.inputs, folds, few));
    }
  }
  systems.push_back(constant_out_of_fold(problem, &folds));
  const std::set<std::string> rivals = add_rivals(systems, context, ask, chosen, problem, &folds, nested);
  name_missing(context, ask, systems, true);
  finish(context, ask, std::move(problem), chosen, std::move(systems), fractions, rivals);
  return context;
}

Context evaluate_predictions(const Question& ask) {
  Chosen chosen = choose(ask);
  const std::optional<dataset::Folds> folds = folds_told(chosen.items, ask.label);
  Problem problem = problem_of(ask, chosen);
  Context context;
  context.protocol = folds ? fmt::format("predictions of {} fold{}, pooled", folds->n, folds->n == 1 ? "" : "s")
                           : "predictions as they came; nothing tells which subjects the model was fitted on";
  look_at_seen(context, chosen.items, ask.options, "the model",
               [&](const Item& item) { return seen_by_model(item, ask.label); });
  std::vector<System> systems = {predicted(problem, chosen.items, "model")};
  const bool pooled = folds && folds->n > 1;
  if (pooled) {
    systems.front().fold.clear();
    for (std::size_t i = 0; i < problem.size(); ++i) systems.front().fold.push_back(folds->of(problem.subject_of(i)));
  }
  const NestedOptions nested{.seed = ask.options.seed, .threads = ask.options.threads};
  if (pooled && ask.options.features && is_measured(chosen.items.front()->features))
    systems.push_back(probe_out_of_fold(kFeatures, problem, features_of(chosen.items), *folds, nested));
  systems.push_back(constant_out_of_fold(problem, pooled ? &*folds : nullptr));
  const std::set<std::string> rivals = add_rivals(systems, context, ask, chosen, problem, nullptr, nested);
  name_missing(context, ask, systems, pooled);
  finish(context, ask, std::move(problem), chosen, std::move(systems), {}, rivals);
  return context;
}

std::string listed(const std::set<std::string>& names) {
  return names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", "));
}

std::vector<std::string> labels_predicted(const Evidence& evidence, const std::vector<std::string>& wanted) {
  const std::set<std::string> there = evidence.prediction_names();
  if (there.empty())
    throw Error(Status::kUsage,
                "the input holds no predictions (labels: {}; tensors: {}): make some with cfm-predict, or probe an "
                "embedding with --probe LABEL",
                listed(evidence.label_names()), listed(evidence.tensor_names()));
  for (const std::string& label : wanted)
    if (!there.contains(label))
      throw Error(Status::kUsage, "there are no predictions of '{}'; there are of {}", label, listed(there));
  return wanted.empty() ? std::vector<std::string>(there.begin(), there.end()) : wanted;
}

std::uint64_t read_all(Evidence& evidence, const std::vector<std::string>& paths, const stream::ReadOptions& reading) {
  std::uint64_t lost = 0;
  for (const std::string& path : paths) {
    if (is_stream(path))
      lost += evidence.read({path}, reading);
    else
      evidence.add(read_table(path));
  }
  evidence.finish();
  return lost;
}

}  // namespace

Keep keep_for(const EvaluateOptions& options) {
  const bool probes = !options.probe.empty();
  return {.tensor = probes && options.on != kFeatures ? options.on : "",
          .features = options.features || probes,
          .columns = options.report ? kColumns : 0,
          .threads = options.threads};
}

Results evaluate(const Evidence& evidence, std::span<const Rival> rivals, const EvaluateOptions& options) {
  Results results = results_of(evidence, options.seed, options.draws);
  results.repeats = evidence.repeats();
  if (evidence.items().empty()) throw Error(Status::kUsage, "the input holds no segments: there is nothing to score");
  const std::vector<std::string> labels =
      options.probe.empty() ? labels_predicted(evidence, options.labels) : options.probe;
  for (auto label = labels.begin(); label != labels.end(); ++label) {
    if (std::find(labels.begin(), label, *label) != label) continue;  // asked for twice
    const Question ask{.evidence = evidence, .rivals = rivals, .options = options, .label = *label};
    results.labels.push_back(ask.probes() ? evaluate_probe(ask) : evaluate_predictions(ask));
  }
  return results;
}

Results evaluate(const std::vector<std::string>& inputs, const std::vector<std::string>& against,
                 const EvaluateOptions& options, const stream::ReadOptions& reading, std::uint64_t& lost) {
  Evidence evidence(keep_for(options));
  lost += read_all(evidence, inputs, reading);
  Keep keep = keep_for(options);
  keep.features = options.on == kFeatures;
  keep.columns = 0;
  keep.repeats = false;  // a rival's segments are matched to the model's, whose subjects count
  std::vector<std::unique_ptr<Evidence>> others;
  std::vector<Rival> rivals;
  for (const std::string& path : against) {
    others.push_back(std::make_unique<Evidence>(keep));
    lost += read_all(*others.back(), {path}, reading);
    rivals.push_back({.name = std::filesystem::path(path).stem(), .evidence = others.back().get()});
  }
  return evaluate(evidence, rivals, options);
}

}  // namespace cfm::eval
