#include "outputs/relay.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace bms::outputs {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSettings = "com.victronenergy.settings";
constexpr const char* kSystem = "com.victronenergy.system";
/// Values of /Settings/Relay/Function and /Settings/Relay/1/Function (victronenergy/dbus-systemcalc-py:
/// delegates/relaystate.py; victronenergy/gui: PageSettingsRelay.qml).
constexpr double kManual = 2;
constexpr auto kQuarrel = 10s;  ///< between two corrections of a relay that somebody else switches too
constexpr auto kRetry = 5s;

std::string function_path(unsigned number) {
  return number == 0 ? "/Settings/Relay/Function" : fmt::format("/Settings/Relay/{}/Function", number);
}

const char* function_name(double function) {
  constexpr const char* kNames[] = {"Alarm relay", "Generator start/stop", "Manual",
                                    "Tank pump",   "Temperature",          "Genset helper relay"};
  if (function < 0) return "Disabled";
  return function < 6 ? kNames[static_cast<std::size_t>(function)] : "unknown";
}

}  // namespace

RelayTarget::RelayTarget(boost::asio::io_context& loop, std::string bus_address, unsigned number)
    : number_(number),
      again_(loop),
      bus_(loop, std::move(bus_address),
           {[this] {
              function_.connected();
              state_.connected();
            },
            [this] {
              function_.lost();
              state_.lost();
              written_.reset();
            }}),
      function_(bus_, {kSettings, function_path(number)},
                {[this] { update(); }, [this](const std::string& reason) { failed(reason); }}),
      state_(bus_, {kSystem, fmt::format("/Relay/{}/State", number)},
             {[this] { update(); }, [this](const std::string& reason) { failed(reason); }}) {
  bus_.open();
}

RelayTarget::~RelayTarget() {
  wanted_.reset();
  again_.cancel();
}

std::string RelayTarget::obstacle() const {
  if (!function_.there()) return fmt::format("{} is not on the bus", kSettings);
  if (!function_.value()) return fmt::format("{} has no {}: there is no such relay", kSettings, function_path(number_));
  if (*function_.value() != kManual) {
    return fmt::format("its function is {} ({}); set it to Manual in the settings of the GX (Settings > Relay)",
                       function_name(*function_.value()), *function_.value());
  }
  if (!state_.there()) return fmt::format("{} is not on the bus", kSystem);
  if (!state_.value()) return fmt::format("{} has no such relay", kSystem);
  return {};
}

void RelayTarget::drive(bool level) {
  if (wanted_ == level) return;
  wanted_ = level;
  update();
}

bool RelayTarget::driven() const {
  return wanted_ && bus_.connected() && obstacle().empty() && (*state_.value() != 0) == *wanted_;
}

bool RelayTarget::settled() const {
  if (!wanted_ || !bus_.connected() || !looked() || !obstacle().empty()) return true;
  return driven() && !state_.setting();
}

void RelayTarget::update() {
  if (!wanted_ || !bus_.connected() || !looked()) return;
  if (const auto reason = obstacle(); !reason.empty()) {
    written_.reset();
    return complain(reason);
  }
  if (broken_ || state_.setting()) return;
  if (driven()) {
    written_ = wanted_;
    if (!complaint_.empty()) spdlog::info("relay:{}: driven again", number_);
    complaint_.clear();
    return;
  }
  const TimePoint now = Clock::now();
  if (written_ == wanted_) {
    if (now < written_at_ + kQuarrel) return look_again(written_at_ + kQuarrel - now);
    spdlog::warn("relay:{}: somebody set it to {}; set back to {}", number_, *state_.value(), *wanted_ ? 1 : 0);
  }
  write(now);
}

void RelayTarget::write(TimePoint now) {
  const bool level = *wanted_;
  // The first correction comes at once, whenever the relay was written before.
  written_at_ = written_ == wanted_ ? now : now - kQuarrel;
  state_.set(level ? 1 : 0, [this, level](const std::string& refused) {
    if (!refused.empty()) return failed(fmt::format("{} does not take {}: {}", kSystem, level ? 1 : 0, refused));
    written_ = level;
    update();
  });
}

void RelayTarget::complain(const std::string& reason) {
  if (reason == complaint_) return;
  complaint_ = reason;
  spdlog::error("relay:{}: not driven: {}", number_, reason);
}

void RelayTarget::failed(const std::string& reason) {
  complain(reason);
  broken_ = true;
  look_again(kRetry);
}

void RelayTarget::look_again(Clock::duration pause) {
  again_.expires_after(pause);
  again_.async_wait([this](const boost::system::error_code& error) {
    if (error || !wanted_) return;
    if (broken_) {
      broken_ = false;
      function_.retry();
      state_.retry();
    }
    update();
  });
}

}  // namespace bms::outputs
