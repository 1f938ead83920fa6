#include <algorithm>

#include "jk_sim.hpp"
#include "uart_frame.hpp"

namespace bms::jk {
namespace {

constexpr std::uint8_t kLastIdOfOldFirmware = 0xB7;
constexpr std::size_t kMostCellsOfBoard = 24;
constexpr std::string_view kPasswordText = "123456";

std::uint16_t temperature_code(double celsius) {
  const auto whole = static_cast<int>(std::clamp(std::round(celsius), -40.0, 99.0));
  return static_cast<std::uint16_t>(whole >= 0 ? whole : 99 - whole);
}

/// Settings of a 16S LFP board beside what the battery is.
Reading usual(bool old) {
  Reading unit;
  unit.voltage_V = unit.soc_pct = 0;
  unit.cycles = 0;
  unit.max_voltage_V = 58.4;
  unit.min_voltage_V = 43.2;
  unit.max_charge_current_A = 40;
  unit.max_discharge_current_A = 60;
  for (const DataId& one : kDataIds) {
    const auto* name = one.target ? std::get_if<ExtraName>(&*one.target) : nullptr;
    if (name != nullptr) unit.extra[std::string(name->name)] = 0.0;
  }
  const std::pair<std::string_view, double> numbers[] = {{"temperature_sensors", 2},
                                                         {"cell_ovp_V", 3.65},
                                                         {"cell_ovp_recovery_V", 3.55},
                                                         {"cell_ovp_delay_s", 5},
                                                         {"cell_uvp_V", 2.7},
                                                         {"cell_uvp_recovery_V", 2.9},
                                                         {"cell_uvp_delay_s", 5},
                                                         {"cell_difference_protection_V", 0.3},
                                                         {"discharge_ocp_delay_s", 300},
                                                         {"charge_ocp_delay_s", 30},
                                                         {"balance_start_V", 3.4},
                                                         {"balance_trigger_V", 0.01},
                                                         {"balance_switch", 1},
                                                         {"mos_otp_C", 90},
                                                         {"mos_otp_recovery_C", 70},
                                                         {"box_otp_C", 100},
                                                         {"box_otp_recovery_C", 100},
                                                         {"temperature_difference_protection_K", 20},
                                                         {"charge_otp_C", 70},
                                                         {"discharge_otp_C", 70},
                                                         {"charge_utp_C", -20},
                                                         {"charge_utp_recovery_C", -10},
                                                         {"discharge_utp_C", -20},
                                                         {"discharge_utp_recovery_C", -10},
                                                         {"charge_switch", 1},
                                                         {"discharge_switch", 1},
                                                         {"board_address", 1},
                                                         {"sleep_wait_s", 10},
                                                         {"low_soc_alarm_pct", 20},
                                                         {"working_time_min", 57856},
                                                         {"protocol_version", 1}};
  for (const auto& [name, value] : numbers) unit.extra[std::string(name)] = value;
  if (old) {
    for (const DataId& one : kDataIds) {
      const auto* name = one.target ? std::get_if<ExtraName>(&*one.target) : nullptr;
      if (name != nullptr && one.id > kLastIdOfOldFirmware) unit.extra.erase(std::string(name->name));
    }
  }
  for (const char* not_sent : {"gps_supply_off_V", "gps_supply_on_V"}) unit.extra.erase(not_sent);
  return unit;
}

class SimulatedUart final : public SimulatedDevice {
 public:
  explicit SimulatedUart(const SimulatorOptions& options)
      : old_(setting(options, "firmware", "11.26") == "old"),
        needs_unlock_(setting(options, "unlock", "no") == "yes"),
        usual_(usual(old_)) {}

  SimulatorResponse respond(ByteView heard, Reading& truth) override;
  [[nodiscard]] Reading quantised(const Reading& truth) const override;
  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(2); }

 private:
  [[nodiscard]] Bytes data(const Reading& truth) const;
  [[nodiscard]] Bytes value(const DataId& id, const Reading& told) const;
  [[nodiscard]] Reading raw_numbers(const Reading& truth) const;
  [[nodiscard]] std::uint16_t current_code(const Reading& truth) const;
  [[nodiscard]] static std::uint16_t alarm_bits(const Reading& truth);

