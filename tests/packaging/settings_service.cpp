// com.victronenergy.settings and .system for a GX device made of a folder: settings_service ADDRESS, until it is
// killed.
#include <cstdio>

#include "support/fake_battery.hpp"
#include "support/fake_settings.hpp"

int main(int count, char** arguments) {
  if (count != 2) return 2;
  boost::asio::io_context loop(1);
  bms::test::FakeSettings settings(loop, arguments[1]);
  settings.start();
  bms::test::FakeBattery system(loop, arguments[1], "com.victronenergy.system");
  system.start();
  std::puts("ready");
  std::fflush(stdout);
  loop.restart();
  loop.run();
  return 0;
}
