#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bms::limits {

/// A name of at most 31 characters that lives in place: causes are made in every step and must not allocate.
class ShortName {
 public:
  ShortName() = default;
  ShortName(std::string_view text) {  // NOLINT: a name is text
    std::size_t size = text.size();
    if (size > kMax) {
      size = kMax;
      while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;  // whole characters only
    }
    for (std::size_t i = 0; i < size; ++i) bytes_[i] = text[i];
    size_ = static_cast<std::uint8_t>(size);
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }
  friend bool operator==(const ShortName& a, const ShortName& b) { return a.view() == b.view(); }

 private:
  static constexpr std::size_t kMax = 31;
  std::array<char, kMax> bytes_{};
  std::uint8_t size_ = 0;
};

/// Constraint ids of limit-engine X3; they never change.
namespace id {
inline constexpr std::string_view kCfgMax = "cfg_max", kBmsLimit = "bms_limit", kCellV = "cell_v",
                                  kCellHard = "cell_hard", kTemp = "temp", kMosfet = "mosfet", kSoc = "soc",
                                  kCellDiff = "cell_diff", kFet = "fet", kBmsProtection = "bms_protection",
                                  kSocFloor = "soc_floor", kPackStop = "pack_stop", kAlternator = "alternator",
                                  kUser = "user", kExternal = "external", kComm = "comm", kLostInput = "lost_input",
                                  kStart = "start", kShare = "share", kOverLimit = "over_limit",
                                  kLostPack = "lost_pack", kPhase = "phase", kCellReg = "cell_reg",
                                  kEnforce = "enforce", kBmsCvl = "bms_cvl", kBounds = "bounds";
}  // namespace id

/// The sentence of a Cause; which of its numbers mean what is said beside each (a, b, index, name).
enum class Sentence : std::uint8_t {
  none,
  maximum,        ///< configured maximum of a battery
  bank_maximum,   ///< configured maximum of the bank
  bms_limit,      ///< the BMS's own limit
  cell_high,      ///< a: highest cell V, b: fraction, index: cell
  cell_low,       ///< a: lowest cell V, b: fraction, index: cell
  cell_hard,      ///< a: highest cell V, b: V to release below
  cell_hard_min,  ///< a: lowest cell V, b: V to release at
  temperature,    ///< a: degC, b: fraction, index: sensor
  mosfet,         ///< a: degC, b: fraction
  soc,            ///< a: %, b: fraction
  cell_diff,      ///< a: spread V, b: fraction
  fet_open,       ///< of the direction of the limit
  protection,     ///< name: condition
  soc_floor,      ///< a: SoC %, b: % to release at
  pack_stop,      ///< a: pack V, b: V to resume at
  alternator,     ///< name: fuse
  request,        ///< name: who asks
  remote_off,
  loss_hold,   ///< a: s since the last sample, b: fraction
  loss_block,  ///< a: s since the last sample
  lost_input,  ///< a: s since it was last received (< 0: never), name: quantity
  start,
  pack_sum,    ///< a: number of packs that take part
  pack_share,  ///< a: A of this pack, b: share, name: pack
  over_limit,  ///< a: A carried, b: A allowed, name: pack
  correction,  ///< of over_limit while no current is known
  lost_pack,   ///< name: pack
  no_pack,     ///< nobody takes part
  phase_bulk,
  phase_absorption,
  phase_float,
  cell_regulation,  ///< a: highest cell V, b: set point V, name: pack (bank)
  enforcement,      ///< a: charge current A, b: CCL A
  bms_voltage,      ///< the BMS's own charge voltage
  loss_voltage,     ///< a: s since the last sample or value
  highest_allowed,  ///< a: V per cell
  lowest_allowed,   ///< a: V per cell
  voltage_start,
  // Constraints that do not act, and why.
  not_available,  ///< name: quantity the device never tells
  not_configured,
  not_received,     ///< name: quantity not received yet
  below_threshold,  ///< a: highest cell V, b: V from which it acts
  below_set_point,  ///< a: highest cell V, b: set point V
  good,             ///< nothing to complain about; name: what is watched
};

/// One constraint or cause of a limit, for machines (id, value) and for people (text).
struct Cause {
  enum class Status : std::uint8_t { active, inactive, stale, lost };
  enum class Limit : std::uint8_t { ccl, dcl, cvl };

  std::string_view id;          ///< stable id of limit-engine.md X3: "cfg_max", "cell_v", "temp", "phase", ...
  std::optional<double> value;  ///< A for currents, V for the charge voltage; nullopt: inactive
  Status status = Status::active;
  Limit limit = Limit::ccl;
  Sentence sentence = Sentence::none;
  bool recovering = false;  ///< no longer a constraint: the limit is still coming back from it (X2)
  std::uint16_t index = 0;  ///< number (from 1) of the cell or sensor
  double a = 0;             ///< see Sentence
  double b = 0;             ///< see Sentence
  double countdown_s = 0;   ///< > 0: a soft stop that was announced takes effect after this time (D2)
  ShortName name;           ///< see Sentence
  ShortName pack;           ///< of a bank: the pack whose reason this is

  /// The measured value behind it, where there is one.
  struct Input {
    double value;
    std::string_view unit;  ///< "V", "A", "C", "%", "s"
  };
  [[nodiscard]] std::optional<Input> input() const;

  /// One sentence with the number that caused it: "highest cell 3.475 V limits charging to 70 %". Made on demand.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Cause&, const Cause&) = default;
};

std::string_view to_string(Cause::Status status);

/// Something a user should see that is not a limit.
struct Note {
  enum class Kind : std::uint8_t {
    absorption_timeout,  ///< a: spread V
    soc_implausible,     ///< a: SoC %
    soc_drift,           ///< a: % the counter was off
    soc_uncertain,       ///< a: s without current samples
    shunt_lost,
    shunt_disagrees,  ///< a: A of the shunt, b: A of the BMS
    top_balance_failed,
    alternator_hot,      ///< a: A
    reserve,             ///< a: days until damage; < 0: unknown
    charging_forbidden,  ///< a: A that flow although charging is not allowed
    value_missing,       ///< name: quantity
    pack_lost,           ///< name: pack
  };
  Kind kind;
  double a = 0;
  double b = 0;
  ShortName name;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string_view key() const;  ///< stable name: "absorption_timeout", ...
};

}  // namespace bms::limits
