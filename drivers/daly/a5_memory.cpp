#include "a5_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "flags.hpp"

namespace bms::daly::a5 {
namespace {

constexpr double kByteTemperatureBias = -40;
constexpr std::uint8_t kNoSensor = 0xFF;

bool is_row(std::uint8_t command) { return command == kCells || command == kTemperatures; }

/// All-zero replies with a right sum come from boards that wake up (softwarecrash/Daly2MQTT#164).
bool plausible_pack(const Data& data) {
  constexpr int kMostTenths = 10000;  // 1000 A
  const auto voltage = read_be<2>(data, 0);
  const int current = static_cast<int>(read_be<2>(data, 4)) - Polarity::kZero;
  return voltage != 0 && std::abs(current) <= kMostTenths && read_be<2>(data, 6) <= 1000;
}

bool plausible_state(const Data& data) {
  constexpr std::uint32_t kMost_mAh = 20'000'000;
  return data[0] <= 2 && data[1] <= 1 && data[2] <= 1 && read_be<4>(data, 4) <= kMost_mAh;
}

bool plausible_extremes(const Data& data) {
  const auto max = read_be<2>(data, 0);
  return max != 0 && max <= 5000 && read_be<2>(data, 3) <= max && data[2] >= 1 && data[2] <= kMostCells &&
         data[5] >= 1 && data[5] <= kMostCells;
}

bool plausible(std::uint8_t command, const Data& data) {
  switch (command) {
    case kPack:
      return plausible_pack(data);
    case kCellExtremes:
      return plausible_extremes(data);
    case kTemperatureExtremes:
      return data[2] <= data[0];
    case kState:
      return plausible_state(data);
    default:
      return true;
  }
}

std::uint64_t flag_bits(const Data& data) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 7; ++i) bits |= std::uint64_t{data[i]} << (8 * i);
  return bits;
}

const Setting* find_setting(std::uint8_t command) {
  const auto* found = std::find_if(std::begin(kSettings), std::end(kSettings),
                                   [&](const Setting& setting) { return setting.command == command; });
  return found == std::end(kSettings) ? nullptr : found;
}

}  // namespace

bool FrameSet::holds(std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) {
    if (!frames_.contains(static_cast<std::uint8_t>(base() + i))) return false;
  }
  return true;
}

Bytes FrameSet::content() const {
  Bytes out;
  for (std::uint8_t number = base();; ++number) {
    const auto found = frames_.find(number);
    if (found == frames_.end()) return out;
    append(out, ByteView(found->second).subspan(1));
  }
}

Outcome<void> Memory::put(std::uint8_t command, const Data& data) {
  Outcome<void> outcome = fail(Fault::foreign);
  if (command == kClock) {
    clock_.emplace();
    std::copy_n(data.begin(), clock_->size(), clock_->begin());
    settings_.extra["bms_clock"] = fmt::format("20{:02d}-{:02d}-{:02d} {:02d}:{:02d}:{:02d}", data[0], data[1], data[2],
                                               data[3], data[4], data[5]);
    outcome = {};
  } else if (const Setting* setting = find_setting(command)) {
    outcome = put_setting(*setting, data);
  } else if (command >= kPack && command <= kAlarms) {
    outcome = put_fast(command, data);
  } else if (command == kChargeFet || command == kDischargeFet || command == kSetClockAndSoc) {
    return {};  // acknowledged; what it brought about is read back
  }
  touched_ = touched_ || outcome.has_value();
  return outcome;
}

Outcome<void> Memory::put_fast(std::uint8_t command, const Data& data) {
  if (is_row(command)) return put_row(command, data);
  if (command == kStatus) return put_counts(data);
  if (!plausible(command, data)) return fail(Fault::implausible);
  constexpr double kMostOfCapacity = 2;
  if (command == kState && settings_.capacity_Ah &&
      read_be<4>(data, 4) > *settings_.capacity_Ah * kMostOfCapacity * 1000) {
    return fail(Fault::implausible);
  }
  fast_[command - kPack] = data;
  const auto& pack = fast(kPack);
  const auto& state = fast(kState);
  if (pack && state) polarity_.learn(static_cast<int>(read_be<2>(*pack, 4)), PackState{(*state)[0]});
  return {};
}

