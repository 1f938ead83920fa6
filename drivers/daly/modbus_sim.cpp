#include "modbus_sim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bms/modbus.hpp"
#include "modbus_driver.hpp"
#include "modbus_faults.hpp"
#include "modbus_memory.hpp"

namespace bms::daly {
namespace {

constexpr std::size_t kRegisters = 0x280;
constexpr std::size_t kRequestSize = 8;

std::int64_t register_of_temperature(const std::optional<double>& temp) {
  return temp ? std::clamp(std::lround(*temp) + 40, 1L, 254L) : 0xFF;
}

void put_text(Bytes& registers, const Text& field, const std::string& text) {
  const std::size_t size = std::min<std::size_t>(text.size(), field.count * std::size_t{2});
  std::copy_n(text.begin(), size, registers.begin() + static_cast<std::ptrdiff_t>(at(field.first)));
}

void put_reg(Bytes& registers, std::size_t reg, std::int64_t raw) { write_raw(registers, at(reg), Wire::u16be, raw); }

}  // namespace

ModbusDevice::ModbusDevice(const SimulatorOptions& options)
    : options_(options),
      board_(std::clamp(options.address, 1U, 16U)),
      d2_(is("dialect", "d2", "81")),
      map_(d2_ ? &kD2Map : &kBoardMap) {}

bool ModbusDevice::is(std::string_view key, std::string_view value, std::string_view otherwise) const {
  const auto found = options_.settings.find(key);
  return (found == options_.settings.end() ? otherwise : std::string_view(found->second)) == value;
}

std::uint8_t ModbusDevice::asked_as() const {
  return d2_ ? kD2Address : static_cast<std::uint8_t>(kBoardAsked + board_);
}

void ModbusDevice::put_rows(Bytes& registers, const Reading& truth) const {
  const std::size_t cells = std::min<std::size_t>(truth.cells_V.size(), 48);
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t reg = i < map_->most_cells ? map_->cells + i : kD2MoreCells.first + i - map_->most_cells;
    put_reg(registers, reg, std::lround(truth.cells_V[i].value_or(0) * 1000));
  }
  put_reg(registers, map_->cell_count, static_cast<std::int64_t>(cells));
  const std::size_t sensors = std::min(truth.temps_C.size(), map_->most_sensors);
  for (std::size_t i = 0; i < sensors; ++i) {
    put_reg(registers, map_->temperatures + i, register_of_temperature(truth.temps_C[i]));
  }
  put_reg(registers, map_->sensor_count, static_cast<std::int64_t>(sensors));
  const bool balancing = truth.balancing.value_or(false);
  put_reg(registers, map_->balance_mode, balancing ? 1 : 0);
  for (const int cell : truth.balancing_cells) {
    const auto index = static_cast<std::size_t>(cell - 1);
    if (!balancing || index >= std::min(cells, map_->balance_words * 16)) continue;
    const std::size_t byte = at(map_->balance_bits + index / 16) + (index % 16 < 8 ? 1 : 0);
    registers[byte] |= static_cast<std::uint8_t>(1U << (index % 8));
  }
}

void ModbusDevice::put_settings(Bytes& registers, const Reading& truth) const {
  encode(map_->settings, truth, registers);
  if (d2_) {
    for (std::size_t i = 0; i < 4; ++i) put_reg(registers, 0x93 + i, Polarity::kZero + (i < 2 ? -1000 : 1600));
  }
  put_text(registers, map_->software, truth.sw.value_or("K00R32T-1.07"));
  put_text(registers, map_->hardware, truth.hw.value_or("DL-K16S-100A"));
  put_text(registers, map_->code, truth.serial.value_or(fmt::format("SIM{:02d}24010001", board_)));
  const std::uint8_t date[] = {24, 1, 15};
  std::copy(std::begin(date), std::end(date),
            registers.begin() + static_cast<std::ptrdiff_t>(at(map_->production_date)));
}

