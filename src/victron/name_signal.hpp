#pragma once

#include <systemd/sd-bus.h>

#include <map>
#include <string>

namespace bms::victron {

/// The custom names in a signal of com.victronenergy.settings, by device id: from PropertiesChanged of one setting, or
/// from ItemsChanged. Everything else in it, and names that are no texts, are left out.
std::map<std::string, std::string> names_in_signal(sd_bus_message* signal);

}  // namespace bms::victron
