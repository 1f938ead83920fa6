#include "system/daemon/foreign_program.hpp"
#include "system/daemon/rig.hpp"

// `driver = dbus`: what another program publishes is a source for our batteries.
namespace bms {
namespace {

using testing::HasSubstr;

constexpr const char* kShunt = "com.victronenergy.battery.ttyS5";

class ForeignSource : public test::Rig {
 protected:
  void configure_with_shunt(const std::string& service = kShunt) {
    configure_rack(test::bus_driver(), "1",
                   "soc_from = shunt\n[battery:shunt]\ndriver = dbus\nservice = " + service + "\n");
  }
  std::optional<double> soc() { return service("dbusbms_rack").number("/Soc"); }
};

TEST_F(ForeignSource, SocOfAVictronShuntIsUsedAndItsLossIsSaid) {
  test::ForeignProgram shunt(bus_.address(), kShunt,
                             {{"/Connected", 1}, {"/Dc/0/Voltage", 53}, {"/Dc/0/Current", 0}, {"/Soc", 63}});
  simulate(test::bus_driver(), "1", {"--soc", "60"});
  configure_with_shunt();
  auto& daemon = start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_TRUE(eventually([&] { return soc() == 63; })) << daemon.output();
  shunt.change("/Soc", 62);
  EXPECT_TRUE(eventually([&] { return soc() == 62; })) << daemon.output();
  for (const auto& view : services()) {
    EXPECT_TRUE(view.name == kShunt || view.name.ends_with(".dbusbms_rack"))
        << view.name << ": neither the shunt anew nor a bank of one battery";
  }
  shunt.end();
  EXPECT_TRUE(eventually([&] { return soc() && *soc() < 61; })) << daemon.output();
  EXPECT_THAT(daemon.output(), HasSubstr(std::string(kShunt) + ": gone"));
  EXPECT_TRUE(service("dbusbms_rack").has("/Dc/0/Voltage")) << "the battery itself is well";
}

TEST_F(ForeignSource, OneOfOurOwnServicesIsRefused) {
  configure_with_shunt("com.victronenergy.battery.dbusbms_rack");
  auto& daemon = start_daemon();
  EXPECT_EQ(daemon.exit_code(), 1);
  EXPECT_THAT(daemon.output(), HasSubstr("this one is our own"));
}

}  // namespace
}  // namespace bms
