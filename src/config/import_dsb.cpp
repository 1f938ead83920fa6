#include "config/import_dsb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <ostream>

#include "config/dsb_file.hpp"
#include "config/dsb_keys.hpp"
#include "config/dsb_limits.hpp"
#include "config/dsb_report.hpp"
#include "config/ini.hpp"
#include "config/schema.hpp"
#include "config/text.hpp"
#include "limits/parameters.hpp"

namespace bms::config {
namespace {

using dsb::Entry;
using dsb::is_true;
using dsb::Report;
using dsb::Setting;

/// Longest configuration anybody wrote; the rest of a stream is not read.
constexpr std::size_t kLargest = 262144;

class Importer {
 public:
  Importer(dsb::File& file, Report& report, std::span<const DriverInfo> drivers)
      : file_(file), report_(report), known_(drivers) {}

  void convert() {
    limits_ = dsb::import_limits(file_, report_);
    remarks();
    daemon();
    batteries();
    unknown();
    defaults();
  }

  void write(std::ostream& out) const {
    out << "# Made from the config.ini of dbus-serialbattery by 'dbus-bms import-config'.\n"
           "# Check the ports: 'dbus-bms ports' lists them, 'dbus-bms probe' finds batteries.\n";
    if (!daemon_.empty()) out << "\n[daemon]\n" << lines(daemon_);
    for (const auto& battery : batteries_)
      out << fmt::format("\n[battery:{}]\n", battery.name) << lines(battery.settings);
    if (!limits_.empty()) out << "\n[limits]\n" << lines(limits_);
  }

 private:
  struct BatterySection {
    std::string name;
    std::vector<Setting> settings;
  };

  static std::string lines(const std::vector<Setting>& settings) {
    std::string out;
    for (const auto& setting : settings) out += fmt::format("{} = {}\n", setting.key, setting.value);
    return out;
  }

  void remarks() {
    using Kind = dsb::Remark::Kind;
    for (const auto& remark : dsb::remarks()) {
      const Entry* entry = file_.find(remark.name);
      if (entry == nullptr || entry->value.empty() || entry->value == remark.harmless) continue;
      // Also keeps passwords out of the report.
      if (remark.kind == Kind::not_needed) {
        report_.not_needed(std::string(remark.name));
      } else if (remark.kind == Kind::unsupported) {
        report_.unsupported(fmt::format("{}: {}", entry->text(), remark.text));
      } else {
        report_.differs(fmt::format("{}: {}", entry->text(), remark.text));
      }
    }
  }

  void daemon() {
    if (const Entry* level = file_.find("LOGGING")) {
      static const std::map<std::string, std::string, std::less<>> kLevels = {
          {"debug", "debug"}, {"info", "info"}, {"warning", "warn"}, {"error", "error"}};
      const auto found = kLevels.find(text::lower(level->value));
      if (found == kLevels.end()) {
        report_.wrong(fmt::format("{}: not a log level", level->text()));
      } else {
        take_into(daemon_, "log_level", found->second, *level);
      }
    }
    const Entry* interval = file_.find("POLL_INTERVAL");
    if (interval == nullptr || interval->value.empty()) return;
    const auto seconds = text::number(interval->value);
    if (seconds && *seconds >= 0.1 && *seconds <= 3600) {
      take_into(daemon_, "poll_interval", fmt::format("{}", *seconds), *interval);
    } else {
      report_.wrong(fmt::format("{}: poll_interval is a number from 0.1 to 3600 s", interval->text()));
    }
  }

  void take_into(std::vector<Setting>& settings, const std::string& key, const std::string& value, const Entry& entry) {
    settings.push_back({key, value, entry.text()});
    report_.taken(fmt::format("{} -> {} = {}", entry.text(), key, value));
  }

