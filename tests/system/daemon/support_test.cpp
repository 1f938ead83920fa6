#include <random>

#include "capture/capture.hpp"
#include "support/dialogue.hpp"
#include "support/truth.hpp"
#include "system/daemon/rig.hpp"

// The support bundle has what a report needs and no secret, wherever one was planted.
namespace bms {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kToken = "hunter2-on-the-fridge";
constexpr const char* kPassword = "136913";  // of the simulated BMS

class SupportBundle : public test::Rig {
 protected:
  void write(const std::string& name, const std::string& text) { std::ofstream(path(name), std::ios::binary) << text; }

  /// Makes the bundle and answers name -> content, as tar unpacks it.
  std::map<std::string, std::string> bundle(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{DBUS_BMS_PROGRAM, "support",          "-o",         path("bundle.tar.gz"),
                                       "--config",       path("config.ini"), "--captures", path("captures"),
                                       "--log",          path("log")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    test::Process process(arguments, environment());
    EXPECT_EQ(process.exit_code(std::chrono::seconds(60)), 0) << process.output();
    std::filesystem::create_directories(path("unpacked"));
    test::Process tar({"/bin/tar", "xzf", path("bundle.tar.gz"), "-C", path("unpacked")});
    EXPECT_EQ(tar.exit_code(std::chrono::seconds(60)), 0) << tar.output();
    std::map<std::string, std::string> files;
    const auto root = std::filesystem::path(path("unpacked")) / "dbus-bms-support";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      files[entry.path().lexically_relative(root).string()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return files;
  }

  /// A capture of everything the driver asks, with the passwords that this BMS tells everybody.
  static std::string telltale_capture(const char* header) {
    const DriverInfo& info = *find_driver("jk-pb");
    const auto device = info.simulate({.address = 1, .settings = {}});
    const auto driver = info.make({.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}});
    std::mt19937 random(3);
    Reading truth = test::random_truth(random);
    std::string text = header;
    test::Dialogue line{*driver, {}, {}, {}, {}, {}};
    line.answerer = [&](ByteView request) {
      Bytes answer = device->respond(request, truth).answer;
      text += format_capture_line(true, request, {}) + "\n" + format_capture_line(false, answer, {}) + "\n";
      return answer;
    };
    static_cast<void>(line.run(driver->poll({})));
    return text;
  }
  static std::string hex(const std::string& text) {
    const auto line = format_capture_line(true, Bytes(text.begin(), text.end()), {});
    return line.substr(line.find("> ") + 2);
  }
};

TEST_F(SupportBundle, HasEverythingButSecrets) {
  simulate(test::bus_driver(), "1", {"--soc", "44"});
  configure_rack(
      test::bus_driver(), "1",
      std::string("[web]\nlisten = 127.0.0.1:18089\ntoken = ") + kToken + "\n; token = " + "grandmas-name\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  write("log", std::string("info: page asked with ?token=") + kToken + "\nerror: grandmas-name\ninfo: all is well\n");
  std::filesystem::create_directories(path("captures"));
  const std::string telltale = telltale_capture("#! driver: jk-pb\n#! address: 1\n");
  ASSERT_THAT(telltale, HasSubstr(hex(kPassword)));
  write("captures/jk.cap", telltale);
  write("captures/unknown.cap", telltale_capture("# somebody's log\n"));
  write("captures/letter.txt", kToken);

  const auto files = bundle();
  for (const auto& [name, content] : files) {
    for (const std::string& secret : {std::string(kToken), std::string("grandmas-name"), hex(kPassword)}) {
      EXPECT_THAT(content, Not(HasSubstr(secret))) << name;
    }
  }
  const auto has = [&files](const char* name) { return files.contains(name) ? files.at(name) : ""; };
  EXPECT_THAT(has("version.txt"), HasSubstr("dbus-bms "));
  EXPECT_THAT(has("config.ini"), HasSubstr("token = (removed)"));
  EXPECT_THAT(has("config.ini"), HasSubstr("[battery:rack]"));
  EXPECT_THAT(has("log.txt"), HasSubstr("all is well"));
  EXPECT_THAT(has("ports.txt"), Not(HasSubstr("error")));
  EXPECT_THAT(has("bus.json"), HasSubstr("com.victronenergy.battery.dbusbms_rack"));
  EXPECT_THAT(has("recording-1.jsonl"), HasSubstr("\"battery\":\"rack\""));
  EXPECT_THAT(has("captures/jk.cap"), HasSubstr("#! driver: jk-pb"));
  EXPECT_THAT(has("captures/unknown.cap.left-out.txt"), HasSubstr("left out"));
  EXPECT_FALSE(files.contains("captures/letter.txt"));
}

TEST_F(SupportBundle, SaysWhatIsNotThere) {
  const auto files = bundle();
  EXPECT_THAT(files.at("config.ini"), HasSubstr("cannot be read"));
  EXPECT_THAT(files.at("log.txt"), HasSubstr("no log there"));
  EXPECT_THAT(files.at("recording-notes.txt"), HasSubstr("no running dbus-bms"));
  EXPECT_THAT(files.at("captures/none.txt"), HasSubstr("no *.cap"));
  const auto without_bus = bundle({"--dbus", "unix:path=/nonexistent"});
  EXPECT_TRUE(without_bus.contains("bus-notes.txt"));
}

}  // namespace
}  // namespace bms
