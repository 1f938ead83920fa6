#include "victron/system_gate.hpp"

#include <spdlog/spdlog.h>

#include "victron/bus_connection.hpp"

namespace bms::victron {
namespace {

constexpr const char* kSystem = "com.victronenergy.system";
constexpr const char* kRule =
    "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged',arg0='com.victronenergy.system'";

}  // namespace

SystemGate::SystemGate(boost::asio::io_context& loop, std::optional<std::chrono::milliseconds> patience)
    : patience_(patience), timer_(loop), open_(!patience) {}

SystemGate::~SystemGate() { forget(); }

void SystemGate::watch(BusConnection& bus) {
  if (open_) return;
  bus_ = &bus;
  sd_bus_add_match_async(bus.raw(), &match_, kRule, &SystemGate::came, &SystemGate::listening, this);
}

void SystemGate::forget() {
  bus_ = nullptr;
  match_ = sd_bus_slot_unref(match_);
  question_ = sd_bus_slot_unref(question_);
}

void SystemGate::pass(std::function<void()> then) {
  if (open_) return then();
  if (waiting_.empty()) {
    spdlog::info("waiting for {} before a new battery appears, at most {} s", kSystem,
                 std::chrono::duration_cast<std::chrono::seconds>(*patience_).count());
    timer_.expires_after(*patience_);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) open();
    });
  }
  waiting_.push_back(std::move(then));
}

void SystemGate::open() {
  open_ = true;
  timer_.cancel();
  for (const auto& then : std::exchange(waiting_, {})) then();
}

int SystemGate::listening(sd_bus_message* /*reply*/, void* context, sd_bus_error* /*error*/) noexcept {
  auto& self = *static_cast<SystemGate*>(context);
  if (self.bus_ == nullptr) return 1;
  sd_bus_call_method_async(self.bus_->raw(), &self.question_, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "NameHasOwner", &SystemGate::told, context, "s", kSystem);
  self.bus_->rearm();
  return 1;
}

int SystemGate::told(sd_bus_message* reply, void* context, sd_bus_error* /*error*/) noexcept {
  int there = 0;
  if (sd_bus_message_read_basic(reply, 'b', &there) > 0 && there != 0) static_cast<SystemGate*>(context)->open();
  return 0;
}

int SystemGate::came(sd_bus_message* signal, void* context, sd_bus_error* /*error*/) noexcept {
  const char* texts[3] = {};
  if (sd_bus_message_read(signal, "sss", &texts[0], &texts[1], &texts[2]) > 0 && texts[2][0] != '\0') {
    static_cast<SystemGate*>(context)->open();
  }
  return 0;
}

}  // namespace bms::victron
