#include <fmt/format.h>

#include "support/bus_client.hpp"
#include "system/browser/page_rig.hpp"

// The status page of a running daemon in a real browser, with simulated batteries behind it.
namespace bms {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Screen = test::Browser::Screen;

constexpr Screen kSmallPhone{.width = 360, .height = 740, .phone = true};
constexpr Screen kDesktop{.width = 1280, .height = 900};

class Page : public test::PageRig {
 protected:
  /// Text of the first element.
  std::string text(const std::string& selector) {
    const auto found = browser_->evaluate("document.querySelector(`" + selector + "`)?.innerText");
    return found.is_string() ? found.get<std::string>() : "(nothing)";
  }
  int count(const std::string& selector) {
    return browser_->evaluate("document.querySelectorAll(`" + selector + "`).length").get<int>();
  }
  bool shows(const std::string& selector, const std::string& part) {
    const bool done =
        browser_->becomes("!!document.querySelector(`" + selector + "`)?.innerText.includes(`" + part + "`)");
    EXPECT_TRUE(done) << selector << " says " << text(selector) << ", not " << part;
    return done;
  }
  void start(const std::string& more = "") {
    simulator_ = &simulate(test::bus_driver(), "1,2", {"--soc", "61", "--current", "20", "--frozen"});
    configure_page(test::bus_driver(), "1,2", more);
    start_daemon();
    ASSERT_TRUE(appears("dbusbms_bank"));
    ASSERT_TRUE(appears("dbusbms_rack_2"));
  }

  test::Process* simulator_ = nullptr;
  boost::asio::io_context loop_;
};

TEST_F(Page, ShowsWhatIsOnTheBusAndFollowsIt) {
  start();
  browser_->show(url(), kDesktop);
  ASSERT_TRUE(shows("#state", "live"));
  ASSERT_EQ(count("section"), 3) << "the bank and its two batteries";
  EXPECT_EQ(count("section.bank"), 1);
  EXPECT_THAT(text("section:nth-child(1) h2"), StartsWith("Battery bank"));
  EXPECT_THAT(text("section:nth-child(2) h2"), StartsWith("House 1"));
  EXPECT_THAT(text("section:nth-child(3) h2"), StartsWith("House 2"));

  const auto bank = service("dbusbms_bank");
  const std::string card = text("section.bank");
  EXPECT_THAT(card, HasSubstr("61 %"));
  EXPECT_THAT(card, HasSubstr("40.0 A")) << "two of 20 A";
  EXPECT_THAT(card, HasSubstr(fmt::format("{:.2f} V", *bank.number("/Info/MaxChargeVoltage"))));
  EXPECT_THAT(card, HasSubstr(fmt::format("{:.1f} A", *bank.number("/Info/MaxDischargeCurrent"))));
  EXPECT_THAT(text("section.bank tr:nth-child(3) td:nth-child(3)"), HasSubstr("configured maximum"));
  EXPECT_EQ(count("section:nth-child(2) .cell"), 16);
  EXPECT_THAT(text("section:nth-child(2) .cell:nth-child(16)"),
              HasSubstr(fmt::format("{:.3f}", *service("dbusbms_rack_1").number("/Voltages/Cell16"))));
  EXPECT_THAT(text("section:nth-child(2)"), HasSubstr("link: good"));

  // What happens next comes by itself.
  command(*simulator_, {{"address", 1}, {"set", {{"current_A", -35}, {"alarms", {"alarm:charge_overtemperature"}}}}});
  EXPECT_TRUE(shows("section:nth-child(2) .figures div:nth-child(3) b", "-35.0 A"));
  EXPECT_TRUE(shows("section.bank .figures div:nth-child(3) b", "-15.0 A"));
  EXPECT_TRUE(shows("section:nth-child(2) .alarm", "charge"));
  EXPECT_TRUE(shows("section.bank tr:nth-child(2) td:nth-child(2)",
                    fmt::format("{:.1f} A", service("dbusbms_bank").number("/Info/MaxChargeCurrent").value_or(-1))));

  EXPECT_EQ(test::BusClient(loop_, bus_.address())
                .set("com.victronenergy.battery.dbusbms_rack_1", "/CustomName", "s", "Boat")
                .value,
            0);
  EXPECT_TRUE(shows("section:nth-child(2) h2", "Boat")) << "the name that is on every other screen";

  EXPECT_TRUE(browser_->becomes("load(), document.querySelectorAll(`section.bank .plot path`).length > 8"))
      << "the recorder's points are drawn";
  EXPECT_EQ(count("section .plot"), 3 * 4) << "state of charge, voltage, current, cells";

  for (const auto& asked : browser_->requests()) {
    EXPECT_THAT(asked, AnyOf(StartsWith(url()), StartsWith("data:"))) << "nothing comes from elsewhere";
  }
  EXPECT_THAT(browser_->complaints(), IsEmpty());
  EXPECT_LT(browser_->evaluate("performance.getEntriesByType('navigation')[0].transferSize").get<double>(), 100e3);
}

TEST_F(Page, FitsASmallPhoneWhateverTheNamesAre) {
  simulate(test::bus_driver(), "1", {"--cells", "24"});
  configure_page(test::bus_driver(), "1");
  std::string config;
  {
    std::ifstream in(path("config.ini"));
    config.assign(std::istreambuf_iterator<char>(in), {});
  }
  const std::string name = "<img src=x onerror=alert(1)>DonaudampfschiffahrtsgesellschaftsB";
  config.replace(config.find("House"), 5, name);
  configure(config);
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  browser_->show(url(), kSmallPhone);
  ASSERT_TRUE(shows("section h2", name)) << "a name is text, whatever it looks like";
  EXPECT_EQ(count("img"), 0);
  EXPECT_EQ(count(".cell"), 24);
  EXPECT_TRUE(browser_->becomes("load(), document.querySelectorAll('.plot').length === 4"));
  EXPECT_LE(browser_->evaluate("document.documentElement.scrollWidth").get<int>(), kSmallPhone.width)
      << "no scrolling to the side";
  EXPECT_THAT(browser_->complaints(), IsEmpty());
}

TEST_F(Page, SaysWhenTheDaemonIsAwayAndComesBackByItself) {
  simulate(test::bus_driver(), "1", {"--frozen"});
  configure_page(test::bus_driver(), "1");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  browser_->show(url(), kSmallPhone);
  ASSERT_TRUE(shows("#state", "live"));
  daemon_->signal(SIGTERM);
  ASSERT_EQ(daemon_->exit_code(), 0);
  ASSERT_TRUE(shows("#state", "does not answer"));
  start_daemon();
  EXPECT_TRUE(shows("#state", "live"));
}

TEST_F(Page, WithATokenItIsShownOnlyToThoseWhoHaveIt) {
  simulate(test::bus_driver(), "1", {"--frozen"});
  configure_page(test::bus_driver(), "1", "token = correct-horse-7\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  browser_->show(url(), kDesktop);
  ASSERT_TRUE(shows("body", "a token is needed"));
  EXPECT_THAT(text("body"), testing::Not(HasSubstr("House")));
  browser_->show(url() + "?token=correct-horse-7", kDesktop);
  ASSERT_TRUE(shows("section h2", "House")) << "the stream and the history are asked with the token too";
  EXPECT_TRUE(browser_->becomes("load(), document.querySelectorAll('.plot').length === 4"));
}

}  // namespace
}  // namespace bms
