#include "config/keys.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "config/text.hpp"

namespace bms::config {
namespace {

using std::chrono::milliseconds;

milliseconds to_ms(double seconds) { return milliseconds(std::llround(seconds * 1000)); }

bool word(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) { return text::is_blank(c); });
}

bool store_port(Battery& battery, const Value& value) {
  const std::string_view spec = value.text;
  const bool known = (spec.starts_with('/') && spec.size() > 1) || (spec.starts_with("usb:") && spec.size() > 4) ||
                     (spec.starts_with("path:") && spec.size() > 5);
  if (!known || !word(spec)) return false;
  battery.port = spec;
  return true;
}

bool store_addresses(Battery& battery, const Value& value) {
  auto sorted = value.list;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return false;
  battery.addresses = value.list;
  return true;
}

/// Shown in lists and on small screens.
bool store_name(std::string& target, std::string_view text) {
  target = text;
  return text.size() <= 64;
}

/// A well-known name of D-Bus: letters, digits, `_` and `-` between dots, at most 255 bytes.
bool battery_service(std::string_view name) {
  constexpr std::string_view kPrefix = "com.victronenergy.battery.";
  if (!name.starts_with(kPrefix) || name.size() > 255) return false;
  name.remove_prefix(kPrefix.size());
  bool element = false;
  for (const char c : name) {
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!letter && (c != '.' || !element)) return false;
    element = letter;
  }
  return element;
}

/// relay:N, gpio:CHIP:LINE or dbus.
std::optional<Line> read_line(std::string_view text) {
  Line line;
  if (text == "dbus") {
    line.kind = Line::Kind::dbus;
    return line;
  }
  const auto last = text.rfind(':');
  const auto number = last == std::string_view::npos ? std::nullopt : text::whole(text.substr(last + 1));
  if (!number || *number > 1023) return std::nullopt;
  line.number = *number;
  if (text.substr(0, last) == "relay") {
    line.kind = Line::Kind::relay;
    return line;
  }
  if (!text.starts_with("gpio:") || last < 6) return std::nullopt;
  line.kind = Line::Kind::gpio;
  line.chip = text.substr(5, last - 5);
  if (line.chip.find(':') != std::string::npos || !word(line.chip)) return std::nullopt;
  return line;
}

bool store_target(Output& output, const Value& value) {
  const auto line = read_line(value.text);
  if (!line || line->kind == Line::Kind::dbus) return false;
  output.target = *line;
  return true;
}

bool store_source(Remote& remote, const Value& value) {
  remote.source = {};
  if (value.text == "off") return true;
  const auto line = read_line(value.text);
  if (!line || line->kind == Line::Kind::relay) return false;
  remote.source = *line;
  return true;
}

/// HOST:PORT with a numeric host; IPv6 in brackets.
bool store_listen(Web& web, const Value& value) {
  web.host.clear();
  web.port = 0;
  if (value.text == "off") return true;
  const auto colon = value.text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto port = text::whole(value.text.substr(colon + 1));
  std::string host(value.text.substr(0, colon));
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return false;
  } else if (inet_pton(AF_INET, host.c_str(), address.data()) != 1) {
    return false;
  }
  if (!port || *port == 0 || *port > 65535) return false;
  web.host = host;
  web.port = static_cast<std::uint16_t>(*port);
  return true;
}

bool store_token(Web& web, const Value& value) {
  const bool plain = std::all_of(value.text.begin(), value.text.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!plain || value.text.size() < 8 || value.text.size() > 128) return false;
  web.token = value.text;
  return true;
}

bool store_members(Bank& bank, const Value& value) {
  bank.members.clear();
  if (value.text == "all") return true;
  for (const auto name : text::list(value.text)) {
    if (name.empty()) return false;
    bank.members.emplace_back(name);
  }
  return true;
}

constexpr std::string_view kBauds = "1200 2400 4800 9600 19200 38400 57600 115200 230400 460800 921600";

}  // namespace

bool usual_baud(unsigned baud) {
  std::string_view rest = kBauds;
  while (!rest.empty()) {
    const auto blank = rest.find(' ');
    if (text::whole(rest.substr(0, blank)) == baud) return true;
    rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
  }
  return false;
}

bool loopback(std::string_view host) { return host.starts_with("127.") || host == "::1"; }

