#include "example.hpp"

namespace bms {
namespace {

DriverInfo example_info() {
  DriverInfo info;
  info.name = "example";
  info.title = "Acme 16 (imaginary; the driver to copy)";
  info.models = "none: this BMS does not exist";
  info.baud = 9600;
  info.has_address = true;
  info.address_min = 1;
  info.address_max = 16;
  info.address_default = 1;
  info.min_interval = std::chrono::milliseconds(500);
  info.probe_rank = -1;  // never asked for when batteries are searched: there is none
  info.can_switch_fets = true;
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    return std::make_unique<example::ExampleDriver>(options);
  };
  info.simulate = example::simulate;
  return info;
}

}  // namespace

std::vector<DriverInfo> example_drivers() { return {example_info()}; }

}  // namespace bms
