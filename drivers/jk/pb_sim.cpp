#include <algorithm>
#include <array>
#include <bit>

#include "bms/checksum.hpp"
#include "bms/modbus.hpp"
#include "jk_sim.hpp"
#include "pb.hpp"

namespace bms::jk {
namespace {

/// What differs between firmware versions on the wire.
struct Firmware {
  std::string_view software;
  std::string_view hardware;
  std::uint8_t byte5;       ///< behind the type byte, without a meaning
  bool padded;              ///< a zero byte before and behind the acknowledge: 310 bytes instead of 308
  bool all_sensors_marked;  ///< presence bits set for sensors that are not there
  bool requested_voltage;   ///< RCV and RFV exist
};
constexpr Firmware kFirmwares[] = {
    {"15.41", "15A", 0x00, true, false, true},
    {"15.10", "15A", 0x05, false, false, true},
    {"19.27", "19A", 0x00, true, true, true},
    {"11.36", "11.XA", 0x05, false, true, false},
};

constexpr std::string_view kPin = "1234";
constexpr std::string_view kPbPassword = "136913";
constexpr float kVoltageFactor = 3.768807F;

void write_text(std::span<std::uint8_t> block, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

/// Everything a unit tells beside what the battery is: settings and counters of a 16S LFP pack.
Reading usual(const Firmware& firmware, unsigned address) {
  Reading unit;
  unit.voltage_V = 0;
  unit.current_A = unit.balance_current_A = 0;
  unit.balancing = unit.charge_fet = unit.discharge_fet = unit.heater_on = false;
  unit.soc_pct = unit.remaining_Ah = unit.capacity_Ah = 0;
  unit.soh_pct = 100;
  unit.cycles = 0;
  unit.max_charge_current_A = 60;
  unit.max_discharge_current_A = 100;
  unit.model = "JK_PB2A16S20P";
  unit.hw = firmware.hardware;
  unit.sw = firmware.software;
  unit.serial = "40119491" + std::to_string(480 + address);
  unit.device_name = "BB" + std::to_string(address);
  for (const auto* layout : {&kStatus}) {
    for (const Field& field : *layout) {
      if (const auto* name = std::get_if<ExtraName>(&field.target)) unit.extra[std::string(name->name)] = 0.0;
    }
  }
  unit.extra.erase("balance_state");
  const std::pair<std::string_view, double> numbers[] = {{"smart_sleep_V", 3.5},
                                                         {"cell_uvp_V", 2.7},
                                                         {"cell_uvp_recovery_V", 2.901},
                                                         {"cell_ovp_V", 3.65},
                                                         {"cell_ovp_recovery_V", 3.444},
                                                         {"balance_trigger_V", 0.005},
                                                         {"cell_soc100_V", 3.445},
                                                         {"cell_soc0_V", 2.9},
                                                         {"cell_rcv_V", firmware.requested_voltage ? 3.45 : 0},
                                                         {"cell_rfv_V", firmware.requested_voltage ? 3.35 : 0},
                                                         {"cell_power_off_V", 2.5},
                                                         {"charge_ocp_delay_s", 3},
                                                         {"charge_ocp_recovery_s", 60},
                                                         {"discharge_ocp_delay_s", 300},
                                                         {"discharge_ocp_recovery_s", 60},
                                                         {"scp_recovery_s", 5},
                                                         {"max_balance_current_A", 2},
                                                         {"charge_otp_C", 35},
                                                         {"charge_otp_recovery_C", 32},
                                                         {"discharge_otp_C", 35},
                                                         {"discharge_otp_recovery_C", 32},
                                                         {"charge_utp_C", -5},
                                                         {"charge_utp_recovery_C", -2},
                                                         {"mos_otp_C", 80},
                                                         {"mos_otp_recovery_C", 70},
                                                         {"charge_switch", 1},
                                                         {"discharge_switch", 1},
                                                         {"balance_switch", 1},
                                                         {"design_capacity_Ah", 280},
                                                         {"scp_delay_us", 1500},
                                                         {"balance_start_V", 3.44},
                                                         {"device_address", address},
                                                         {"precharge_time_s", 0},
                                                         {"control_bits", 0x3300},
                                                         {"smart_sleep_time_h", 24},
                                                         {"field_enable_bits", 254},
                                                         {"uptime_s", 1152709.2},
                                                         {"clock_since_2020_s", 197410438},
                                                         {"run_time_s", 48570884},
                                                         {"time_to_sleep_s", 86400},
                                                         {"cycle_capacity_Ah", 17414.022},
                                                         {"charge_state_time_s", 0},
                                                         {"charge_state", 0},
                                                         {"heating_start_C", 0},
                                                         {"heating_stop_C", 10},
                                                         {"battery_ot_alarm_C", 60},
                                                         {"battery_ot_alarm_recovery_C", 50},
                                                         {"discharge_utp_C", -20},
                                                         {"discharge_utp_recovery_C", -10},
                                                         {"uart1_protocol", 1},
                                                         {"can_protocol", 4},
                                                         {"uart2_protocol", 1},
                                                         {"power_on_count", 22},
                                                         {"data_storage_period_s", 30},
                                                         {"rcv_time_h", 1},
                                                         {"rfv_time_h", 6},
                                                         {"uart3_protocol", 15},
                                                         {"rebulk_soc_pct", 90}};
  for (const auto& [name, value] : numbers) unit.extra[std::string(name)] = value;
  for (const Field& field : kAbout) {
    const std::string name(std::get<ExtraName>(field.target).name);
    if (!unit.extra.contains(name)) unit.extra[name] = 0.0;
  }
  unit.extra["manufacture_date"] = std::string("240914");
  return unit;
}

class SimulatedPb final : public SimulatedDevice {
 public:
  explicit SimulatedPb(const SimulatorOptions& options)
      : address_(static_cast<std::uint8_t>(options.address)),
        registers_(setting(options, "registers", "yes") == "yes"),
        slow_(setting(options, "slow", "yes") == "yes"),
        master_(setting(options, "master", "no") == "yes") {
    const std::string wanted = setting(options, "firmware", kFirmwares[0].software);
    for (const Firmware& firmware : kFirmwares) {
      if (firmware.software == wanted) firmware_ = firmware;
    }
    usual_ = usual(firmware_, address_);
    version_ = version_of(usual_);
  }

  SimulatorResponse respond(ByteView heard, Reading& truth) override;
  [[nodiscard]] Reading quantised(const Reading& truth) const override;
  /// 35 to 50 ms were seen from request to acknowledge, 27 of them on the wire.
  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(10); }
  Bytes broadcast(const Reading& truth) override {
    Bytes out = answer(Block::status, truth);
    append(out, answer(Block::settings, truth));
    return out;
  }
  [[nodiscard]] std::optional<std::chrono::milliseconds> period() const override {
    return master_ ? std::optional(std::chrono::milliseconds(5000)) : std::nullopt;
  }

 private:
  [[nodiscard]] Bytes block(Block type, const Reading& truth) const;
  [[nodiscard]] Bytes answer(Block type, const Reading& truth) const;
  [[nodiscard]] Bytes registers(ByteView request, const Reading& truth) const;
  SimulatorResponse write(ByteView request, Reading& truth) const;
  void fill_status(std::span<std::uint8_t> out, const Reading& truth) const;
  void fill_settings(std::span<std::uint8_t> out, const Reading& truth) const;
  void fill_about(std::span<std::uint8_t> out, const Reading& truth) const;
  [[nodiscard]] static std::uint32_t alarm_bits(const Reading& truth);
  [[nodiscard]] static std::optional<double> requested_cell_V(const Reading& truth);
  [[nodiscard]] bool has_sensor(std::size_t index, const Reading& truth) const {
    return index < truth.temps_C.size() && truth.temps_C[index] &&
           (index < kSensorsOfOldHardware || !version_.before(14));
  }

  std::uint8_t address_;
  bool registers_;
  bool slow_;
  bool master_;
  Firmware firmware_ = kFirmwares[0];
  Reading usual_;
  Version version_;
};

std::size_t cell_count(const Reading& truth) { return std::min(truth.cells_V.size(), kMostCells); }

std::uint32_t SimulatedPb::alarm_bits(const Reading& truth) {
  std::uint32_t bits = 1U << kDefaultPasswordBit;
  for (const Alarm& alarm : truth.alarms.value_or(std::vector<Alarm>())) {
    const auto* entry = std::find_if(std::begin(kAlarms), std::end(kAlarms), [&](const AlarmBit& one) {
      return one.condition == alarm.condition && one.level == alarm.level;
    });
    if (entry != std::end(kAlarms)) bits |= 1U << entry->bit;
  }
  return bits;
}

/// A battery that asks for a charge voltage has it in the settings, per cell.
std::optional<double> SimulatedPb::requested_cell_V(const Reading& truth) {
  if (!truth.max_voltage_V || truth.cells_V.empty()) return std::nullopt;
  return std::round(*truth.max_voltage_V / static_cast<double>(cell_count(truth)) * 1000) / 1000;
}

void SimulatedPb::fill_status(std::span<std::uint8_t> out, const Reading& truth) const {
  encode(kStatus, usual_, out);
  encode(kStatus, truth, out);
  encode(kStatusFrom15, usual_, out);
  const std::size_t cells = cell_count(truth);
  std::int64_t sum = 0;
  std::int64_t low = 0xFFFF;
  std::int64_t high = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::int64_t cell = std::llround(truth.cells_V[i].value_or(0) * 1000);
    write_raw(out, kCellsAt + 2 * i, Wire::u16le, cell);
    sum += cell;
    low = std::min(low, cell);
    high = std::max(high, cell);
    const bool known = i < truth.wire_resistance_mOhm.size() && truth.wire_resistance_mOhm[i].has_value();
    write_raw(out, kWireResistanceAt + 2 * i, Wire::u16le, known ? std::llround(*truth.wire_resistance_mOhm[i]) : 60);
  }
  write_raw(out, kCellMaskAt, Wire::u32le, static_cast<std::int64_t>((std::uint64_t{1} << cells) - 1));
  write_raw(out, kCellAverageAt, Wire::u16le, cells == 0 ? 0 : sum / static_cast<std::int64_t>(cells));
  write_raw(out, kCellDifferenceAt, Wire::u16le, cells == 0 ? 0 : high - low);
  const auto celsius = [&](std::size_t at, double value) { write_raw(out, at, Wire::i16le, std::llround(value * 10)); };
  std::uint8_t present = firmware_.all_sensors_marked ? 0xFF : 0xC8;
  const auto sensor = [&](std::size_t at, unsigned bit, bool there, std::optional<double> value) {
    celsius(at, there ? *value : static_cast<double>(kSensorAbsent) / 10);
    if (there) present = static_cast<std::uint8_t>(present | 1U << bit);
  };
  sensor(kMosTempAt, 0, truth.mos_temp_C.has_value(), truth.mos_temp_C);
  for (std::size_t i = 0; i < std::size(kSensors); ++i) {
    const bool there = has_sensor(i, truth);
    sensor(kSensors[i].offset, kSensors[i].present_bit, there, there ? truth.temps_C[i] : std::nullopt);
    if (i >= kSensorsOfOldHardware && version_.before(14)) celsius(kSensors[i].offset, 0);
  }
  write_raw(out, kSensorsPresentAt, Wire::u8, present);
  write_raw(out, kAlarmsAt, Wire::u32le, alarm_bits(truth));
  write_raw(out, kVoltageFactorAt, Wire::u32le, std::bit_cast<std::uint32_t>(kVoltageFactor));
  write_raw(out, kPackVoltageAgainAt, Wire::u16le, std::llround(truth.voltage_V.value_or(0) * 100));
  write_raw(out, kHeaterCurrentAt, Wire::i16le, std::llround(truth.heater_current_A.value_or(0.004) * 1000));
}

void SimulatedPb::fill_settings(std::span<std::uint8_t> out, const Reading& truth) const {
  encode(kSettings, usual_, out);
  encode(kSettings, truth, out);
  encode(version_.heater_thresholds() ? std::span<const Field>(kHeaterThresholds) : kBatteryTemperatureAlarm, usual_,
         out);
  if (version_.hardware >= 19) encode(kSettingsFrom19, usual_, out);
  write_raw(out, kCellCountAt, Wire::u32le, static_cast<std::int64_t>(cell_count(truth)));
  if (const auto cell_V = requested_cell_V(truth)) {
    write_raw(out, kRequestedVoltageAt, Wire::u32le, std::llround(*cell_V * 1000));
  }
}

void SimulatedPb::fill_about(std::span<std::uint8_t> out, const Reading& truth) const {
  Reading unit = usual_;
  for (auto member : {&Reading::model, &Reading::serial, &Reading::device_name}) {
    if (truth.*member) unit.*member = truth.*member;
  }
  encode(kAbout, unit, out);
  encode(kAboutTexts, unit, out);
  if (version_.hardware >= 19) encode(kAboutFrom19, unit, out);
  write_text(out, kSecrets[0].begin, kPin);
  write_text(out, kSecrets[1].begin, kPbPassword);
}

Bytes SimulatedPb::block(Block type, const Reading& truth) const {
  Bytes out(kBlockSize);
  const Bytes header{0x55, 0xAA, 0xEB, 0x90, static_cast<std::uint8_t>(type), firmware_.byte5};
  std::copy(header.begin(), header.end(), out.begin());
  if (type == Block::status) fill_status(out, truth);
  if (type == Block::settings) fill_settings(out, truth);
  if (type == Block::about) fill_about(out, truth);
  out.back() = sum8(ByteView(out).first(kBlockSize - 1));
  return out;
}

Bytes SimulatedPb::answer(Block type, const Reading& truth) const {
  Bytes out = block(type, truth);
  if (firmware_.padded) out.push_back(0);
  Bytes acknowledge = trigger_request(address_, type);
  acknowledge.resize(6);
  append(out, modbus::with_crc(acknowledge));
  if (firmware_.padded) out.push_back(0);
  return out;
}

Bytes SimulatedPb::registers(ByteView request, const Reading& truth) const {
  const auto window = register_window(request);
  if (!window || !registers_) return {};
  Bytes words = block(window->block, truth);
  swap_byte_order(words, *window);
  const std::size_t size = window->end - window->begin;
  Bytes out{request[0], request[1], static_cast<std::uint8_t>(size)};
  append(out, ByteView(words).subspan(window->begin, size));
  return modbus::with_crc(std::move(out));
}

SimulatorResponse SimulatedPb::write(ByteView request, Reading& truth) const {
  if (const auto type = triggered_block(request)) {
    const bool silent = master_ || (!slow_ && *type != Block::status);
    return {request.size(), silent ? Bytes() : answer(*type, truth), false};
  }
  const auto switched = [&](std::size_t offset, std::optional<bool> Reading::*fet, std::string_view name) {
    for (const bool on : {false, true}) {
      const Bytes known = switch_request(address_, offset, on);
      if (!std::equal(request.begin(), request.end(), known.begin(), known.end())) continue;
      truth.*fet = on;
      truth.extra.insert_or_assign(std::string(name), on ? 1.0 : 0.0);
    }
  };
  switched(kChargeSwitchAt, &Reading::charge_fet, "charge_switch");
  switched(kDischargeSwitchAt, &Reading::discharge_fet, "discharge_switch");
  Bytes echo(request.begin(), request.begin() + 6);
  return {request.size(), modbus::with_crc(std::move(echo)), true};
}

SimulatorResponse SimulatedPb::respond(ByteView heard, Reading& truth) {
  constexpr std::size_t kReadSize = 8;
  constexpr std::size_t kWriteOverhead = 9;
  if (heard.size() < kReadSize) return {};
  const bool writes = heard[1] == modbus::kWriteMultiple;
  const std::size_t size = writes ? kWriteOverhead + heard[6] : kReadSize;
  if (heard.size() < size || !modbus::crc_ok(heard.first(size))) return {};
  const ByteView request = heard.first(size);
  if (request[0] != address_) return {size, {}, false};
  if (writes) return write(request, truth);
  return {size, request[1] == modbus::kReadHolding ? registers(request, truth) : Bytes(),
          request[1] == modbus::kWriteSingle};
}

Reading SimulatedPb::quantised(const Reading& truth) const {
  Reading told;
  for (const Reading* one : {&usual_, &truth}) {
    quantise(kStatus, *one, told);
    if (slow_) quantise(kSettings, *one, told);
  }
  quantise(kStatusFrom15, usual_, told);
  if (version_.before(15)) {
    for (const Field& field : kStatusFrom15) told.extra.erase(std::string(std::get<ExtraName>(field.target).name));
  }
  if (!told.extra.contains("balance_state")) told.extra["balance_state"] = truth.balancing == true ? 1.0 : 0.0;
  told.balancing = std::get<double>(told.extra.at("balance_state")) != 0;
  const std::size_t cells = cell_count(truth);
  for (std::size_t i = 0; i < cells; ++i) {
    told.cells_V.emplace_back(std::round(truth.cells_V[i].value_or(0) * 1000) / 1000);
    const bool known = i < truth.wire_resistance_mOhm.size() && truth.wire_resistance_mOhm[i].has_value();
    told.wire_resistance_mOhm.emplace_back(known ? std::round(*truth.wire_resistance_mOhm[i]) : 60);
  }
  const auto tenth = [](double value) { return std::round(value * 10) / 10; };
  if (truth.mos_temp_C) told.mos_temp_C = tenth(*truth.mos_temp_C);
  for (std::size_t i = 0; i < std::size(kSensors); ++i) {
    told.temps_C.push_back(has_sensor(i, truth) ? std::optional(tenth(*truth.temps_C[i])) : std::nullopt);
    told.temp_names.emplace_back(kSensors[i].name);
  }
  while (!told.temps_C.empty() && !told.temps_C.back()) told.temps_C.pop_back();
  told.temp_names.resize(told.temps_C.size());
  decode_alarms(kAlarms, alarm_bits(truth), told.alarms.emplace());
  told.extra["alarm_bits"] = static_cast<double>(alarm_bits(truth));
  told.extra["default_password"] = 1.0;
  told.extra["voltage_correction"] = 3.768807;
  told.extra["dry_contact_1"] = told.extra["dry_contact_2"] = 0.0;
  if (told.heater_on == true) {
    told.heater_current_A = std::round(truth.heater_current_A.value_or(0.004) * 1000) / 1000;
  }
  if (!slow_) return told;

  told.extra["cell_count_setting"] = static_cast<double>(cells);
  if (const auto cell_V = requested_cell_V(truth)) told.extra["cell_rcv_V"] = *cell_V;
  quantise(version_.heater_thresholds() ? std::span<const Field>(kHeaterThresholds) : kBatteryTemperatureAlarm, usual_,
           told);
  if (version_.hardware >= 19) {
    quantise(kSettingsFrom19, usual_, told);
    quantise(kAboutFrom19, usual_, told);
  }
  const double rcv = std::get<double>(told.extra["cell_rcv_V"]);
  const double full = rcv > 0 ? rcv : std::get<double>(told.extra["cell_soc100_V"]);
  const auto pack = [&](double cell_V) { return std::round(cell_V * static_cast<double>(cells) * 1e6) / 1e6; };
  if (cells > 0) {
    told.max_voltage_V = pack(full);
    told.min_voltage_V = pack(std::get<double>(told.extra["cell_uvp_V"]));
  }
  quantise(kAbout, usual_, told);
  told.extra["manufacture_date"] = usual_.extra.at("manufacture_date");
  for (auto member : {&Reading::model, &Reading::hw, &Reading::sw, &Reading::serial, &Reading::device_name}) {
    told.*member = usual_.*member;
  }
  for (auto member : {&Reading::model, &Reading::serial, &Reading::device_name}) {
    if (truth.*member) told.*member = (truth.*member)->substr(0, 16);
  }
  return told;
}

}  // namespace

std::string setting(const SimulatorOptions& options, std::string_view key, std::string_view otherwise) {
  const auto found = options.settings.find(key);
  return found == options.settings.end() ? std::string(otherwise) : found->second;
}

std::unique_ptr<SimulatedDevice> simulate_pb(const SimulatorOptions& options) {
  return std::make_unique<SimulatedPb>(options);
}

}  // namespace bms::jk
