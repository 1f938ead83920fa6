#pragma once

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "victron/battery_view.hpp"
#include "victron/explanation.hpp"
#include "victron/item_tree.hpp"
#include "victron/part_values.hpp"

namespace bms::victron {

/// Fills the item tree of one battery (or bank) service from what is known about it. Paths are those of path_table();
/// cells, sensors and rare paths appear with the first data that have them.
///
///     BatteryPaths paths(service.items(), identity, {.limits = true, .cell_page = true});
///     paths.update(view);                       // before publish(): fills everything
///     ...
///     paths.update(view); service.flush();      // after each step of the engine
class BatteryPaths {
 public:
  struct Options {
    bool limits = true;          ///< false: no /Info/Max* paths at all (member of a bank, shunt)
    bool cell_page = true;       ///< fill /Battery/<n>/... so that the GX shows its page with cell voltages
    bool bank = false;           ///< the settings are those of a bank
    bool user_settings = false;  ///< the writable /Settings/*; their values are set by the owner
    bool set_soc = false;        ///< the writable /Settings/ResetSocTo and SyncSoc, also without the others
    bool mode = false;           ///< /Mode: the BMS's MOSFETs can be switched
    bool clear_history = false;  ///< /History/Clear
    bool remote = false;         ///< the writable /Remote
  };

  BatteryPaths(ItemTree& tree, const BatteryIdentity& identity, Options options);
  void update(const BatteryView& view);
  /// The serial number as shown from now on, see BatteryIdentity::serial.
  void show_serial(std::string serial) { identity_.serial = std::move(serial); }
  /// The next update shows the history at once; else it is renewed every 10 s.
  void show_history_now() { history_shown_.reset(); }

 private:
  /// What is below /Battery/<n>.
  struct MemberItems {
    Item* name = nullptr;
    Item* serial = nullptr;
    Item* firmware = nullptr;
    Item* status = nullptr;
    Item* capacity = nullptr;
    Item* soc = nullptr;
    Item* voltage = nullptr;
    Item* current = nullptr;
    Item* temperature = nullptr;
    std::vector<Item*> cells;
  };
  /// What one battery's alarms are made of.
  struct AlarmSource {
    std::optional<std::vector<Alarm>> bms;
    std::optional<limits::Alarms> engine;
    friend bool operator==(const AlarmSource&, const AlarmSource&) = default;
  };

  Item* find(std::string_view path);
  void put(std::string_view path, Value value);
  /// The same with a path that is made from `pattern` and a number when it is needed first: with the first valid value.
  void put(Item*& item, fmt::format_string<std::size_t> pattern, std::size_t number, Value value);
  void put_reason(std::size_t index, std::string_view path, const std::vector<limits::Cause>& why);
  void add_writable();
  void put_identity(const Reading& reading);
  void put_measurements(const BatteryView& view, bool known);
  void put_charge_state(const BatteryView& view, bool known);
  void put_temperatures(const Reading& reading, bool known);
  void put_cells(const Reading& reading, bool known);
  void put_extremes(const BatteryView& view);
  void put_last_errors(const history::State& state);
  void put_composition(const BatteryView& view);
  void put_switches(const BatteryView& view);
  void put_limits(const limits::Limits& limits, const BatteryView& view);
  void put_reasons(const limits::Limits& limits, const BatteryView& view);
  void put_alarms(const BatteryView& view);
  void put_history(const BatteryView& view);
  void put_link(const BatteryView& view);
  void put_mid_point(const Reading& reading, bool known);
  void put_estimates(const BatteryView& view);
  void put_members(const BatteryView& view);
  void put_member(std::size_t number, const MemberView& member, bool in_bank);

  ItemTree& tree_;
  std::vector<Item*> order_;  ///< as the last update asked for them: the next one asks in the same order, but for a few
  std::size_t asked_ = 0;     ///< so many of them this time
  BatteryIdentity identity_;
  Options options_;
  std::vector<Item*> cells_;                                   ///< /Voltages/Cell<n>
  std::vector<Item*> balances_;                                ///< /Balances/Cell<n>
  std::vector<Item*> resistances_;                             ///< /WireResistance/Cell<n>
  std::vector<Item*> temperatures_;                            ///< /System/Temperature<n>
  std::vector<Item*> sensor_names_;                            ///< /System/Temperature<n>Name
  std::vector<Item*> times_to_soc_;                            ///< /TimeToSoC/<n>
  std::vector<MemberItems> members_;                           ///< /Battery/<n>
  std::vector<AlarmSource> alarms_shown_;                      ///< of the battery or bank, then of its members
  std::array<Extreme, 4> extremes_shown_;                      ///< only where they are
  std::array<std::optional<limits::Cause>, 3> reasons_shown_;  ///< of CVL, CCL, DCL
  std::optional<TimePoint> link_shown_;
  std::optional<TimePoint> history_shown_;
  std::optional<TimePoint> explained_;
  Binding explained_causes_;
};

}  // namespace bms::victron
