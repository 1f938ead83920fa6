#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "config/ini.hpp"
#include "config/reference.hpp"
#include "config/text.hpp"
#include "fixture.hpp"

namespace bms::config {
namespace {

/// What must hold for any text at all.
void load_and_check(const std::string& text) {
  const auto loaded = load(text);
  for (const auto& problem : loaded.problems) {
    const std::string line = problem.text();
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_TRUE(text::clean(line)) << printable(line, 1000);
    EXPECT_FALSE(problem.allowed.empty());
  }
  if (!loaded.usable()) return;
  EXPECT_GT(loaded.config.unit_count(), 0U);
  for (const auto& battery : loaded.config.batteries) {
    for (const auto& unit : battery.units) {
      EXPECT_TRUE(limits::validate(unit.limits).empty());
      EXPECT_EQ(loaded.config.find_unit(unit.name).unit, &unit);
      EXPECT_TRUE(text::clean(unit.display_name));
    }
  }
}

std::string several(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

TEST(Nasty, HandMade) {
  using namespace std::string_literals;
  for (const auto& text : {""s,
                           "\n"s,
                           "["s,
                           "]"s,
                           "[]"s,
                           "="s,
                           ":"s,
                           ";"s,
                           "[a"s,
                           "a="s,
                           "=a"s,
                           "\0"s,
                           "\0\0\0\n[x]\0"s,
                           "\xEF\xBB\xBF"s,
                           "\xEF\xBB"s,
                           "\r\r\r"s,
                           "[battery:]\n"s,
                           "[:]\n"s,
                           "[limits:]\n"s,
                           "[battery:x]\n[battery:x]\n"s,
                           "[limits:x:y:z]\na:b:c=d=e\n"s,
                           "[battery:x]\r"s}) {
    load_and_check(text);
  }
  load_and_check(several("x", 200000));
  load_and_check(several("[", 200000));
  load_and_check("[battery:a]\naddress = " + several("1,", 90) + "\n");
  load_and_check("[limits]\ncharge_temp = " + several("1:1,", 45) + "\n");
}

/// Bounded work: neither many sections nor many bad keys take long.
TEST(Nasty, Many) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "[battery:b" + std::to_string(i) + "]\n";
  load_and_check(text);
  load_and_check("[limits]\n" + several("max_charge_b = 1\n", 20000));
  std::string outputs(kRack);
  for (int i = 0; i < 3000; ++i)
    outputs += "[output:o" + std::to_string(i) + "]\ntarget = relay:" + std::to_string(i) + "\n";
  load_and_check(outputs);
}

/// A good file with bytes changed, lost and doubled.
TEST(Nasty, Damaged) {
  std::string good(kRack);
  std::istringstream lines(reference_ini());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) good += (line.starts_with(';') ? line.substr(1) : line) + "\n";
  }
  std::mt19937 random(20240229);  // NOLINT(cert-msc51-cpp): the same damage in each run
  for (int round = 0; round < 300; ++round) {
    std::string text = good;
    for (unsigned i = 0; i < 1 + random() % 20; ++i) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 40);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 40));
      }
      if (text.empty()) break;
    }
    load_and_check(text);
  }
}

}  // namespace
}  // namespace bms::config
