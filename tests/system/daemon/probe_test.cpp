#include "support/read_only.hpp"
#include "system/daemon/foreign_port.hpp"
#include "system/daemon/rig.hpp"

// `dbus-bms probe` with a port for each family, a silent one and two with foreign devices, all in one run.
namespace bms {
namespace {

using testing::HasSubstr;

class Probe : public test::Rig {};

/// An energy meter: answers every read of registers of unit 1 with numbers, everything else with an error.
Bytes meter(ByteView heard) {
  if (heard.size() < 8 || heard[0] != 1 || !modbus::crc_ok(heard.first(8))) return {};
  if (heard[1] != modbus::kReadHolding && heard[1] != modbus::kReadInput) {
    return modbus::with_crc({1, static_cast<std::uint8_t>(heard[1] | 0x80U), 1});
  }
  Bytes frame{1, heard[1], static_cast<std::uint8_t>(2 * heard[5])};
  for (unsigned i = 0; i < heard[5]; ++i) append_be(frame, 2300 + 17 * i, 2);
  return modbus::with_crc(std::move(frame));
}

/// A device at another rate: something comes back, but it is no frame.
Bytes noise(ByteView heard) {
  Bytes bytes(heard.begin(), heard.end());
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(byte * 37 + 0x5B);
  return bytes;
}

void expect_only_reads(const Bytes& stream, const std::string& port) {
  const auto requests = test::split_requests(stream);
  EXPECT_GT(requests.size(), 8U) << port << ": every family asks";
  for (const Bytes& request : requests) EXPECT_EQ(test::why_not_read_only(request), std::nullopt) << port;
}

TEST_F(Probe, FindsEachFamilyAmongSilentAndForeignPortsAndWritesNothing) {
  std::vector<std::string> arguments{DBUS_BMS_PROGRAM, "probe", "--address", "1"};
  std::vector<std::string> families;
  for (const auto& info : drivers()) {
    if (info.simulate == nullptr || info.probe_rank < 0) continue;
    const std::string name(info.name);
    simulate(name, info.has_address ? "1" : "", {"--soc", "63"}, name);
    families.push_back(name);
    arguments.push_back(path(name));
  }
  test::ForeignPort silent([](ByteView) { return Bytes{}; });
  test::ForeignPort other_rate(noise);
  test::ForeignPort energy_meter(meter);
  for (const auto* port : {&silent, &other_rate, &energy_meter}) arguments.push_back(port->path());

  test::Process probe(arguments);
  ASSERT_EQ(probe.exit_code(std::chrono::seconds(180)), 0) << probe.output();
  for (std::size_t i = 0; i < families.size(); ++i) {
    const std::string port = path(families[i]);
    const auto report = probe.output().find(port + ": 1 battery");
    ASSERT_NE(report, std::string::npos) << families[i] << "\n" << probe.output();
    EXPECT_EQ(probe.output().find("  " + families[i] + " at ", report), probe.output().find("  ", report))
        << families[i];
    EXPECT_THAT(probe.output(), HasSubstr("driver = " + families[i] + "\nport = " + port + "\n"));
    const auto truth = command(*simulators_[i], {{"truth", true}}).at("truth").at(0);
    EXPECT_EQ(truth.at("writes"), 0) << families[i];
  }
  for (const auto* port : {&silent, &other_rate, &energy_meter}) {
    EXPECT_THAT(probe.output(), HasSubstr(port->path() + ": no battery found"));
  }
  expect_only_reads(silent.finish(), "silent");
  expect_only_reads(other_rate.finish(), "other rate");
  expect_only_reads(energy_meter.finish(), "meter");
}

}  // namespace
}  // namespace bms
