#include <algorithm>
#include <cmath>

#include "eg4_sim.hpp"
#include "tianpower.hpp"

namespace bms::eg4 {
namespace {

/// Alarms of a truth that this protocol can tell; overcurrent needs a direction, which the current gives.
std::uint16_t status_word(const Reading& truth) {
  std::uint64_t word = encode_alarms(kStatusAlarms, truth.alarms.value_or(std::vector<Alarm>{}));
  const double current = truth.current_A.value_or(0);
  if (current > 0) word |= kCharging;
  if (current < 0) word |= kDischarging;
  for (const Alarm& alarm : truth.alarms.value_or(std::vector<Alarm>{})) {
    const bool charge = alarm == Alarm{Condition::charge_overcurrent, AlarmLevel::alarm} && current > 0;
    const bool discharge = alarm == Alarm{Condition::discharge_overcurrent, AlarmLevel::alarm} && current < 0;
    if (charge || discharge) word |= kOvercurrent;
  }
  return static_cast<std::uint16_t>(word);
}

class SimulatedTianPower final : public SimulatedDevice {
 public:
  explicit SimulatedTianPower(const SimulatorOptions& options)
      : address_(static_cast<std::uint8_t>(options.address)),
        start_(setting(options, "protocol", "7e") == "7c" ? kStart7C : kStart7E),
        extended_(setting(options, "extended", "no") == "yes"),
        tells_identity_(setting(options, "identity", "yes") == "yes") {}

  SimulatorResponse respond(ByteView heard, Reading& truth) override {
    constexpr std::size_t kRequestSize = 6;
    if (heard.size() < kRequestSize) return {};
    const std::size_t size = kRequestSize + heard[3];
    if (heard[0] != start_ || heard.size() < size) return {};
    const ByteView request = heard.first(size);
    if (request[size - 1] != kEnd || request[size - 2] != check_byte(request.first(size - 2))) return {};
    SimulatorResponse response{size, {}, heard[3] != 0};
    if (heard[1] != address_ || heard[3] != 0) return response;
    const auto command = static_cast<Command>(heard[2]);
    if (command == Command::status) response.answer = build(start_, address_, command, status(truth));
    if (tells_identity_ && command == Command::version) response.answer = text(command, version(truth));
    if (tells_identity_ && command == Command::serial) response.answer = text(command, truth.serial.value_or(""));
    return response;
  }

  [[nodiscard]] Reading quantised(const Reading& truth) const override {
    Reading told;
    told.voltage_V = stepped(truth.voltage_V, 0.01);
    told.current_A = stepped(truth.current_A, 0.01);
    told.soc_pct = stepped(truth.soc_pct, 0.01);
    told.soh_pct = stepped(truth.soh_pct, 0.01);
    told.capacity_Ah = stepped(truth.capacity_Ah, 0.01);
    told.remaining_Ah = scaled(1, *told.soc_pct * *told.capacity_Ah / 100);
    told.cycles = truth.cycles;
    for (const auto& cell : truth.cells_V) told.cells_V.push_back(stepped(cell, 0.001));
    for (const auto& temp : truth.temps_C) told.temps_C.push_back(stepped(temp, 1));
    told.mos_temp_C = stepped(truth.mos_temp_C, 1);
    told.env_temp_C = stepped(truth.env_temp_C, 1);
    told.balancing = !truth.balancing_cells.empty();
    told.balancing_cells = truth.balancing_cells;
    told.alarms = told_alarms(truth);
    const double current = truth.current_A.value_or(0);
    told.extra["state"] = std::string(current > 0 ? "charging" : current < 0 ? "discharging" : "idle");
    for (const GroupField& group : kGroups) {
      const auto* const name = std::get_if<ExtraName>(&group.field.target);
      if (name != nullptr && (extended_ || group.type == 0x0A)) {
        told.extra[std::string(name->name)] = extra_number(truth, name->name, 0);
      }
    }
    if (tells_identity_) {
      told.model = truth.model;
      told.sw = truth.sw;
      told.serial = truth.serial;
    }
    return told;
  }

  /// Seen with a serial monitor: the answer begins about 100 ms after the question.
  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(100); }

