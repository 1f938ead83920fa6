#include <algorithm>
#include <cmath>

#include "bms/modbus.hpp"
#include "eg4_ll.hpp"
#include "eg4_sim.hpp"

namespace bms::eg4 {
namespace {

constexpr unsigned kRegisters = 136;
constexpr std::uint8_t kIllegalAddress = 2;

class SimulatedEg4Ll final : public SimulatedDevice {
 public:
  explicit SimulatedEg4Ll(const SimulatorOptions& options)
      : address_(static_cast<std::uint8_t>(options.address)),
        inverter_map_(setting(options, "map", "pack") == "inverter"),
        identity_(setting(options, "identity", "yes") == "yes"),
        registers_(setting(options, "firmware", "new") == "old" ? 128 : kRegisters) {}

  SimulatorResponse respond(ByteView heard, Reading& truth) override {
    constexpr std::size_t kReadRequest = 8;
    if (heard.size() < kReadRequest) return {};
    const std::uint8_t function = heard[1];
    const std::size_t size = function == modbus::kWriteMultiple ? std::size_t{9} + heard[6] : kReadRequest;
    if (heard.size() < size || !modbus::crc_ok(heard.first(size))) return {};
    SimulatorResponse response{size, {}, function != modbus::kReadHolding};
    if (heard[0] != address_ || function != modbus::kReadHolding) return response;
    const std::uint32_t first = read_be<2>(heard, 2);
    const std::uint32_t count = read_be<2>(heard, 4);
    if (count == 0 || first + count > registers_) {
      response.answer = modbus::with_crc({address_, static_cast<std::uint8_t>(function | 0x80U), kIllegalAddress});
      return response;
    }
    const Bytes map = inverter_map_ ? inverter_map(truth) : pack_map(truth);
    Bytes answer{address_, function, static_cast<std::uint8_t>(2 * count)};
    append(answer, ByteView(map).subspan(at(first), std::size_t{2} * count));
    response.answer = modbus::with_crc(std::move(answer));
    return response;
  }

  [[nodiscard]] Reading quantised(const Reading& truth) const override {
    return inverter_map_ ? quantised_inverter(truth) : quantised_pack(truth);
  }

  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(30); }

 private:
  static void put(Bytes& map, unsigned reg, std::uint64_t value) {
    write_raw(map, at(reg), Wire::u16be, static_cast<std::int64_t>(value));
  }

  static std::uint64_t balancing_bits(const Reading& truth) {
    std::uint64_t bits = 0;
    for (const int cell : truth.balancing_cells) bits |= std::uint64_t{1} << static_cast<unsigned>(cell - 1);
    return bits;
  }

  [[nodiscard]] Bytes pack_map(const Reading& truth) const {
    Bytes map(at(kRegisters));
    encode(kStatusFields, truth, map);
    for (std::size_t i = 0; i < truth.cells_V.size() && i < kMostCells; ++i) {
      put(map, static_cast<unsigned>(kFirstCell + i),
          static_cast<std::uint64_t>(std::llround(truth.cells_V[i].value_or(0) * 1000)));
    }
    put(map, kCellCountRegister, truth.cells_V.size());
    std::int64_t highest = -100;
    for (std::size_t i = 0; i < truth.temps_C.size() && i < kSensors; ++i) {
      const std::int64_t celsius = std::llround(truth.temps_C[i].value_or(0));
      write_raw(map, at(kFirstSensor) + i, Wire::i8, celsius);
      highest = std::max(highest, celsius);
    }
    write_raw(map, at(kAverageTemperature), Wire::i16be, highest);
    write_raw(map, at(kHighestTemperature), Wire::i16be, highest);
    const auto in_force = truth.alarms.value_or(std::vector<Alarm>{});
    put(map, kWarningRegister, encode_alarms(kWarnings, in_force));
    put(map, kProtectionRegister, encode_alarms(kProtections, in_force) & ~std::uint64_t{1U << 12U});
    put(map, kErrorRegister, encode_alarms(kErrors, in_force));
    put(map, kBalancingRegister, balancing_bits(truth));
    const double current = truth.current_A.value_or(0);
    const std::uint64_t state = current > 0 ? 1 : current < 0 ? 2 : 0;
    put(map, kStateRegister, state | (truth.heater_on.value_or(false) ? kHeaterOn : 0U));
    if (identity_) encode(kIdentityTexts, truth, map);
    encode(kConfigFields, truth, map);
    return map;
  }

  [[nodiscard]] Reading quantised_pack(const Reading& truth) const {
    Reading told;
    told.voltage_V = stepped(truth.voltage_V, 0.01);
    told.current_A = stepped(truth.current_A, 0.01);
    told.soc_pct = stepped(truth.soc_pct, 1);
    told.soh_pct = stepped(truth.soh_pct, 1);
    told.remaining_Ah = stepped(truth.remaining_Ah, 1);
    if (told.remaining_Ah == 0 && *told.soc_pct > 2) told.remaining_Ah.reset();  // what cannot be told apart
    told.cycles = truth.cycles;
    told.max_charge_current_A = stepped(truth.max_charge_current_A, 1);
    told.mos_temp_C = stepped(truth.mos_temp_C, 1);
    for (const auto& cell : truth.cells_V) told.cells_V.push_back(stepped(cell, 0.001));
    double highest = -100;
    for (std::size_t i = 0; i < kSensors; ++i) {
      auto celsius = i < truth.temps_C.size() ? stepped(truth.temps_C[i], 1) : std::optional<double>(0.0);
      if (i < truth.temps_C.size()) highest = std::max(highest, celsius.value_or(0));
      if (i >= 2 && celsius == 0.0) celsius.reset();
      told.temps_C.push_back(celsius);
    }
    told.extra["temp_average_C"] = highest;
    told.extra["temp_max_C"] = highest;
    const double design = extra_number(truth, "design_capacity_Ah", 0);
    told.capacity_Ah = design > 0 ? stepped(design, 0.1) : stepped(truth.capacity_Ah, 1.0 / 3'600'000);
    if (design > 0) told.extra["design_capacity_Ah"] = *stepped(design, 0.1);
    told.balancing = !truth.balancing_cells.empty();
    told.balancing_cells = truth.balancing_cells;
    told.heater_on = truth.heater_on.value_or(false);
    const double current = truth.current_A.value_or(0);
    told.extra["state"] = std::string(current > 0 ? "charging" : current < 0 ? "discharging" : "standby");
    told.alarms.emplace();
    const auto in_force = truth.alarms.value_or(std::vector<Alarm>{});
    decode_alarms(kWarnings, encode_alarms(kWarnings, in_force), *told.alarms);
    decode_alarms(kProtections, encode_alarms(kProtections, in_force) & ~std::uint64_t{1U << 12U}, *told.alarms);
    decode_alarms(kErrors, encode_alarms(kErrors, in_force), *told.alarms);
    add_settings(truth, told);
    return told;
  }