  /// Drivers of the types that the file names; `auto` when it names none.
  std::vector<std::string> drivers() {
    std::vector<std::string> names;
    const Entry* entry = file_.find("BMS_TYPE");
    for (const auto piece : entry != nullptr ? text::list(entry->value) : std::vector<std::string_view>{}) {
      const auto types = dsb::types();
      const auto type = std::find_if(types.begin(), types.end(), [&](const auto& t) { return t.name == piece; });
      if (type != types.end() && !type->driver.empty()) {
        names.emplace_back(type->driver);
        report_.taken(fmt::format("BMS_TYPE {} -> driver = {}", type->name, type->driver));
      } else {
        report_.unsupported(fmt::format("BMS_TYPE {}: there is no driver for it", printable(piece)));
      }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.empty()) names.emplace_back("auto");
    return names;
  }

  void batteries() {
    const auto names = drivers();
    for (std::size_t i = 0; i < names.size(); ++i) {
      batteries_.push_back({names.size() == 1 ? "battery" : names[i], {}});
      auto& settings = batteries_.back().settings;
      settings.push_back({"driver", names[i], {}});
      settings.push_back({"port", fmt::format("/dev/ttyUSB{}", i), {}});
      report_.decide(fmt::format("[battery:{}] port = /dev/ttyUSB{}: set the port ('dbus-bms ports' lists them)",
                                 batteries_.back().name, i));
      if (const Entry* addresses = file_.find_value("BATTERY_ADDRESSES")) add_addresses(settings, names[i], *addresses);
      const Entry* by_port = file_.find("USE_PORT_AS_UNIQUE_ID");
      if (is_true(by_port, false)) take_into(settings, "identity", "section", *by_port);
    }
    if (names.front() == "auto") {
      report_.decide("driver = auto: 'dbus-bms probe' tells the driver; name it, then the start is faster");
    }
    for (auto& battery : batteries_) {
      if (battery.settings.front().value == "daly") daly(battery.settings);
    }
    if (std::find(names.begin(), names.end(), "daly") == names.end()) daly_elsewhere();
    shunt();
  }

  /// Two of their keys exist for Daly only.
  void daly(std::vector<Setting>& settings) {
    if (const Entry* capacity = file_.find_value("BATTERY_CAPACITY")) add_capacity(settings, *capacity);
    const Entry* invert = file_.find_value("INVERT_CURRENT_MEASUREMENT");
    if (invert != nullptr && text::number(invert->value) == -1) take_into(settings, "invert_current", "yes", *invert);
  }

  void daly_elsewhere() {
    if (const Entry* capacity = file_.find_value("BATTERY_CAPACITY")) {
      report_.differs(fmt::format("{}: the BMS tells it; with driver = daly: capacity", capacity->text()));
    }
    const Entry* invert = file_.find_value("INVERT_CURRENT_MEASUREMENT");
    if (invert != nullptr && text::number(invert->value) == -1) {
      report_.decide(fmt::format("{}: only with driver = daly: invert_current = yes", invert->text()));
    }
  }

