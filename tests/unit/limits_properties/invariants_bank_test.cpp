// Invariants 25 to 28 of limit-engine.md chapter 13: several packs.
#include <gtest/gtest.h>

#include <cmath>

#include "limits/bank.hpp"
#include "limits/state_json.hpp"
#include "world.hpp"

namespace bms::limits {
namespace {

constexpr const char* kNames[] = {"a", "b", "c", "d"};

struct Pack {
  World world;
  Config config;
  State state = {};
  Limits limits = {};
};

class Bank {
 public:
  explicit Bank(std::uint64_t seed) : config_(random_config(seed)) {
    Dice dice(seed);
    bank_.share_mode = dice.chance(2) ? ShareMode::capacity : ShareMode::adaptive;
    if (dice.chance(4)) bank_.bank_max_charge_a = dice.real(10, 300);
    if (dice.chance(3)) bank_.min_packs = 2;
    const std::size_t count = 1 + dice.pick(std::size(kNames));
    for (std::size_t i = 0; i < count; ++i) {
      packs_.push_back({World(seed, 16), config_, {}, {}});
      packs_.back().world.calm();
      packs_.back().world.reading().capacity_Ah = dice.real(50, 300);
    }
  }

  std::uint64_t run(const Script& script) {
    std::uint64_t steps = 0;
    for (const auto event : script) {
      Dice dice(event);
      const std::size_t pack = event / 7919 % packs_.size();
      for (int left = packs_[pack].world.apply(event); left > 0; --left, ++steps) step();
    }
    return steps;
  }

 private:
  void step() {
    now_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(packs_[0].world.step_s()));
    BankInput asked;
    for (Pack& pack : packs_) {
      const Input& input = pack.world.input();
      asked.rebulk = asked.rebulk || input.rebulk;
      limits::step(pack.config, pack.world.device(), pack.state, input, now_, pack.limits);
    }
    std::vector<Member> members, reversed;
    for (std::size_t i = 0; i < packs_.size(); ++i) {
      Pack& pack = packs_[i];
      members.push_back({kNames[i], &pack.config, &pack.world.device(), &pack.state, &pack.limits});
    }
    reversed.assign(members.rbegin(), members.rend());
    const Limits before = bank_limits_;
    const bool was_started = state_.started;
    limits::step(config_, bank_, state_, members, asked, now_, bank_limits_);
    limits::step(config_, bank_, mirror_, reversed, asked, now_, mirror_limits_);
    if (!bank_limits_.started) return;
    check_sums();
    check_changes(before, was_started);
    check_symmetry();
    check_store(members);
  }

  void check_sums() {  // 25
    for (const bool charging : {true, false}) {
      const CurrentLimit& limit = charging ? bank_limits_.ccl : bank_limits_.dcl;
      double sum_A = 0;
      for (std::size_t i = 0; i < packs_.size(); ++i) {
        const PackShare& share = charging ? state_.packs[i].charge : state_.packs[i].discharge;
        if (share.takes_part) sum_A += (charging ? packs_[i].limits.ccl : packs_[i].limits.dcl).target_A;
      }
      RC_ASSERT(limit.exact_A <= limit.target_A + kTiny);
      RC_ASSERT(limit.target_A <= sum_A + kTiny);
      RC_ASSERT(std::isfinite(limit.exact_A) && limit.exact_A >= 0);
      for (const Cause& cause : limit.why) {
        if (cause.sentence != Sentence::pack_share) continue;
        RC_ASSERT(limit.target_A * cause.b <= cause.a + kTiny);
      }
      RC_ASSERT(!limit.why.empty());
      double lowest = 1e9;  // 29
      for (const Cause& cause : limit.why) {
        if (cause.value && !cause.recovering) lowest = std::min(lowest, *cause.value);
      }
      RC_ASSERT(std::abs(lowest - limit.target_A) <= kTiny);
    }
    RC_ASSERT(state_.charge.correction_A <= 0 && state_.discharge.correction_A <= 0);  // 20
    RC_ASSERT(bank_limits_.cvl.exact_V <= state_.phases.v_ph + kTiny);
  }

