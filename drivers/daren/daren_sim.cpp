#include "daren_sim.hpp"

#include <algorithm>
#include <cmath>

#include "bms/ascii_frame.hpp"
#include "daren_layout.hpp"

namespace bms::daren {
namespace {

constexpr std::uint8_t kReturnOk = 0x00;
constexpr std::uint8_t kReturnBadCommand = 0x04;
constexpr std::uint8_t kReturnBadData = 0x06;
constexpr std::uint16_t kLimiterMode = 2U << kLimiterShift;
/// What a real board was seen to set: the doubtful bits of the vendor's tool stay 0.
constexpr std::uint16_t kUsedVoltageBits = 0x01FF;
constexpr std::uint16_t kUsedCurrentBits = 0x00FF & ~(1U << 5U);
constexpr std::uint16_t kUsedAlarmBits = 0xA881;

std::string_view setting(const SimulatorOptions& options, std::string_view key, std::string_view otherwise) {
  const auto found = options.settings.find(key);
  return found == options.settings.end() ? otherwise : std::string_view(found->second);
}

std::optional<double> stepped(const std::optional<double>& value, double step) {
  if (!value) return std::nullopt;
  return scaled(std::llround(*value / step), step);
}

std::vector<Alarm> in_force(const Reading& truth) { return truth.alarms.value_or(std::vector<Alarm>{}); }

std::uint16_t status_bits(const StatusWord& status, const Reading& truth) {
  const auto bits = static_cast<std::uint16_t>(encode_alarms(status.bits, in_force(truth)));
  switch (status.offset) {
    case kVoltageStatusAt:
      return bits & kUsedVoltageBits;
    case kCurrentStatusAt:
      return bits & kUsedCurrentBits;
    case kTemperatureStatusAt:
      return bits;
    case kAlarmStatusAt:
      return bits & kUsedAlarmBits;
    default:
      return 0;
  }
}

void put_text(std::span<std::uint8_t> field, const std::string& text, std::uint8_t padding) {
  std::fill(field.begin(), field.end(), padding);
  std::copy_n(text.begin(), std::min(text.size(), field.size()), field.begin());
}

class SimulatedDaren final : public SimulatedDevice {
 public:
  explicit SimulatedDaren(const SimulatorOptions& options)
      : address_(static_cast<std::uint8_t>(options.address)),
        extension_(setting(options, "extension", "yes") == "yes"),
        group_is_address_(setting(options, "group", "01") == "address"),
        master_(setting(options, "master", "no") == "yes"),
        discharge_first_(setting(options, "fets", "charge-first") == "discharge-first"),
        modules_(setting(options, "modules", "yes") == "yes") {}

  SimulatorResponse respond(ByteView heard, Reading& truth) override {
    const auto end = std::find(heard.begin(), heard.end(), ascii::kEnd);
    if (end == heard.end()) return {};
    const auto size = static_cast<std::size_t>(end - heard.begin()) + 1;
    const auto request = ascii::parse(heard.first(size));
    if (!request) return {};
    SimulatorResponse response{size, {}, writes(*request)};
    if (request->version != kVersion || request->address != address_ || request->cid1 != kDeviceClass) return response;
    if (master_) response.answer = traffic_of_a_master(truth);
    ascii::Frame answer{kVersion, address_, kDeviceClass, kReturnOk, {}};
    answer.code = answer_to(*request, truth, answer.info);
    append(response.answer, ascii::build(answer));
    return response;
  }

  [[nodiscard]] Reading quantised(const Reading& truth) const override {
    Reading told;
    told.voltage_V = stepped(truth.voltage_V, 0.01);
    told.current_A = stepped(truth.current_A, 0.01);
    told.soc_pct = stepped(truth.soc_pct, 0.01);
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
    for (const StatusWord& status : kStatusWords) decode_alarms(status.bits, status_bits(status, truth), *told.alarms);
    told.max_charge_current_A = stepped(truth.max_charge_current_A, 0.01);
    told.max_discharge_current_A = told.max_charge_current_A;
    const auto cells = static_cast<double>(truth.cells_V.size());
    told.max_voltage_V = scaled(1, 3.65 * cells);
    told.min_voltage_V = scaled(1, 2.5 * cells);
    told.model = truth.model.value_or("SIM") + " 16S";
    told.hw = truth.hw;
    told.sw = "01.05.05";
    if (modules_) told.serial = truth.serial;
    told.extra = extras(truth);
    return told;
  }

 private:
  static bool writes(const ascii::Frame& request) {
    constexpr std::uint8_t kWrites[] = {0x45, 0x49, 0x4E, 0x81, 0x82, 0x90, 0x91};
    if (std::find(std::begin(kWrites), std::end(kWrites), request.code) != std::end(kWrites)) return true;
    const bool module = request.code == static_cast<std::uint8_t>(Command::module);
    return module && (request.info.size() < 2 || request.info[1] != kReadOperation);
  }

