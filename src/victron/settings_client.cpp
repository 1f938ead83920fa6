#include "victron/settings_client.hpp"

#include <fmt/format.h>
#include <sdbus-c++/sdbus-c++.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-bus.h>

#include <boost/asio.hpp>
#include <charconv>
#include <map>
#include <set>
#include <vector>

#include "victron/bus_connection.hpp"
#include "victron/instance_list.hpp"
#include "victron/name_signal.hpp"
#include "victron/system_gate.hpp"

namespace bms::victron {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr const char* kSettingsService = "com.victronenergy.settings";
constexpr auto kCallTimeout = 10s;  // a GX under load answers late
constexpr auto kRetry = 5s;
constexpr auto kNamePause = 1s;
constexpr const char* kSignalRule =
    "type='signal',sender='com.victronenergy.settings',interface='com.victronenergy.BusItem'";
constexpr const char* kOwnerRule =
    "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged',arg0='com.victronenergy.settings'";

using Setting = std::map<std::string, sdbus::Variant>;

std::string device_path(std::string_view id, std::string_view name) {
  return fmt::format("/Settings/Devices/{}/{}", id, name);
}

Setting setting(const std::string& path, const std::string& preset) {
  return {{"path", sdbus::Variant(path)}, {"default", sdbus::Variant(preset)}};
}

/// "battery:3" -> 3.
std::optional<std::int32_t> parse_instance(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::int32_t instance = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, instance);
  if (error != std::errc{} || stop != end || instance < 0) return std::nullopt;
  return instance;
}

/// The value localsettings holds for a path of the request, as text.
std::optional<std::string> value_of(const std::vector<Setting>& reply, const std::string& path) {
  for (const auto& entry : reply) {
    const auto name = entry.find("path");
    const auto value = entry.find("value");
    if (name == entry.end() || value == entry.end() || !value->second.containsValueOfType<std::string>()) continue;
    if (name->second.containsValueOfType<std::string>() && name->second.get<std::string>() == path) {
      return value->second.get<std::string>();
    }
  }
  return std::nullopt;
}

}  // namespace

class SettingsClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, Options options)
      : loop_(loop),
        patience_(options.patience),
        list_(std::move(options.list)),
        gate_(loop, options.system_patience),
        give_up_(loop),
        retry_(loop),
        pause_(loop),
        bus_(loop, std::move(options.address), {[this] { connected(); }, [this] { lost(); }}) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    lost();
    try {
      for (const auto& [id, name] : unsaved_names_) remember(id, name);
    } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory on the way out
    }
  }

  void register_device(const std::string& id, Registered registered) {
    if (const auto known = known_.find(id); known != known_.end()) {
      return asio::post(loop_, [settings = known->second, done = std::move(registered)] { done(settings); });
    }
    waiting_[id].push_back(std::move(registered));
    bus_.open();
    if (listening_) ask_everything();
    if (bus_.connected()) be_patient();
  }

  void watch_custom_name(const std::string& id, std::function<void(const std::string&)> renamed) {
    watchers_[id] = std::move(renamed);
  }

  void store_custom_name(const std::string& id, const std::string& name) {
    if (const auto known = known_.find(id); known != known_.end()) known->second.custom_name = name;
    unsaved_names_[id] = name;
    // The first at once, a flood of them once a second: each is a write to the flash.
    if (!pausing_) save_names();
  }

 private:
  void connected() {
    proxy_ = sdbus::createProxy(bus_.connection(), kSettingsService, "/");
    // Only when the rule is installed nothing can be missed: whoever comes later is seen.
    sd_bus_add_match_async(bus_.raw(), &signals_, kSignalRule, &Impl::setting_changed, nullptr, this);
    sd_bus_add_match_async(bus_.raw(), &match_, kOwnerRule, &Impl::owner_changed, &Impl::listening, this);
    gate_.watch(bus_);
    bus_.rearm();
    be_patient();
  }

  void lost() {
    listening_ = false;
    gate_.forget();
    retry_.cancel();
    name_proxies_.clear();
    proxy_.reset();
    match_ = sd_bus_slot_unref(match_);
    signals_ = sd_bus_slot_unref(signals_);
  }

  static int setting_changed(sd_bus_message* signal, void* context, sd_bus_error* /*error*/) noexcept {
    try {
      for (const auto& [id, name] : names_in_signal(signal)) static_cast<Impl*>(context)->renamed(id, name);
    } catch (const std::exception& error) {
      spdlog::error("settings: {}", error.what());
    }
    return 0;
  }

  void remember(const std::string& id, const std::string& name) {
    InstanceList::Entry entry = list_.reserve(id);
    entry.custom_name = name;
    list_.set(id, entry);
  }

  void save_names() {
    const auto names = unsaved_names_;
    for (const auto& [id, name] : names) {
      remember(id, name);
      if (listening_) save_name(id);
    }
    pausing_ = true;
    pause_.expires_after(kNamePause);
    pause_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->pausing_ = false;
      const bool waiting =
          std::any_of(self->unsaved_names_.begin(), self->unsaved_names_.end(), [&](const auto& entry) {
            const auto* kept = self->list_.find(entry.first);
            return kept == nullptr || kept->custom_name != entry.second;
          });
      if (waiting) self->save_names();
    });
  }

  /// A name that differs from the one we know or are about to store comes from somebody else.
  void renamed(const std::string& id, const std::string& name) {
    const auto known = known_.find(id);
    if (known == known_.end() || known->second.custom_name == name || unsaved_names_.contains(id)) return;
    known->second.custom_name = name;
    remember(id, name);
    if (const auto watcher = watchers_.find(id); watcher != watchers_.end()) watcher->second(name);
  }

  static int listening(sd_bus_message* /*reply*/, void* context, sd_bus_error* /*error*/) noexcept {
    auto& self = *static_cast<Impl*>(context);
    self.listening_ = true;
    self.ask_everything();
    return 1;
  }

  static int owner_changed(sd_bus_message* signal, void* context, sd_bus_error* /*error*/) noexcept {
    const char* texts[3] = {};
    if (sd_bus_message_read(signal, "sss", &texts[0], &texts[1], &texts[2]) > 0 && texts[2][0] != '\0') {
      static_cast<Impl*>(context)->ask_everything();
    }
    return 0;
  }

  /// What is still to be asked or stored; all of it may be said twice without harm.
  void ask_everything() noexcept {
    try {
      for (const auto& [id, callers] : waiting_) ask(id);
      // Whoever is known is asked for too: its name may have changed while nobody listened.
      for (const auto& [id, own] : known_) ask(id);
      const auto names = unsaved_names_;
      for (const auto& [id, name] : names) save_name(id);
    } catch (const std::exception& error) {
      spdlog::error("settings: {}", error.what());
    }
  }

  /// Asks for the instance and the name in one call; the answer to a device that is known already comes back unchanged.
  void ask(const std::string& id) {
    const auto* own = list_.find(id);
    const std::string instance_path = device_path(id, "ClassAndVrmInstance");
    const std::string name_path = device_path(id, "CustomName");
    const std::vector<Setting> request = {
        setting(instance_path, fmt::format("battery:{}", own == nullptr ? 1 : own->instance)),
        setting(name_path, own == nullptr ? "" : own->custom_name)};
    proxy_->callMethodAsync("AddSettings")
        .onInterface("com.victronenergy.Settings")
        .withTimeout(kCallTimeout)
        .withArguments(request)
        .uponReplyInvoke([this, id, instance_path, name_path](const sdbus::Error* error, std::vector<Setting> reply) {
          if (error != nullptr) return not_answered(error->getName());
          const auto text = value_of(reply, instance_path);
          const auto instance = text ? parse_instance(*text) : std::nullopt;
          if (!instance) return not_answered("no usable ClassAndVrmInstance");
          answered(id, *instance, value_of(reply, name_path).value_or(""));
        });
    bus_.rearm();
  }

  void not_answered(const std::string& reason) {
    if (reason != complaint_) spdlog::info("{} does not answer yet: {}", kSettingsService, reason);
    complaint_ = reason;
    // The bus tells when the service comes; for anything else we ask again.
    if (reason == "org.freedesktop.DBus.Error.ServiceUnknown") return;
    retry_.expires_after(kRetry);
    retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && self->listening_) self->ask_everything();
    });
  }

  void answered(const std::string& id, std::int32_t instance, const std::string& name) {
    const auto unsaved = unsaved_names_.find(id);
    const std::string& newest = unsaved == unsaved_names_.end() ? name : unsaved->second;
    if (list_.find(id) == nullptr) new_.insert(id);
    list_.set(id, {.instance = instance, .custom_name = newest});
    if (const auto known = known_.find(id); known != known_.end()) {
      // It runs with an instance of its own already; an instance never changes while the service is up.
      if (known->second.own && known->second.instance != instance) {
        spdlog::warn("{}: {} gives instance {}, in use from the next start", id, kSettingsService, instance);
      }
      known->second.own = false;
      return renamed(id, newest);
    }
    const DeviceSettings settings{.instance = instance, .custom_name = newest, .own = false};
    if (!new_.contains(id)) return finish(id, settings);
    gate_.pass([this, id, settings] {
      if (!known_.contains(id)) finish(id, settings);
    });
  }

  void finish(const std::string& id, const DeviceSettings& settings) {
    known_[id] = settings;
    const auto callers = std::move(waiting_[id]);
    waiting_.erase(id);
    if (waiting_.empty()) give_up_.cancel();
    for (const auto& caller : callers) {
      asio::post(loop_, [caller, settings] { caller(settings); });
    }
  }

  void be_patient() {
    if (!patience_ || waiting_.empty()) return;
    give_up_.expires_after(gave_up_ ? std::chrono::milliseconds(0) : *patience_);
    give_up_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      if (const auto self = weak.lock(); !error && self) self->use_own_list();
    });
  }

  void use_own_list() {
    if (!gave_up_) {
      spdlog::warn("{} does not come; device instances are taken from an own list, and stay", kSettingsService);
    }
    gave_up_ = true;
    while (!waiting_.empty()) {
      const std::string id = waiting_.begin()->first;
      const auto& entry = list_.reserve(id);
      finish(id, {.instance = entry.instance, .custom_name = entry.custom_name, .own = true});
    }
  }

  void save_name(const std::string& id) {
    const std::string name = unsaved_names_.at(id);
    auto& proxy = name_proxies_[id];
    if (!proxy) proxy = sdbus::createProxy(bus_.connection(), kSettingsService, device_path(id, "CustomName"));
    proxy->callMethodAsync("SetValue")
        .onInterface("com.victronenergy.BusItem")
        .withTimeout(kCallTimeout)
        .withArguments(sdbus::Variant(name))
        .uponReplyInvoke([this, id, name](const sdbus::Error* error, std::int32_t result) {
          if (error != nullptr) return not_answered(error->getName());
          if (result != 0) spdlog::warn("{} refuses the name of {}: {}", kSettingsService, id, result);
          const auto unsaved = unsaved_names_.find(id);
          if (unsaved != unsaved_names_.end() && unsaved->second == name) unsaved_names_.erase(unsaved);
        });
    bus_.rearm();
  }

  asio::io_context& loop_;
  std::optional<std::chrono::milliseconds> patience_;
  InstanceList list_;
  SystemGate gate_;
  std::set<std::string> new_;  ///< devices of which nobody had heard before
  std::map<std::string, std::vector<Registered>, std::less<>> waiting_;
  std::map<std::string, DeviceSettings, std::less<>> known_;
  std::map<std::string, std::string, std::less<>> unsaved_names_;
  std::map<std::string, std::function<void(const std::string&)>, std::less<>> watchers_;
  bool gave_up_ = false;
  bool listening_ = false;  ///< connected, and told by the bus when the settings service comes
  std::string complaint_;   ///< said last
  asio::steady_timer give_up_;
  asio::steady_timer retry_;
  asio::steady_timer pause_;  ///< between saves of names
  bool pausing_ = false;
  sd_bus_slot* match_ = nullptr;
  sd_bus_slot* signals_ = nullptr;
  std::unique_ptr<sdbus::IProxy> proxy_;
  std::map<std::string, std::unique_ptr<sdbus::IProxy>> name_proxies_;
  BusConnection bus_;
};

SettingsClient::SettingsClient(asio::io_context& loop, Options options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {}
SettingsClient::~SettingsClient() = default;

void SettingsClient::register_device(std::string_view id, Registered registered) {
  impl_->register_device(settings_id(id), std::move(registered));
}

void SettingsClient::watch_custom_name(std::string_view id, std::function<void(const std::string&)> renamed) {
  impl_->watch_custom_name(settings_id(id), std::move(renamed));
}

void SettingsClient::store_custom_name(std::string_view id, std::string_view name) {
  impl_->store_custom_name(settings_id(id), std::string(name));
}

std::string settings_id(std::string_view id) {
  std::string clean;
  for (const char c : id) {
    const bool allowed = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    clean += allowed ? c : '_';
  }
  // localsettings keeps a leading underscore for itself.
  if (clean.empty() || clean.front() == '_') clean.insert(0, "id");
  return clean;
}

bool on_venus_os() {
  if (const char* platform = std::getenv("DBUS_BMS_PLATFORM")) {  // NOLINT(concurrency-mt-unsafe): one thread
    return std::string_view(platform) == "venus";
  }
  std::error_code error;
  return std::filesystem::exists("/opt/victronenergy/version", error);
}

}  // namespace bms::victron