Outcome<void> Memory::put_counts(const Data& data) {
  const Counts counts{data[0], data[1]};
  if (counts.cells < 1 || counts.cells > kMostCells || counts.sensors > kMostSensors) {
    return fail(Fault::implausible);
  }
  // A battery does not grow cells: other counts are believed when they are told twice.
  if (known_ && *known_ != counts && new_counts_ != counts) {
    new_counts_ = counts;
    return fail(Fault::implausible);
  }
  known_ = counts;
  new_counts_.reset();
  fast_[kStatus - kPack] = data;
  return {};
}

Outcome<void> Memory::put_row(std::uint8_t command, const Data& data) {
  constexpr std::uint8_t kLastFrame = 16;
  if (data[0] > kLastFrame) return fail(Fault::implausible);  // 0xFF is "invalid" in the vendor paper
  // Without the counts padding cannot be told from zeros of a waking board: the first frame is no padding.
  const bool zero = std::all_of(data.begin() + 1, data.end(), [](std::uint8_t byte) { return byte == 0; });
  if (zero && !counts() && data[0] <= 1) return fail(Fault::implausible);
  FrameSet& row = rows_[command];
  row.put(data);
  const bool good = command == kCells ? cells_plausible() : temperatures_plausible();
  if (good) return {};
  row.drop(data[0]);
  return fail(Fault::implausible);
}

/// Cells within 0..5 V, not all of them 0, and between the extremes the board told just before.
bool Memory::cells_plausible() const {
  constexpr double kTolerance_V = 0.05;  // a load step between the two replies
  if (!counts() || !holds(kCells)) return true;
  Reading reading;
  reading.cells_V = cells();
  const auto found = cell_extremes(reading);
  if (!found || found->max_V <= 0 || found->max_V > 5) return false;
  const auto& told = fast(kCellExtremes);
  if (!told || !trust_extremes_) return true;
  const double max = scaled(read_be<2>(*told, 0), 0.001);
  const double min = scaled(read_be<2>(*told, 3), 0.001);
  return (*told)[2] <= reading.cells_V.size() && (*told)[5] <= reading.cells_V.size() &&
         std::abs(max - found->max_V) <= kTolerance_V && std::abs(min - found->min_V) <= kTolerance_V;
}

/// No sensor outside the extremes the board told.
bool Memory::temperatures_plausible() const {
  constexpr double kTolerance_K = 2;
  const auto& told = fast(kTemperatureExtremes);
  if (!counts() || !holds(kTemperatures) || !told || !trust_extremes_ || (*told)[0] == 0) return true;
  const double max = (*told)[0] + kByteTemperatureBias;
  const double min = (*told)[2] + kByteTemperatureBias;
  const auto row = temperatures();
  return std::all_of(row.begin(), row.end(), [&](const auto& temp) {
    return !temp || (*temp <= max + kTolerance_K && *temp >= min - kTolerance_K);
  });
}

Outcome<void> Memory::put_setting(const Setting& setting, const Data& data) {
  if (setting.text) return put_text(setting.command, data);
  if (setting.command == kBatteryDetails) return put_details(data);
  if (setting.command == kRated && read_be<4>(data, 0) == 0) return fail(Fault::implausible);
  if (setting.command == kCurrentThresholds) put_current_thresholds(data);
  // Two of them have no documented layout: printable text is shown as such.
  if (setting.command == kFirmwareIndex || setting.command == kIpText) {
    const std::string text = text_field(data);
    if (text.empty() || text.find('?') != std::string::npos) return fail(Fault::implausible);
    settings_.extra[setting.command == kIpText ? "ip" : "firmware_index"] = text;
  }
  decode(setting.fields, ByteView(data).first(setting.used), settings_);
  return {};
}

Outcome<void> Memory::put_text(std::uint8_t command, const Data& data) {
  if (data[0] > kCodeFrames) return fail(Fault::implausible);
  FrameSet& frames = rows_[command];
  frames.put(data);
  if (command == kBatteryCode && !frames.holds(kCodeFrames)) return {};
  Bytes content = frames.content();
  const auto first = std::find_if(content.begin(), content.end(), [](std::uint8_t c) { return c != ' ' && c != 0; });
  content.erase(content.begin(), first);
  std::string text = text_field(content);
  if (text.empty() || text.find('?') != std::string::npos) return {};
  if (command == kBatteryCode)
    settings_.serial = std::move(text);
  else if (command == kSoftware)
    settings_.sw = std::move(text);
  else
    settings_.hw = std::move(text);
  return {};
}

