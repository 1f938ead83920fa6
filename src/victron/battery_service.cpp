#include "victron/battery_service.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-bus.h>

#include "victron/bus_connection.hpp"
#include "victron/item_objects.hpp"
#include "victron/refusals.hpp"

namespace bms::victron {
namespace {

/// Beyond this many messages the bus has not taken, changes are gathered instead of queued: a frozen bus must cost no
/// memory, and nobody wants the values of the past minutes one by one.
constexpr std::size_t kMaxQueued = 16;

/// Must be there and valid before the name appears, or consumers never look at the service again.
constexpr std::string_view kMandatory[] = {"/DeviceInstance", "/Mgmt/Connection",     "/Mgmt/ProcessName",
                                           "/ProductId",      "/Mgmt/ProcessVersion", "/ProductName",
                                           "/Connected",      "/CustomName"};
/// Must be there.
constexpr std::string_view kPresent[] = {"/FirmwareVersion", "/HardwareVersion", "/Serial"};

}  // namespace

class BatteryService::Impl {
  static constexpr const char* kRecorderInterface = "com.github.dbus_bms.Recorder";

 public:
  Impl(boost::asio::io_context& loop, Options options, Owner owner)
      : options_(std::move(options)),
        owner_(std::move(owner)),
        bus_(loop, options_.address, {[this] { start(); }, [this] { stop(); }}) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    stop();
    bus_.close();
  }

  std::optional<std::string> publish() {
    for (const auto path : kMandatory) {
      if (!is_valid(tree_.value(path))) return std::string(path);
    }
    for (const auto path : kPresent) {
      if (tree_.find(path) == nullptr) return std::string(path);
    }
    bus_.open();
    return std::nullopt;
  }

  void flush() {
    if (!published_ || !tree_.has_changes() || bus_.queued() > kMaxQueued) return;
    if (emit_items_changed(bus_.raw(), tree_.changes())) tree_.take_changes();  // else with the next poll
    bus_.rearm();
  }

  void withdraw() { bus_.close(); }

  ItemTree& tree() { return tree_; }
  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] bool published() const { return published_; }

 private:
  /// Objects first, then the name: consumers read everything the instant it appears.
  void start() {
    try {
      objects_.emplace(bus_.raw(), tree_, [this](const Item& item, const Value& value) { return write(item, value); });
    } catch (const std::exception& error) {
      return fail(error.what());
    }
    // A fallback as the items are: sd-bus wants all of "/" to be of one kind.
    if (options_.recording && sd_bus_add_fallback_vtable(bus_.raw(), &recorder_, "/", kRecorderInterface,
                                                         recorder_methods(), is_root, this) < 0) {
      return fail("the bus refuses the recorder's interface");
    }
    // Flags 0: neither queue behind another owner nor replace it.
    if (const int result =
            sd_bus_request_name_async(bus_.raw(), &request_, options_.name.c_str(), 0, &Impl::named, this);
        result < 0) {
      fail(fmt::format("the bus refuses the name {}", options_.name));
    }
  }

  void stop() {
    published_ = false;
    request_ = sd_bus_slot_unref(request_);
    recorder_ = sd_bus_slot_unref(recorder_);
    objects_.reset();
  }

  static int named(sd_bus_message* reply, void* context, sd_bus_error* /*error*/) noexcept {
    auto& self = *static_cast<Impl*>(context);
    try {
      self.named(reply);
    } catch (const std::exception& error) {
      spdlog::error("{}: {}", self.options_.name, error.what());
    }
    return 0;
  }

  /// Whoever may call this service may read what it recorded; the file is handed over, not its content.
  static int get_recording(sd_bus_message* call, void* context, sd_bus_error* error) noexcept {
    try {
      const int descriptor = static_cast<Impl*>(context)->options_.recording();
      if (descriptor < 0) return sd_bus_error_set(error, SD_BUS_ERROR_NO_MEMORY, "the recording cannot be handed out");
      return sd_bus_reply_method_return(call, "h", descriptor);
    } catch (const std::exception&) {
      return -ENOMEM;
    }
  }
  static int is_root(sd_bus* /*bus*/, const char* path, const char* /*interface*/, void* context, void** found,
                     sd_bus_error* /*error*/) {
    *found = context;
    return std::string_view(path) == "/" ? 1 : 0;
  }
  static const sd_bus_vtable* recorder_methods() {
    static const sd_bus_vtable kMethods[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("GetRecording", "", "h", get_recording, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
    };
    return kMethods;
  }

  void named(sd_bus_message* reply) {
    constexpr std::uint32_t kPrimaryOwner = 1;
    constexpr std::uint32_t kAlreadyOwner = 4;
    std::uint32_t code = 0;
    if (const sd_bus_error* error = sd_bus_message_get_error(reply)) {
      return fail(fmt::format("the bus refuses the name {}: {}", options_.name,
                              error->message == nullptr ? error->name : error->message));
    }
    if (sd_bus_message_read_basic(reply, 'u', &code) < 0 || (code != kPrimaryOwner && code != kAlreadyOwner)) {
      return fail(fmt::format("{} is already on the bus: does another program serve this battery?", options_.name));
    }
    published_ = true;
    tree_.take_changes();  // everyone reads the whole tree now
    if (owner_.published) owner_.published();
  }

  void fail(const std::string& message) {
    bus_.close();
    if (owner_.failed) owner_.failed(message);
  }

  /// SetValue: 0 accepted, 1 read-only or not convertible, 2 refused by the owner.
  std::int32_t write(const Item& item, const Value& sent) {
    constexpr std::int32_t kAccepted = 0;
    constexpr std::int32_t kNotPossible = 1;
    constexpr std::int32_t kRefused = 2;
    if (item.format.access != Access::writable) {
      tell(item, sent, "cannot be written");
      return kNotPossible;
    }
    const auto wanted = converted(item.format, sent);
    if (!wanted) {
      tell(item, sent, "must be " + allowed(item.format));
      return kNotPossible;
    }
    const WriteAnswer answer = owner_.write ? owner_.write(item.path, *wanted) : WriteResult::refused;
    if (answer.result == WriteResult::refused) {
      tell(item, sent, answer.reason.empty() ? "not possible" : answer.reason);
      return kRefused;
    }
    if (answer.result == WriteResult::accepted && tree_.set(item.path, *wanted)) flush();
    return kAccepted;
  }

  void tell(const Item& item, const Value& sent, const std::string& reason) {
    if (!refusals_.worth_telling(item.path, reason, Clock::now())) return;
    spdlog::warn("{}: write of {} to {} refused: {}", options_.name, sample(sent), item.path, reason);
  }

  Options options_;
  Owner owner_;
  ItemTree tree_;
  Refusals refusals_;
  std::optional<ItemObjects> objects_;
  sd_bus_slot* request_ = nullptr;
  sd_bus_slot* recorder_ = nullptr;
  bool published_ = false;
  BusConnection bus_;
};

BatteryService::BatteryService(boost::asio::io_context& loop, Options options, Owner owner)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(owner))) {}
BatteryService::~BatteryService() = default;
ItemTree& BatteryService::items() { return impl_->tree(); }
const std::string& BatteryService::name() const { return impl_->name(); }
std::optional<std::string> BatteryService::publish() { return impl_->publish(); }
void BatteryService::flush() { impl_->flush(); }
void BatteryService::withdraw() { impl_->withdraw(); }
bool BatteryService::published() const { return impl_->published(); }

}  // namespace bms::victron
