#include "pb.hpp"

#include <algorithm>
#include <utility>

#include "bms/modbus.hpp"

namespace bms::jk {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

/// The least that vendor and field ask for; bursts with less than 50 ms made several BMS answer at once.
constexpr milliseconds kGap{100};
constexpr milliseconds kStatusTimeout{500};
constexpr milliseconds kSlowTimeout{1000};
constexpr minutes kSettingsInterval{5};
/// A unit that has never answered settings or about is asked again after this; status goes on meanwhile.
constexpr minutes kRetryInterval{1};
/// Settings and identity are read a second time soon after the first: their sum has only 8 bits, and there is no past
/// to compare with.
constexpr milliseconds kSettingsAgain{0};
constexpr milliseconds kAboutAgain{500};

/// To Modbus a request to everybody; of the PB it is one address of sixteen.
constexpr std::uint8_t kBroadcast = 0;

/// Where no requested charge voltage is set (hardware 11): this much below the cell protection.
constexpr double kProtectionMargin_V = 0.1;

/// Neighbours grow together, so that a field across two answers is seen; what is read again is there once.
void add_window(std::vector<Window>& windows, Window added) {
  const auto touches = [begin = added.begin, end = added.end](const Window& window) {
    return window.begin <= end && begin <= window.end;
  };
  for (const Window& window : windows) {
    if (!touches(window)) continue;
    added.begin = std::min(added.begin, window.begin);
    added.end = std::max(added.end, window.end);
  }
  windows.erase(std::remove_if(windows.begin(), windows.end(), touches), windows.end());
  const auto behind = std::find_if(windows.begin(), windows.end(),
                                   [&added](const Window& window) { return window.begin > added.begin; });
  windows.insert(behind, added);
}

std::optional<double> extra_number(const Reading& reading, std::string_view name) {
  const auto found = reading.extra.find(name);
  if (found == reading.extra.end()) return std::nullopt;
  const auto* number = std::get_if<double>(&found->second);
  return number != nullptr && *number > 0 ? std::optional<double>(*number) : std::nullopt;
}

/// The voltage per cell that the BMS wants to be charged to.
std::optional<double> requested_voltage(const Reading& settings) {
  if (const auto requested = extra_number(settings, "cell_rcv_V")) return requested;
  if (const auto full = extra_number(settings, "cell_soc100_V")) return full;
  const auto protection = extra_number(settings, "cell_ovp_V");
  return protection ? std::optional<double>(*protection - kProtectionMargin_V) : std::nullopt;
}

}  // namespace

Scan PbDriver::scan(ByteView request, ByteView buffer) const { return scan_pb(request, buffer, address_); }

std::optional<unsigned> PbDriver::asked(ByteView request) const { return modbus::asked(request); }

Outcome<void> PbDriver::accept(ByteView request, ByteView frame) {
  // A recorded conversation may hold several packs; nothing of one may end up in a Reading of another.
  const std::uint8_t source = is_block(frame) ? frame[acknowledge_begin(frame)] : frame[0];
  if (source_ && *source_ != source) {
    finish_round();
    forget_everything();
  }
  source_ = source;

  if (is_block(frame)) {
    if (contradictory(frame)) return fail(Fault::implausible);
    const Block type = block_type(frame);
    keep(frame.first(kBlockSize), {type, 0, kBlockSize});
    memory(type).answered = true;
    ++memory(type).reads;
    complete_ = complete_ || type == Block::status;
    if (complete_) finished_.reset();
    return {};
  }
  const auto window = register_window(request);
  if (!window) return (frame[1] & 0x80U) == 0 ? Outcome<void>() : Outcome<void>(fail(Fault::refused));
  const auto payload = modbus::read_payload(frame);
  if (!payload) return fail(payload.error());
  if (payload->size() != window->end - window->begin) return fail(Fault::foreign);
  Bytes block(kBlockSize);
  std::copy(payload->begin(), payload->end(), block.begin() + static_cast<std::ptrdiff_t>(window->begin));
  swap_byte_order(block, *window);
  if (window->block == Block::status) {
    if (round_.count(window->begin) != 0) finish_round();
    round_.insert(window->begin);
  }
  keep(block, *window);
  return {};
}

void PbDriver::Memory::forget() {
  windows.clear();
  due.reset();
}

