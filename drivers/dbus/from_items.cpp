#include "from_items.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "bms/layout.hpp"

namespace bms::dbus {
namespace {

constexpr std::size_t kMostCells = 64;
constexpr std::size_t kMostTemperatures = 16;
constexpr double kNotDischarging_s = 864000;  // systemcalc's and BMV's ceiling of the time to go
constexpr std::string_view kPrefix = "com.victronenergy.battery.";

struct NumberPath {
  std::string_view path;
  std::optional<double> Reading::*member;
};
constexpr NumberPath kNumbers[] = {
    {"/Dc/0/Voltage", &Reading::voltage_V},
    {"/Dc/0/Current", &Reading::current_A},
    {"/Dc/0/MidVoltage", &Reading::mid_voltage_V},
    {"/Dc/1/Voltage", &Reading::aux_voltage_V},
    {"/AirTemperature", &Reading::env_temp_C},
    {"/System/MOSTemperature", &Reading::mos_temp_C},
    {"/Soc", &Reading::soc_pct},
    {"/Soh", &Reading::soh_pct},
    {"/Info/MaxChargeVoltage", &Reading::max_voltage_V},
    {"/Info/MaxChargeCurrent", &Reading::max_charge_current_A},
    {"/Info/MaxDischargeCurrent", &Reading::max_discharge_current_A},
    {"/Info/BatteryLowVoltage", &Reading::min_voltage_V},
    {"/TimeToGo", &Reading::ttg_s},
};

struct TextPath {
  std::string_view path;
  std::optional<std::string> Reading::*member;
};
constexpr TextPath kTexts[] = {
    {"/ProductName", &Reading::model},
    {"/Serial", &Reading::serial},
    {"/CustomName", &Reading::device_name},
};

struct ExtraPath {
  std::string_view path;
  std::string_view name;
};
constexpr ExtraPath kExtras[] = {
    {"/Dc/0/Power", "power_W"},
    {"/Dc/0/MidVoltageDeviation", "mid_deviation_pct"},
    {"/Relay/0/State", "relay_on"},
    {"/System/MinCellVoltage", "min_cell_V"},
    {"/System/MaxCellVoltage", "max_cell_V"},
    {"/System/MinCellTemperature", "min_cell_temperature_C"},
    {"/System/MaxCellTemperature", "max_cell_temperature_C"},
    {"/Io/AllowToCharge", "allow_to_charge"},
    {"/Io/AllowToDischarge", "allow_to_discharge"},
};

/// Amounts that were drawn are zero or negative; some publishers leave the sign out.
enum class Sign : std::uint8_t { as_is, drawn };
struct HistoryPath {
  std::string_view path;
  std::string_view name;
  Sign sign = Sign::as_is;
};
constexpr HistoryPath kHistory[] = {
    {"/History/DeepestDischarge", "deepest_discharge_Ah", Sign::drawn},
    {"/History/LastDischarge", "last_discharge_Ah", Sign::drawn},
    {"/History/AverageDischarge", "average_discharge_Ah", Sign::drawn},
    {"/History/TotalAhDrawn", "total_drawn_Ah", Sign::drawn},
    {"/History/ChargeCycles", "charge_cycles"},
    {"/History/FullDischarges", "full_discharges"},
    {"/History/AutomaticSyncs", "automatic_syncs"},
    {"/History/LowVoltageAlarms", "low_voltage_alarms"},
    {"/History/HighVoltageAlarms", "high_voltage_alarms"},
    {"/History/LowStarterVoltageAlarms", "low_starter_voltage_alarms"},
    {"/History/HighStarterVoltageAlarms", "high_starter_voltage_alarms"},
    {"/History/MinimumVoltage", "min_voltage_V"},
    {"/History/MaximumVoltage", "max_voltage_V"},
    {"/History/MinimumStarterVoltage", "min_starter_voltage_V"},
    {"/History/MaximumStarterVoltage", "max_starter_voltage_V"},
    {"/History/MinimumCellVoltage", "min_cell_voltage_V"},
    {"/History/MaximumCellVoltage", "max_cell_voltage_V"},
    {"/History/MinimumTemperature", "min_temperature_C"},
    {"/History/MaximumTemperature", "max_temperature_C"},
    {"/History/TimeSinceLastFullCharge", "since_full_charge_s"},
    {"/History/DischargedEnergy", "discharged_energy_kWh"},
    {"/History/ChargedEnergy", "charged_energy_kWh"},
};

struct AlarmPath {
  std::string_view path;
  Condition condition;
};
/// HighCurrent does not tell the direction: it stands for both.
constexpr AlarmPath kAlarms[] = {
    {"/Alarms/LowVoltage", Condition::pack_undervoltage},
    {"/Alarms/HighVoltage", Condition::pack_overvoltage},
    {"/Alarms/LowCellVoltage", Condition::cell_undervoltage},
    {"/Alarms/HighCellVoltage", Condition::cell_overvoltage},
    {"/Alarms/LowSoc", Condition::low_soc},
    {"/Alarms/StateOfHealth", Condition::low_soh},
    {"/Alarms/HighChargeCurrent", Condition::charge_overcurrent},
    {"/Alarms/HighDischargeCurrent", Condition::discharge_overcurrent},
    {"/Alarms/HighCurrent", Condition::charge_overcurrent},
    {"/Alarms/HighCurrent", Condition::discharge_overcurrent},
    {"/Alarms/CellImbalance", Condition::cell_imbalance},
    {"/Alarms/HighChargeTemperature", Condition::charge_overtemperature},
    {"/Alarms/LowChargeTemperature", Condition::charge_undertemperature},
    {"/Alarms/HighTemperature", Condition::discharge_overtemperature},
    {"/Alarms/LowTemperature", Condition::discharge_undertemperature},
    {"/Alarms/HighInternalTemperature", Condition::mos_overtemperature},
    {"/Alarms/BatteryTemperatureSensor", Condition::temperature_sensor},
    {"/Alarms/InternalFailure", Condition::internal},
    {"/Alarms/Contactor", Condition::internal},
    {"/Alarms/FuseBlown", Condition::fuse},
    {"/Alarms/BmsCable", Condition::communication},
    {"/Alarms/MidVoltage", Condition::mid_voltage},
    {"/Alarms/LowStarterVoltage", Condition::starter_undervoltage},
    {"/Alarms/HighStarterVoltage", Condition::starter_overvoltage},
};

constexpr std::string_view kOthers[] = {
    "/Connected",        "/Dc/0/Temperature", "/Capacity",        "/InstalledCapacity",
    "/ConsumedAmphours", "/FirmwareVersion",  "/HardwareVersion", "/Balancing",
};
constexpr std::string_view kNumbered[] = {"/Voltages/Cell", "/Balances/Cell", "/Cell/", "/System/Temperature"};

std::optional<double> number(const Items& items, std::string_view path) {
  const auto found = items.find(path);
  if (found == items.end()) return std::nullopt;
  const auto* value = std::get_if<double>(&found->second);
  return value != nullptr && std::isfinite(*value) ? std::optional<double>(*value) : std::nullopt;
}

std::optional<std::string> text(const Items& items, std::string_view path) {
  const auto found = items.find(path);
  if (found == items.end()) return std::nullopt;
  const auto* value = std::get_if<std::string>(&found->second);
  return value != nullptr && !value->empty() ? std::optional<std::string>(*value) : std::nullopt;
}

std::string numbered(std::string_view before, std::size_t n, std::string_view after) {
  return std::string(before) + std::to_string(n) + std::string(after);
}

/// Victron's own services publish versions as a number (0x0416 is v4.16), third-party ones mostly as text.
std::optional<std::string> version(const Items& items, std::string_view path) {
  if (auto as_text = text(items, path)) return as_text;
  const auto raw = number(items, path);
  if (!raw || *raw < 0 || *raw > 0xFFFFFF) return std::nullopt;
  const auto value = static_cast<std::uint32_t>(*raw);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const std::string minor{kDigits[value >> 4U & 0x0FU], kDigits[value & 0x0FU]};
  std::string major;
  for (std::uint32_t rest = value >> 8U; rest != 0; rest >>= 4U) major.insert(0, 1, kDigits[rest & 0x0FU]);
  return (major.empty() ? "0" : major) + "." + minor;
}

/// /Voltages/Cell<n>, or /Cell/<n>/Volts, from 1 up to the last that is there.
void read_cells(const Items& items, Reading& reading) {
  for (std::size_t cell = 1; cell <= kMostCells; ++cell) {
    auto volts = number(items, numbered("/Voltages/Cell", cell, ""));
    if (!volts) volts = number(items, numbered("/Cell/", cell, "/Volts"));
    if (!volts) continue;
    reading.cells_V.resize(cell);
    reading.cells_V[cell - 1] = volts;
  }
  for (std::size_t cell = 1; cell <= kMostCells; ++cell) {
    const auto balancing = number(items, numbered("/Balances/Cell", cell, ""));
    if (!balancing) continue;
    reading.balancing = reading.balancing.value_or(false);
    if (*balancing == 0) continue;
    reading.balancing = true;
    reading.balancing_cells.push_back(static_cast<int>(cell));
  }
  if (!reading.balancing) {
    if (const auto any = number(items, "/Balancing")) reading.balancing = *any != 0;
  }
}

/// Single sensors where they are published, else the one temperature every battery service has.
void read_temperatures(const Items& items, Reading& reading) {
  for (std::size_t sensor = 1; sensor <= kMostTemperatures; ++sensor) {
    const std::string path = numbered("/System/Temperature", sensor, "");
    const auto degrees = number(items, path);
    if (!degrees) continue;
    reading.temps_C.resize(sensor);
    reading.temp_names.resize(sensor);
    reading.temps_C[sensor - 1] = degrees;
    reading.temp_names[sensor - 1] = text(items, path + "Name").value_or("T" + std::to_string(sensor));
  }
  const auto battery = number(items, "/Dc/0/Temperature");
  if (!battery || !reading.temps_C.empty()) return;
  reading.temps_C = {battery};
  reading.temp_names = {"Battery"};
}

void read_alarms(const Items& items, Reading& reading) {
  for (const AlarmPath& entry : kAlarms) {
    const auto level = number(items, entry.path);
    if (!level) continue;
    if (!reading.alarms) reading.alarms.emplace();
    if (*level >= 2) {
      add_alarm(*reading.alarms, {entry.condition, AlarmLevel::alarm});
    } else if (*level >= 1) {
      add_alarm(*reading.alarms, {entry.condition, AlarmLevel::warning});
    }
  }
}

/// /Capacity is what is left; it is the whole where there is no /InstalledCapacity (Venus OS contract).
void read_charge(const Items& items, Reading& reading) {
  const auto installed = number(items, "/InstalledCapacity");
  const auto available = number(items, "/Capacity");
  reading.capacity_Ah = installed ? installed : available;
  if (installed) reading.remaining_Ah = available;
  if (const auto consumed = number(items, "/ConsumedAmphours")) reading.consumed_Ah = -std::abs(*consumed);
  if (reading.ttg_s && (*reading.ttg_s < 0 || *reading.ttg_s >= kNotDischarging_s)) reading.ttg_s.reset();
}

/// What no battery can have counts as not told, so that a battery which takes it from here falls back to its own. The
/// bounds are those of any other driver.
void drop_impossible(Reading& reading) {
  const auto keep = [](std::optional<double>& value, double min, double max) {
    if (value && !(*value >= min && *value <= max)) value.reset();
  };
  keep(reading.voltage_V, 0, 1000);
  keep(reading.current_A, -2000, 2000);
  keep(reading.soc_pct, 0, 100);
  keep(reading.soh_pct, 0, 100);
}

/// A device that does not allow charging or discharging asks for no current.
void apply_permissions(const Items& items, Reading& reading) {
  if (number(items, "/Io/AllowToCharge") == 0) reading.max_charge_current_A = 0;
  if (number(items, "/Io/AllowToDischarge") == 0) reading.max_discharge_current_A = 0;
}

void read_identity(const Items& items, Reading& reading) {
  for (const TextPath& entry : kTexts) reading.*entry.member = text(items, entry.path);
  reading.sw = version(items, "/FirmwareVersion");
  reading.hw = version(items, "/HardwareVersion");
}

void read_history(const Items& items, Reading& reading) {
  for (const HistoryPath& entry : kHistory) {
    const auto value = number(items, entry.path);
    if (!value) continue;
    reading.history[std::string(entry.name)] = entry.sign == Sign::drawn ? -std::abs(*value) : *value;
  }
  const auto cycles = number(items, "/History/ChargeCycles");
  if (cycles && *cycles >= 0 && *cycles < 1e9) reading.cycles = std::llround(*cycles);
}

bool is_numbered(std::string_view path) {
  return std::any_of(std::begin(kNumbered), std::end(kNumbered), [&](std::string_view prefix) {
    return path.size() > prefix.size() && path.substr(0, prefix.size()) == prefix && path[prefix.size()] >= '0' &&
           path[prefix.size()] <= '9';
  });
}

template <class Table>
bool has_path(const Table& table, std::string_view path) {
  return std::any_of(std::begin(table), std::end(table), [&](const auto& entry) { return entry.path == path; });
}

}  // namespace

Reading from_items(const Items& items) {
  Reading reading;
  read_identity(items, reading);
  if (number(items, "/Connected") == 0) return reading;
  for (const NumberPath& entry : kNumbers) reading.*entry.member = number(items, entry.path);
  for (const ExtraPath& entry : kExtras) {
    if (const auto value = number(items, entry.path)) reading.extra[std::string(entry.name)] = *value;
  }
  read_cells(items, reading);
  read_temperatures(items, reading);
  read_alarms(items, reading);
  read_charge(items, reading);
  apply_permissions(items, reading);
  drop_impossible(reading);
  read_history(items, reading);
  return reading;
}

bool is_used(std::string_view path) {
  return has_path(kNumbers, path) || has_path(kTexts, path) || has_path(kExtras, path) || has_path(kHistory, path) ||
         has_path(kAlarms, path) || std::find(std::begin(kOthers), std::end(kOthers), path) != std::end(kOthers) ||
         is_numbered(path);
}

bool is_battery_service(std::string_view name) {
  if (name.size() <= kPrefix.size() || name.size() > 255 || name.substr(0, kPrefix.size()) != kPrefix) return false;
  bool start_of_element = true;
  for (const char c : name.substr(kPrefix.size())) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    const bool digit = c >= '0' && c <= '9';
    if (c == '.' ? start_of_element : !(letter || (digit && !start_of_element))) return false;
    start_of_element = c == '.';
  }
  return !start_of_element;
}

}  // namespace bms::dbus
