#include <algorithm>
#include <cmath>

#include "eg4_sim.hpp"
#include "lifepower4.hpp"

namespace bms::eg4 {
namespace {

constexpr std::uint8_t kReturnOk = 0;
constexpr std::uint8_t kReturnBadCommand = 4;

std::int64_t decikelvin(double celsius) { return std::llround((celsius - kKelvin_C) * 10); }

class SimulatedLifePower4 final : public SimulatedDevice {
 public:
  explicit SimulatedLifePower4(const SimulatorOptions& options)
      : address_(static_cast<std::uint8_t>(options.address)) {}

  SimulatorResponse respond(ByteView heard, Reading& truth) override {
    const auto end = std::find(heard.begin(), heard.end(), ascii::kEnd);
    if (end == heard.end()) return {};
    const auto size = static_cast<std::size_t>(end - heard.begin()) + 1;
    const auto request = ascii::parse(heard.first(size));
    if (!request) return {};
    const bool writes = request->code == 0x45 || request->code == 0x49 || request->code == 0x4E;
    SimulatorResponse response{size, {}, writes};
    if (request->version != kVersion || request->address != address_ || request->cid1 != kDeviceClass) return response;
    ascii::Frame answer{kVersion, address_, kDeviceClass, kReturnOk, {}};
    if (request->code == static_cast<std::uint8_t>(AsciiCommand::analog)) {
      answer.info = analog(truth);
    } else if (request->code == static_cast<std::uint8_t>(AsciiCommand::alarm)) {
      answer.info = alarm(truth);
    } else {
      answer.code = kReturnBadCommand;
    }
    response.answer = ascii::build(answer);
    return response;
  }

  [[nodiscard]] Reading quantised(const Reading& truth) const override {
    Reading told;
    told.voltage_V = stepped(truth.voltage_V, 0.01);
    told.current_A = stepped(truth.current_A, 0.01);
    told.soc_pct = stepped(truth.soc_pct, 1);
    told.soh_pct = stepped(truth.soh_pct, 1);
    told.capacity_Ah = stepped(truth.capacity_Ah, 0.01);
    told.remaining_Ah = stepped(truth.remaining_Ah, 0.01);
    told.cycles = truth.cycles;
    for (const auto& cell : truth.cells_V) told.cells_V.push_back(stepped(cell, 0.001));
    for (const auto& temp : truth.temps_C) told.temps_C.push_back(stepped(temp, 0.1));
    told.mos_temp_C = stepped(truth.mos_temp_C, 0.1);
    told.env_temp_C = stepped(truth.env_temp_C, 0.1);
    told.balancing = !truth.balancing_cells.empty();
    told.balancing_cells = truth.balancing_cells;
    told.charge_fet = truth.charge_fet;
    told.discharge_fet = truth.discharge_fet;
    told.heater_on = truth.heater_on.value_or(false);
    told.alarms.emplace();
    const auto in_force = truth.alarms.value_or(std::vector<Alarm>{});
    for (const EventByte& event : kEvents) decode_alarms(event.bits, encode_alarms(event.bits, in_force), *told.alarms);
    for (const Field& field : kAnalog) {
      const auto* const name = std::get_if<ExtraName>(&field.target);
      if (name == nullptr) continue;
      told.extra[std::string(name->name)] = *stepped(extra_number(truth, name->name, 0), field.scale);
    }
    for (const NamedEvent& event : kNamedEvents) {
      const auto* const byte = std::find_if(std::begin(kEvents), std::end(kEvents),
                                            [&](const EventByte& entry) { return entry.offset == event.offset; });
      if ((encode_alarms(byte->bits, in_force) >> event.bit & 1U) != 0) told.extra[std::string(event.name)] = 1.0;
    }
    told.extra["charge_limiter"] = extra_number(truth, "charge_limiter", 0);
    const double current = truth.current_A.value_or(0);
    told.extra["state"] = std::string(current > 0 ? "charging" : current < 0 ? "discharging" : "standby");
    return told;
  }

  /// 290 to 365 ms were measured for an exchange that takes 248 ms on the wire.
  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(60); }

