#include "victron/foreign_battery.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-bus.h>

#include <boost/asio.hpp>
#include <string_view>

#include "victron/bus_connection.hpp"
#include "victron/bus_names.hpp"
#include "victron/foreign_items.hpp"
#include "victron/item_wire.hpp"

namespace bms::victron {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::string_view kOwnPrefix = "com.victronenergy.battery.dbusbms_";
constexpr auto kAskAgain = 5s;

}  // namespace

class ForeignBattery::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, Options options, OnReading on_reading)
      : options_(std::move(options)),
        on_reading_(std::move(on_reading)),
        ticker_(loop),
        retry_(loop),
        bus_(loop, options_.address, {[this] { connected(); }, [this] { lost(); }}) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { lost(); }

  std::optional<std::string> start() {
    if (!dbus::is_battery_service(options_.service)) return options_.service + " is no name of a battery service";
    if (options_.service.starts_with(kOwnPrefix)) {
      return options_.service + " is one of our own services: it would be fed with its own values";
    }
    bus_.open();
    tick();
    return std::nullopt;
  }

  /// The owner of this object goes; a handler that runs right now may keep us alive a little longer.
  void stop() {
    stopped_ = true;
    ticker_.cancel();
    retry_.cancel();
  }

 private:
  using Handler = void (Impl::*)(sd_bus_message*);

  /// sd-bus is C: nothing may be thrown through it.
  template <Handler handler>
  static int handle(sd_bus_message* message, void* context, sd_bus_error* /*error*/) noexcept {
    const auto self = static_cast<Impl*>(context)->weak_from_this().lock();
    if (!self) return 0;
    try {
      ((*self).*handler)(message);
    } catch (const std::exception& error) {
      spdlog::error("{}: {}", self->options_.service, error.what());
    }
    return 0;
  }

  static const char* error_of(sd_bus_message* reply) {
    const sd_bus_error* error = sd_bus_message_get_error(reply);
    return error == nullptr ? nullptr : error->name;
  }

  void connected() {
    const std::string rule =
        fmt::format("type='signal',sender='{}',path='{}',interface='{}',member='NameOwnerChanged',arg0='{}'", kBus,
                    kBusPath, kBus, options_.service);
    // Only when the rule is installed nothing can be missed: whoever comes later is seen.
    sent(sd_bus_add_match_async(bus_.raw(), &owner_rule_, rule.c_str(), &handle<&Impl::owner_changed>,
                                &handle<&Impl::watching_owner>, this));
  }

  void lost() {
    forget_owner();
    retry_.cancel();
    owner_rule_ = sd_bus_slot_unref(owner_rule_);
    owner_call_ = sd_bus_slot_unref(owner_call_);
  }

  void forget_owner() {
    owner_.clear();
    items_.clear();
    loaded_ = heard_ = asked_ = false;
    signal_rule_ = sd_bus_slot_unref(signal_rule_);
    load_call_ = sd_bus_slot_unref(load_call_);
    ask_call_ = sd_bus_slot_unref(ask_call_);
  }

  /// After every request: what cannot even be sent is tried again from the start.
  void sent(int result) {
    if (result < 0) {
      try_again(fmt::format("error {}", -result));
    } else {
      bus_.rearm();
    }
  }

  void try_again(const std::string& reason) {
    if (reason != complaint_) spdlog::warn("{}: {}; trying again", options_.service, reason);
    complaint_ = reason;
    retry_.expires_after(kAskAgain);
    retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || !self->bus_.connected()) return;
      self->lost();
      self->connected();
    });
  }

  // Who owns the name.

  void watching_owner(sd_bus_message* reply) {
    if (const char* error = error_of(reply)) return try_again(error);
    owner_call_ = sd_bus_slot_unref(owner_call_);
    sent(sd_bus_call_method_async(bus_.raw(), &owner_call_, kBus, kBusPath, kBus, "GetNameOwner",
                                  &handle<&Impl::owner_told>, this, "s", options_.service.c_str()));
  }

  void owner_told(sd_bus_message* reply) {
    const char* name = nullptr;
    if (const char* error = error_of(reply)) {
      if (std::string_view(error) != SD_BUS_ERROR_NAME_HAS_NO_OWNER) try_again(error);
    } else if (sd_bus_message_read_basic(reply, 's', static_cast<void*>(&name)) > 0) {
      follow(name);
    }
  }

  void owner_changed(sd_bus_message* signal) {
    const char* texts[3] = {};
    if (sd_bus_message_read(signal, "sss", &texts[0], &texts[1], &texts[2]) > 0) follow(texts[2]);
  }

  /// Nothing that the owner before said is of any worth; without an owner all is unknown.
  void follow(const std::string& owner) {
    if (owner == owner_) return;
    forget_owner();
    if (owner.empty()) return;
    owner_ = owner;
    const std::string rule = fmt::format("type='signal',sender='{}',interface='{}'", owner_, wire::kInterface);
    sent(sd_bus_add_match_async(bus_.raw(), &signal_rule_, rule.c_str(), &handle<&Impl::announced>,
                                &handle<&Impl::listening>, this));
  }

  // What it says.

  void listening(sd_bus_message* reply) {
    if (const char* error = error_of(reply)) return try_again(error);
    call(load_call_, "/", "GetItems", &handle<&Impl::loaded>);
  }

  /// To the owner itself: an answer to another name would be no answer of the program we know.
  void call(sd_bus_slot*& slot, const char* path, const char* method, sd_bus_message_handler_t handler) {
    slot = sd_bus_slot_unref(slot);
    sent(
        sd_bus_call_method_async(bus_.raw(), &slot, owner_.c_str(), path, wire::kInterface, method, handler, this, ""));
  }

  void loaded(sd_bus_message* reply) {
    const char* error = error_of(reply);
    if (error != nullptr && std::string_view(error) == SD_BUS_ERROR_UNKNOWN_METHOD) {
      return call(load_call_, "/", "GetValue", &handle<&Impl::loaded_as_tree>);
    }
    if (error != nullptr) return try_again(fmt::format("GetItems: {}", error));
    dbus::Items items;
    if (!read_items(reply, items)) return try_again("GetItems: not the answer of a battery service");
    accept(std::move(items));
  }

  void loaded_as_tree(sd_bus_message* reply) {
    if (const char* error = error_of(reply)) return try_again(fmt::format("GetValue: {}", error));
    dbus::Items items;
    if (!read_tree(reply, items)) return try_again("GetValue: not the answer of a battery service");
    accept(std::move(items));
  }

  /// Signals that came before are older than this answer.
  void accept(dbus::Items items) {
    items_ = std::move(items);
    loaded_ = true;
    complaint_.clear();
    heard();
  }

  void announced(sd_bus_message* signal) {
    if (!loaded_) return;  // the answer on its way is newer
    const std::string_view path = sd_bus_message_get_path(signal);
    // Values of a message that ends in rubbish: those before are as good as any.
    if (path == "/" && sd_bus_message_is_signal(signal, wire::kInterface, "ItemsChanged") > 0) {
      read_items(signal, items_);
      heard();
    } else if (sd_bus_message_is_signal(signal, wire::kInterface, "PropertiesChanged") > 0) {
      read_properties(signal, path, items_);
      heard();
    }
  }

  void heard() {
    heard_ = true;
    heard_at_ = Clock::now();
  }

  // Once per period.

  void tick() {
    // Timers do not drift with the time their handlers take, and do not catch up after a pause of the whole system.
    const TimePoint now = Clock::now();
    next_tick_ = std::max(next_tick_ + options_.period, now);
    ticker_.expires_at(next_tick_);
    ticker_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && !self->stopped_) self->tick();
    });
    tell();
    if (!loaded_ || !bus_.connected()) return;
    if (heard_) {
      pass_on();
    } else if (!asked_) {
      asked_ = true;
      call(ask_call_, "/Connected", "GetValue", &handle<&Impl::answered>);
    }
  }

  /// Any answer of the program itself will do, a refusal too: it shows that its announcements would come.
  void answered(sd_bus_message* reply) {
    asked_ = false;
    const char* sender = sd_bus_message_get_sender(reply);
    if (sender == nullptr || owner_ != sender) return;
    if (error_of(reply) == nullptr) read_item(reply, "/Connected", items_);
    heard();
    pass_on();
  }

  void pass_on() {
    heard_ = false;
    const auto device = items_.find("/Connected");
    if (device != items_.end() && device->second == dbus::Item(0.0)) return;
    Reading reading = dbus::from_items(items_);
    reading.time = heard_at_;
    if (!stopped_) on_reading_(reading);
  }

  /// At most once per period: a service that comes and goes all the time must not fill the log.
  void tell() {
    if (loaded_ == told_) return;
    told_ = loaded_;
    if (loaded_) {
      spdlog::info("{}: there, {} values", options_.service, items_.size());
    } else {
      spdlog::warn("{}: gone", options_.service);
    }
  }

  Options options_;
  OnReading on_reading_;
  asio::steady_timer ticker_;
  asio::steady_timer retry_;
  sd_bus_slot* owner_rule_ = nullptr;
  sd_bus_slot* owner_call_ = nullptr;
  sd_bus_slot* signal_rule_ = nullptr;
  sd_bus_slot* load_call_ = nullptr;
  sd_bus_slot* ask_call_ = nullptr;
  std::string owner_;  ///< unique name; empty: the service is not there
  dbus::Items items_;
  bool loaded_ = false;  ///< items_ is all that this owner has
  bool heard_ = false;   ///< from this owner, since the last Reading
  bool asked_ = false;   ///< whether it still answers
  bool told_ = false;
  bool stopped_ = false;
  std::string complaint_;  ///< said last
  TimePoint heard_at_{};
  TimePoint next_tick_{};
  BusConnection bus_;
};

ForeignBattery::ForeignBattery(asio::io_context& loop, Options options, OnReading on_reading)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(on_reading))) {}

ForeignBattery::~ForeignBattery() { impl_->stop(); }

std::optional<std::string> ForeignBattery::start() { return impl_->start(); }

}  // namespace bms::victron
