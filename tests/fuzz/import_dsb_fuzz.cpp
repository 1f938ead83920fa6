// Any bytes as the config.ini of dbus-serialbattery: what the import writes can be read by our own loader.
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include "bms/driver.hpp"
#include "config/import_dsb.hpp"
#include "config/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  std::ostringstream config;
  std::ostringstream report;
  const int code = bms::config::import_dsb(in, config, report, bms::drivers());
  if (code != 0 && code != 1) std::abort();
  if (code == 1) return 0;
  const auto loaded =
      bms::config::load_text(config.str(), "imported.ini", bms::drivers(), bms::config::Scope::limits_only);
  if (!loaded.usable()) std::abort();
  return 0;
}
