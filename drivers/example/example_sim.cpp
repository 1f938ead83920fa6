#include <algorithm>

#include "bms/modbus.hpp"
#include "example.hpp"

namespace bms::example {
namespace {

constexpr std::size_t kRequestSize = 8;
constexpr std::uint8_t kNoSuchRegister = 2;

/// The other end of the wire: encodes the truth with the same tables that the driver decodes it with.
class SimulatedExample final : public SimulatedDevice {
 public:
  explicit SimulatedExample(const SimulatorOptions& options) : address_(static_cast<std::uint8_t>(options.address)) {
    usual_.max_charge_current_A = 100;
    usual_.max_discharge_current_A = 120;
    usual_.max_voltage_V = 56;
    usual_.min_voltage_V = 44.8;
    usual_.extra["cell_ovp_V"] = 3.65;
    usual_.model = "Acme 16";
    usual_.serial = "ACME00" + std::to_string(100 + options.address);
    usual_.sw = "1.2";
  }

  SimulatorResponse respond(ByteView heard, Reading& truth) override {
    if (heard.size() < kRequestSize || !modbus::crc_ok(heard.first(kRequestSize))) return {};
    const ByteView request = heard.first(kRequestSize);
    if (request[0] != address_) return {kRequestSize, {}, false};  // to somebody else: heard, not answered
    const auto reg = read_be<2>(request, 2);
    if (request[1] == modbus::kWriteSingle) {
      const bool on = read_be<2>(request, 4) != 0;
      if (reg == kChargeSwitch) truth.charge_fet = on;
      if (reg == kDischargeSwitch) truth.discharge_fet = on;
      return {kRequestSize, Bytes(request.begin(), request.end()), true};
    }
    for (const Registers& block : {kStatus, kLimits, kIdentity}) {
      if (reg == block.first && read_be<2>(request, 4) == block.count) {
        return {kRequestSize, answer(request, payload(block, truth)), false};
      }
    }
    Bytes refusal{address_, static_cast<std::uint8_t>(request[1] | 0x80U), kNoSuchRegister};
    return {kRequestSize, modbus::with_crc(std::move(refusal)), false};
  }

  [[nodiscard]] Reading quantised(const Reading& truth) const override {
    Reading told;
    quantise(kStatusFields, truth, told);
    for (const Reading* one : {&usual_, &truth}) {
      quantise(kLimitFields, *one, told);
      for (auto member : {&Reading::model, &Reading::serial, &Reading::sw}) {
        if (one->*member) told.*member = one->*member;
      }
    }
    for (std::size_t i = 0; i < cells(truth); ++i) {
      told.cells_V.emplace_back(std::round(truth.cells_V[i].value_or(0) * 1000) / 1000);
    }
    for (std::size_t i = 0; i < kTempCount; ++i) {
      const bool there = i < truth.temps_C.size() && truth.temps_C[i];
      told.temps_C.push_back(there ? std::optional(std::round(*truth.temps_C[i] * 10) / 10) : std::nullopt);
    }
    decode_alarms(kAlarms, encode_alarms(kAlarms, truth.alarms.value_or(std::vector<Alarm>())), told.alarms.emplace());
    told.charge_fet = truth.charge_fet == true;
    told.discharge_fet = truth.discharge_fet == true;
    told.balancing = truth.balancing == true;
    return told;
  }

 private:
  static std::size_t cells(const Reading& truth) { return std::min(truth.cells_V.size(), kMostCells); }

  static Bytes answer(ByteView request, const Bytes& data) {
    Bytes out{request[0], request[1], static_cast<std::uint8_t>(data.size())};
    append(out, data);
    return modbus::with_crc(std::move(out));
  }

  [[nodiscard]] Bytes payload(const Registers& block, const Reading& truth) const {
    Bytes out(std::size_t{block.count} * 2);
    if (block.first == kStatus.first) {
      status(truth, out);
    } else if (block.first == kLimits.first) {
      encode(kLimitFields, usual_, out);
      encode(kLimitFields, truth, out);
    } else {
      Reading unit = usual_;
      for (auto member : {&Reading::model, &Reading::serial, &Reading::sw}) {
        if (truth.*member) unit.*member = truth.*member;
      }
      encode(kIdentityTexts, unit, out);
    }
    return out;
  }

  static void status(const Reading& truth, Bytes& out) {
    encode(kStatusFields, truth, out);
    const auto bits = encode_alarms(kAlarms, truth.alarms.value_or(std::vector<Alarm>()));
    write_raw(out, kAlarmsAt, Wire::u16be, static_cast<std::int64_t>(bits));
    const auto flag = [](const std::optional<bool>& on, unsigned bit) { return on == true ? 1 << bit : 0; };
    write_raw(out, kStateAt, Wire::u16be,
              flag(truth.charge_fet, kChargeFetBit) | flag(truth.discharge_fet, kDischargeFetBit) |
                  flag(truth.balancing, kBalancingBit));
    for (std::size_t i = 0; i < kTempCount; ++i) {
      const bool there = i < truth.temps_C.size() && truth.temps_C[i];
      write_raw(out, kTempsAt + 2 * i, Wire::i16be, there ? std::llround(*truth.temps_C[i] * 10) : kNoSensor);
    }
    write_raw(out, kCellCountAt, Wire::u16be, static_cast<std::int64_t>(cells(truth)));
    for (std::size_t i = 0; i < cells(truth); ++i) {
      write_raw(out, kCellsAt + 2 * i, Wire::u16be, std::llround(truth.cells_V[i].value_or(0) * 1000));
    }
  }

  std::uint8_t address_;
  Reading usual_;
};

}  // namespace

std::unique_ptr<SimulatedDevice> simulate(const SimulatorOptions& options) {
  return std::make_unique<SimulatedExample>(options);
}

}  // namespace bms::example
