#include <fcntl.h>
#include <sys/mman.h>

#include "system/daemon/writer_rig.hpp"

// What a running daemon recorded comes out of it and replays to what it published.
namespace bms {
namespace {

class Recording : public test::WriterRig {
 protected:
  std::string run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), DBUS_BMS_PROGRAM);
    test::Process process(arguments, environment());
    EXPECT_EQ(process.exit_code(std::chrono::seconds(60)), 0) << process.output();
    return process.output();
  }

  static std::vector<nlohmann::json> lines_of(const std::string& text) {
    std::vector<nlohmann::json> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  /// Exports to `file` and replays it: each step gives what was published after it. Answers the last of each battery.
  std::map<std::string, nlohmann::json> replayed_as_published(const std::string& file) {
    run({"export", "-o", file});
    std::ifstream in(file);
    const auto recorded = lines_of(std::string(std::istreambuf_iterator<char>(in), {}));
    const auto replayed = lines_of(run({"limits", "--config", path("config.ini"), file}));
    std::map<std::string, nlohmann::json> out;
    std::size_t next = 0;
    for (const auto& line : recorded) {
      if (!line.contains("battery")) continue;
      const std::string battery = line["battery"];
      if (line.contains("out")) out[battery] = line["out"];
      if (!line.contains("step")) continue;
      if (next == replayed.size()) break;
      const auto& limits = replayed[next++];
      EXPECT_EQ(limits["battery"], battery);
      EXPECT_EQ(limits["t"], line["t"]);
      for (const char* key : {"ccl_A", "dcl_A", "cvl_V", "phase"}) EXPECT_EQ(limits[key], out[battery][key]) << line;
    }
    EXPECT_GT(next, 0U);
    EXPECT_EQ(next, replayed.size());
    return out;
  }
};

TEST_F(Recording, ReplaysToWhatWasPublished) {
  simulate(test::bus_driver(), "1,2", {"--soc", "44", "--current", "25"});
  configure_rack(test::bus_driver(), "1,2", "[limits]\nmax_charge_a = 40\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_bank"));
  ASSERT_TRUE(eventually([&] { return lines_of(run({"export"})).size() > 20; }, std::chrono::seconds(60)));
  const std::string file = path("day.jsonl");
  const auto out = replayed_as_published(file);
  EXPECT_TRUE(out.contains("bank"));
  EXPECT_EQ(out.at("bank")["ccl_A"], service("dbusbms_bank").number("/Info/MaxChargeCurrent"));

  const std::string one = run({"export", "--battery", "rack_2"});
  EXPECT_EQ(one.find("\"rack_1\""), std::string::npos);
  EXPECT_NE(one.find("\"rack_2\""), std::string::npos);
  test::Process unknown({DBUS_BMS_PROGRAM, "export", "--battery", "nobody"}, environment());
  EXPECT_EQ(unknown.exit_code(), 1);
}

/// What is changed on the GX is in the recording: config.ini alone would replay to something else.
TEST_F(Recording, ReplaysAcrossLimitsThatUsersChange) {
  start_one("[limits]\nmax_charge_a = 40\n");
  EXPECT_EQ(write(test::kRack, "/Settings/MaxChargeCurrent", "d", 25.0), 0);
  ASSERT_TRUE(becomes("/Info/MaxChargeCurrent", 25));
  EXPECT_EQ(write(test::kRack, "/Settings/FloatCellVoltage", "d", 3.36), 0);
  EXPECT_EQ(write(test::kRack, "/Settings/MaxChargeCurrent", "d", 12.0), 0);
  ASSERT_TRUE(becomes("/Info/MaxChargeCurrent", 12));
  EXPECT_EQ(write(test::kRack, "/Settings/RestoreDefaults", "i", 1), 0);
  ASSERT_TRUE(becomes("/Settings/MaxChargeCurrent", 40));
  EXPECT_EQ(write(test::kRack, "/Settings/MaxChargeCurrent", "d", 7.0), 0);
  ASSERT_TRUE(becomes("/Info/MaxChargeCurrent", 7));
  const auto out = replayed_as_published(path("day.jsonl"));
  EXPECT_EQ(out.at("rack")["ccl_A"], 7);
  EXPECT_NE(run({"export"}).find("\"settings\":{\"max_charge_a\":25.0}"), std::string::npos);
}

TEST_F(Recording, ItsReadersCannotHarmIt) {
  simulate(test::bus_driver(), "1");
  configure_rack(test::bus_driver(), "1");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  const auto connection = sdbus::createSessionBusConnectionWithAddress(bus_.address());
  const auto proxy = sdbus::createProxy(*connection, "com.victronenergy.battery.dbusbms_rack", "/");
  std::vector<sdbus::UnixFd> held;
  for (int i = 0; i < 50; ++i) {
    proxy->callMethod("GetRecording").onInterface("com.github.dbus_bms.Recorder").storeResultsTo(held.emplace_back());
  }
  const int file = held.front().get();
  EXPECT_EQ(::fcntl(file, F_GET_SEALS) & F_SEAL_WRITE, F_SEAL_WRITE);
  EXPECT_LT(::write(file, "x", 1), 0);
  EXPECT_NE(::ftruncate(file, 0), 0);
  ::lseek(file, 0, SEEK_END);  // other holders have the same position: nobody may depend on it
  EXPECT_FALSE(lines_of(run({"export"})).empty());
  EXPECT_FALSE(daemon_->ended());
}

}  // namespace
}  // namespace bms
