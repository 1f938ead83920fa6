#include "fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace bms::ve_direct {
namespace {

struct Product {
  unsigned id;
  std::string_view name;
};
constexpr Product kProducts[] = {
    {0x200, "BMV-600S"},
    {0x201, "BMV-602S"},
    {0x202, "BMV-600HS"},
    {0x203, "BMV-700"},
    {0x204, "BMV-702"},
    {0x205, "BMV-700H"},
    {0xA380, "BMV-710 Smart"},
    {0xA381, "BMV-712 Smart"},
    {0xA382, "BMV-710H Smart"},
    {0xA383, "BMV-712 Smart Rev2"},
    {0xA389, "SmartShunt 500A/50mV"},
    {0xA38A, "SmartShunt 1000A/50mV"},
    {0xA38B, "SmartShunt 2000A/50mV"},
    {0xA38C, "SmartShunt IP67 500A"},
    {0xA38D, "SmartShunt IP67 1000A"},
    {0xA38E, "SmartShunt IP67 2000A"},
    {0xC030, "SmartShunt IP65 500A"},
    {0xC031, "SmartShunt IP65 1000A"},
    {0xC032, "SmartShunt IP65 2000A"},
    {0xC034, "BMV-800 Smart"},
    {0xC035, "SmartShunt IP65 500A"},
    {0xC036, "SmartShunt IP65 1000A"},
    {0xC037, "SmartShunt IP65 2000A"},
    {0xC038, "SmartShunt 300A"},
};

constexpr std::int64_t kInfinite = -1;  // TTG of a battery that is not being discharged
constexpr std::int64_t kSocFull = 1000;

/// What these labels say changes only when the device does.
constexpr std::string_view kFixedLabels[] = {"PID", "BMV", "FW", "FWE", "MON", "SER#"};

/// Dashes (or nothing) stand for "not known"; anything else must be a number.
bool is_unknown(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '-'; });
}

/// The number behind a label. Outer: damaged or not; inner: known or not.
Outcome<std::optional<std::int64_t>> number_of(const TextParser& block, std::string_view label) {
  const std::string* text = block.find(label);
  if (text == nullptr || is_unknown(*text)) return std::optional<std::int64_t>();
  const auto number = parse_number(*text);
  if (!number) return fail(Fault::implausible);
  return number;
}

Outcome<void> decode_numbers(std::span<const TextNumber> table, const TextParser& block, Reading& reading) {
  for (const TextNumber& entry : table) {
    if (block.find(entry.label) == nullptr) continue;
    const auto number = number_of(block, entry.label);
    if (!number) return fail(number.error());
    store(entry.place, reading, *number ? std::optional<double>(scaled(**number, entry.scale)) : std::nullopt);
  }
  return {};
}

/// BMV-600 up to 2.09 sent "On" and "Off" (VE.Direct Protocol, remark on Alarm and Relay).
std::optional<bool> on_off(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  std::string upper = *text;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (upper == "ON") return true;
  if (upper == "OFF") return false;
  return std::nullopt;
}

Outcome<void> decode_temperature(const TextParser& block, Reading& reading) {
  if (block.find("T") == nullptr) return {};  // AUX is not set to temperature
  const auto number = number_of(block, "T");
  if (!number) return fail(number.error());
  reading.temps_C = {*number ? std::optional<double>(static_cast<double>(**number)) : std::nullopt};
  reading.temp_names = {"Battery"};
  return {};
}

Outcome<void> decode_alarms_and_relay(const TextParser& block, Reading& reading) {
  const auto reasons = number_of(block, "AR");
  if (!reasons || (*reasons && (**reasons < 0 || **reasons > 0xFFFF))) return fail(Fault::implausible);
  if (*reasons) {
    reading.alarms.emplace();
    decode_alarms(kAlarmReasons, static_cast<std::uint64_t>(**reasons), *reading.alarms);
  }
  if (const auto relay = on_off(block.find("Relay"))) reading.extra["relay_on"] = *relay ? 1.0 : 0.0;
  return {};
}

void decode_identity(const TextParser& block, Reading& reading) {
  std::string_view known;
  const std::string* pid = block.find("PID");
  if (pid != nullptr && pid->size() > 2 && pid->compare(0, 2, "0x") == 0) {
    unsigned id = 0;
    const char* end = pid->data() + pid->size();
    if (std::from_chars(pid->data() + 2, end, id, 16).ptr == end) known = product_name(id);
  }
  if (!known.empty()) {
    reading.model = std::string(known);
  } else if (const std::string* name = block.find("BMV"); name != nullptr && !name->empty()) {
    const bool bare_number = std::isdigit(static_cast<unsigned char>(name->front())) != 0;
    reading.model = bare_number ? "BMV-" + *name : *name;
  } else if (pid != nullptr) {
    reading.model = *pid;
  }
  if (const std::string* firmware = block.find("FWE")) {
    reading.sw = firmware_text(*firmware, true);
  } else if (const std::string* narrow = block.find("FW")) {
    reading.sw = firmware_text(*narrow, false);
  }
}

}  // namespace

