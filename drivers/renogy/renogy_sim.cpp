#include "renogy_sim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "bms/modbus.hpp"
#include "renogy_alarms.hpp"
#include "renogy_memory.hpp"

namespace bms::renogy {
namespace {

constexpr std::size_t kRequestSize = 8;

void put_reg(Bytes& image, std::uint16_t reg, std::int64_t raw) { write_raw(image, at(reg), Wire::u16be, raw); }

void put_text(Bytes& image, std::uint16_t first, std::size_t size, const std::string& text) {
  for (std::size_t i = 0; i < size; ++i) {
    image[at(first) + i] = static_cast<std::uint8_t>(i < text.size() ? text[i] : ' ');
  }
}

/// Limits as a RBT100LFP12SH-G1 tells them (sdellysse/renogy-modbus-research).
constexpr std::int64_t kFactoryLimits[] = {37,  35,  30,  25,  550, 500, 50,   0,    12000,  10000,  6000,
                                           148, 142, 120, 100, 600, 500, -100, -250, -15000, -13000, -11000};

/// Ranges that answer; reads beyond them are refused. Whether 5034 is a hole depends on the model.
constexpr Block kRanges[] = {{5000, 34}, {5035, 18}, {5100, 42}, {5200, 24}};

}  // namespace

RenogyDevice::RenogyDevice(const SimulatorOptions& options)
    : options_(options), address_(static_cast<std::uint8_t>(std::clamp(options.address, 1U, 255U))) {}

std::string RenogyDevice::variant(std::string_view key, std::string_view otherwise) const {
  const auto found = options_.settings.find(key);
  return std::string(found == options_.settings.end() ? otherwise : std::string_view(found->second));
}

std::string RenogyDevice::model(const Reading& truth) const {
  return variant("model", truth.model.value_or("RBT100LFP12SH-G1"));
}

Bytes RenogyDevice::image(const Reading& truth) const {
  Bytes image((std::size_t{kEnd} - kFirst) * 2);
  Reading pack = truth;
  for (auto* limit : {&pack.max_charge_current_A, &pack.max_discharge_current_A}) {
    if (*limit) *limit = std::min(**limit, 327.0);
  }
  encode(kPackFields, pack, image);
  put_reg(image, kCells, static_cast<std::int64_t>(truth.cells_V.size()));
  for (std::size_t i = 0; i < std::min(truth.cells_V.size(), kMapCells); ++i) {
    put_reg(image, static_cast<std::uint16_t>(kCells + 1 + i), std::lround(truth.cells_V[i].value_or(0) * 10));
  }
  const std::size_t sensors = std::min(truth.temps_C.size(), kMapCells);
  put_reg(image, kTemperatures, static_cast<std::int64_t>(sensors));
  for (std::size_t i = 0; i < sensors; ++i) {
    put_reg(image, static_cast<std::uint16_t>(kTemperatures + 1 + i), std::lround(truth.temps_C[i].value_or(0) * 10));
  }
  if (truth.env_temp_C) {
    put_reg(image, kEnvironment, 1);
    put_reg(image, kEnvironment + 1, std::lround(*truth.env_temp_C * 10));
  }
  const bool tenth = scale_of_model(model(truth)) == CurrentScale::tenth;
  put_reg(image, kCurrent, std::lround(truth.current_A.value_or(0) * (tenth ? 10 : 100)));
  put_reg(image, kCycles, truth.cycles.value_or(0));

  const AlarmWords words = encode_alarms(truth);
  write_raw(image, at(kOtherAlarms), Wire::u32be, static_cast<std::int64_t>(words.others.value_or(0)));
  put_reg(image, kStatus1, words.status1.value_or(0));
  put_reg(image, kStatus2, words.status2.value_or(0));
  put_reg(image, kStatus3, words.status3.value_or(0));
  put_reg(image, kChargeState, words.charge_state.value_or(0));

  put_text(image, kSerial, 16, truth.serial.value_or(fmt::format("RNG{:03d}2309150042", address_)));
  put_text(image, 5118, 8, "1 10001 17");
  put_text(image, kModel, 16, model(truth));
  put_text(image, kSoftware, 4, "0119");
  put_text(image, 5132, 20, "RENOGY");
  for (std::size_t i = 0; i < std::size(kFactoryLimits); ++i) {
    put_reg(image, static_cast<std::uint16_t>(kLimits + i), kFactoryLimits[i]);
  }
  put_reg(image, 5223, address_);
  return image;
}

bool RenogyDevice::readable(std::uint16_t first, std::uint16_t count) const {
  const auto most = std::atoi(variant("largest", "34").c_str());
  if (count == 0 || static_cast<int>(count) > most) return false;
  if (variant("holes", "yes") == "no" && first >= kFirst && first + count <= 5053) return true;
  return std::any_of(std::begin(kRanges), std::end(kRanges), [&](const Block& range) {
    return first >= range.first && first + count <= range.first + range.count;
  });
}

SimulatorResponse RenogyDevice::respond(ByteView heard, Reading& truth) {
  constexpr std::uint8_t kWrongRegister = 2;
  SimulatorResponse response;
  for (std::size_t begin = 0; begin + kRequestSize <= heard.size(); ++begin) {
    const ByteView request = heard.subspan(begin, kRequestSize);
    if (!modbus::crc_ok(request)) continue;
    response.consumed = begin + kRequestSize;
    if (request[0] != address_ && request[0] != kAnyAddress) return response;
    const auto first = static_cast<std::uint16_t>(read_be<2>(request, 2));
    const auto count = static_cast<std::uint16_t>(read_be<2>(request, 4));
    response.wrote = request[1] != modbus::kReadHolding;
    if (first >= kSerial && variant("identity", "yes") == "no") return response;
    if (response.wrote || !readable(first, count)) {
      response.answer = modbus::with_crc({address_, static_cast<std::uint8_t>(request[1] | 0x80U), kWrongRegister});
      return response;
    }
    const Bytes registers = image(truth);
    Bytes frame{address_, modbus::kReadHolding, static_cast<std::uint8_t>(count * 2)};
    append(frame, ByteView(registers).subspan(at(first), count * std::size_t{2}));
    response.answer = modbus::with_crc(std::move(frame));
    return response;
  }
  return response;
}

/// What a perfect reader makes of all registers; the layout itself is held against captures of real batteries.
Reading RenogyDevice::quantised(const Reading& truth) const {
  Memory memory(address_, std::nullopt);
  const Bytes registers = image(truth);
  const auto read = [&](const Block& block) {
    const ByteView part = ByteView(registers).subspan(at(block.first), block.count * std::size_t{2});
    static_cast<void>(memory.put(block.first, part));
  };
  for (const Plan& plan : kLivePlans) read(plan.whole);
  if (variant("identity", "yes") == "yes") {
    for (const Plan& plan : kSlowPlans) read(plan.whole);
  }
  return memory.reading();
}

}  // namespace bms::renogy