Outcome<void> Memory::put_details(const Data& data) {
  const bool dated = data[3] >= 1 && data[3] <= 12 && data[4] >= 1 && data[4] <= 31 && data[2] <= 99;
  if (!dated || data[0] >= std::size(kChemistries)) return fail(Fault::implausible);
  date_ = fmt::format("20{:02d}{:02d}{:02d}", data[2], data[3], data[4]);
  settings_.extra["production_date"] = fmt::format("20{:02d}-{:02d}-{:02d}", data[2], data[3], data[4]);
  settings_.extra["chemistry"] = std::string(kChemistries[data[0]]);
  decode(kDetailFields, data, settings_);
  return {};
}

/// The order of the directions is disputed in the papers. Where the sides of 30000 tell them apart, above is charging
/// (ai-republic/bms-to-inverter#81); else the order is that of the D2 map: charging first.
void Memory::put_current_thresholds(const Data& data) {
  int tenths[4];
  for (std::size_t i = 0; i < 4; ++i) tenths[i] = static_cast<int>(read_be<2>(data, 2 * i)) - Polarity::kZero;
  const bool swapped = tenths[0] < 0 && tenths[1] < 0 && tenths[2] > 0 && tenths[3] > 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t from = swapped ? (i + 2) % 4 : i;
    settings_.extra[std::string(kCurrentThresholdNames[i])] = scaled(std::abs(tenths[from]), 0.1);
  }
}

void Memory::begin(std::uint8_t command) { rows_[command].clear(); }

std::optional<Memory::Counts> Memory::counts() const { return fast(kStatus) ? known_ : std::nullopt; }

std::optional<std::size_t> Memory::frames_needed(std::uint8_t command) const {
  const auto known = counts();
  if (command == kBatteryCode) return kCodeFrames;
  if (!known || command == kSoftware || command == kHardware) return std::nullopt;
  if (command == kCells) return (known->cells + kCellsPerFrame - 1) / kCellsPerFrame;
  return (known->sensors + kSensorsPerFrame - 1) / kSensorsPerFrame;
}

bool Memory::holds(std::uint8_t command) const {
  if (command >= kPack && command <= kAlarms && !is_row(command)) return fast(command).has_value();
  const bool version = command == kSoftware || command == kHardware;
  const auto needed = version ? std::optional<std::size_t>(1) : frames_needed(command);
  if (!needed) return false;
  if (*needed == 0) return true;
  const auto found = rows_.find(command);
  return found != rows_.end() && found->second.holds(*needed);
}

bool Memory::complete() const {
  for (std::uint8_t command = kPack; command <= kAlarms; ++command) {
    if (!waived_[command - kPack] && !holds(command)) return false;
  }
  return true;
}

void Memory::restart() {
  fast_.fill(std::nullopt);
  rows_.erase(kCells);
  rows_.erase(kTemperatures);
  touched_ = false;
}

void Memory::estimate_capacity() {
  constexpr double kClearSoc_pct = 20;
  constexpr double kDrift = 0.05;
  const auto soc = soc_pct();
  if (!soc || *soc < kClearSoc_pct || !fast(kState)) return;
  const double estimate = std::round(scaled(read_be<4>(*fast(kState), 4), 0.001) * 100 / *soc);
  const auto& known = settings_.capacity_Ah;
  // Held still: both are rounded, and a capacity that wavers looks like a changed setting.
  if (estimate > 0 && (!known || std::abs(estimate - *known) > kDrift * *known)) settings_.capacity_Ah = estimate;
}

std::optional<double> Memory::soc_pct() const {
  if (!fast(kPack)) return std::nullopt;
  return scaled(read_be<2>(*fast(kPack), 6), 0.1);
}

bool Memory::state_follows(const Data& before, Clock::duration elapsed) const {
  constexpr double kMargin = 1.5;  // the current changes between two polls
  constexpr double kRounding_mAh = 2;
  constexpr double kSecondsPerHour = 3600;
  const auto& now = fast(kState);
  const auto& pack = fast(kPack);
  if (!now || !pack || !std::equal(before.begin() + 1, before.begin() + 3, now->begin() + 1)) return false;
  const double current_mA = std::abs(static_cast<int>(read_be<2>(*pack, 4)) - Polarity::kZero) * 100.0;
  const double moved_mAh =
      std::abs(static_cast<double>(read_be<4>(*now, 4)) - static_cast<double>(read_be<4>(before, 4)));
  const double elapsed_s = std::chrono::duration<double>(elapsed).count();
  return moved_mAh <= kRounding_mAh + kMargin * current_mA * elapsed_s / kSecondsPerHour;
}