void PbDriver::keep(ByteView block, Window window) {
  auto& [stored, windows, reads, answered, due] = memory(window.block);
  const bool whole = window.begin == 0;
  if (whole || (!windows.empty() && windows.front().begin == 0)) windows.clear();
  std::copy(block.begin() + static_cast<std::ptrdiff_t>(window.begin),
            block.begin() + static_cast<std::ptrdiff_t>(window.end),
            stored.begin() + static_cast<std::ptrdiff_t>(window.begin));
  if (window.block == Block::about) {
    for (const ByteRange& secret : kSecrets) {
      std::fill_n(stored.begin() + static_cast<std::ptrdiff_t>(secret.begin), secret.size, std::uint8_t{0});
    }
  }
  add_window(windows, window);
  fresh_ = true;
  if (window.block != Block::status) decode_slow_facts();
}

void PbDriver::forget_everything() {
  for (Memory& memory : memory_) memory = {};
  slow_ = {};
  round_.clear();
  complete_ = fresh_ = false;
}

void PbDriver::drop_status() {
  memory(Block::status).windows.clear();
  round_.clear();
  complete_ = false;
}

/// Registers are read in any portions and order: the same question once more tells that a set was whole.
void PbDriver::finish_round() {
  const auto& windows = memory(Block::status).windows;
  if (windows.empty() || windows.front().begin == 0) return;
  Reading reading = gathered();
  if (!reading.voltage_V || !reading.current_A || !reading.soc_pct || reading.cells_V.empty()) return;
  finished_ = std::move(reading);
  drop_status();
}

void PbDriver::decode_slow_facts() {
  slow_ = {};
  Reading& reading = slow_.reading;
  const Memory& about = memory(Block::about);
  const Memory& settings = memory(Block::settings);
  for (const Window& window : about.windows) decode_about(about.block, window, reading);
  slow_.version = version_of(reading);
  for (const Window& window : settings.windows) decode_settings(settings.block, window, slow_.version, reading);
  slow_.cells = extra_number(reading, "cell_count_setting").value_or(0);
  slow_.highest_V = requested_voltage(reading);
  slow_.lowest_V = extra_number(reading, "cell_uvp_V");
}

Reading PbDriver::gathered() const {
  Reading reading = slow_.reading;
  const auto& [block, windows, reads, answered, due] = memory(Block::status);
  for (const Window& window : windows) decode_status(block, window, slow_.version, Part::fields, reading);
  const double cells = reading.cells_V.empty() ? slow_.cells : static_cast<double>(reading.cells_V.size());
  const auto pack = [&](double cell_V) { return std::round(cell_V * cells * 1e6) / 1e6; };
  if (cells > 0 && slow_.highest_V) reading.max_voltage_V = pack(*slow_.highest_V);
  if (cells > 0 && slow_.lowest_V) reading.min_voltage_V = pack(*slow_.lowest_V);
  if (windows.empty()) return reading;
  reading.extra = Extras::later([slow = reading.extra, version = slow_.version, block = block, windows = windows] {
    Reading all;
    all.extra = slow;
    for (const Window& window : windows) decode_status(block, window, version, Part::all, all);
    return all.extra.map();
  });
  return reading;
}

std::optional<Reading> PbDriver::take() {
  if (finished_) return std::exchange(finished_, std::nullopt);
  if (!complete_) return std::nullopt;
  Reading reading = gathered();
  drop_status();
  fresh_ = false;
  return reading;
}

std::optional<Reading> PbDriver::partial() const { return fresh_ ? std::optional<Reading>(gathered()) : std::nullopt; }

Conversation<Outcome<void>> PbDriver::ask(Block block, int attempts) {
  const Exchange trigger{trigger_request(address_, block), block == Block::status ? kStatusTimeout : kSlowTimeout, kGap,
                         attempts};
  const Answer answer = co_await trigger;
  if (!answer) co_return fail(answer.error());
  co_return accept(trigger.request, *answer);
}