  bool old_;
  bool needs_unlock_;
  bool unlocked_ = false;
  Reading usual_;
};

std::uint16_t SimulatedUart::alarm_bits(const Reading& truth) {
  std::uint16_t bits = 0;
  for (const Alarm& alarm : truth.alarms.value_or(std::vector<Alarm>())) {
    const auto* entry = std::find_if(std::begin(kUartAlarms), std::end(kUartAlarms), [&](const AlarmBit& one) {
      return one.condition == alarm.condition && one.level == alarm.level;
    });
    if (entry != std::end(kUartAlarms)) bits = static_cast<std::uint16_t>(bits | 1U << entry->bit);
  }
  return bits;
}

std::uint16_t SimulatedUart::current_code(const Reading& truth) const {
  const auto raw = static_cast<int>(std::llround(truth.current_A.value_or(0) * 100));
  if (old_) return static_cast<std::uint16_t>(std::clamp(10000 - raw, 0, 0xFFFF));
  const int magnitude = std::min(std::abs(raw), 0x7FFF);
  return static_cast<std::uint16_t>(raw > 0 ? 0x8000 | magnitude : magnitude);
}

/// All numbers of the data ids in the steps of the wire.
Reading SimulatedUart::raw_numbers(const Reading& truth) const {
  Reading told;
  for (const Reading* one : {&usual_, &truth}) {
    for (const DataId& id : kDataIds) {
      if (!id.target || (old_ && id.id > kLastIdOfOldFirmware)) continue;
      const Field field{0, id.wire, id.scale, *id.target};
      quantise({&field, 1}, *one, told);
    }
  }
  const auto cells = static_cast<double>(std::min(truth.cells_V.size(), kMostCellsOfBoard));
  told.extra["cell_count"] = told.extra["cell_count_setting"] = cells;
  told.extra["alarm_bits"] = static_cast<double>(alarm_bits(truth));
  const auto flag = [](const std::optional<bool>& on, unsigned bit) { return on == true ? 1U << bit : 0U; };
  told.extra["state_bits"] =
      static_cast<double>(flag(truth.charge_fet, kChargeFetBit) | flag(truth.discharge_fet, kDischargeFetBit) |
                          flag(truth.balancing, kBalancerBit));
  const double capacity = std::round(truth.capacity_Ah.value_or(0));
  told.extra["design_capacity_Ah"] = capacity;
  if (!old_) told.extra["actual_capacity_Ah"] = capacity;
  return told;
}

Bytes SimulatedUart::value(const DataId& id, const Reading& told) const {
  Bytes out(id.size);
  const auto text = [&](std::string_view content) {
    std::copy_n(content.begin(), std::min(content.size(), out.size()), out.begin());
  };
  if (id.target) {
    const Field field{0, id.wire, id.scale, *id.target};
    encode({&field, 1}, told, out);
  } else if (id.id == kPassword) {
    text(kPasswordText);
  } else if (id.id == kDeviceId) {
    text("Input Us");
  } else if (id.id == kDate) {
    text("2101");
  } else if (id.id == kVersion) {
    text("11.XW_S11.26___");
  } else if (id.id == kManufacturer) {
    text("Input UserdaJK-B2A24S15P");
  }
  return out;
}

Bytes SimulatedUart::data(const Reading& truth) const {
  const std::size_t cells = std::min(truth.cells_V.size(), kMostCellsOfBoard);
  Bytes out{kCells, static_cast<std::uint8_t>(3 * cells)};
  for (std::size_t i = 0; i < cells; ++i) {
    out.push_back(static_cast<std::uint8_t>(i + 1));
    append_be(out, static_cast<std::uint32_t>(std::llround(truth.cells_V[i].value_or(0) * 1000)), 2);
  }
  const Reading told = raw_numbers(truth);
  const auto temp = [&](std::size_t index) {
    return index < truth.temps_C.size() ? truth.temps_C[index].value_or(0) : 0;
  };
  for (const DataId& id : kDataIds) {
    // Write-only ids, and supply voltages of a module that is not there.
    if (id.id >= 0xBB && id.id <= 0xBF) continue;
    if (old_ && id.id > kLastIdOfOldFirmware) continue;
    out.push_back(id.id);
    if (id.id == kMosTemp) {
      append_be(out, temperature_code(truth.mos_temp_C.value_or(0)), 2);
    } else if (id.id == kTemp1 || id.id == kTemp2) {
      append_be(out, temperature_code(temp(static_cast<std::size_t>(id.id - kTemp1))), 2);
    } else if (id.id == kCurrent) {
      append_be(out, current_code(truth), 2);
    } else {
      append(out, value(id, told));
    }
  }
  return out;
}

SimulatorResponse SimulatedUart::respond(ByteView heard, Reading& truth) {
  if (heard.size() < 4 || heard[0] != 0x4E || heard[1] != 0x57) return {};
  const std::size_t size = read_be<2>(heard, 2) + 2;
  if (size < 21 || heard.size() < size) return {};
  const ByteView request = heard.first(size);
  const ByteView asked = uart_data(request);
  const Bytes expected = uart_request(uart_command(request), asked);
  if (!std::equal(request.begin(), request.end(), expected.begin(), expected.end())) return {};
  switch (uart_command(request)) {
    case UartCommand::read_all:
      return {size, uart_reply(UartCommand::read_all, data(truth)), false};
    case UartCommand::read_one: {
      const Bytes all = data(truth);
      ByteView rest = all;
      for (ByteView before = rest; const auto item = next_item(rest); before = rest) {
        if (asked[0] != before[0]) continue;
        return {size, uart_reply(UartCommand::read_one, before.first(before.size() - rest.size())), false};
      }
      return {size, uart_reply(UartCommand::read_one, all), false};
    }
    case UartCommand::unlock:
      unlocked_ = true;
      return {size, uart_reply(UartCommand::unlock, asked), false};
    case UartCommand::write:
      if (asked.size() == 2 && (unlocked_ || !needs_unlock_)) {
        const bool on = asked[1] != 0;
        if (asked[0] == kChargeSwitch) truth.charge_fet = on;
        if (asked[0] == kDischargeSwitch) truth.discharge_fet = on;
        if (asked[0] == kChargeSwitch) truth.extra["charge_switch"] = on ? 1.0 : 0.0;
        if (asked[0] == kDischargeSwitch) truth.extra["discharge_switch"] = on ? 1.0 : 0.0;
      }
      return {size, uart_reply(UartCommand::write, asked.first(1)), true};
    default:
      return {size, {}, false};
  }
}

Reading SimulatedUart::quantised(const Reading& truth) const {
  Reading told = raw_numbers(truth);
  const std::size_t cells = std::min(truth.cells_V.size(), kMostCellsOfBoard);
  for (std::size_t i = 0; i < cells; ++i) {
    told.cells_V.emplace_back(std::round(truth.cells_V[i].value_or(0) * 1000) / 1000);
  }
  const auto whole = [](double celsius) { return std::clamp(std::round(celsius), -40.0, 99.0) + 0.0; };
  told.mos_temp_C = whole(truth.mos_temp_C.value_or(0));
  for (std::size_t i = 0; i < 2; ++i) {
    told.temps_C.emplace_back(whole(i < truth.temps_C.size() ? truth.temps_C[i].value_or(0) : 0));
  }
  const double most = old_ ? 100.0 : 327.67;  // the old coding ends at 0 on the charging side
  told.current_A = std::clamp(std::round(truth.current_A.value_or(0) * 100) / 100, old_ ? -555.35 : -327.67, most);
  told.charge_fet = truth.charge_fet == true;
  told.discharge_fet = truth.discharge_fet == true;
  told.balancing = truth.balancing == true;
  decode_alarms(kUartAlarms, alarm_bits(truth), told.alarms.emplace());
  const double capacity = std::round(truth.capacity_Ah.value_or(0));
  if (capacity > 0) {
    told.capacity_Ah = capacity;
    told.remaining_Ah = std::round(capacity * *told.soc_pct * 1e4) / 1e6;
  }
  told.hw = "11.XW";
  told.sw = "11.26";
  told.device_name = "Input Us";
  told.extra["manufacture_date"] = std::string("2101");
  if (!old_) {
    told.model = "JK-B2A24S15P";
    told.extra["manufacturer_id"] = std::string("Input UserdaJK-B2A24S15P");
  }
  return told;
}

}  // namespace

std::unique_ptr<SimulatedDevice> simulate_uart(const SimulatorOptions& options) {
  return std::make_unique<SimulatedUart>(options);
}

}  // namespace bms::jk
