#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bms/layout.hpp"
#include "bms/outcome.hpp"
#include "place.hpp"
#include "text.hpp"

/// What the labels of TEXT blocks mean (VE.Direct Protocol 3.33, BMV and SmartShunt columns).
namespace bms::ve_direct {

/// One label with a decimal number: value = number * scale.
struct TextNumber {
  std::string_view label;
  double scale;
  Place place;
};

/// Main block, once a second. T, Alarm, AR, Relay, BMV, FW, FWE, PID and MON are no plain numbers, see fields.cpp.
inline constexpr std::array kMainNumbers{
    TextNumber{"V", 0.001, &Reading::voltage_V},            // mV
    TextNumber{"VS", 0.001, &Reading::aux_voltage_V},       // mV, starter; only with AUX = starter
    TextNumber{"VM", 0.001, &Reading::mid_voltage_V},       // mV; only with AUX = mid-point
    TextNumber{"DM", 0.1, ExtraName{"mid_deviation_pct"}},  // 0.1 %
    TextNumber{"I", 0.001, &Reading::current_A},            // mA, charging > 0
    TextNumber{"P", 1, ExtraName{"power_W"}},               // W, charging > 0
    TextNumber{"CE", 0.001, &Reading::consumed_Ah},         // mAh, <= 0
    TextNumber{"SOC", 0.1, &Reading::soc_pct},              // 0.1 %
    TextNumber{"TTG", 60, &Reading::ttg_s},                 // minutes; -1 infinite
};

/// History block, once a second.
inline constexpr std::array kHistoryNumbers{
    TextNumber{"H1", 0.001, HistoryName{"deepest_discharge_Ah"}},  // mAh, <= 0
    TextNumber{"H2", 0.001, HistoryName{"last_discharge_Ah"}},     // mAh, <= 0
    TextNumber{"H3", 0.001, HistoryName{"average_discharge_Ah"}},  // mAh, <= 0
    TextNumber{"H4", 1, HistoryName{"charge_cycles"}},
    TextNumber{"H5", 1, HistoryName{"full_discharges"}},
    TextNumber{"H6", 0.001, HistoryName{"total_drawn_Ah"}},   // mAh, <= 0
    TextNumber{"H7", 0.001, HistoryName{"min_voltage_V"}},    // mV
    TextNumber{"H8", 0.001, HistoryName{"max_voltage_V"}},    // mV
    TextNumber{"H9", 1, HistoryName{"since_full_charge_s"}},  // s
    TextNumber{"H10", 1, HistoryName{"automatic_syncs"}},
    TextNumber{"H11", 1, HistoryName{"low_voltage_alarms"}},
    TextNumber{"H12", 1, HistoryName{"high_voltage_alarms"}},
    TextNumber{"H13", 1, HistoryName{"low_starter_voltage_alarms"}},   // BMV-60x only
    TextNumber{"H14", 1, HistoryName{"high_starter_voltage_alarms"}},  // BMV-60x only
    TextNumber{"H15", 0.001, HistoryName{"min_starter_voltage_V"}},    // mV
    TextNumber{"H16", 0.001, HistoryName{"max_starter_voltage_V"}},    // mV
    TextNumber{"H17", 0.01, HistoryName{"discharged_energy_kWh"}},     // 0.01 kWh
    TextNumber{"H18", 0.01, HistoryName{"charged_energy_kWh"}},        // 0.01 kWh
};

/// AR, and registers 0x031C and 0x031E. A monitor reports for its user: each reason is an alarm there.
inline constexpr std::array kAlarmReasons{
    AlarmBit{0, Condition::pack_undervoltage, AlarmLevel::alarm},
    AlarmBit{1, Condition::pack_overvoltage, AlarmLevel::alarm},
    AlarmBit{2, Condition::low_soc, AlarmLevel::alarm},
    AlarmBit{3, Condition::starter_undervoltage, AlarmLevel::alarm},
    AlarmBit{4, Condition::starter_overvoltage, AlarmLevel::alarm},
    AlarmBit{5, Condition::discharge_undertemperature, AlarmLevel::alarm},
    AlarmBit{6, Condition::discharge_overtemperature, AlarmLevel::alarm},
    AlarmBit{7, Condition::mid_voltage, AlarmLevel::alarm},
};

/// What kind of block it is.
enum class BlockKind : std::uint8_t {
  main,     ///< has V, I and SOC: a battery monitor
  history,  ///< begins with H1
  foreign,  ///< a charger's, an inverter's
};
BlockKind kind_of(const TextParser& block);

/// The live values of a main block, and who sends them (model, sw).
/// Errors: refused (a DC energy meter, MON other than 0: it measures no battery), implausible (a number that is none,
/// SoC above 100 %, power that is not voltage times current).
Outcome<Reading> decode_main(const TextParser& block);
/// Puts the history into `reading`; what the device does not know is taken away. Error: implausible.
Outcome<void> decode_history(const TextParser& block, Reading& reading);

/// The device computes P from the V and I that it sends; recorded blocks agree to the rounding (karioja/vedirect:
/// test/bvm702.dump). Two bytes that changed under an 8-bit sum seldom keep that.
bool power_fits(const Reading& reading);
/// What stays the same from block to block: the labels and who sends them.
std::string signature(const TextParser& block);

/// "0416" -> "4.16", "C208" -> "2.08 rc C", 24 bit "0208FF" -> "2.08", "020803" -> "2.08 beta 03".
std::string firmware_text(std::string_view text, bool wide);

/// The version word of ping and version answers: its two highest bits are the kind. 0x4416 (application) -> "4.16",
/// 0xD101 (release candidate, counted by letters as in FW) -> "1.01 rc D"; nullopt: boot loader or tester.
std::optional<std::string> version_text(std::uint16_t version);

/// A decimal number; nullopt when the text is none.
std::optional<std::int64_t> parse_number(std::string_view text);

/// Battery monitors by product id; empty when unknown.
std::string_view product_name(unsigned id);

}  // namespace bms::ve_direct