 private:
  static Bytes analog(const Reading& truth) {
    const Shape shape{truth.cells_V.size(), truth.temps_C.size()};
    Bytes info{0x01, 0x01, static_cast<std::uint8_t>(shape.cells)};
    for (const auto& cell : truth.cells_V) {
      append_be(info, static_cast<std::uint32_t>(std::lround(cell.value_or(0) * 1000)), 2);
    }
    info.push_back(static_cast<std::uint8_t>(shape.sensors));
    std::int64_t warmest = 0;
    std::int64_t coldest = 0xFFFF;
    for (const auto& temp : truth.temps_C) {
      const std::int64_t raw = temp ? decikelvin(*temp) : 0;
      if (temp) warmest = std::max(warmest, raw);
      if (temp) coldest = std::min(coldest, raw);
      append_be(info, static_cast<std::uint32_t>(raw), 2);
    }
    info.resize(shape.analog_tail() + kAnalogSize);
    const auto tail = std::span(info).subspan(shape.analog_tail());
    encode(kAnalog, truth, tail);
    constexpr std::uint8_t kUserDefinedCount = 15;
    tail[14] = kUserDefinedCount;
    const auto cells = cell_extremes(truth);
    const std::int64_t high = std::llround(cells->max_V * 1000);
    const std::int64_t low = std::llround(cells->min_V * 1000);
    write_raw(tail, kExtremesAt, Wire::u16be, high);
    write_raw(tail, kExtremesAt + 2, Wire::u16be, low);
    write_raw(tail, kExtremesAt + 4, Wire::u16be, high - low);
    write_raw(tail, kExtremesAt + 6, Wire::u16be, warmest);
    write_raw(tail, kExtremesAt + 8, Wire::u16be, warmest == 0 ? 0 : coldest);
    return info;
  }

  static Bytes alarm(const Reading& truth) {
    const Shape shape{truth.cells_V.size(), truth.temps_C.size()};
    Bytes info(shape.alarm_tail() + kAlarmSize + 1);
    info[0] = 0x01;
    info[1] = 0x01;
    info[2] = static_cast<std::uint8_t>(shape.cells);
    info[3 + shape.cells] = static_cast<std::uint8_t>(shape.sensors);
    const auto tail = std::span(info).subspan(shape.alarm_tail());
    constexpr std::uint8_t kUserDefinedCount = 9;
    tail[4] = kUserDefinedCount;
    const auto in_force = truth.alarms.value_or(std::vector<Alarm>{});
    for (const EventByte& event : kEvents) {
      write_raw(tail, event.offset, event.wire, static_cast<std::int64_t>(encode_alarms(event.bits, in_force)));
    }
    if (!truth.balancing_cells.empty()) tail[kBalanceEventAt] |= 1U;
    std::uint32_t balancing = 0;
    for (const int cell : truth.balancing_cells) balancing |= 1U << static_cast<unsigned>(cell - 1);
    write_raw(tail, kBalancingAt, Wire::u32be, balancing);
    unsigned fets = 0;
    if (truth.discharge_fet.value_or(true)) fets |= kDischargeFet;
    if (truth.charge_fet.value_or(true)) fets |= kChargeFet;
    if (extra_number(truth, "charge_limiter", 0) != 0) fets |= kChargeLimiter;
    if (truth.heater_on.value_or(false)) fets |= kHeater;
    tail[kFetStatusAt] = static_cast<std::uint8_t>(fets);
    const double current = truth.current_A.value_or(0);
    tail[kSystemStatusAt] = kSystemStates[current < 0 ? 0 : current > 0 ? 1 : 2].mask;
    return info;
  }

  const std::uint8_t address_;
};

}  // namespace

std::string_view setting(const SimulatorOptions& options, std::string_view key, std::string_view otherwise) {
  const auto found = options.settings.find(key);
  return found == options.settings.end() ? otherwise : std::string_view(found->second);
}

std::optional<double> stepped(const std::optional<double>& value, double step) {
  if (!value) return std::nullopt;
  return scaled(std::llround(*value / step), step);
}

double extra_number(const Reading& truth, std::string_view name, double otherwise) {
  const auto found = truth.extra.find(name);
  if (found == truth.extra.end()) return otherwise;
  const auto* const number = std::get_if<double>(&found->second);
  return number != nullptr ? *number : otherwise;
}

std::unique_ptr<SimulatedDevice> simulate_lifepower4(const SimulatorOptions& options) {
  return std::make_unique<SimulatedLifePower4>(options);
}

std::unique_ptr<SimulatedDevice> simulate_eg4(const SimulatorOptions& options) {
  if (setting(options, "protocol", "7e") == "ascii") return simulate_lifepower4(options);
  return simulate_tianpower(options);
}

}  // namespace bms::eg4
