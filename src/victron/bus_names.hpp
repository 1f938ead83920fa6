#pragma once

namespace bms::victron {

/// The bus itself, which tells who owns a name.
inline constexpr const char* kBus = "org.freedesktop.DBus";
inline constexpr const char* kBusPath = "/org/freedesktop/DBus";

}  // namespace bms::victron