  void check_changes(const Limits& before, bool was_started) {
    bool lost_now = false;
    for (std::size_t i = 0; i < packs_.size(); ++i) {
      const Freshness age = packs_[i].state.freshness;
      lost_now = lost_now || (age != freshness_[i] && (age == Freshness::lost || age == Freshness::stale));
      freshness_[i] = age;
    }
    using Inputs = decltype(State::inputs);
    check_opened<&Inputs::charge_fet, &PackMemory::charge, &BankState::charge, &Limits::ccl>(
        charge_open_, config_.max_charge_a, before, was_started);
    check_opened<&Inputs::discharge_fet, &PackMemory::discharge, &BankState::discharge, &Limits::dcl>(
        discharge_open_, config_.max_discharge_a, before, was_started);
    if (!was_started) return;
    if (lost_now) {  // 26
      RC_ASSERT(bank_limits_.ccl.exact_A <= before.ccl.exact_A + kTiny);
      RC_ASSERT(bank_limits_.dcl.exact_A <= before.dcl.exact_A + kTiny);
      RC_ASSERT(bank_limits_.cvl.exact_V <= before.cvl.exact_V + kTiny);
    }
  }

  /// 27, in one direction.
  template <auto fet, auto share, auto side, auto limit>
  void check_opened(bool (&was_open)[std::size(kNames)], double max_A, const Limits& before, bool was_started) {
    bool opened = false;
    bool somebody = false;
    bool blocked = false;
    bool capped = false;
    for (std::size_t i = 0; i < packs_.size(); ++i) {
      const auto& heard = packs_[i].state.inputs.*fet;
      const bool open = heard.known && !heard.value;
      opened = opened || (open && !was_open[i]);
      was_open[i] = open;
      const PackShare& part = state_.packs[i].*share;
      somebody = somebody || part.takes_part;
      blocked = blocked || (part.takes_part && (packs_[i].limits.*limit).target_A <= 0);
      capped = capped || part.lost_cap_A.has_value();
    }
    if (!was_started) return;
    const auto& now = bank_limits_.*limit;
    if (opened && somebody && !blocked && !capped && (state_.*side).correction_A == 0 && max_A > 0) {
      RC_ASSERT(now.target_A > 0);
    }
    const double rate_A_s = config_.recovery_rate_a_s * static_cast<double>(packs_.size());
    RC_ASSERT(now.exact_A <= (before.*limit).exact_A + rate_A_s * 10 + kTiny);
  }

  void check_symmetry() {  // 28
    RC_ASSERT(std::abs(bank_limits_.ccl.exact_A - mirror_limits_.ccl.exact_A) <= kTiny);
    RC_ASSERT(std::abs(bank_limits_.dcl.exact_A - mirror_limits_.dcl.exact_A) <= kTiny);
    RC_ASSERT(std::abs(bank_limits_.cvl.exact_V - mirror_limits_.cvl.exact_V) <= kTiny);
    if (packs_.size() != 1 || bank_.bank_max_charge_a || bank_.min_packs > 1) return;
    const Limits& pack = packs_.front().limits;
    RC_ASSERT(std::abs(bank_limits_.ccl.exact_A - pack.ccl.exact_A) <= kTiny);
    RC_ASSERT(std::abs(bank_limits_.dcl.exact_A - pack.dcl.exact_A) <= kTiny);
    RC_ASSERT(std::abs(bank_limits_.cvl.exact_V - pack.cvl.exact_V) <= kTiny);
    RC_ASSERT(bank_limits_.allow_charge == pack.allow_charge);
    RC_ASSERT(bank_limits_.phase == pack.phase);
  }

  void check_store(const std::vector<Member>& members) {  // 30, now and then
    if (++since_store_ % 97 != 0) return;
    const auto restored = bank_state_from_json(nlohmann::json::parse(to_json(state_).dump()), now_);
    RC_ASSERT(restored.has_value());
    BankState copy = *restored;
    BankState original = state_;
    Limits a, b;
    const TimePoint later = now_ + std::chrono::seconds(1);
    limits::step(config_, bank_, original, members, {}, later, a);
    limits::step(config_, bank_, copy, members, {}, later, b);
    RC_ASSERT(a.ccl.exact_A == b.ccl.exact_A && a.dcl.exact_A == b.dcl.exact_A && a.cvl.exact_V == b.cvl.exact_V);
  }

  Config config_;
  BankConfig bank_;
  std::vector<Pack> packs_;
  BankState state_, mirror_;
  Limits bank_limits_, mirror_limits_;
  Freshness freshness_[std::size(kNames)] = {};
  bool charge_open_[std::size(kNames)] = {};
  bool discharge_open_[std::size(kNames)] = {};
  TimePoint now_{};
  int since_store_ = 0;
};

TEST(Invariants, OfTheBank) {
  check_steps("invariants 25 to 28", [](std::uint64_t seed, const Script& script) { return Bank(seed).run(script); });
}

}  // namespace
}  // namespace bms::limits
