#include "a5_sim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "flags.hpp"
#include "polarity.hpp"

namespace bms::daly {
namespace {

using namespace a5;

std::uint8_t raw_temperature(const std::optional<double>& temp) {
  return temp ? static_cast<std::uint8_t>(std::clamp(std::lround(*temp) + 40, 0L, 255L)) : std::uint8_t{0};
}

int current_tenths(const Reading& truth) { return static_cast<int>(std::lround(truth.current_A.value_or(0) * 10)); }

bool is_read(std::uint8_t command) {
  return (command >= 0x50 && command <= 0x63) || (command >= kPack && command <= kAlarms);
}

std::optional<double> rounded(const std::optional<double>& value, double step) {
  return value ? std::optional<double>(scaled(std::llround(*value / step), step)) : std::nullopt;
}

/// Factory settings of a board; a truth may know better.
const std::map<std::string, Extra, std::less<>>& factory_settings() {
  static const std::map<std::string, Extra, std::less<>> settings = {
      {"nominal_cell_V", 3.2},
      {"acquisition_boards", 1.0},
      {"cells_board_1", 16.0},
      {"cells_board_2", 0.0},
      {"cells_board_3", 0.0},
      {"sensors_board_1", 2.0},
      {"sensors_board_2", 0.0},
      {"sensors_board_3", 0.0},
      {"accumulated_charge_raw", 1234.0},
      {"accumulated_discharge_raw", 1200.0},
      {"sleep_time_s", 3600.0},
      {"cell_voltage_high_l1_V", 3.6},
      {"cell_voltage_high_l2_V", 3.65},
      {"cell_voltage_low_l1_V", 2.8},
      {"cell_voltage_low_l2_V", 2.5},
      {"pack_voltage_high_l1_V", 57.6},
      {"pack_voltage_high_l2_V", 58.4},
      {"pack_voltage_low_l1_V", 44.8},
      {"pack_voltage_low_l2_V", 40.0},
      {"charge_current_high_l1_A", 100.0},
      {"charge_current_high_l2_A", 120.0},
      {"discharge_current_high_l1_A", 150.0},
      {"discharge_current_high_l2_A", 180.0},
      {"charge_temp_high_l1_C", 50.0},
      {"charge_temp_high_l2_C", 55.0},
      {"charge_temp_low_l1_C", 2.0},
      {"charge_temp_low_l2_C", 0.0},
      {"discharge_temp_high_l1_C", 60.0},
      {"discharge_temp_high_l2_C", 65.0},
      {"discharge_temp_low_l1_C", -15.0},
      {"discharge_temp_low_l2_C", -20.0},
      {"soc_high_l1_pct", 100.0},
      {"soc_high_l2_pct", 100.0},
      {"soc_low_l1_pct", 10.0},
      {"soc_low_l2_pct", 5.0},
      {"cell_voltage_diff_l1_V", 0.5},
      {"cell_voltage_diff_l2_V", 0.8},
      {"temp_diff_l1_K", 10.0},
      {"temp_diff_l2_K", 15.0},
      {"balance_start_V", 3.4},
      {"balance_start_diff_V", 0.03},
      {"short_circuit_current_raw", 800.0},
      {"shunt_resistance_raw", 50.0},
      {"chemistry", std::string("LFP")},
      {"production_date", std::string("2021-05-26")},
  };
  return settings;
}

}  // namespace

A5Device::A5Device(const SimulatorOptions& options)
    : options_(options), board_(std::clamp(options.address, 1U, 16U)), waking_(0) {
  waking_ = std::atoi(std::string(variant("waking", "0")).c_str());
}

std::string_view A5Device::variant(std::string_view key, std::string_view otherwise) const {
  const auto found = options_.settings.find(key);
  return found == options_.settings.end() ? otherwise : std::string_view(found->second);
}

SimulatorResponse A5Device::respond(ByteView heard, Reading& truth) {
  SimulatorResponse response;
  for (std::size_t at = 0; at + kFrameSize <= heard.size(); ++at) {
    const ByteView frame = heard.subspan(at, kFrameSize);
    if (!well_formed(frame)) continue;
    response.consumed = at + kFrameSize;
    const bool to_me = frame[1] == host_of(board_) || (frame[1] == kUartHost && board_ == 1);
    if (!to_me) return response;
    response.wrote = !is_read(frame[2]);
    response.answer = answer(frame[2], data_of(frame), truth);
    return response;
  }
  return response;
}

Bytes A5Device::one(std::uint8_t command, const Data& data) {
  last_ = data;
  return a5::answer(static_cast<std::uint8_t>(board_), command, data);
}

Bytes A5Device::rows(std::uint8_t command, const Bytes& content, std::size_t most) {
  constexpr std::size_t kContent = kDataSize - 1;
  const std::string_view frames = variant("frames", "needed");
  const std::size_t needed = (content.size() + kContent - 1) / kContent;
  const auto base = static_cast<std::size_t>(variant("frame_base", "1") == "0" ? 0 : 1);
  std::vector<Bytes> sent;
  for (std::size_t i = 0; i < (frames == "padded" ? std::max(most, needed) : needed); ++i) {
    Data data = i < needed ? leftovers() : Data{};
    data[0] = static_cast<std::uint8_t>(i + base);
    for (std::size_t k = 0; k < kContent && i * kContent + k < content.size(); ++k) {
      data[k + 1] = content[i * kContent + k];
    }
    sent.push_back(one(command, data));
  }
  if (frames == "reversed") std::reverse(sent.begin(), sent.end());
  Bytes wire;
  for (const Bytes& frame : sent) append(wire, frame);
  return wire;
}

Bytes A5Device::answer(std::uint8_t command, ByteView order, Reading& truth) {
  Bytes wire;
  if (waking_ > 0) {
    --waking_;
    wire = a5::answer(static_cast<std::uint8_t>(board_), command, Data{});
  } else if (command >= kPack && command <= kAlarms) {
    using Maker = Bytes (A5Device::*)(const Reading&);
    constexpr Maker kMakers[] = {&A5Device::pack,         &A5Device::cell_extremes, &A5Device::temperature_extremes,
                                 &A5Device::state,        &A5Device::status,        &A5Device::cells,
                                 &A5Device::temperatures, &A5Device::balance,       &A5Device::alarms};
    const Maker make = kMakers[command - kPack];  // not in one line: g++ 12 with sanitizers checks another index then
    wire = (this->*make)(truth);
  } else if (command == kClock) {
    wire = one(command, {24, 11, 7, 9, 52, 28, 0, 0});
  } else if (const auto* found = std::find_if(std::begin(a5::kSettings), std::end(a5::kSettings),
                                              [&](const Setting& entry) { return entry.command == command; });
             found != std::end(a5::kSettings)) {
    if (variant("settings", "yes") == "yes") wire = setting(*found, truth);
  } else {
    wire = write(command, order, truth);
  }
  if (!wire.empty() && variant("glitch", "no") == "yes") wire.insert(wire.begin(), 2, 0xFF);
  return wire;
}

Bytes A5Device::pack(const Reading& truth) {
  Data data{};
  encode(kPackFields, truth, data);
  const bool above_is_charge = (variant("polarity", "classic") == "newer") != (variant("inverted", "no") == "yes");
  const int tenths = current_tenths(truth);
  write_raw(data, 4, Wire::u16be, Polarity::kZero + (above_is_charge ? tenths : -tenths));
  return one(kPack, data);
}

Bytes A5Device::state(const Reading& truth) {
  Data data{};
  encode(kStateFields, truth, data);
  const int tenths = current_tenths(truth) * (variant("inverted", "no") == "yes" ? -1 : 1);
  data[0] = static_cast<std::uint8_t>(tenths > 0 ? 1 : tenths < 0 ? 2 : 0);
  return one(kState, data);
}

Bytes A5Device::status(const Reading& truth) {
  Data data = leftovers();
  std::fill_n(data.begin(), 7, std::uint8_t{0});
  data[0] = static_cast<std::uint8_t>(truth.cells_V.size());
  data[1] = static_cast<std::uint8_t>(truth.temps_C.size());
  encode(kStatusFields, truth, data);
  return one(kStatus, data);
}

Bytes A5Device::cell_extremes(const Reading& truth) {
  Data data = leftovers();
  const auto found = bms::cell_extremes(truth);
  if (!found) return {};
  write_raw(data, 0, Wire::u16be, std::lround(found->max_V * 1000));
  data[2] = static_cast<std::uint8_t>(found->max_index + 1);
  write_raw(data, 3, Wire::u16be, std::lround(found->min_V * 1000));
  data[5] = static_cast<std::uint8_t>(found->min_index + 1);
  return one(kCellExtremes, data);
}

Bytes A5Device::temperature_extremes(const Reading& truth) {
  Data data = leftovers();
  std::fill_n(data.begin(), 4, std::uint8_t{0});
  bool any = false;
  for (std::size_t i = 0; i < truth.temps_C.size(); ++i) {
    if (!truth.temps_C[i]) continue;
    const std::uint8_t raw = raw_temperature(truth.temps_C[i]);
    const auto number = static_cast<std::uint8_t>(i + 1);
    if (!any || raw > data[0]) data[0] = raw, data[1] = number;
    if (!any || raw < data[2]) data[2] = raw, data[3] = number;
    any = true;
  }
  return one(kTemperatureExtremes, data);
}

Bytes A5Device::cells(const Reading& truth) {
  Bytes content;
  for (std::size_t i = 0; i < truth.cells_V.size(); ++i) {
    if (i > 0 && i % kCellsPerFrame == 0) content.push_back(0x90);  // the eighth data byte is a leftover
    append_be(content, static_cast<std::uint32_t>(std::lround(truth.cells_V[i].value_or(0) * 1000)), 2);
  }
  return rows(kCells, content, 16);
}

Bytes A5Device::temperatures(const Reading& truth) {
  Bytes content;
  for (const auto& temp : truth.temps_C) content.push_back(raw_temperature(temp));
  return rows(kTemperatures, content, 3);
}

Bytes A5Device::balance(const Reading& truth) {
  Data data{};
  for (const int cell : truth.balancing_cells) {
    const auto index = static_cast<std::size_t>(cell - 1);
    if (cell < 1 || index >= kMostCells) continue;
    data[index / 16 * 2 + (index % 16 < 8 ? 1 : 0)] |= static_cast<std::uint8_t>(1U << (index % 8));
  }
  return one(kBalance, data);
}

Bytes A5Device::alarms(const Reading& truth) {
  std::uint64_t bits = truth.alarms ? encode_flags(status_flags(), *truth.alarms) : 0;
  if (variant("inverted", "no") == "yes") bits = swap_overcurrent(bits);
  Data data{};
  write_raw(data, 0, Wire::u32le, static_cast<std::int64_t>(bits & 0xFFFFFFFFU));
  for (std::size_t i = 4; i < 7; ++i) data[i] = static_cast<std::uint8_t>(bits >> (8 * i));
  return one(kAlarms, data);
}

Reading A5Device::settings(const Reading& truth) const {
  Reading known;
  known.extra = factory_settings();
  for (const auto& [name, value] : factory_settings()) {
    if (const auto found = truth.extra.find(name); found != truth.extra.end()) known.extra[name] = found->second;
  }
  known.capacity_Ah = rounded(truth.capacity_Ah, 0.001);
  known.serial = truth.serial.value_or(fmt::format("SIM{:02d}2105260001", board_));
  known.sw = truth.sw.value_or("20210222-1.01T");
  known.hw = truth.hw.value_or("DL-R16S");
  return known;
}

Bytes A5Device::setting(const Setting& setting, const Reading& truth) {
  if (setting.text) return text(setting.command, truth);
  const Reading known = settings(truth);
  Data data = leftovers();
  std::fill_n(data.begin(), setting.used, std::uint8_t{0});
  if (setting.command == kRated && !known.capacity_Ah) return {};
  if (setting.command == kFirmwareIndex || setting.command == kIpText) return {};
  if (setting.command == kBatteryDetails) data = {0, 0, 21, 5, 26, 0, 0, data[7]};
  if (setting.command == kCurrentThresholds) {
    for (std::size_t i = 0; i < 4; ++i) {
      const auto tenths = std::lround(std::get<double>(known.extra.at(std::string(kCurrentThresholdNames[i]))) * 10);
      write_raw(data, 2 * i, Wire::u16be, Polarity::kZero + (i < 2 ? tenths : -tenths));
    }
  }
  encode(setting.fields, known, data);
  return one(setting.command, data);
}

Bytes A5Device::text(std::uint8_t command, const Reading& truth) {
  const Reading known = settings(truth);
  const auto& value = command == kBatteryCode ? known.serial : command == kSoftware ? known.sw : known.hw;
  constexpr std::size_t kContent = kDataSize - 1;
  const std::size_t frames = command == kBatteryCode ? kCodeFrames : (value->size() + kContent - 1) / kContent;
  Bytes wire;
  for (std::size_t i = 0; i < frames; ++i) {
    Data data{};
    data[0] = static_cast<std::uint8_t>(i + 1);
    for (std::size_t k = 0; k < kContent && i * kContent + k < value->size(); ++k) {
      data[k + 1] = static_cast<std::uint8_t>((*value)[i * kContent + k]);
    }
    append(wire, one(command, data));
  }
  return wire;
}

Bytes A5Device::write(std::uint8_t command, ByteView order, Reading& truth) {
  Data data = leftovers();
  data[0] = order[0];
  if (command == kChargeFet) truth.charge_fet = order[0] != 0;
  if (command == kDischargeFet) truth.discharge_fet = order[0] != 0;
  if (command == kSetClockAndSoc) {
    truth.soc_pct = scaled(read_be<2>(order, 6), 0.1);
    if (truth.capacity_Ah) truth.remaining_Ah = *truth.capacity_Ah * *truth.soc_pct / 100;
    data[0] = 1;
  }
  const bool known = command == kChargeFet || command == kDischargeFet || command == kSetClockAndSoc;
  return known ? one(command, data) : Bytes{};
}

Reading A5Device::quantised(const Reading& truth) const {
  Reading out;
  if (variant("settings", "yes") == "yes") {
    out = settings(truth);
    out.serial = out.serial->substr(0, kCodeFrames * (kDataSize - 1));
  }
  out.voltage_V = rounded(truth.voltage_V, 0.1);
  out.soc_pct = rounded(truth.soc_pct, 0.1);
  out.current_A = scaled(current_tenths(truth), 0.1);
  out.remaining_Ah = rounded(truth.remaining_Ah, 0.001);
  out.cycles = truth.cycles.value_or(0);
  out.charge_fet = truth.charge_fet.value_or(false);
  out.discharge_fet = truth.discharge_fet.value_or(false);
  for (const auto& cell : truth.cells_V) out.cells_V.push_back(rounded(cell.value_or(0), 0.001));
  for (const auto& temp : truth.temps_C) {
    const std::uint8_t raw = raw_temperature(temp);
    out.temps_C.push_back(raw == 0 || raw == 0xFF ? std::nullopt : std::optional<double>(raw - 40.0));
  }
  for (const int cell : truth.balancing_cells) {
    if (cell >= 1 && static_cast<std::size_t>(cell) <= truth.cells_V.size()) out.balancing_cells.push_back(cell);
  }
  out.balancing = !out.balancing_cells.empty();
  decode_flags(status_flags(), truth.alarms ? encode_flags(status_flags(), *truth.alarms) : 0, out);
  constexpr std::string_view kLive[] = {"heartbeat", "charger_connected", "load_connected", "di_do_bits"};
  for (const std::string_view name : kLive) {
    const auto found = truth.extra.find(name);
    out.extra[std::string(name)] = found == truth.extra.end() ? Extra(0.0) : found->second;
  }
  return out;
}

}  // namespace bms::daly
