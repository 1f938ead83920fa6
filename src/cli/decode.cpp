#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "bms/driver.hpp"
#include "capture/capture.hpp"
#include "capture/replay.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"

namespace bms::cli {
namespace {

struct DecodeOptions {
  std::string driver;
  std::string address;
  std::string file;
};

int decode(const DecodeOptions& options) {
  const DriverInfo* driver = find_driver(options.driver);
  if (driver == nullptr) {
    std::cerr << unknown_driver(options.driver) << '\n';
    return kUsage;
  }
  const auto capture = load_capture(options.file);
  if (!capture) {
    std::cerr << capture.error() << '\n';
    return kNegative;
  }
  auto made = capture_options(*capture, *driver);
  if (!made) {
    std::cerr << made.error() << '\n';
    return kNegative;
  }
  if (!options.address.empty()) {
    const auto address = parse_address(options.address);
    if (!address || *address < driver->address_min || *address > driver->address_max) {
      std::cerr << fmt::format("--address {}: must be {} to {}\n", options.address, driver->address_min,
                               driver->address_max);
      return kUsage;
    }
    made->address = *address;
  }
  if (options.address.empty()) return replay_all(*capture, *driver, std::move(*made), std::cout, std::cerr).exit_code();
  return replay(*capture, *driver->make(*made), std::cout, std::cerr, made->address).exit_code();
}

}  // namespace

void add_decode(CLI::App& app, Action& action) {
  auto options = std::make_shared<DecodeOptions>();
  auto* command = app.add_subcommand("decode", "replay a capture through a driver, print Readings as JSON lines");
  command->add_option("--driver", options->driver, "protocol of the capture")->required();
  command->add_option("--address", options->address, "only this battery of a recording of several; decimal or 0x...");
  command->add_option("file", options->file, "capture file")->required();
  command->callback([&action, options] { action = [options] { return decode(*options); }; });
}

}  // namespace bms::cli
