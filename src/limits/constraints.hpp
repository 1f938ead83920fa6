#pragma once

#include <limits>
#include <vector>

#include "limits/config.hpp"
#include "limits/state.hpp"

namespace bms::limits {

/// The constraints of one current limit in one step: their list for people, their minima for the engine (G1).
///
/// A soft constraint warns before it stops discharging (D1); all others act at once.
class Constraints {
 public:
  Constraints(Cause::Limit limit, double maximum_A, std::vector<Cause>& list)
      : limit_(limit), maximum_A_(maximum_A), list_(list) {
    list_.clear();
  }

  void hard(std::string_view id, Sentence sentence, double value_A, double a = 0, double b = 0, std::size_t index = 0,
            std::string_view name = {}) {
    hard_A_ = std::min(hard_A_, add(id, sentence, value_A, a, b, index, name));
  }
  void soft(std::string_view id, Sentence sentence, double value_A, double a = 0, double b = 0, std::size_t index = 0) {
    if (first_soft_ == kNone) first_soft_ = list_.size();
    soft_A_ = std::min(soft_A_, add(id, sentence, value_A, a, b, index, {}));
  }
  /// Listed because people ask for it, without effect (X1).
  void inactive(std::string_view id, Sentence sentence, std::string_view name = {}, double a = 0, double b = 0) {
    add(id, sentence, maximum_A_, a, b, 0, name);
    list_.back().value.reset();
    list_.back().status = Cause::Status::inactive;
  }
  /// The last listed constraint is fed by a value of this age (G5): a stale one freezes the limit.
  void fed_by(Freshness freshness) {
    if (freshness == Freshness::stale) {
      frozen_ = true;
      list_.back().status = Cause::Status::stale;
    } else if (freshness == Freshness::lost) {
      list_.back().status = Cause::Status::lost;
    }
  }
  void freeze() { frozen_ = true; }

  [[nodiscard]] Cause::Limit limit() const { return limit_; }
  [[nodiscard]] bool charging() const { return limit_ == Cause::Limit::ccl; }
  [[nodiscard]] double maximum_A() const { return maximum_A_; }
  [[nodiscard]] double hard_A() const { return hard_A_; }
  [[nodiscard]] double soft_A() const { return soft_A_; }
  [[nodiscard]] bool frozen() const { return frozen_; }
  /// D2: soft constraints below `level_A` are only announced and listed with it.
  void announce(double level_A, double countdown_s);

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  double add(std::string_view id, Sentence sentence, double value_A, double a, double b, std::size_t index,
             std::string_view name) {
    Cause& cause = list_.emplace_back();
    cause.id = id;
    cause.value = value_A;
    cause.limit = limit_;
    cause.sentence = sentence;
    cause.a = a;
    cause.b = b;
    cause.index = static_cast<std::uint16_t>(index);
    if (!name.empty()) cause.name = ShortName(name);
    return value_A;
  }

  Cause::Limit limit_;
  double maximum_A_;
  std::vector<Cause>& list_;
  double hard_A_ = std::numeric_limits<double>::infinity();
  double soft_A_ = std::numeric_limits<double>::infinity();
  std::size_t first_soft_ = kNone;
  bool frozen_ = false;
};

/// What of this step the constraints need beyond the state.
struct StepFacts {
  Freshness cells = Freshness::none;
  Freshness soc = Freshness::none;  ///< of the active source
  std::optional<double> soc_pct;    ///< last known, also when lost
  double device_age_s = 0;          ///< s since the last sample
  bool loss_blocks = false;         ///< L3/L4: this loss stops charging and discharging
  bool charge_off = false, discharge_off = false;
};

/// The id under which a limit of somebody else is listed (X3).
constexpr std::string_view external_id(ExternalLimit::Source source) {
  switch (source) {
    case ExternalLimit::Source::user:
      return id::kUser;
    case ExternalLimit::Source::alternator:
      return id::kAlternator;
    default:
      return id::kExternal;
  }
}

/// Updates the latches C9, D4 and B5 before the constraints are listed.
void step_latches(const Config& config, State& state, const StepFacts& facts, const Timing& time);

/// Lists all constraints of CCL or DCL (chapter 4, D4, L3, B5, B6, B8, C12).
void list_constraints(const Config& config, const Device& device, const State& state, const StepFacts& facts,
                      Constraints& out);

/// L3: true when the loss policy stops the battery now.
bool loss_blocks(const Config& config, const State& state, double device_age_s);

}  // namespace bms::limits