std::span<const Key<Daemon>> daemon_keys() {
  using K = Key<Daemon>;
  static constexpr K kKeys[] = {
      {"log_level", K::Kind::choice, "info", "", 0, 0, "trace | debug | info | warn | error | off", "",
       "how much is written to the log",
       [](Daemon& d, const Value& v) { return d.log_level = static_cast<LogLevel>(v.choice), true; }},
      {"poll_interval", K::Kind::number, "1", "s", 0.1, 3600, "", "",
       "how often each battery is asked; a driver raises it to what its wire can carry",
       [](Daemon& d, const Value& v) { return d.poll_interval = to_ms(v.number), true; }},
      {"state_dir", K::Kind::text, "", "", 0, 0, "the absolute path of a directory", "/data/dbus-bms",
       "where history and learned values are kept; left out: $STATE_DIRECTORY, else /data/dbus-bms on Venus OS, else "
       "/var/lib/dbus-bms",
       [](Daemon& d, const Value& v) { return d.state_dir = v.text, v.text.starts_with('/'); }},
      {"allow_control", K::Kind::boolean, "no", "", 0, 0, "", "",
       "yes: writes on D-Bus may switch the BMS's charging and discharging and set its SoC",
       [](Daemon& d, const Value& v) { return d.allow_control = v.flag, true; }},
  };
  return kKeys;
}

std::span<const Key<Battery>> battery_keys() {
  using K = Key<Battery>;
  using B = Battery;
  static constexpr K kKeys[] = {
      {"driver", K::Kind::text, "", "", 0, 0, "the name of a driver, auto or dbus", "jk-pb",
       "protocol of the BMS (mandatory): jk jk-pb daly daly-modbus renogy daren eg4 eg4-ll smartshunt dbus auto "
       "example; "
       "auto tries them, dbus takes a battery service that is already on D-Bus",
       [](B& b, const Value& v) { return b.driver = v.text, true; }},
      {"port", K::Kind::text, "", "", 0, 0, "/dev/... or usb:SERIAL or path:BY-PATH, without blanks", "/dev/ttyUSB0",
       "serial port (mandatory, except for driver dbus); 'dbus-bms ports' lists the stable names; batteries with the "
       "same "
       "port share the cable",
       store_port},
      {"address", K::Kind::whole_list, "", "", 0, 0xFFFF,
       "different whole numbers such as 1 or 0x01, separated by commas", "1, 2, 3",
       "address on the cable; several addresses make several batteries; left out: the driver's usual one",
       store_addresses},
      {"name", K::Kind::text, "", "", 0, 0, "text of at most 64 bytes", "House",
       "shown on the GX; several addresses: \"House 1\", \"House 2\", ...; left out: the name of the section",
       [](B& b, const Value& v) { return store_name(b.name, v.text); }},
      {"identity", K::Kind::choice, "serial", "", 0, 0, "serial | section", "",
       "what instance and custom name on the GX follow: the serial number of the BMS, or this section (an exchanged "
       "BMS "
       "then takes them over)",
       [](B& b, const Value& v) { return b.identity = static_cast<Identity>(v.choice), true; }},
      {"poll_interval", K::Kind::number, "", "s", 0.1, 3600, "", "2", "how often; left out: that of [daemon]",
       [](B& b, const Value& v) { return b.poll_interval_given = to_ms(v.number), true; }},
      {"baud", K::Kind::whole, "", "", 0, 0xFFFFFFFF, kBauds, "115200", "only where it differs from the driver's rate",
       [](B& b, const Value& v) { return b.baud = v.whole, usual_baud(v.whole); }},
      {"cells", K::Kind::whole, "", "", 1, 64, "", "16",
       "cells in series, only where the BMS does not tell (then mandatory)",
       [](B& b, const Value& v) { return b.cells = static_cast<int>(v.whole), true; }},
      {"capacity", K::Kind::number, "", "Ah", 0.1, 100000, "", "280",
       "capacity, only where the BMS does not tell (then mandatory)",
       [](B& b, const Value& v) { return b.capacity_Ah = v.number, true; }},
      {"soc_from", K::Kind::text, "", "", 0, 0, "the name of another battery", "shunt",
       "battery (a shunt) whose state of charge is used for this one",
       [](B& b, const Value& v) { return b.soc_from = v.text, true; }},
      {"current_from", K::Kind::text, "", "", 0, 0, "the name of another battery", "shunt", "likewise for the current",
       [](B& b, const Value& v) { return b.current_from = v.text, true; }},
      {"voltage_from", K::Kind::text, "", "", 0, 0, "the name of another battery", "shunt",
       "likewise for the pack voltage", [](B& b, const Value& v) { return b.voltage_from = v.text, true; }},
      {"service", K::Kind::text, "", "", 0, 0, "a name such as com.victronenergy.battery.ttyS5",
       "com.victronenergy.battery.ttyS5", "driver dbus only (then mandatory): the service to read",
       [](B& b, const Value& v) { return b.service = v.text, battery_service(v.text); }},
  };
  return kKeys;
}

