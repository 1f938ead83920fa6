// Every family that has a simulated device is found by name on a line where it is alone, whatever else was asked
// before, and no question of the search writes anything into it.
#include <gtest/gtest.h>

#include "bank/plausibility.hpp"
#include "probe/prober.hpp"
#include "support/dialogue.hpp"
#include "support/read_only.hpp"

namespace bms::probe {
namespace {

Reading truth_of(unsigned cells) {
  Reading reading;
  reading.cells_V.assign(cells, 3.312);
  reading.cells_V[2] = 3.318;
  reading.voltage_V = 3.312 * cells + 0.006;
  reading.current_A = -12.4;
  reading.soc_pct = 63;
  reading.soh_pct = 99;
  reading.capacity_Ah = 100;
  reading.remaining_Ah = 63;
  reading.cycles = 41;
  reading.temps_C = {21, 22, 21, 20};
  reading.mos_temp_C = 25;
  reading.env_temp_C = 22;
  reading.charge_fet = true;
  reading.discharge_fet = true;
  reading.balancing = false;
  reading.alarms.emplace();
  reading.serial = "SIM00001";
  reading.model = "SIM";
  return reading;
}

/// A simulated device on a line of one rate.
struct SimulatedPort {
  SimulatedPort(const DriverInfo& info, unsigned rate, unsigned at)
      : baud(rate), device(info.simulate({at, {}})), truth(truth_of(16)) {}

  Outcome<Reading> attempt(const Attempt& attempt) {
    const auto driver = attempt.driver->make({attempt.address, std::nullopt, std::nullopt, {}});
    test::Dialogue dialogue{*driver, {}, {}, {}, {}, {}, {}};
    const bool right_rate = attempt.baud == baud;
    dialogue.answerer = [&](ByteView request) {
      if (const auto why = test::why_not_read_only(request)) ADD_FAILURE() << *why;
      // At another rate both sides hear something else than was said.
      if (!right_rate) return Bytes{};
      auto response = device->respond(request, truth);
      writes += response.wrote ? 1 : 0;
      return response.answer;
    };
    dialogue.says = [&] {
      Bytes bytes = device->broadcast(truth);
      if (!right_rate) {
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(byte * 7 + 0x80);
      }
      return bytes;
    };
    return dialogue.run(driver->probe());
  }

  unsigned baud;
  std::unique_ptr<SimulatedDevice> device;
  Reading truth;
  int writes = 0;
};

class Families : public testing::TestWithParam<std::string> {
 protected:
  const DriverInfo& info() const { return *find_driver(GetParam()); }
};

TEST_P(Families, IsFoundAtTheUsualAndAtAnotherAddress) {
  std::vector<unsigned> addresses{info().address_default};
  const unsigned last = info().probe_addresses.empty() ? info().address_max : info().probe_addresses.back();
  if (info().has_address && last != addresses[0]) addresses.push_back(last);
  for (const unsigned address : addresses) {
    const unsigned baud = info().probe_bauds.empty() ? info().baud : info().probe_bauds.back();
    SimulatedPort port(info(), baud, address);
    Prober prober(drivers(), {});
    while (const auto attempt = prober.next()) prober.result(*attempt, port.attempt(*attempt));
    ASSERT_EQ(prober.found().size(), 1U) << address;
    const Found& found = prober.found().front();
    EXPECT_EQ(found.attempt.driver->name, GetParam());
    EXPECT_EQ(found.attempt.baud, baud);
    if (info().has_address) {
      EXPECT_EQ(found.attempt.address, address);
    }
    EXPECT_EQ(impossible(found.reading), std::nullopt);
    // Only what must write to read may have written (the JK PB's block trigger), and only to its own kind.
    if (info().probe_rank < Prober::kDisturbing) {
      EXPECT_EQ(port.writes, 0);
    }
  }
}

std::vector<std::string> simulated_families() {
  std::vector<std::string> names;
  for (const DriverInfo& info : drivers()) {
    if (info.simulate != nullptr && info.probe_rank >= 0) names.emplace_back(info.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, Families, testing::ValuesIn(simulated_families()), [](const auto& name) {
  std::string text = name.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
});

TEST(FamiliesTogether, NothingIsFoundOnASilentPort) {
  Prober prober(drivers(), {});
  while (const auto attempt = prober.next()) {
    const auto driver = attempt->driver->make({attempt->address, std::nullopt, std::nullopt, {}});
    test::Dialogue dialogue{*driver, [](ByteView) { return Bytes{}; }, {}, {}, {}, {}, {}};
    prober.result(*attempt, dialogue.run(driver->probe()));
  }
  EXPECT_TRUE(prober.found().empty());
  EXPECT_TRUE(prober.remarks().empty());
}

TEST(FamiliesTogether, AnEchoIsNoBattery) {
  Prober prober(drivers(), {});
  while (const auto attempt = prober.next()) {
    const auto driver = attempt->driver->make({attempt->address, std::nullopt, std::nullopt, {}});
    const auto echo = [](ByteView request) { return Bytes(request.begin(), request.end()); };
    test::Dialogue dialogue{*driver, echo, {}, {}, {}, {}, {}};
    prober.result(*attempt, dialogue.run(driver->probe()));
  }
  EXPECT_TRUE(prober.found().empty());
}

}  // namespace
}  // namespace bms::probe
