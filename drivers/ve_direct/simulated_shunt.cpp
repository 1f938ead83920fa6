#include "simulated_shunt.hpp"

#include <algorithm>
#include <cmath>

#include "fields.hpp"
#include "registers.hpp"
#include "smartshunt.hpp"

namespace bms::ve_direct {
namespace {

constexpr unsigned kProduct = 0xC030;  // SmartShunt IP65 500A
constexpr std::uint8_t kAppVersion[] = {0x16, 0x44};
constexpr double kStarter_V = 12.8;

struct Setting {
  std::uint16_t id;
  double value;
};
/// Factory settings as a device reports them.
constexpr Setting kFactory[] = {{0x1001, 13.2}, {0x1002, 4},   {0x1003, 3},   {0x1004, 90}, {0x1005, 1.25},
                                {0x1006, 0.1},  {0x1007, 3},   {0x1008, 50},  {0xEEF6, 0},  {0x0FFD, 1},
                                {0x0090, 1},    {0xEEFB, 500}, {0xEEFA, 0.05}};

std::string number(double value, double scale) { return std::to_string(std::llround(value / scale)); }

void add_numbers(std::span<const TextNumber> table, const Reading& reading, std::vector<BlockField>& fields) {
  for (const TextNumber& entry : table) {
    if (const auto value = load(entry.place, reading)) {
      fields.push_back({std::string(entry.label), number(*value, entry.scale)});
    }
  }
}

Bytes with_hex_inside(Bytes block) {
  // In the middle of a word, as real ones come: an asynchronous alarm reason register, nothing in force.
  const Bytes frame = hex::answer(hex::Command::async, 0x031C, 0, Bytes{0, 0});
  block.insert(block.begin() + static_cast<std::ptrdiff_t>(block.size() / 2), frame.begin(), frame.end());
  return block;
}

}  // namespace

SimulatedShunt::SimulatedShunt(const SimulatorOptions& options) : options_(options), product_(kProduct) {
  const std::string product = setting("product", "");
  if (!product.empty()) product_ = static_cast<unsigned>(std::strtoul(product.c_str(), nullptr, 16));
}

std::string SimulatedShunt::setting(std::string_view key, std::string_view fallback) const {
  const auto found = options_.settings.find(key);
  return found == options_.settings.end() ? std::string(fallback) : found->second;
}

Reading SimulatedShunt::seen(const Reading& truth) const {
  Reading reading = truth;
  const std::string aux = setting("aux", "temperature");
  if (!reading.consumed_Ah && reading.capacity_Ah && reading.soc_pct) {
    reading.consumed_Ah = -*reading.capacity_Ah * (1 - *reading.soc_pct / 100);
  }
  if (aux == "mid" && !reading.mid_voltage_V && reading.voltage_V) reading.mid_voltage_V = *reading.voltage_V / 2;
  if (aux == "starter" && !reading.aux_voltage_V) reading.aux_voltage_V = kStarter_V;
  if (aux != "mid") reading.mid_voltage_V.reset();
  if (aux != "starter") reading.aux_voltage_V.reset();
  if (aux != "temperature") reading.temps_C.clear();
  if (reading.temps_C.size() > 1) reading.temps_C.resize(1);
  if (!reading.alarms) reading.alarms.emplace();
  reading.model = std::string(product_name(product_));
  reading.extra = {};
  for (const Setting& factory : kFactory) store(find_register(factory.id)->place, reading, factory.value);
  if (reading.voltage_V && reading.current_A) {
    // Of the numbers as they are sent, like the device.
    const double volts = std::round(*reading.voltage_V * 1000) / 1000;
    const double amperes = std::round(*reading.current_A * 1000) / 1000;
    reading.extra["power_W"] = std::round(volts * amperes);
  }
  return reading;
}

Bytes SimulatedShunt::main_block(const Reading& truth) const {
  const Reading reading = seen(truth);
  const auto text = [](std::string_view label, std::string value) {
    return BlockField{std::string(label), std::move(value)};
  };
  char pid[16];
  std::snprintf(pid, sizeof pid, "0x%X", product_);
  std::vector<BlockField> fields{text("PID", pid)};
  add_numbers(kMainNumbers, reading, fields);
  // While not being discharged the time to go is endless; what is not known is three dashes.
  if (!reading.ttg_s) fields.push_back(text("TTG", reading.soc_pct ? "-1" : "---"));
  if (!reading.soc_pct) fields.push_back(text("SOC", "---"));
  if (setting("aux", "temperature") == "temperature") {
    const bool known = !reading.temps_C.empty() && reading.temps_C[0];
    fields.push_back(text("T", known ? number(*reading.temps_C[0], 1) : "---"));
  }
  const auto reasons = encode_alarms(kAlarmReasons, *reading.alarms);
  fields.push_back(text("Alarm", reasons != 0 ? "ON" : "OFF"));
  fields.push_back(text("AR", std::to_string(reasons)));
  fields.push_back(text("BMV", *reading.model));
  fields.push_back(text("FW", "0416"));
  fields.push_back(text("MON", setting("monitor", "0")));
  return make_block(fields);
}

Bytes SimulatedShunt::history_block(const Reading& truth) const {
  std::vector<BlockField> fields;
  add_numbers(kHistoryNumbers, truth, fields);
  if (fields.empty() || fields.front().label != "H1") fields.insert(fields.begin(), BlockField{"H1", "0"});
  return make_block(fields);
}

Bytes SimulatedShunt::broadcast(const Reading& truth) {
  if (setting("text", "yes") == "no") return {};
  if (mute_blocks_ > 0) {
    --mute_blocks_;
    return {};
  }
  Bytes out = main_block(truth);
  if (setting("async", "no") == "yes") out = with_hex_inside(std::move(out));
  append(out, history_block(truth));
  return out;
}

Reading SimulatedShunt::quantised(const Reading& truth) const {
  SmartShunt reader(false);
  static_cast<void>(reader.accept({}, history_block(truth)));
  if (setting("hex", "new") != "none") {
    for (const std::uint16_t id : {kSerial, kName, kHardware, kCapacity}) {
      static_cast<void>(reader.accept({}, get(id, truth)));
    }
  }
  static_cast<void>(reader.accept({}, main_block(truth)));
  return reader.take().value_or(Reading{});
}

SimulatorResponse SimulatedShunt::respond(ByteView heard, Reading& truth) {
  SimulatorResponse response;
  const auto begin = std::find(heard.begin(), heard.end(), ':');
  const auto end = std::find(begin, heard.end(), '\n');
  if (end == heard.end()) return response;
  const auto first = static_cast<std::size_t>(begin - heard.begin());
  const auto last = static_cast<std::size_t>(end - heard.begin());
  if (setting("hex", "new") != "none") {
    const auto frame = hex::decode(heard.subspan(first + 1, last - first - 1));
    // A damaged request is answered with the frame error of the document.
    response = frame ? answer(*frame, truth) : SimulatorResponse{0, hex::encode(4, Bytes{0xAA, 0xAA}), false};
    if (frame && setting("hex", "new") == "old") mute_blocks_ = 1;
  }
  response.consumed = last + 1;
  return response;
}

SimulatorResponse SimulatedShunt::answer(const hex::Frame& request, Reading& truth) {
  SimulatorResponse response;
  Bytes id;
  switch (static_cast<hex::Command>(request.command)) {
    case hex::Command::ping:
      response.answer = hex::encode(static_cast<std::uint8_t>(hex::Command::ping_answer), kAppVersion);
      break;
    case hex::Command::app_version:
      response.answer = hex::encode(1, kAppVersion);
      break;
    case hex::Command::product_id:
      append_le(id, product_, 2);
      response.answer = hex::encode(1, id);
      break;
    case hex::Command::restart:
      response.wrote = true;
      break;
    case hex::Command::get:
    case hex::Command::set: {
      const auto value = hex::register_value(request);
      if (!value) {
        response.answer = hex::encode(4, Bytes{0xAA, 0xAA});
        break;
      }
      response.wrote = request.command == static_cast<std::uint8_t>(hex::Command::set);
      response.answer = response.wrote ? set(value->id, value->value, truth) : get(value->id, truth);
      break;
    }
    default:
      response.answer = hex::encode(3, Bytes{request.command});
      break;
  }
  return response;
}

Bytes SimulatedShunt::get(std::uint16_t id, const Reading& truth) const {
  if (const auto found = written_.find(id); found != written_.end()) {
    return hex::answer(hex::Command::get, id, 0, found->second);
  }
  if (id == kMonitorMode) {
    Bytes mode;
    append_le(mode, static_cast<std::uint32_t>(std::strtol(setting("monitor", "0").c_str(), nullptr, 10)), 2);
    return hex::answer(hex::Command::get, id, 0, mode);
  }
  const auto value = encode_register(id, seen(truth), product_);
  if (!value) return hex::answer(hex::Command::get, id, hex::kUnknownRegister, {});
  return hex::answer(hex::Command::get, id, 0, *value);
}

Bytes SimulatedShunt::set(std::uint16_t id, ByteView value, Reading& truth) {
  const auto soc = [&truth](double percent) {
    truth.soc_pct = percent;
    truth.consumed_Ah.reset();
  };
  if (id == kSynchronise) {
    soc(100);
    return hex::answer(hex::Command::set, id, 0, {});
  }
  if (id == kSoc && value.size() == 2) {
    soc(scaled(read_le<2>(value, 0), 0.01));
    return hex::answer(hex::Command::set, id, 0, value);
  }
  const Register* entry = find_register(id);
  if (entry == nullptr) return hex::answer(hex::Command::set, id, hex::kUnknownRegister, {});
  const bool writable = entry->pace == Pace::rare || entry->id == kCapacity;
  if (!writable || value.size() != wire_size(entry->wire)) {
    return hex::answer(hex::Command::set, id, hex::kNotSupported, {});
  }
  written_[id] = Bytes(value.begin(), value.end());
  return hex::answer(hex::Command::set, id, 0, value);
}

}  // namespace bms::ve_direct
