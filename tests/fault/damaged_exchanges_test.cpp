#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <set>

#include "bank/confirmed_poll.hpp"
#include "bms/driver.hpp"
#include "reading/json.hpp"
#include "sim/battery.hpp"
#include "sim/faults.hpp"
#include "support/dialogue.hpp"
#include "support/effort.hpp"

// Every driver that has a simulated device: 20,000 exchanges over a wire that inverts bits, cuts answers short, throws
// in garbage and delivers the answers of others. What passes the gates must be what the battery said.
namespace bms {
namespace {

constexpr int kShort = test::effort(20'000, 2'000);
/// `./dev test --long` makes all of them for everything.
const bool kLong = std::getenv("DBUS_BMS_LONG") != nullptr;
const int kExchanges = kLong ? 20'000 : kShort;
/// Other dialects and firmware of the same driver.
const int kExchangesOfDialects = kLong ? 20'000 : test::effort(2'000, 1'000);

using Flat = std::map<std::string, nlohmann::ordered_json>;

Flat flatten(const Reading& reading) {
  Flat flat;
  const auto document = to_json(reading, 0);
  for (const auto& [key, value] : document.items()) {
    if (key == "extra" || key == "history" || key == "t") continue;
    if (value.is_array() && key != "alarms" && key != "balancing_cells") {
      for (std::size_t i = 0; i < value.size(); ++i) flat[key + "/" + std::to_string(i)] = value[i];
      flat[key + "/count"] = std::to_string(value.size());
    } else {
      flat[key] = value;
    }
  }
  return flat;
}

/// Noise that real batteries make from poll to poll: a change below it cannot be told from corruption that passed the
/// check sum of a weak protocol, so this is how far a value may lie beside what was simulated.
double noise(const std::string& key) {
  if (key.starts_with("cells_V")) return 0.004;
  if (key == "voltage_V") return 0.15;
  if (key == "balance_current_A") return 0;
  if (key == "current_A") return 5;
  if (key == "soc_pct" || key == "remaining_Ah" || key == "consumed_Ah") return 0.5;
  if (key.find("temp") != std::string::npos) return 0.5;
  return 0;
}

/// Everything the simulated battery ever was: ranges of numbers, sets of the rest.
class Envelope {
 public:
  void include(const Flat& flat) {
    for (const auto& [key, value] : flat) {
      if (value.is_number()) {
        const auto number = value.get<double>();
        auto [entry, fresh] = ranges_.try_emplace(key, number, number);
        entry->second.first = std::min(entry->second.first, number);
        entry->second.second = std::max(entry->second.second, number);
      } else {
        others_[key].insert(value.dump());
      }
    }
  }
  /// What in `flat` never was; empty when all is well.
  [[nodiscard]] std::vector<std::string> outside(const Flat& flat) const {
    std::vector<std::string> wrong;
    for (const auto& [key, value] : flat) {
      bool known = false;
      if (value.is_number()) {
        const auto range = ranges_.find(key);
        const auto number = value.get<double>();
        const double margin = noise(key) + 1e-9;
        known =
            range != ranges_.end() && number >= range->second.first - margin && number <= range->second.second + margin;
      } else {
        const auto set = others_.find(key);
        known = set != others_.end() && set->second.contains(value.dump());
      }
      if (!known) wrong.push_back(key + " = " + value.dump());
    }
    return wrong;
  }