  void add_addresses(std::vector<Setting>& settings, std::string_view driver, const Entry& entry) {
    const auto info = std::find_if(known_.begin(), known_.end(), [&](const auto& one) { return one.name == driver; });
    if (info != known_.end() && !info->has_address) {
      report_.decide(fmt::format("{}: driver {} has no addresses: left out", entry.text(), driver));
      return;
    }
    std::vector<std::string> list;
    for (const auto piece : text::list(entry.value)) {
      // They are hexadecimal, with or without 0x.
      const bool prefixed = piece.starts_with("0x") || piece.starts_with("0X");
      const auto address = text::whole(prefixed ? std::string(piece) : fmt::format("0x{}", piece));
      if (!address || *address > 255) {
        report_.wrong(fmt::format("{}: not a list of addresses", entry.text()));
        return;
      }
      if (info != known_.end() && (*address < info->address_min || *address > info->address_max)) {
        report_.decide(fmt::format("{}: {} is no address of driver {}, which has {} to {}: left out", entry.text(),
                                   *address, driver, info->address_min, info->address_max));
        continue;
      }
      list.push_back(fmt::format("{}", *address));
    }
    std::sort(list.begin(), list.end(),
              [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
    list.erase(std::unique(list.begin(), list.end()), list.end());
    const std::string value = fmt::format("{}", fmt::join(list, ", "));
    if (!list.empty() && value.size() <= dsb::kLongestValue) take_into(settings, "address", value, entry);
  }

  void add_capacity(std::vector<Setting>& settings, const Entry& entry) {
    const auto capacity = text::number(entry.value);
    if (capacity && *capacity >= 0.1 && *capacity <= 100000) {
      take_into(settings, "capacity", fmt::format("{}", *capacity), entry);
    } else {
      report_.wrong(fmt::format("{}: not a capacity in Ah", entry.text()));
    }
  }

  /// Their external sensor is a battery of driver dbus here.
  void shunt() {
    const Entry* device = file_.find_value("EXTERNAL_SENSOR_DBUS_DEVICE");
    const Entry* current = file_.find_value("EXTERNAL_SENSOR_DBUS_PATH_CURRENT");
    const Entry* soc = file_.find_value("EXTERNAL_SENSOR_DBUS_PATH_SOC");
    if (device == nullptr) return;
    Battery battery;
    for (const auto& binding : bind(battery, nullptr, {})) {
      if (binding.name != "service") continue;
      if (const auto allowed = binding.set(device->value)) {
        report_.unsupported(fmt::format("{}: only {}", device->text(), *allowed));
        return;
      }
    }
    if (current != nullptr) use_shunt("current_from", *current, "/Dc/0/Current");
    if (soc != nullptr) use_shunt("soc_from", *soc, "/Soc");
    batteries_.push_back({"shunt", {{"driver", "dbus", {}}}});
    take_into(batteries_.back().settings, "service", device->value, *device);
  }

  void use_shunt(const std::string& key, const Entry& entry, std::string_view path) {
    if (entry.value != path) report_.differs(fmt::format("{}: always {} of that service", entry.text(), path));
    for (auto& battery : batteries_) {
      const auto several = [](const Setting& setting) {
        return setting.key == "address" && setting.value.find(',') != std::string::npos;
      };
      if (key == "current_from" && std::any_of(battery.settings.begin(), battery.settings.end(), several)) {
        report_.decide(fmt::format("{}: one shunt for several batteries measures their bank: [bank] soc_from = shunt",
                                   entry.text()));
      } else {
        take_into(battery.settings, key, "shunt", entry);
      }
    }
  }

  void unknown() {
    std::vector<std::string_view> names;
    for (const auto& row : dsb::numbers()) names.push_back(row.name);
    for (const auto& row : dsb::remarks()) names.push_back(row.name);
    for (const auto& row : dsb::tables()) names.insert(names.end(), {row.xs, row.fractions, row.enable});
    for (const auto& [name, entry] : file_.unused()) {
      const auto near = text::nearest(name, names);
      report_.unsupported(fmt::format("{}: unknown key{}", entry->text(),
                                      near.empty() ? std::string() : fmt::format("; did you mean {}?", near)));
    }
  }

  void defaults() {
    for (const auto& other : dsb::other_defaults()) {
      if (file_.has(other.name)) continue;
      report_.default_differs(fmt::format("{}: {} there, {} = {} here", other.name, other.theirs, other.ours,
                                          limits::find_parameter(other.ours)->default_text()));
    }
  }

  dsb::File& file_;
  Report& report_;
  std::span<const DriverInfo> known_;
  std::vector<Setting> limits_;
  std::vector<Setting> daemon_;
  std::vector<BatterySection> batteries_;
};

}  // namespace

int import_dsb(std::istream& in, std::ostream& config, std::ostream& report, std::span<const DriverInfo> drivers) {
  std::string text;
  for (std::istreambuf_iterator<char> at(in), end; at != end && text.size() < kLargest; ++at) text.push_back(*at);
  Report notes;
  dsb::File file(text, notes);
  if (file.empty()) {
    notes.wrong("there is no setting in this file");
  } else {
    Importer importer(file, notes, drivers);
    importer.convert();
    importer.write(config);
  }
  notes.write(report);
  return notes.good() ? 0 : 1;
}

}  // namespace bms::config