  /// What is heard before the answer when the pack polls its slaves itself.
  [[nodiscard]] Bytes traffic_of_a_master(const Reading& truth) const {
    const auto slave = static_cast<std::uint8_t>(address_ + 1);
    Bytes traffic = ascii::build({kVersion, slave, kDeviceClass, static_cast<std::uint8_t>(Command::realtime), {0x01}});
    append(traffic, ascii::build({kVersion, slave, kDeviceClass, kReturnOk, realtime(truth)}));
    return traffic;
  }

  [[nodiscard]] std::uint8_t answer_to(const ascii::Frame& request, const Reading& truth, Bytes& info) const {
    const std::uint8_t group = group_is_address_ ? address_ : 0x01;
    const bool group_ok = request.info.size() == 1 && request.info[0] == group;
    switch (static_cast<Command>(request.code)) {
      case Command::realtime:
        if (!group_ok) return kReturnBadData;
        info = realtime(truth);
        return kReturnOk;
      case Command::parameters:
        if (!group_ok) return kReturnBadData;
        info = parameters(truth);
        return kReturnOk;
      case Command::protocol:
        info = {0xC8};
        return kReturnOk;
      case Command::manufacturer:
        info = manufacturer(truth);
        return kReturnOk;
      case Command::counters:
        if (!modules_) return kReturnBadCommand;
        info = counters(truth);
        return kReturnOk;
      case Command::module:
        if (!modules_ || request.info.size() < 3) return kReturnBadCommand;
        info = request.info[2] == kManufacturing ? manufacturing(truth) : capacities(truth);
        return request.info[2] == kManufacturing || request.info[2] == kCapacities ? kReturnOk : kReturnBadData;
      default:
        return kReturnBadCommand;
    }
  }

  [[nodiscard]] std::uint16_t fet_bits(const Reading& truth) const {
    unsigned bits = kLimiterMode;
    if (truth.charge_fet.value_or(true)) bits |= discharge_first_ ? kSecondFet : kFirstFet;
    if (truth.discharge_fet.value_or(true)) bits |= discharge_first_ ? kFirstFet : kSecondFet;
    if (truth.heater_on.value_or(false)) bits |= kHeater;
    return static_cast<std::uint16_t>(bits);
  }

  static double mean_temperature(const Reading& truth) {
    double sum = 0;
    for (const auto& temp : truth.temps_C) sum += temp.value_or(0);
    return truth.temps_C.empty() ? 0 : sum / static_cast<double>(truth.temps_C.size());
  }

  [[nodiscard]] Bytes realtime(const Reading& truth) const {
    const Shape shape{truth.cells_V.size(), truth.temps_C.size()};
    Bytes info(shape.tail() + (extension_ ? kExtendedSize : kTailSize));
    encode(kHead, truth, info);
    info[kCellCountAt] = static_cast<std::uint8_t>(shape.cells);
    for (std::size_t i = 0; i < shape.cells; ++i) {
      write_raw(info, kFirstCellAt + 2 * i, Wire::u16be, std::llround(truth.cells_V[i].value_or(0) * 1000));
    }
    const auto middle = std::span(info).subspan(shape.middle());
    encode(kMiddle, truth, middle);
    write_raw(middle, 2, Wire::i16be, std::llround(mean_temperature(truth) * 10));
    middle[kSensorCountAt] = static_cast<std::uint8_t>(shape.sensors);
    for (std::size_t i = 0; i < shape.sensors; ++i) {
      write_raw(middle, kFirstSensorAt + 2 * i, Wire::i16be, std::llround(truth.temps_C[i].value_or(0) * 10));
    }
    const auto tail = std::span(info).subspan(shape.tail());
    encode(kTail, truth, tail);
    tail[6] = 1;
    for (const StatusWord& status : kStatusWords) {
      write_raw(tail, status.offset, Wire::u16be, status_bits(status, truth));
    }
    const double current = truth.current_A.value_or(0);
    const unsigned state = current > 0 ? kCharging : current < 0 ? kDischarging : 0U;
    tail[kCurrentStatusAt + 1] = static_cast<std::uint8_t>(tail[kCurrentStatusAt + 1] | state);
    write_raw(tail, kFetStatusAt, Wire::u16be, fet_bits(truth));
    std::uint32_t balancing = 0;
    for (const int cell : truth.balancing_cells) balancing |= 1U << static_cast<unsigned>(cell - 1);
    write_raw(tail, kBalancingAt, Wire::u16be, balancing & 0xFFFFU);
    if (extension_) write_raw(tail, kBalancingHighAt, Wire::u16be, balancing >> 16U);
    if (extension_) write_raw(tail, kIoStateAt, Wire::u16be, 0x4000);
    return info;
  }

