#include <fcntl.h>
#include <sys/mman.h>

#include "system/daemon/rig.hpp"

// What a running daemon recorded comes out of it and replays to what it published.
namespace bms {
namespace {

class Recording : public test::Rig {
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
};

TEST_F(Recording, ReplaysToWhatWasPublished) {
  simulate(test::bus_driver(), "1,2", {"--soc", "44", "--current", "25"});
  configure_rack(test::bus_driver(), "1,2", "[limits]\nmax_charge_a = 40\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_bank"));
  ASSERT_TRUE(eventually([&] { return lines_of(run({"export"})).size() > 20; }, std::chrono::seconds(60)));
  const std::string file = path("day.jsonl");
  run({"export", "-o", file});
  std::ifstream in(file);
  const auto recorded = lines_of(std::string(std::istreambuf_iterator<char>(in), {}));
  const auto replayed = lines_of(run({"limits", "--config", path("config.ini"), file}));

  // The steps of the recording, with what was published after each.
  std::map<std::string, nlohmann::json> out;
  std::size_t next = 0;
  for (const auto& line : recorded) {
    if (!line.contains("battery")) continue;
    const std::string battery = line["battery"];
    if (line.contains("out")) out[battery] = line["out"];
    if (!line.contains("step")) continue;
    ASSERT_LT(next, replayed.size());
    const auto& limits = replayed[next++];
    ASSERT_EQ(limits["battery"], battery);
    EXPECT_EQ(limits["t"], line["t"]);
    EXPECT_EQ(limits["ccl_A"], out[battery]["ccl_A"]) << line;
    EXPECT_EQ(limits["dcl_A"], out[battery]["dcl_A"]) << line;
    EXPECT_EQ(limits["cvl_V"], out[battery]["cvl_V"]) << line;
    EXPECT_EQ(limits["phase"], out[battery]["phase"]) << line;
  }
  EXPECT_EQ(next, replayed.size());
  EXPECT_TRUE(out.contains("bank"));
  EXPECT_EQ(out["bank"]["ccl_A"], service("dbusbms_bank").number("/Info/MaxChargeCurrent"));

  const std::string one = run({"export", "--battery", "rack_2"});
  EXPECT_EQ(one.find("\"rack_1\""), std::string::npos);
  EXPECT_NE(one.find("\"rack_2\""), std::string::npos);
  test::Process unknown({DBUS_BMS_PROGRAM, "export", "--battery", "nobody"}, environment());
  EXPECT_EQ(unknown.exit_code(), 1);
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