Bytes ModbusDevice::image(const Reading& truth) const {
  Bytes registers(kRegisters * 2);
  encode(map_->live, truth, registers);
  put_rows(registers, truth);
  const auto tenths = std::lround(truth.current_A.value_or(0) * 10);
  put_reg(registers, map_->current, Polarity::kZero + (is("polarity", "newer", "newer") ? tenths : -tenths));
  put_reg(registers, map_->state, tenths > 0 ? 1 : tenths < 0 ? 2 : 0);
  put_reg(registers, map_->mos_temperature, register_of_temperature(truth.mos_temp_C));
  put_reg(registers, map_->board_temperature, register_of_temperature(truth.env_temp_C));
  if (d2_) {
    const auto words = encode_d2_faults(truth.alarms.value_or(std::vector<Alarm>()));
    for (std::size_t i = 0; i < words.size(); ++i) put_reg(registers, kD2Faults + i, words[i]);
  } else {
    const auto words = encode_board_faults(truth.alarms.value_or(std::vector<Alarm>()));
    for (std::size_t i = 0; i < words.size(); ++i) put_reg(registers, kBoardFaults + i, words[i]);
  }
  put_settings(registers, truth);
  return registers;
}

bool ModbusDevice::answers(std::uint16_t first, std::uint16_t count) const {
  if (count == 0 || count > 125 || first + count > static_cast<int>(kRegisters)) return false;
  if (first >= 0x80 && !is("settings", "yes", "yes")) return false;
  return !(d2_ && first == 0 && count > 62 && is("long_block", "no", "yes"));
}

Bytes ModbusDevice::write(std::uint16_t reg, std::uint16_t value, ByteView request, Reading& truth) const {
  if (reg == map_->set_charge_fet) {
    truth.charge_fet = value != 0;
  } else if (reg == map_->set_discharge_fet) {
    truth.discharge_fet = value != 0;
  } else if (reg == map_->set_soc) {
    truth.soc_pct = scaled(value, 0.1);
    if (truth.capacity_Ah) truth.remaining_Ah = *truth.capacity_Ah * *truth.soc_pct / 100;
  } else {
    return {};  // unknown registers get no reply at all
  }
  Bytes echo(request.begin(), request.end() - 2);
  echo[0] = answer_address(echo[0]);
  return modbus::with_crc(std::move(echo));
}

SimulatorResponse ModbusDevice::respond(ByteView heard, Reading& truth) {
  SimulatorResponse response;
  for (std::size_t begin = 0; begin + kRequestSize <= heard.size(); ++begin) {
    const ByteView request = heard.subspan(begin, kRequestSize);
    if (!modbus::crc_ok(request)) continue;
    response.consumed = begin + kRequestSize;
    if (request[0] != asked_as()) return response;
    const auto first = static_cast<std::uint16_t>(read_be<2>(request, 2));
    const auto second = static_cast<std::uint16_t>(read_be<2>(request, 4));
    if (request[1] == modbus::kWriteSingle) {
      response.wrote = true;
      response.answer = write(first, second, request, truth);
    } else if (request[1] == modbus::kReadHolding && answers(first, second)) {
      const Bytes registers = image(truth);
      Bytes frame{answer_address(request[0]), modbus::kReadHolding, static_cast<std::uint8_t>(second * 2)};
      append(frame, ByteView(registers).subspan(at(first), at(second)));
      response.answer = modbus::with_crc(std::move(frame));
    }
    return response;
  }
  return response;
}

/// What a perfect reader makes of all registers; the layout itself is held against captures of real boards.
Reading ModbusDevice::quantised(const Reading& truth) const {
  ModbusMemory memory(*map_, false);
  const Bytes registers = image(truth);
  const auto read = [&](const Block& block) {
    if (answers(block.first, block.count)) {
      static_cast<void>(memory.put(block.first, ByteView(registers).subspan(at(block.first), at(block.count))));
    }
  };
  for (const Block& block : map_->live_blocks) read(block);
  if (d2_) {
    read(kD2LongBlock);
    read(kD2MosBlock);
    if (truth.cells_V.size() > map_->most_cells) read(kD2MoreCells);
  }
  // Twice: the identity code is made of the date and of a capacity that stands in a later block.
  for (int pass = 0; pass < 2; ++pass) {
    for (const Block& block : map_->setting_blocks) read(block);
  }
  return memory.reading();
}

}  // namespace bms::daly