  /// Thresholds, as far as this firmware has their registers, and identity.
  void add_settings(const Reading& truth, Reading& told) const {
    if (identity_) {
      told.model = truth.model;
      told.sw = truth.sw;
      told.serial = truth.serial;
    }
    if (registers_ < kRegisters) return;
    Bytes map(at(kRegisters));
    encode(kConfigFields, truth, map);
    decode(kConfigFields, map, told);
  }

  static Bytes inverter_map(const Reading& truth) {
    Bytes map(at(kRegisters));
    encode(kInverterFields, truth, map);
    unsigned state = kInverterDischargeEnabled * static_cast<unsigned>(truth.discharge_fet.value_or(true)) |
                     kInverterChargeEnabled * static_cast<unsigned>(truth.charge_fet.value_or(true));
    const double current = truth.current_A.value_or(0);
    state |= current > 0 ? 2U : current < 0 ? 3U : 1U;
    put(map, kInverterStateRegister, state);
    put(map, kInverterRemaining, hundredths(truth.remaining_Ah));
    put(map, kInverterCapacity, hundredths(truth.capacity_Ah));
    put(map, kInverterVersion, 0x0211);
    if (truth.alarms && !truth.alarms->empty()) put(map, kInverterWarningRegister, 1);
    put(map, kInverterCellCount, truth.cells_V.size());
    for (std::size_t i = 0; i < truth.cells_V.size() && i < kInverterCells.count; ++i) {
      put(map, static_cast<unsigned>(kInverterCells.first + i),
          static_cast<std::uint64_t>(std::llround(truth.cells_V[i].value_or(0) * 1000)));
    }
    return map;
  }

  static std::uint64_t hundredths(const std::optional<double>& value) {
    return static_cast<std::uint64_t>(std::llround(value.value_or(0) * 100)) & 0xFFFFU;
  }

  static Reading quantised_inverter(const Reading& truth) {
    Reading told;
    told.voltage_V = stepped(truth.voltage_V, 0.01);
    told.current_A = stepped(truth.current_A, 0.01);
    told.soc_pct = stepped(truth.soc_pct, 1);
    told.soh_pct = stepped(truth.soh_pct, 1);
    told.cycles = truth.cycles;
    told.max_charge_current_A = stepped(truth.max_charge_current_A, 0.01);
    told.max_discharge_current_A = stepped(truth.max_discharge_current_A, 0.01);
    told.max_voltage_V = stepped(truth.max_voltage_V, 0.01);
    const auto capacity = unwrap_capacity(static_cast<std::uint16_t>(hundredths(truth.remaining_Ah)),
                                          static_cast<std::uint16_t>(hundredths(truth.capacity_Ah)), *told.soc_pct);
    if (capacity) told.remaining_Ah = capacity->remaining_Ah;
    if (capacity) told.capacity_Ah = capacity->capacity_Ah;
    for (const auto& cell : truth.cells_V) told.cells_V.push_back(stepped(cell, 0.001));
    told.charge_fet = truth.charge_fet;
    told.discharge_fet = truth.discharge_fet;
    told.temps_C = {extra_number(truth, "temp_max_C", 0)};
    told.temp_names = {"Highest"};
    told.heater_on = false;
    told.sw = "02.11";
    const double current = truth.current_A.value_or(0);
    told.extra["state"] = std::string(current > 0 ? "charging" : current < 0 ? "discharging" : "standby");
    told.extra["scope"] = std::string("bank");
    told.extra["protection_bits"] = 0.0;
    told.extra["cell_count"] = static_cast<double>(truth.cells_V.size());
    const bool alarmed = truth.alarms && !truth.alarms->empty();
    told.extra["warning_bits"] = alarmed ? 1.0 : 0.0;
    told.alarms.emplace();
    if (alarmed) told.alarms->push_back({Condition::internal, AlarmLevel::warning});
    for (const Field& field : kInverterFields) {
      const auto* const name = std::get_if<ExtraName>(&field.target);
      if (name == nullptr) continue;
      const double value = extra_number(truth, name->name, field.bias);
      told.extra[std::string(name->name)] = *stepped(value, field.scale);
    }
    return told;
  }

  const std::uint8_t address_;
  const bool inverter_map_;
  const bool identity_;
  const unsigned registers_;
};

}  // namespace

std::unique_ptr<SimulatedDevice> simulate_eg4_ll(const SimulatorOptions& options) {
  return std::make_unique<SimulatedEg4Ll>(options);
}

}  // namespace bms::eg4
