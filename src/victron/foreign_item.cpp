#include "victron/foreign_item.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <string_view>
#include <utility>

#include "victron/bus_connection.hpp"
#include "victron/bus_names.hpp"
#include "victron/item_wire.hpp"

namespace bms::victron {
namespace {

/// Entries looked at in one ItemsChanged of somebody else.
constexpr int kMostEntries = 4096;

const char* error_of(sd_bus_message* reply) {
  const sd_bus_error* error = sd_bus_message_get_error(reply);
  return error == nullptr ? nullptr : error->name;
}

/// The number in a variant; nullopt: invalid, or no number.
std::optional<double> read_number(sd_bus_message* message, bool& understood) {
  Value value;
  understood = wire::read_variant(message, value) >= 0;
  if (!understood) return std::nullopt;
  if (const auto* number = std::get_if<double>(&value); number != nullptr && std::isfinite(*number)) return *number;
  if (const auto* integer = std::get_if<std::int32_t>(&value)) return *integer;
  return std::nullopt;
}

/// "Value" of an `a{sv}` in which the message stands; false: there is none, or it is something else.
bool read_properties_value(sd_bus_message* message, std::optional<double>& value) {
  bool found = false;
  if (sd_bus_message_enter_container(message, 'a', "{sv}") <= 0) return false;
  for (int entry = 0; entry < kMostEntries && sd_bus_message_enter_container(message, 'e', "sv") > 0; ++entry) {
    const char* key = nullptr;
    if (sd_bus_message_read_basic(message, 's', static_cast<void*>(&key)) <= 0) return false;
    const bool wanted = std::string_view(key) == "Value";
    bool understood = false;
    const auto number = read_number(message, understood);
    if (!understood) return false;
    if (wanted) {
      value = number;
      found = true;
    }
    if (sd_bus_message_exit_container(message) < 0) return false;
  }
  return sd_bus_message_exit_container(message) >= 0 && found;
}

/// The value of `path` in an `a{sa{sv}}`.
bool read_items_value(sd_bus_message* message, std::string_view path, std::optional<double>& value) {
  if (sd_bus_message_enter_container(message, 'a', "{sa{sv}}") <= 0) return false;
  for (int entry = 0; entry < kMostEntries && sd_bus_message_enter_container(message, 'e', "sa{sv}") > 0; ++entry) {
    const char* name = nullptr;
    if (sd_bus_message_read_basic(message, 's', static_cast<void*>(&name)) <= 0) return false;
    if (name == path) return read_properties_value(message, value);
    if (sd_bus_message_skip(message, "a{sv}") < 0 || sd_bus_message_exit_container(message) < 0) return false;
  }
  return false;
}

}  // namespace

/// sd-bus is C: nothing may be thrown through it.
template <ForeignItem::Handler handler>
int ForeignItem::handle(sd_bus_message* message, void* context, sd_bus_error* /*error*/) noexcept {
  auto& self = *static_cast<ForeignItem*>(context);
  try {
    (self.*handler)(message);
  } catch (const std::exception& error) {
    spdlog::error("{}{}: {}", self.address_.service, self.address_.path, error.what());
  }
  return 0;
}

ForeignItem::ForeignItem(BusConnection& bus, Address address, Events events)
    : bus_(bus), address_(std::move(address)), events_(std::move(events)) {}

ForeignItem::~ForeignItem() {
  events_ = {};
  lost();
}

void ForeignItem::connected() {
  const std::string rule =
      fmt::format("type='signal',sender='{}',path='{}',interface='{}',member='NameOwnerChanged',arg0='{}'", kBus,
                  kBusPath, kBus, address_.service);
  // Only when the rule is installed nothing can be missed: whoever comes later is seen.
  sent(sd_bus_add_match_async(bus_.raw(), &owner_rule_, rule.c_str(), &handle<&ForeignItem::owner_changed>,
                              &handle<&ForeignItem::watching>, this));
}

void ForeignItem::lost() {
  owner_rule_ = sd_bus_slot_unref(owner_rule_);
  owner_call_ = sd_bus_slot_unref(owner_call_);
  looked_ = false;
  forget_owner();
}

void ForeignItem::retry() {
  if (!bus_.connected()) return;
  lost();
  connected();
}

void ForeignItem::forget_owner() {
  owner_.clear();
  signal_rule_ = sd_bus_slot_unref(signal_rule_);
  read_call_ = sd_bus_slot_unref(read_call_);
  set_call_ = sd_bus_slot_unref(set_call_);
  set_done_ = {};
  value_.reset();
}

void ForeignItem::sent(int result) {
  if (result >= 0) {
    bus_.rearm();
  } else if (events_.failed) {
    events_.failed(fmt::format("error {}", -result));
  }
}

void ForeignItem::watching(sd_bus_message* reply) {
  if (const char* error = error_of(reply)) return events_.failed(error);
  owner_call_ = sd_bus_slot_unref(owner_call_);
  sent(sd_bus_call_method_async(bus_.raw(), &owner_call_, kBus, kBusPath, kBus, "GetNameOwner",
                                &handle<&ForeignItem::owner_told>, this, "s", address_.service.c_str()));
}

void ForeignItem::owner_told(sd_bus_message* reply) {
  const char* name = nullptr;
  if (const char* error = error_of(reply)) {
    if (std::string_view(error) != SD_BUS_ERROR_NAME_HAS_NO_OWNER) return events_.failed(error);
    looked_ = true;
    events_.changed();
  } else if (sd_bus_message_read_basic(reply, 's', static_cast<void*>(&name)) > 0) {
    follow(name);
  }
}

void ForeignItem::owner_changed(sd_bus_message* signal) {
  const char* texts[3] = {};
  if (sd_bus_message_read(signal, "sss", &texts[0], &texts[1], &texts[2]) > 0) follow(texts[2]);
}

void ForeignItem::follow(const std::string& owner) {
  if (owner == owner_) return;
  forget_owner();
  looked_ = owner.empty();
  if (owner.empty()) return events_.changed();
  owner_ = owner;
  const std::string rule = fmt::format("type='signal',sender='{}',interface='{}'", owner_, wire::kInterface);
  sent(sd_bus_add_match_async(bus_.raw(), &signal_rule_, rule.c_str(), &handle<&ForeignItem::announced>,
                              &handle<&ForeignItem::listening>, this));
}

void ForeignItem::listening(sd_bus_message* reply) {
  if (const char* error = error_of(reply)) return events_.failed(error);
  read_call_ = sd_bus_slot_unref(read_call_);
  sent(sd_bus_call_method_async(bus_.raw(), &read_call_, owner_.c_str(), address_.path.c_str(), wire::kInterface,
                                "GetValue", &handle<&ForeignItem::told>, this, ""));
}

void ForeignItem::told(sd_bus_message* reply) {
  if (const char* error = error_of(reply)) return events_.failed(error);
  looked_ = true;
  bool understood = false;
  take(read_number(reply, understood));
}

void ForeignItem::announced(sd_bus_message* signal) {
  const char* path = sd_bus_message_get_path(signal);
  std::optional<double> value;
  bool found = false;
  if (sd_bus_message_is_signal(signal, wire::kInterface, "ItemsChanged") > 0 && std::string_view(path) == "/") {
    found = read_items_value(signal, address_.path, value);
  } else if (sd_bus_message_is_signal(signal, wire::kInterface, "PropertiesChanged") > 0 && path == address_.path) {
    found = read_properties_value(signal, value);
  }
  if (found) take(value);
}

void ForeignItem::take(std::optional<double> value) {
  if (value == value_ && value) return;
  value_ = value;
  if (events_.changed) events_.changed();
}

void ForeignItem::set(std::int32_t value, std::function<void(const std::string&)> done) {
  if (owner_.empty()) return done("the service is not there");
  set_call_ = sd_bus_slot_unref(set_call_);
  set_done_ = std::move(done);
  set_value_ = value;
  sent(sd_bus_call_method_async(bus_.raw(), &set_call_, owner_.c_str(), address_.path.c_str(), wire::kInterface,
                                "SetValue", &handle<&ForeignItem::was_set>, this, "v", "i", value));
}

void ForeignItem::was_set(sd_bus_message* reply) {
  set_call_ = sd_bus_slot_unref(set_call_);
  const auto done = std::exchange(set_done_, {});
  if (!done) return;
  if (const char* error = error_of(reply)) return done(error);
  std::int32_t result = 0;
  if (sd_bus_message_read_basic(reply, 'i', &result) <= 0) return done("not the answer of an item");
  if (result != 0) return done(fmt::format("refused ({})", result));
  value_ = set_value_;  // a program announces before it answers, or not at all
  done("");
}

}  // namespace bms::victron