  static Bytes parameters(const Reading& truth) {
    Bytes info(kParametersSize);
    constexpr std::int64_t kCellMax_mV = 3650;
    constexpr std::int64_t kCellMin_mV = 2500;
    encode(kParameters, truth, info);
    write_raw(info, 17, Wire::u16be, std::llround(truth.max_charge_current_A.value_or(0) * 100));
    write_raw(info, 1, Wire::u16be, kCellMax_mV);
    write_raw(info, 3, Wire::u16be, kCellMin_mV);
    write_raw(info, kTemperatureMaxAt, Wire::i16be, 60);
    write_raw(info, kTemperatureMinAt, Wire::i16be, -5);
    write_raw(info, kPackMaxAt, Wire::u16be, kCellMax_mV);
    write_raw(info, kPackMinAt, Wire::u16be, kCellMin_mV);
    write_raw(info, kParameterCellsAt, Wire::u16be, static_cast<std::int64_t>(truth.cells_V.size()));
    std::fill(info.begin() + 25, info.end(), std::uint8_t{0xFF});
    return info;
  }

  static Bytes manufacturer(const Reading& truth) {
    Bytes info(kBootAt + 2);
    const std::span all(info);
    put_text(all.subspan(kHardwareAt, kNameSize), truth.hw.value_or(""), ' ');
    put_text(all.subspan(kProductAt, kNameSize), truth.model.value_or("SIM"), ' ');
    put_text(all.subspan(kProjectAt, kNameSize), "16S", ' ');
    constexpr std::uint8_t kVersions[] = {1, 5, 5, 2, 0x15};
    std::copy(std::begin(kVersions), std::end(kVersions), info.begin() + kSoftwareAt);
    return info;
  }

  Bytes module_header(std::uint8_t module, std::size_t size) const {
    Bytes info(size);
    const std::uint8_t header[] = {0xB0, 0x01, kReadOperation, module, 0xFF, static_cast<std::uint8_t>(size - 6)};
    std::copy(std::begin(header), std::end(header), info.begin());
    return info;
  }

  [[nodiscard]] Bytes manufacturing(const Reading& truth) const {
    Bytes info = module_header(kManufacturing, kManufacturingSize);
    std::fill(info.begin() + kModuleHeader, info.end(), std::uint8_t{0xFF});
    put_text(std::span(info).subspan(6, 30), truth.serial.value_or(""), ' ');
    return info;
  }

  [[nodiscard]] Bytes capacities(const Reading& truth) const {
    Bytes info = module_header(kCapacities, kCapacitiesSize);
    encode(kCapacityFields, truth, info);
    write_raw(info, 6, Wire::u16be, std::llround(truth.remaining_Ah.value_or(0) * 100));
    write_raw(info, 8, Wire::u16be, std::llround(truth.capacity_Ah.value_or(0) * 100));
    return info;
  }

  static Bytes counters(const Reading& truth) {
    constexpr std::size_t kWithReserve = 30;
    Bytes info(kWithReserve);
    info[0] = static_cast<std::uint8_t>(Command::counters);
    info[1] = kReadOperation;
    encode(kCounters, truth, info);
    return info;
  }

  [[nodiscard]] Extras extras(const Reading& truth) const {
    Reading told;
    // Counters and totals, as far as their fields can hold what the truth has.
    if (modules_) decode(kCapacityFields, capacities(truth), told);
    if (modules_) decode(kCounters, counters(truth), told);
    decode(kParameters, parameters(truth), told);
    told.extra["temperature_max_C"] = 60.0;
    told.extra["temperature_min_C"] = -5.0;
    told.extra["pack_temp_C"] = *stepped(mean_temperature(truth), 0.1);
    const double current = truth.current_A.value_or(0);
    told.extra["state"] = std::string(current > 0 ? "charging" : current < 0 ? "discharging" : "idle");
    told.extra["limiter_mode"] = 2.0;
    told.extra["fet_bits"] = static_cast<double>(fet_bits(truth));
    if (extension_) told.extra["machine_state"] = 0.0;
    if (extension_) told.extra["io_bits"] = static_cast<double>(0x4000);
    told.extra["boot_version"] = std::string("02.15");
    return told.extra;
  }

  const std::uint8_t address_;
  const bool extension_;
  const bool group_is_address_;
  const bool master_;
  const bool discharge_first_;
  const bool modules_;
};

}  // namespace

std::unique_ptr<SimulatedDevice> simulate_daren(const SimulatorOptions& options) {
  return std::make_unique<SimulatedDaren>(options);
}

}  // namespace bms::daren
