// GPIO outputs and the remote input on a fake chip.
#include "outputs/gpio.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>

#include "outputs/outputs.hpp"
#include "running.hpp"

namespace bms::outputs {
namespace {

using namespace std::chrono_literals;

/// A chip whose lines a test sees and breaks.
struct FakeChip {
  std::map<unsigned, bool> levels;
  std::map<unsigned, bool> pulled_up;
  bool there = true;
  int asked = 0;

  class Line : public GpioLine {
   public:
    Line(FakeChip& chip, unsigned number) : chip_(chip), number_(number) {}
    bool write(bool level) override {
      if (chip_.there) chip_.levels[number_] = level;
      return chip_.there;
    }
    std::optional<bool> read() override { return chip_.there ? std::optional(chip_.levels[number_]) : std::nullopt; }

   private:
    FakeChip& chip_;
    unsigned number_;
  };

  GpioChips chips() {
    const auto open = [this](unsigned number) -> GpioChips::Opened {
      ++asked;
      if (!there) return tl::unexpected(std::string("no such chip"));
      return std::make_unique<Line>(*this, number);
    };
    return {[this, open](const std::string&, unsigned number, bool level) {
              auto opened = open(number);
              if (opened) levels[number] = level;
              return opened;
            },
            [this, open](const std::string&, unsigned number, bool pull_up) {
              pulled_up[number] = pull_up;
              return open(number);
            }};
  }
};

config::Output wired(config::OutputFunction function, unsigned line, bool invert = false) {
  config::Output output;
  output.name = "test";
  output.function = function;
  output.target = {config::Line::Kind::gpio, line, "gpiochip0"};
  output.invert = invert;
  return output;
}

TEST(Gpio, OutputsAreSafeFirstThenFollowThenSafeAgain) {
  FakeChip chip;
  boost::asio::io_context loop;
  using config::OutputFunction;
  Outputs outputs(loop, "", chip.chips(),
                  {wired(OutputFunction::load_disconnect, 3), wired(OutputFunction::charge_disconnect, 4, true)});
  EXPECT_EQ(chip.levels, (std::map<unsigned, bool>{{3, false}, {4, true}}));
  limits::Limits limits = running();
  const auto of = [&](const std::string&) { return &limits; };
  outputs.follow(of, {}, kStart);
  EXPECT_EQ(chip.levels, (std::map<unsigned, bool>{{3, true}, {4, false}}));
  limits.allow_discharge = false;
  outputs.follow(of, {}, kStart + 1s);
  EXPECT_EQ(chip.levels, (std::map<unsigned, bool>{{3, false}, {4, false}}));
  limits.allow_discharge = true;
  outputs.make_safe();
  EXPECT_TRUE(outputs.settled());
  outputs.follow(of, {}, kStart + 2s);
  EXPECT_EQ(chip.levels, (std::map<unsigned, bool>{{3, false}, {4, true}})) << "nothing moves them any more";
}

TEST(Gpio, AnOutputFollowsItsOwnBattery) {
  FakeChip chip;
  boost::asio::io_context loop;
  auto rack = wired(config::OutputFunction::load_disconnect, 1);
  rack.battery = "rack_2";
  Outputs outputs(loop, "", chip.chips(), {rack});
  const limits::Limits limits = running();
  outputs.follow([&](const std::string& name) { return name == "rack_2" ? &limits : nullptr; }, {}, kStart);
  EXPECT_TRUE(chip.levels[1]);
}

TEST(Gpio, ALineThatIsGoneIsAskedForAgainAndGetsTheNewestLevel) {
  FakeChip chip;
  chip.there = false;
  GpioTarget target(chip.chips(), "gpiochip0", 7);
  target.drive(false, kStart);
  target.drive(true, kStart + 500ms);
  EXPECT_EQ(chip.asked, 1);
  EXPECT_FALSE(target.driven());
  chip.there = true;
  target.drive(true, kStart + 1s);
  EXPECT_TRUE(target.driven());
  EXPECT_TRUE(chip.levels[7]);
  chip.there = false;
  target.drive(false, kStart + 2s);
  EXPECT_FALSE(target.driven());
  chip.there = true;
  target.drive(false, kStart + 3s);
  EXPECT_FALSE(chip.levels[7]);
}

config::Remote remote(bool invert = false) {
  config::Remote remote;
  remote.source = {config::Line::Kind::gpio, 5, "gpiochip0"};
  remote.invert = invert;
  remote.mode = config::RemoteMode::everything;
  return remote;
}

TEST(RemoteInput, WithoutOneItIsOn) {
  FakeChip chip;
  EXPECT_FALSE(Remote(chip.chips(), {}).read(kStart).off);
}

TEST(RemoteInput, OpenMeansOffWithEitherLogic) {
  FakeChip chip;
  Remote high(chip.chips(), remote());
  EXPECT_TRUE(high.read(kStart).off) << "pulled down";
  EXPECT_FALSE(chip.pulled_up[5]);
  chip.levels[5] = true;
  EXPECT_FALSE(high.read(kStart + 1s).off);
  Remote low(chip.chips(), remote(true));
  EXPECT_TRUE(low.read(kStart).off) << "pulled up";
  EXPECT_TRUE(chip.pulled_up[5]);
  chip.levels[5] = false;
  EXPECT_FALSE(low.read(kStart + 1s).off);
  EXPECT_EQ(low.state().mode, config::RemoteMode::everything);
}

TEST(RemoteInput, AMissingSignalMeansOff) {
  FakeChip chip;
  chip.there = false;
  Remote input(chip.chips(), remote(true));
  EXPECT_TRUE(input.read(kStart).off);
  chip.there = true;
  EXPECT_FALSE(input.read(kStart + 2s).off);
  chip.there = false;
  EXPECT_TRUE(input.read(kStart + 3s).off);
}

TEST(RemoteInput, ASwitchOnDBusThatNobodyHasSetIsOff) {
  FakeChip chip;
  config::Remote config;
  config.source.kind = config::Line::Kind::dbus;
  Remote input(chip.chips(), config);
  EXPECT_TRUE(input.by_switch());
  EXPECT_TRUE(input.read(kStart).off);
  input.throw_switch(true);
  EXPECT_FALSE(input.read(kStart).off);
  input.throw_switch(false);
  EXPECT_TRUE(input.read(kStart).off);
}

TEST(RemoteInput, AChipThatDoesNotExistIsSaidSo) {
  const auto opened = kernel_gpio().output("gpiochip-of-nobody", 0, false);
  ASSERT_FALSE(opened.has_value());
  EXPECT_FALSE(opened.error().empty());
}

}  // namespace
}  // namespace bms::outputs
