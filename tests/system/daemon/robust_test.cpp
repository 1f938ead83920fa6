#include <cmath>
#include <filesystem>
#include <random>

#include "support/effort.hpp"
#include "support/fake_settings.hpp"
#include "system/daemon/writer_rig.hpp"

// Clients, buses and restarts that mean harm or simply happen: batteries are polled and limits stand.
namespace bms {
namespace {

using namespace std::chrono_literals;
using test::kRack;
using test::kSanitized;
using testing::IsEmpty;

class Robust : public test::WriterRig {
 protected:
  double polls() {
    return command(*simulators_.front(), {{"truth", true}}).at("truth").at(0).at("answers").get<double>();
  }
  /// What the batteries were asked so far, and when last: the pace of polling to the microsecond, whenever one looks.
  struct Questions {
    double count = 0;
    double seconds = 0;
    [[nodiscard]] double period_s() const { return seconds / count; }
  };
  Questions questions() {
    Questions sum;
    const nlohmann::json answer = command(*simulators_.front(), {{"truth", true}});
    for (const auto& truth : answer.at("truth")) {
      sum.count += truth.at("asked").get<double>();
      sum.seconds = std::max(sum.seconds, truth.at("asked_at_s").get<double>());
    }
    return sum;
  }
  /// Lets the client's connection work until `done` or the deadline.
  template <class Done>
  bool pump(Done done, std::chrono::milliseconds limit = test::kPatience) {
    return test::run_until(loop_, done, limit);
  }
  std::size_t descriptors() const {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(daemon_->pid()) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  std::size_t resident_kB() const {
    std::ifstream statm("/proc/" + std::to_string(daemon_->pid()) + "/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
  }
  /// All values but those that count and age.
  test::Json standing_values() {
    auto items = client().call(kRack, "/", "GetItems").value;
    for (auto item = items.begin(); item != items.end();) {
      item = item.key().starts_with("/Link/") ? items.erase(item) : std::next(item);
    }
    return items;
  }
};

/// Writes that no item may take, of every kind a client can send.
class Malice {
 public:
  explicit Malice(const test::Json& items) {
    for (const auto& [path, item] : items.items()) {
      // What GetItems gives a range is writable; so are the name and the page's choice of battery.
      const bool writable = item.contains("Min") || path == "/CustomName";
      (writable ? writable_ : read_only_).push_back(path);
    }
  }

  /// Path and arguments of the next one.
  std::string next(sd_bus_message* (*make)(sd_bus*, const char*), sd_bus* bus, sd_bus_message*& message) {
    const int kind = pick(6);
    std::string path = kind == 0   ? "/No/Such/" + std::to_string(pick(1000))
                       : kind == 1 ? read_only_[static_cast<std::size_t>(pick(static_cast<int>(read_only_.size())))]
                                   : writable_[static_cast<std::size_t>(pick(static_cast<int>(writable_.size())))];
    message = make(bus, path.c_str());
    if (kind < 2) {
      sd_bus_message_append(message, "v", "d", 1.0);
    } else {
      append_nonsense(message, path == "/CustomName");
    }
    return path;
  }

 private:
  int pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }

  void append_nonsense(sd_bus_message* message, bool text) {
    static const std::string kHuge(50000, 'x');
    switch (pick(9)) {
      case 0:
        sd_bus_message_append(message, "v", "d", std::numeric_limits<double>::quiet_NaN());
        break;
      case 1:
        sd_bus_message_append(message, "v", "d", std::numeric_limits<double>::infinity());
        break;
      case 2:
        sd_bus_message_append(message, "v", "s", kHuge.c_str());
        break;
      case 3:
        sd_bus_message_append(message, "v", "x", std::numeric_limits<std::int64_t>::min());
        break;
      case 4:
        text ? sd_bus_message_append(message, "v", "i", 5) : sd_bus_message_append(message, "v", "s", "1");
        break;
      case 5:
        sd_bus_message_append(message, "v", "a{sv}", 1, "Value", "i", 1);
        break;
      case 6:
        sd_bus_message_append(message, "v", "ai", 0);
        break;
      case 7:
        sd_bus_message_append(message, "ai", 3, 1, 2, 3);
        break;
      default:
        sd_bus_message_append(message, "sss", "Value", "", "x");
    }
  }

  std::mt19937 random_{11};
  std::vector<std::string> writable_;
  std::vector<std::string> read_only_;
};

struct Answers {
  int refused = 0;
  int accepted = 0;
};

int count_answer(sd_bus_message* reply, void* context, sd_bus_error* /*error*/) {
  auto& answers = *static_cast<Answers*>(context);
  std::int32_t code = 0;
  const bool error = sd_bus_message_get_error(reply) != nullptr;
  if (!error) sd_bus_message_read_basic(reply, 'i', &code);
  ++(error || code != 0 ? answers.refused : answers.accepted);
  return 0;
}

sd_bus_message* set_value(sd_bus* bus, const char* path) {
  sd_bus_message* message = nullptr;
  sd_bus_message_new_method_call(bus, &message, kRack, path, "com.victronenergy.BusItem", "SetValue");
  return message;
}

TEST_F(Robust, TenThousandHostileWritesChangeNothingAndPollingGoesOn) {
  simulate("jk-pb", "1,2", {"--soc", "60", "--temperature", "20", "--frozen", "--no-pacing"});
  // A second battery on the line: ten polls a second, five of each.
  const std::string other = "[battery:other]\ndriver = jk-pb\naddress = 2\npoll_interval = 0.2\nport = " + path("line");
  configure_rack("jk-pb", "1",
                 "poll_interval = 0.2\n[daemon]\nallow_control = yes\n[bank]\nenabled = no\n" + other + "\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  ASSERT_TRUE(appears("dbusbms_other"));
  ASSERT_TRUE(eventually([&] { return number("/Info/ChargeMode").has_value() || !text("/Info/ChargeMode").empty(); }));
  const auto before = standing_values();
  Malice malice(before);
  Answers answers;
  int sent = 0;
  // Bursts as fast as the daemon answers, twice a second: each is as bad for the poll it meets as it can be.
  const auto burst = [&] {
    constexpr int kPerBurst = 500;
    const auto end = Clock::now() + 500ms;
    for (int i = 0; i < kPerBurst; ++i) {
      sd_bus_message* call = nullptr;
      malice.next(set_value, client().bus().raw(), call);
      sd_bus_call_async(client().bus().raw(), nullptr, call, count_answer, &answers, 0);
      sd_bus_message_unref(call);
    }
    client().bus().rearm();
    sent += kPerBurst;
    ASSERT_TRUE(pump([&] { return answers.refused + answers.accepted == sent; }));
    pump([&] { return Clock::now() >= end; }, 500ms);
  };
  // Quiet and flooded stretches alternate, so that whatever else this machine does concerns both. A stretch is measured
  // from one question on the wire to another, so that none falls on either side of a border.
  Questions quiet;
  Questions flooded;
  const auto stretch = [&](Questions& sum, auto work) {
    const Questions begin = questions();
    for (int i = 0; i < 11; ++i) work();
    const Questions end = questions();
    sum.count += end.count - begin.count;
    sum.seconds += end.seconds - begin.seconds;
  };
  double ratio = 0;
  // Two stretches of each are more than a hundred polls of each. Where that was not enough to tell, more are, with the
  // same bound.
  const int rounds = kSanitized ? 2 : 12;
  for (int round = 0; round < rounds && (quiet.count < 100 || std::abs(ratio - 1) > 0.05); ++round) {
    stretch(quiet, [&] { pump([] { return false; }, 500ms); });
    stretch(flooded, burst);
    ratio = flooded.period_s() / quiet.period_s();
  }
  RecordProperty("polling_period_flooded_per_quiet", std::to_string(ratio));
  std::cout << fmt::format("period between questions: {:.2f} ms quiet ({}), {:.2f} ms in {} writes ({}): {:.5f}\n",
                           quiet.period_s() * 1e3, quiet.count, flooded.period_s() * 1e3, sent, flooded.count, ratio);
  if (!kSanitized) {  // an instrumented daemon answers as slowly as the sanitizers make it
    EXPECT_NEAR(ratio, 1, 0.05);
  }
  EXPECT_GE(sent, 10000);
  EXPECT_EQ(answers.refused, sent);
  EXPECT_EQ(answers.accepted, 0);
  EXPECT_EQ(standing_values(), before);
  EXPECT_EQ(command(*simulators_.front(), {{"truth", true}}).at("truth").at(0).at("writes"), 0);
  EXPECT_EQ(number("/Link/Timeout"), 0);
  const std::string& log = daemon_->output();
  EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 60) << log.substr(0, 4000);
}

TEST_F(Robust, AFloodOfAllowedWritesNeitherDelaysPollsNorWearsTheFlash) {
  auto& simulator = start_one("[daemon]\nallow_control = yes\n");
  const double before = polls();
  Answers answers;
  constexpr int kWrites = 4000;
  for (int i = 0; i < kWrites; ++i) {
    sd_bus_message* call = nullptr;
    switch (i % 4) {
      case 0:
        call = set_value(client().bus().raw(), "/Settings/MaxChargeCurrent");
        sd_bus_message_append(call, "v", "d", 10.0 + i % 30);
        break;
      case 1:
        call = set_value(client().bus().raw(), "/CustomName");
        sd_bus_message_append(call, "v", "s", std::to_string(i).c_str());
        break;
      case 2:
        call = set_value(client().bus().raw(), "/Settings/ForceChargingOff");
        sd_bus_message_append(call, "v", "i", i / 4 % 2);
        break;
      default:
        call = set_value(client().bus().raw(), "/Settings/TopBalance");
        sd_bus_message_append(call, "v", "i", 1);
    }
    sd_bus_call_async(client().bus().raw(), nullptr, call, count_answer, &answers, 0);
    sd_bus_message_unref(call);
  }
  client().bus().rearm();
  ASSERT_TRUE(pump([&] { return answers.refused + answers.accepted == kWrites; }, 60s));
  EXPECT_EQ(answers.accepted, kWrites);
  ASSERT_TRUE(eventually([&] { return polls() >= before + 3; })) << daemon_->output();
  EXPECT_TRUE(becomes("/Settings/ForceChargingOff", 1));
  const auto truth = command(simulator, {{"truth", true}}).at("truth").at(0);
  EXPECT_LT(truth.at("writes").get<int>(), 20) << "one command a poll, the newest wish only";
  stop_daemon();
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(text("/CustomName"), std::to_string(kWrites - 3));
  EXPECT_EQ(number("/Settings/MaxChargeCurrent"), 10 + (kWrites - 4) % 30);
}

TEST_F(Robust, TwentyBusRestartsLeaveNothingBehind) {
  simulate(test::bus_driver(), "1,2");
  configure_rack(test::bus_driver(), "1,2");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_bank"));
  ASSERT_TRUE(appears("dbusbms_rack_2"));
  std::map<std::string, std::optional<double>> instances;
  for (const auto& view : services()) instances[view.name] = view.number("/DeviceInstance");
  ASSERT_EQ(instances.size(), 3U);
  std::size_t open = 0;
  std::size_t resident = 0;
  for (int restart = 0; restart < 20; ++restart) {
    bus_.stop();
    bus_.start();
    ASSERT_TRUE(eventually([&] { return services().size() == 3; }, 5s)) << restart << daemon_->output();
    for (const auto& view : services()) EXPECT_EQ(view.number("/DeviceInstance"), instances[view.name]) << restart;
    if (restart == 4) {
      open = descriptors();
      resident = resident_kB();
    }
  }
  EXPECT_TRUE(eventually([&] { return descriptors() == open; })) << descriptors() << " instead of " << open;
  EXPECT_TRUE(kSanitized || resident_kB() < resident + 1024) << resident_kB() << " kB, before " << resident;
}

TEST_F(Robust, AClientThatNeverReadsDisturbsNobody) {
  start_one();
  // Asks for everything, over and over, and takes none of the answers.
  test::BusClient deaf(loop_, bus_.address());
  Answers never;
  for (int i = 0; i < 1000; ++i) {
    sd_bus_message* call = nullptr;
    sd_bus_message_new_method_call(deaf.bus().raw(), &call, kRack, "/", "com.victronenergy.BusItem", "GetItems");
    sd_bus_call_async(deaf.bus().raw(), nullptr, call, count_answer, &never, 0);
    sd_bus_message_unref(call);
  }
  sd_bus_flush(deaf.bus().raw());
  const double before = polls();
  const auto resident = resident_kB();
  ASSERT_TRUE(eventually([&] { return polls() >= before + 4; })) << daemon_->output();
  EXPECT_TRUE(service("dbusbms_rack").has("/Soc")) << "others are answered";
  EXPECT_TRUE(kSanitized || resident_kB() < resident + 8192) << resident_kB() << " kB, before " << resident;
}

TEST_F(Robust, OnAGxANewBatteryWaitsForSettingsAndForTheSystemProgram) {
  simulate(test::bus_driver(), "1");
  configure_rack(test::bus_driver(), "1");
  platform_ = "venus";
  start_daemon();
  ASSERT_NE(daemon_->wait_for("link is fresh"), std::string::npos) << daemon_->output();
  EXPECT_THAT(services(), IsEmpty()) << "no instance, no service";
  test::FakeSettings settings(loop_, bus_.address());
  settings.start();
  ASSERT_TRUE(eventually([&] {
    loop_.restart();
    loop_.poll();
    return daemon_->output().find("waiting for com.victronenergy.system") != std::string::npos;
  })) << daemon_->output();
  EXPECT_THAT(services(), IsEmpty());
  sd_bus_request_name_async(client().bus().raw(), nullptr, "com.victronenergy.system", 0, nullptr, nullptr);
  client().bus().rearm();
  ASSERT_TRUE(eventually([&] {
    loop_.restart();
    loop_.poll();
    return service("dbusbms_rack").has("/Soc");
  })) << daemon_->output();
  const auto instance = number("/DeviceInstance");
  // Known by now: the next start waits for nobody but the settings.
  client_.reset();
  stop_daemon();
  start_daemon();
  ASSERT_TRUE(eventually([&] {
    loop_.restart();
    loop_.poll();
    return service("dbusbms_rack").has("/Soc");
  })) << daemon_->output();
  EXPECT_EQ(number("/DeviceInstance"), instance);
  EXPECT_EQ(daemon_->output().find("waiting for com.victronenergy.system"), std::string::npos);
}

TEST_F(Robust, ARestartShowsNeitherZeroNorALooserLimitAndNothingFlaps) {
  // Cold cells: the limit is a part of the maximum, which a start without memory would go for.
  simulate(test::bus_driver(), "1", {"--soc", "60", "--temperature", "4"});
  configure_rack(test::bus_driver(), "1", "[limits]\nmax_charge_a = 100\nmax_discharge_a = 100\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  const double ccl = *number("/Info/MaxChargeCurrent");
  const double dcl = *number("/Info/MaxDischargeCurrent");
  ASSERT_GT(ccl, 0);
  ASSERT_LT(ccl, 60);
  client().signals.clear();
  stop_daemon();
  command(*simulators_.front(), {{"set", {{"temps_C", {22, 22}}}}});
  start_daemon();
  ASSERT_TRUE(eventually([&] { return !client().owner(kRack).empty(); }));
  const auto first = client().call(kRack, "/", "GetItems").value;
  EXPECT_EQ(first["/Info/MaxChargeCurrent"]["Value"][1], ccl);
  EXPECT_EQ(first["/Info/MaxDischargeCurrent"]["Value"][1], dcl);
  EXPECT_EQ(first["/Info/MaxChargeVoltage"]["Value"][0], "d");
  const double polled = polls();
  ASSERT_TRUE(eventually([&] { return polls() >= polled + 3; }));
  client().owner(kRack);  // what was told before has arrived by now
  int told = 0;
  for (const auto& signal : client().signals) {
    for (const char* path : {"/Info/MaxChargeCurrent", "/Info/MaxDischargeCurrent", "/Info/MaxChargeVoltage"}) {
      if (!signal.items.contains(path)) continue;
      const auto& value = signal.items[path]["Value"];
      ++told;
      ASSERT_EQ(value[0], "d") << path;
      EXPECT_GT(value[1].get<double>(), 0) << path;
      EXPECT_LE(value[1].get<double>(), path == std::string("/Info/MaxChargeCurrent") ? ccl : 1e3) << path;
    }
    EXPECT_FALSE(signal.items.contains("/Connected"));
  }
  RecordProperty("limit_changes_told", told);
}

}  // namespace
}  // namespace bms