/// Settings or about. Silence is no error where there never was an answer (a unit beside a master keeps to itself) nor
/// while the last one still holds: about is passed over at times (mr-manuel/venus-os_dbus-serialbattery#425). An answer
/// that came damaged is an error, so that no Reading goes out with half of what the unit says.
Conversation<Outcome<void>> PbDriver::ask_slow(Block block, TimePoint now) {
  Memory& known = memory(block);
  if (known.due && now < *known.due) co_return Outcome<void>();
  const auto answer = co_await ask(block, known.answered ? 2 : 1);
  if (answer) {
    const bool settings = block == Block::settings;
    const bool again = known.reads < 2;
    known.due = settings ? now + (again ? kSettingsAgain : kSettingsInterval) : now + kAboutAgain;
    if (!settings && !again) known.due = TimePoint::max();
    co_return answer;
  }
  if (answer.error() != Fault::timeout) co_return answer;
  if (known.answered && known.windows.empty()) {
    known.answered = false;  // this once it is an error; a unit that keeps to itself from now on is read all the same
    co_return answer;
  }
  known.due = now + kRetryInterval;
  co_return Outcome<void>();
}

/// Status each time. Settings before it when they are due: they were said to wake units of firmware 15.36. About behind
/// it, so that a silent battery costs no more time than it must.
Conversation<Outcome<Reading>> PbDriver::poll(TimePoint now) {
  drop_status();
  Memory& settings = memory(Block::settings);
  const bool was_silent = std::exchange(silent_, true);
  const auto before = co_await ask_slow(Block::settings, now);
  if (!before) co_return fail(before.error());
  const auto status = co_await ask(Block::status, settings.answered ? 2 : 1);
  if (!status) co_return fail(status.error());
  silent_ = false;
  if (was_silent && settings.windows.empty()) {
    // The first question after a silence may get lost: the unit is awake now.
    settings.due.reset();
    const auto again = co_await ask_slow(Block::settings, now);
    if (!again) co_return fail(again.error());
  }
  const auto about = co_await ask_slow(Block::about, now);
  if (!about) co_return fail(about.error());
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

void PbDriver::refresh() {
  memory(Block::settings).forget();
  memory(Block::about).forget();
  decode_slow_facts();
}

/// Identity by reading registers first, which no Modbus device minds: model and versions, then the serial number, and
/// nothing of the PIN between. The trigger is a write; it comes last, only with the one register known to be safe, and
/// not where a Modbus device just proved to be another one, nor as a broadcast (address 0), which all on the line obey.
Conversation<Outcome<Reading>> PbDriver::probe() {
  constexpr std::size_t kVersionWords = 20;
  constexpr std::size_t kSerialWords = 8;
  const Exchange identity{register_request(address_, Block::about, kModelAt, kVersionWords), kStatusTimeout, kGap, 1};
  const Answer answer = co_await identity;
  if (answer) {
    const auto accepted = accept(identity.request, *answer);
    const bool jk = memory(Block::about).block[kModelAt] == 'J' || slow_.version.hardware != 0;
    if (!accepted || !jk) {
      forget_everything();
      co_return fail(accepted ? Fault::foreign : accepted.error());
    }
    const Exchange serial{register_request(address_, Block::about, kSerialAt, kSerialWords), kStatusTimeout, kGap, 2};
    const Answer number = co_await serial;
    if (number) (void)accept(serial.request, *number);
  } else {
    if (address_ == kBroadcast) co_return fail(answer.error());
    const auto status = co_await ask(Block::status, 1);
    if (!status) co_return fail(status.error());
    (void)co_await ask(Block::about, 2);
  }
  Reading found = gathered();
  forget_everything();
  co_return found;
}

Conversation<Outcome<bool>> PbDriver::switch_charge(bool on) { return switch_setting(kChargeSwitchAt, on); }
Conversation<Outcome<bool>> PbDriver::switch_discharge(bool on) { return switch_setting(kDischargeSwitchAt, on); }

Conversation<Outcome<bool>> PbDriver::switch_setting(std::size_t offset, bool on) {
  const Exchange write{switch_request(address_, offset, on), kSlowTimeout, kGap, 2};
  const Answer written = co_await write;
  if (!written) co_return fail(written.error());
  if (const auto accepted = accept(write.request, *written); !accepted) co_return fail(accepted.error());
  const auto settings = co_await ask(Block::settings, 3);
  if (!settings) co_return fail(settings.error());
  co_return memory(Block::settings).block[offset] != 0;
}

Bytes PbDriver::redacted(ByteView request, ByteView received) const { return without_secrets(request, received); }

}  // namespace bms::jk