std::span<const Key<Bank>> bank_keys() {
  using K = Key<Bank>;
  static constexpr K kKeys[] = {
      {"enabled", K::Kind::choice, "auto", "", 0, 0, "auto | yes | no", "",
       "publish all batteries as one; auto: when there is more than one",
       [](Bank& b, const Value& v) { return b.enabled = static_cast<BankEnabled>(v.choice), true; }},
      {"name", K::Kind::text, "Battery bank", "", 0, 0, "text of at most 64 bytes", "", "shown on the GX",
       [](Bank& b, const Value& v) { return store_name(b.name, v.text); }},
      {"members", K::Kind::text, "all", "", 0, 0, "all or names of batteries, separated by commas", "",
       "the batteries of the bank; all: all but shunts", store_members},
      {"publish_members", K::Kind::choice, "measurements", "", 0, 0, "measurements | full | none", "",
       "how the single batteries appear beside the bank; measurements: without limits, so that DVCC sees one BMS",
       [](Bank& b, const Value& v) { return b.publish_members = static_cast<PublishMembers>(v.choice), true; }},
  };
  return kKeys;
}

std::span<const Key<Output>> output_keys() {
  using K = Key<Output>;
  static constexpr K kKeys[] = {
      {"function", K::Kind::choice, "", "", 0, 0, "load-disconnect | charge-disconnect | pre-alarm", "load-disconnect",
       "what the output tells (mandatory); load and charge disconnect are active while it is allowed",
       [](Output& o, const Value& v) { return o.function = static_cast<OutputFunction>(v.choice), true; }},
      {"target", K::Kind::text, "", "", 0, 0, "relay:N or gpio:CHIP:LINE", "relay:0",
       "where (mandatory): relay:N is /Relay/N/State of com.victronenergy.system, its function must be Manual",
       store_target},
      {"invert", K::Kind::boolean, "no", "", 0, 0, "", "", "yes: active means off",
       [](Output& o, const Value& v) { return o.invert = v.flag, true; }},
      {"form", K::Kind::choice, "continuous", "", 0, 0, "continuous | intermittent", "",
       "pre-alarm only: a steady signal, or one that goes on and off",
       [](Output& o, const Value& v) { return o.form = static_cast<PreAlarmForm>(v.choice), true; }},
      {"battery", K::Kind::text, "", "", 0, 0, "bank or the name of a battery", "bank",
       "whose limits count; left out: the bank where there is one, else the battery",
       [](Output& o, const Value& v) { return o.battery = v.text, true; }},
  };
  return kKeys;
}

std::span<const Key<Remote>> remote_keys() {
  using K = Key<Remote>;
  static constexpr K kKeys[] = {
      {"source", K::Kind::text, "off", "", 0, 0, "off, gpio:CHIP:LINE or dbus", "",
       "where the signal comes from; dbus: a switch on D-Bus", store_source},
      {"invert", K::Kind::boolean, "no", "", 0, 0, "", "", "yes: a low level means on",
       [](Remote& r, const Value& v) { return r.invert = v.flag, true; }},
      {"mode", K::Kind::choice, "limits", "", 0, 0, "limits | everything", "",
       "what off does: charge and discharge limits to 0, or the disconnect outputs as well",
       [](Remote& r, const Value& v) { return r.mode = static_cast<RemoteMode>(v.choice), true; }},
  };
  return kKeys;
}

std::span<const Key<Web>> web_keys() {
  using K = Key<Web>;
  static constexpr K kKeys[] = {
      {"listen", K::Kind::text, "off", "", 0, 0, "off or ADDRESS:PORT such as 127.0.0.1:8088 or [::1]:8088", "",
       "address and port of the page", store_listen},
      {"token", K::Kind::text, "", "", 0, 0, "8 to 128 characters without blanks", "choose-your-own-token",
       "secret that a browser must give (mandatory when others than this machine can reach the page)", store_token},
  };
  return kKeys;
}

}  // namespace bms::config
