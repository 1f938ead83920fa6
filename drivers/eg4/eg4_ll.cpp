#include "eg4_ll.hpp"

#include "bms/modbus.hpp"

namespace bms::eg4 {
namespace {

using std::chrono::milliseconds;

// Public drivers wait 1.5 to 2.5 s and ask three times; the longest answer takes 203 ms at 9600 baud.
constexpr milliseconds kLlTimeout{1000};
constexpr milliseconds kLlGap{100};  // asked for by the vendor's document
// Asked with every poll at first, then now and then.
constexpr int kSettingsTries = 3;
constexpr std::chrono::minutes kSettingsPause{1};
// A pack that was given another address shows another map.
constexpr int kLlMissesToForget = 10;

bool says_yes(const DriverOptions& options, std::string_view key) {
  const auto found = options.settings.find(key);
  return found != options.settings.end() && (found->second == "yes" || found->second == "true" || found->second == "1");
}

}  // namespace

Eg4LlDriver::Eg4LlDriver(const DriverOptions& options)
    : address_(static_cast<std::uint8_t>(options.address)),
      tenths_(says_yes(options, "tenths")),
      configured_capacity_Ah_(options.capacity_Ah) {}

Scan Eg4LlDriver::scan(ByteView request, ByteView buffer) const { return modbus::scan_answer(request, buffer); }

Conversation<Outcome<void>> Eg4LlDriver::ask(Block block, int attempts) {
  const Bytes request = modbus::read_request(address_, modbus::kReadHolding, block.first, block.count);
  Fault last = Fault::implausible;
  // A block of nothing but zeros comes alone: the next answer is right again.
  for (int round = 0; round < 2; ++round) {
    const Exchange exchange{request, kLlTimeout, kLlGap, attempts};
    const Answer answer = co_await exchange;
    if (!answer) co_return fail(answer.error());
    const auto taken = accept(request, *answer);
    if (taken || taken.error() != Fault::implausible) co_return taken;
    last = taken.error();
  }
  co_return fail(last);
}

Conversation<bool> Eg4LlDriver::ask_settings() {
  // One answer has thresholds and identity; firmware that ends at register 127 leaves it unanswered or refuses it.
  const auto all = co_await ask(kConfigBlock, 1);
  if (all) co_return true;
  const auto identity = co_await ask(kIdentityBlock, 1);
  co_return identity.has_value();
}

Conversation<Outcome<Reading>> Eg4LlDriver::read(TimePoint now, int attempts) {
  live_.reset();
  known_.reset();
  cells_.clear();
  const auto status = co_await ask(map_ == Map::inverter ? kInverterBlock : kStatusBlock, attempts);
  if (!status) co_return fail(status.error());
  if (map_ == Map::inverter) {
    if (!live_->extra.contains("cell_count")) {
      const auto rest = co_await ask(kInverterBlock, attempts);
      if (!rest) co_return fail(rest.error());
    }
    const auto cells = co_await ask(kInverterCells, attempts);
    if (!cells) co_return fail(cells.error());
  } else if (!settings_known_ && (settings_tries_ < kSettingsTries || now >= last_settings_ + kSettingsPause)) {
    // Registers 113 to 128 are cells in the other map: asked only where they are not.
    ++settings_tries_;
    last_settings_ = now;
    settings_known_ = co_await ask_settings();
  }
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

Conversation<Outcome<Reading>> Eg4LlDriver::poll(TimePoint now) {
  auto reading = co_await read(now, 2);
  if (reading) {
    misses_ = 0;
  } else if (++misses_ >= kLlMissesToForget) {
    misses_ = 0;
    map_ = Map::unknown;
  }
  co_return reading;
}

void Eg4LlDriver::refresh() {
  settings_known_ = false;
  settings_tries_ = 0;
}

Conversation<Outcome<Reading>> Eg4LlDriver::probe() { return read(TimePoint{}, 1); }

}  // namespace bms::eg4