 private:
  std::map<std::string, std::pair<double, double>> ranges_;
  std::map<std::string, std::set<std::string>> others_;
};

/// A driver and the device it is set against: another dialect or firmware is another test.
struct Case {
  std::string name;
  std::string driver;
  std::map<std::string, std::string, std::less<>> device = {};
  bool alone = false;    ///< speaks under an address that all have: there is no other on its line
  bool own_map = false;  ///< a protocol of its own under the driver's name: as many exchanges as a driver
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class DamagedExchanges : public testing::TestWithParam<Case> {};

TEST_P(DamagedExchanges, PublishNothingThatWasNotSimulated) {
  const DriverInfo& info = *find_driver(GetParam().driver);
  std::mt19937_64 random(20260720);
  DriverOptions options;
  options.address = info.address_default;
  if (info.needs_cells) options.cells = 16;
  if (info.needs_capacity) options.capacity_Ah = 280;
  const auto driver = info.make(options);
  const auto device = info.simulate({options.address, GetParam().device});
  const unsigned neighbour_address = options.address < info.address_max ? options.address + 1 : info.address_min;
  const auto neighbour = info.simulate({neighbour_address, GetParam().device});

  sim::BatterySpec spec;
  sim::Battery battery(spec);
  spec.soc_pct = 20;
  spec.current_A = -80;
  spec.serial = "NEIGHBOUR";
  sim::Battery other(spec);

  sim::Faults faults;
  faults.bit_flips = 0.3;
  faults.truncate = 0.1;
  faults.garbage = 0.1;
  faults.drop = 0.05;
  faults.wrong_address = 0.05;

  const int enough = GetParam().device.empty() || GetParam().own_map ? kExchanges : kExchangesOfDialects;
  int exchanges = 0;
  const auto answer = [&](ByteView request) {
    ++exchanges;
    const SimulatorResponse own = device->respond(request, battery.truth());
    Bytes foreign;
    if (info.has_address && !GetParam().alone) {
      // The neighbour answers what it was asked last, as a late answer would.
      Bytes to_neighbour(request.begin(), request.end());
      foreign = neighbour->respond(to_neighbour, other.truth()).answer;
    }
    return sim::damage(faults, own.answer, foreign, random).bytes;
  };

  test::Dialogue dialogue{*driver, answer, {}, {}, {}, {}, {}};
  if (info.unsolicited) {
    dialogue.says = [&] {
      ++exchanges;
      return sim::damage(faults, device->broadcast(battery.truth()), {}, random).bytes;
    };
  }
  JumpGate gate;
  port::LinkHealth health;
  TimePoint now{};
  Envelope simulated;
  std::vector<Flat> published;
  std::size_t exact = 0;
  while (exchanges < enough) {
    now += std::chrono::seconds(1);
    battery.advance(1);
    if (random() % 50 == 0) battery.truth().current_A = static_cast<double>(random() % 160) - 80;
    if (random() % 200 == 0) battery.truth().charge_fet = random() % 2 == 0;
    battery.advance(0);
    const Reading truth = device->quantised(battery.truth());
    simulated.include(flatten(truth));
    dialogue.requests.clear();
    dialogue.faults.clear();
    const int before = exchanges;
    const auto reading = dialogue.run(confirmed_poll({*driver, gate, health, [&] { return now; }, {}}));
    if (exchanges == before) ++exchanges;  // a listening driver asks nothing
    if (!reading) continue;
    published.push_back(flatten(*reading));
    if (published.back() == flatten(truth)) ++exact;
  }
  ASSERT_GT(published.size(), static_cast<std::size_t>(enough) / 100) << "too few polls came through to mean anything";
  std::vector<std::string> wrong;
  for (const auto& flat : published) {
    const auto outside = simulated.outside(flat);
    wrong.insert(wrong.end(), outside.begin(), outside.end());
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
  RecordProperty("published", static_cast<int>(published.size()));
  RecordProperty("exact", static_cast<int>(exact));
  std::printf("%s: %zu published, %zu equal to the last digit, %llu implausible, %llu repeated\n",
              GetParam().name.c_str(), published.size(), exact,
              static_cast<unsigned long long>(health.count(Fault::implausible)),
              static_cast<unsigned long long>(health.repeated));
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& driver : drivers()) {
    if (driver.simulate == nullptr) continue;
    std::string name(driver.name);
    std::replace(name.begin(), name.end(), '-', '_');
    all.push_back({name, std::string(driver.name), {}});
  }
  const Case dialects[] = {
      {"daly_padded_frames", "daly", {{"frames", "padded"}}},
      {"daly_frames_from_0", "daly", {{"frame_base", "0"}, {"polarity", "newer"}}},
      {"daly_modbus_d2", "daly-modbus", {{"dialect", "d2"}}, true, true},
      {"daly_modbus_d2_short_blocks", "daly-modbus", {{"dialect", "d2"}, {"long_block", "no"}}, true},
      {"daren_group_is_address", "daren", {{"group", "address"}, {"extension", "no"}}},
      {"eg4_7c_extended", "eg4", {{"protocol", "7c"}, {"extended", "yes"}}},
      {"eg4_ascii", "eg4", {{"protocol", "ascii"}}},
      {"eg4_ll_old_firmware", "eg4-ll", {{"firmware", "old"}}},
      {"eg4_ll_inverter_map", "eg4-ll", {{"map", "inverter"}}},
      {"jk_old_firmware", "jk", {{"firmware", "old"}}},
      {"jk_pb_blocks_only", "jk-pb", {{"registers", "no"}}},
      {"renogy_without_identity", "renogy", {{"identity", "no"}}},
      {"smartshunt_hex_only", "smartshunt", {{"text", "no"}}},
      {"smartshunt_text_only", "smartshunt", {{"hex", "none"}}},
  };
  all.insert(all.end(), std::begin(dialects), std::end(dialects));
  return all;
}

INSTANTIATE_TEST_SUITE_P(AllDrivers, DamagedExchanges, testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace bms