std::optional<std::int64_t> parse_number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string_view product_name(unsigned id) {
  const auto* found = std::find_if(std::begin(kProducts), std::end(kProducts),
                                   [id](const Product& product) { return product.id == id; });
  return found == std::end(kProducts) ? std::string_view() : found->name;
}

std::string firmware_text(std::string_view text, bool wide) {
  std::string digits(text);
  std::string suffix;
  if (wide) {
    if (digits.size() < 4) return digits;
    const std::string last = digits.substr(digits.size() - 2);
    digits.resize(digits.size() - 2);
    if (last != "FF") suffix = " beta " + last;
  } else if (!digits.empty() && std::isalpha(static_cast<unsigned char>(digits.front())) != 0) {
    suffix = std::string(" rc ") + digits.front();
    digits.erase(0, 1);
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  while (digits.size() < 3) digits.insert(0, "0");
  digits.insert(digits.size() - 2, ".");
  return digits + suffix;
}

std::optional<std::string> version_text(std::uint16_t version) {
  enum Kind : unsigned { boot_loader, application, tester, release_candidate };
  constexpr unsigned kNumber = 0x3FFF;
  const unsigned kind = version >> 14U;
  if (kind == application) return firmware_text(fmt::format("{:04X}", version & kNumber), false);
  if (kind == release_candidate) return firmware_text(fmt::format("{:04X}", version), false);
  return std::nullopt;
}

bool power_fits(const Reading& reading) {
  const auto power = reading.extra.find("power_W");
  if (power == reading.extra.end() || !reading.voltage_V || !reading.current_A) return true;
  const double expected = *reading.voltage_V * *reading.current_A;
  return std::abs(std::get<double>(power->second) - expected) <= 1.5 + 0.002 * std::abs(expected);
}

std::string signature(const TextParser& block) {
  std::string text;
  for (const BlockField& field : block.fields()) {
    text += field.label;
    const bool fixed =
        std::find(std::begin(kFixedLabels), std::end(kFixedLabels), field.label) != std::end(kFixedLabels);
    text += fixed ? '=' + field.value + ' ' : " ";
  }
  return text;
}

BlockKind kind_of(const TextParser& block) {
  if (block.fields().empty()) return BlockKind::foreign;
  if (block.fields().front().label == "H1") return BlockKind::history;
  const bool monitor = block.find("V") != nullptr && block.find("I") != nullptr && block.find("SOC") != nullptr;
  return monitor ? BlockKind::main : BlockKind::foreign;
}

Outcome<Reading> decode_main(const TextParser& block) {
  const auto mode = number_of(block, "MON");
  if (!mode) return fail(mode.error());
  if (mode->value_or(0) != 0) return fail(Fault::refused);
  const auto soc = number_of(block, "SOC");
  if (!soc || (*soc && (**soc < 0 || **soc > kSocFull))) return fail(Fault::implausible);

  Reading reading;
  if (const auto numbers = decode_numbers(kMainNumbers, block, reading); !numbers) return fail(numbers.error());
  if (!reading.voltage_V || *reading.voltage_V < 0 || !reading.current_A) return fail(Fault::implausible);
  if (const auto ttg = number_of(block, "TTG"); ttg && *ttg && **ttg <= kInfinite) {
    if (**ttg < kInfinite) return fail(Fault::implausible);
    reading.ttg_s.reset();
  }
  if (const auto temperature = decode_temperature(block, reading); !temperature) return fail(temperature.error());
  if (const auto alarms = decode_alarms_and_relay(block, reading); !alarms) return fail(alarms.error());
  decode_identity(block, reading);
  return reading;
}

Outcome<void> decode_history(const TextParser& block, Reading& reading) {
  Reading fresh;
  if (const auto numbers = decode_numbers(kHistoryNumbers, block, fresh); !numbers) return fail(numbers.error());
  for (const TextNumber& entry : kHistoryNumbers) store(entry.place, reading, load(entry.place, fresh));
  reading.cycles.reset();
  if (const auto cycles = load(HistoryName{"charge_cycles"}, fresh)) reading.cycles = std::llround(*cycles);
  return {};
}

}  // namespace bms::ve_direct