 private:
  static std::vector<Alarm> told_alarms(const Reading& truth) {
    std::vector<Alarm> alarms;
    const Alarm high_cell{Condition::cell_overvoltage, AlarmLevel::warning};
    const auto in_force = truth.alarms.value_or(std::vector<Alarm>{});
    if (std::find(in_force.begin(), in_force.end(), high_cell) != in_force.end()) alarms.push_back(high_cell);
    const std::uint16_t word = status_word(truth);
    decode_alarms(kStatusAlarms, word, alarms);
    if ((word & kOvercurrent) != 0) {
      const bool charge = (word & kCharging) != 0;
      add_alarm(alarms, {charge ? Condition::charge_overcurrent : Condition::discharge_overcurrent, AlarmLevel::alarm});
    }
    return alarms;
  }

  static std::string version(const Reading& truth) {
    return truth.model.value_or("QT-YS00-16SV100A") + "-V" + truth.sw.value_or("3.40");
  }

  [[nodiscard]] Bytes text(Command command, const std::string& content) const {
    const Bytes data(content.begin(), content.end());
    return build(start_, address_, command, data);
  }

  static void append_cells(Bytes& data, const Reading& truth) {
    const auto in_force = told_alarms(truth);
    const Alarm high_cell{Condition::cell_overvoltage, AlarmLevel::warning};
    const bool high = std::find(in_force.begin(), in_force.end(), high_cell) != in_force.end();
    data.insert(data.end(), {kCellGroup, static_cast<std::uint8_t>(truth.cells_V.size())});
    for (std::size_t i = 0; i < truth.cells_V.size(); ++i) {
      auto word = static_cast<std::uint32_t>(std::lround(truth.cells_V[i].value_or(0) * 1000)) & kCellMask;
      if (high && i == 0) word |= kCellHigh;
      const auto& balancing = truth.balancing_cells;
      if (std::find(balancing.begin(), balancing.end(), static_cast<int>(i + 1)) != balancing.end()) {
        word |= kCellBalancing;
      }
      append_be(data, word, 2);
    }
  }

  static void append_temperatures(Bytes& data, const Reading& truth) {
    std::vector<std::pair<std::uint8_t, double>> words;
    for (const auto& temp : truth.temps_C) words.emplace_back(0, temp.value_or(-kTemperatureBias));
    if (truth.mos_temp_C) words.emplace_back(kMosSensor, *truth.mos_temp_C);
    if (truth.env_temp_C) words.emplace_back(kAmbientSensor, *truth.env_temp_C);
    data.insert(data.end(), {kTemperatureGroup, static_cast<std::uint8_t>(words.size())});
    for (const auto& [kind, celsius] : words) {
      data.push_back(kind);
      data.push_back(static_cast<std::uint8_t>(std::lround(celsius) + kTemperatureBias));
    }
  }

  static void append_number(Bytes& data, const GroupField& group, const Reading& truth) {
    const std::size_t size = group_value_size(group.type);
    data.insert(data.end(), {group.type, std::uint8_t{1}});
    data.resize(data.size() + size);
    encode(std::span(&group.field, 1), truth, std::span(data).last(size));
  }

  [[nodiscard]] Bytes status(const Reading& truth) const {
    Bytes data;
    append_cells(data, truth);
    for (const GroupField& group : kGroups) {
      if (group.type == 0x07) {
        append_temperatures(data, truth);
        data.insert(data.end(), {kStatusGroup, std::uint8_t{5}});
        for (const std::uint32_t word : {0U, std::uint32_t{status_word(truth)}, 0U, 0U, 0U}) append_be(data, word, 2);
      }
      if (group.type > 0x0A && !extended_) break;
      append_number(data, group, truth);
    }
    return data;
  }

  const std::uint8_t address_;
  const std::uint8_t start_;
  const bool extended_;
  const bool tells_identity_;
};

}  // namespace

std::unique_ptr<SimulatedDevice> simulate_tianpower(const SimulatorOptions& options) {
  return std::make_unique<SimulatedTianPower>(options);
}

}  // namespace bms::eg4