bool Memory::same_direction(const Data& before) const { return fast(kState) && (*fast(kState))[0] == before[0]; }

void Memory::make_serial() {
  if (settings_.serial || !date_ || !settings_.capacity_Ah) return;
  settings_.serial = fmt::format("{}-{:g}Ah", *date_, *settings_.capacity_Ah);
}

std::vector<std::optional<double>> Memory::cells() const {
  const auto found = rows_.find(kCells);
  if (found == rows_.end() || (counts() && !holds(kCells))) return {};
  const Bytes content = found->second.content();
  std::vector<std::optional<double>> row;
  const std::size_t limit = counts() ? counts()->cells : kMostCells;
  for (std::size_t i = 0; i < limit; ++i) {
    const std::size_t at = i / kCellsPerFrame * (kDataSize - 1) + i % kCellsPerFrame * 2;
    if (at + 2 > content.size()) break;
    const auto raw = read_be<2>(content, at);
    if (!counts() && raw == 0) break;  // without the count the first empty slot ends the row
    row.emplace_back(scaled(raw, 0.001));
  }
  return row;
}

std::vector<std::optional<double>> Memory::temperatures() const {
  const auto found = rows_.find(kTemperatures);
  if (found == rows_.end() || (counts() && !holds(kTemperatures))) return {};
  const Bytes content = found->second.content();
  std::vector<std::optional<double>> row;
  const std::size_t limit = std::min(counts() ? counts()->sensors : kMostSensors, content.size());
  for (std::size_t i = 0; i < limit; ++i) {
    if (!counts() && content[i] == 0) break;
    // An open sensor reads -40 degC; it is not that cold.
    const bool fitted = content[i] != 0 && content[i] != kNoSensor;
    row.push_back(fitted ? std::optional<double>(content[i] + kByteTemperatureBias) : std::nullopt);
  }
  return row;
}

void Memory::add_current(Reading& reading) const {
  const auto& pack = fast(kPack);
  if (!pack) return;
  std::optional<PackState> state;
  if (fast(kState)) state = PackState{(*fast(kState))[0]};
  const int tenths = polarity_.current(static_cast<int>(read_be<2>(*pack, 4)), state);
  reading.current_A = scaled(invert_current_ ? -tenths : tenths, 0.1);
}

/// The extremes repeat what the rows tell; where only they were recorded, they are told.
void Memory::add_extremes(Reading& reading) const {
  const auto& cells = fast(kCellExtremes);
  if (cells && !rows_.contains(kCells)) decode(kCellExtremeFields, *cells, reading);
  const auto& sensors = fast(kTemperatureExtremes);
  const bool fitted = sensors && (*sensors)[0] != 0 && (!counts() || counts()->sensors > 0);
  if (fitted && !rows_.contains(kTemperatures)) decode(kTemperatureExtremeFields, *sensors, reading);
}

/// The one capture with a bit set (4 cells, `00 04 00 ...`) makes sense only as 16-bit words
/// (dreadnought/python-daly-bms).
void Memory::add_balance(Reading& reading) const {
  const auto& data = fast(kBalance);
  if (!data) return;
  const std::size_t cells = counts() ? counts()->cells : kMostCells;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    if ((read_be<2>(*data, cell / 16 * 2) >> (cell % 16) & 1U) != 0) {
      reading.balancing_cells.push_back(static_cast<int>(cell + 1));
    }
  }
  reading.balancing = !reading.balancing_cells.empty();
}

Reading Memory::reading() const {
  Reading reading = settings_;
  if (fast(kPack)) decode(kPackFields, *fast(kPack), reading);
  if (fast(kState)) decode(kStateFields, *fast(kState), reading);
  if (fast(kStatus)) decode(kStatusFields, *fast(kStatus), reading);
  add_current(reading);
  reading.cells_V = cells();
  reading.temps_C = temperatures();
  add_extremes(reading);
  add_balance(reading);
  if (const auto& alarms = fast(kAlarms)) {
    const std::uint64_t bits = flag_bits(*alarms);
    decode_flags(status_flags(), invert_current_ ? swap_overcurrent(bits) : bits, reading);
    if ((*alarms)[7] != 0) reading.extra["fault_code"] = static_cast<double>((*alarms)[7]);
  }
  return reading;
}

}  // namespace bms::daly::a5
