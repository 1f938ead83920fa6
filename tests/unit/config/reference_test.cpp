#include "config/reference.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "config/ini.hpp"
#include "config/schema.hpp"
#include "fixture.hpp"
#include "source_dir.hpp"

namespace bms::config {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// DBUS_BMS_UPDATE=1 in the environment writes the generated files anew instead of comparing them.
bool updating() { return std::getenv("DBUS_BMS_UPDATE") != nullptr; }  // NOLINT(concurrency-mt-unsafe)

/// The text with its settings switched on: `;` at the start of lines removed.
std::string switched_on(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += (line.starts_with(';') ? line.substr(1) : line) + "\n";
  return out;
}

TEST(Reference, ShippedConfigIsTheSchema) {
  const std::string path = std::string(kSourceDir) + "/config/config.ini";
  if (updating()) std::ofstream(path) << reference_ini();
  EXPECT_TRUE(read(path) == reference_ini()) << "run the test with DBUS_BMS_UPDATE=1 and commit config/config.ini";
}

TEST(Reference, DocumentationHoldsTheTables) {
  constexpr std::string_view kBegin = "<!-- generated: keys -->\n\n";
  constexpr std::string_view kEnd = "<!-- end of generated part -->";
  const std::string path = std::string(kSourceDir) + "/docs/configuration.md";
  std::string text = read(path);
  const auto begin = text.find(kBegin);
  const auto end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  if (updating()) {
    text.replace(begin + kBegin.size(), end - begin - kBegin.size(), reference_markdown());
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(text.substr(begin + kBegin.size(), end - begin - kBegin.size()), reference_markdown())
      << "run the test with DBUS_BMS_UPDATE=1 and commit docs/configuration.md";
}

/// Each example of the documentation is a file that works as it stands.
TEST(Reference, DocumentedExamplesWork) {
  const std::string text = read(std::string(kSourceDir) + "/docs/configuration.md");
  std::vector<DriverInfo> drivers = {test_drivers()[0]};
  drivers[0].name = "jk-pb";
  int examples = 0;
  for (auto at = text.find("```ini\n"); at != std::string::npos; at = text.find("```ini\n", at + 1)) {
    const auto begin = at + std::string_view("```ini\n").size();
    const std::string example = text.substr(begin, text.find("```", begin) - begin);
    EXPECT_EQ(problems(load_text(example, "example", drivers)), "") << example;
    ++examples;
  }
  EXPECT_GE(examples, 6);
}

/// The messages that the documentation shows are those a user gets.
TEST(Reference, DocumentedMessagesAreReal) {
  const std::string text = read(std::string(kSourceDir) + "/docs/configuration.md");
  std::vector<DriverInfo> drivers = {test_drivers()[0]};
  drivers[0].name = "jk-pb";
  const auto loaded = load_text(
      "# house\n[battery:house]\ndriver = jk-pb\nprot = /dev/ttyUSB0\nport = /dev/a\n\n[limits]\nmax_charge_a = 9\n"
      "cell_v_float = 3.5\n",
      "config.ini", drivers);
  ASSERT_EQ(loaded.problems.size(), 2U);
  for (const auto& problem : loaded.problems) EXPECT_THAT(text, testing::HasSubstr(problem.text() + "\n"));
}

TEST(Reference, ShippedConfigIsSilentAndAsksForABattery) {
  const auto loaded = load(reference_ini());
  ASSERT_EQ(loaded.problems.size(), 1U) << problems(loaded);
  EXPECT_THAT(problems(loaded), testing::HasSubstr("at least one [battery:NAME]"));
}

/// "battery:" of "battery:NAME", "daemon" of "daemon".
std::string kind_of(const std::string& section) {
  const auto colon = section.find(':');
  return colon == std::string::npos ? section : section.substr(0, colon + 1);
}

TEST(Reference, EveryKeyIsThereWithItsDefault) {
  const IniFile file = parse_ini(switched_on(reference_ini()));
  ASSERT_TRUE(file.faults.empty()) << file.faults[0].line << file.faults[0].reason;
  ASSERT_EQ(file.sections.size(), schema().size());
  for (const auto& section : schema()) {
    const auto found = std::find_if(file.sections.begin(), file.sections.end(), [&](const auto& candidate) {
      return kind_of(candidate.name) == kind_of(section.name);
    });
    ASSERT_NE(found, file.sections.end()) << section.name;
    ASSERT_EQ(found->entries.size(), section.keys.size()) << section.name;
    for (std::size_t i = 0; i < section.keys.size(); ++i) {
      const auto& key = section.keys[i];
      EXPECT_EQ(found->entries[i].key, key.name);
      EXPECT_EQ(found->entries[i].value, key.default_text.empty() ? key.example : key.default_text) << key.name;
      EXPECT_FALSE(key.meaning.empty()) << key.name;
      EXPECT_FALSE(key.allowed.empty()) << key.name;
    }
  }
}

/// Defaults of the schema are those of the structs: saying them changes nothing.
TEST(Reference, DefaultsSaidAloudChangeNothing) {
  std::string text(kRack);
  for (const auto& section : schema()) {
    if (section.name.find(':') != std::string::npos) continue;
    text += "[" + section.name + "]\n";
    for (const auto& key : section.keys) {
      if (!key.default_text.empty()) text += key.name + " = " + key.default_text + "\n";
    }
  }
  const auto said = load(text);
  EXPECT_EQ(problems(said), "");
  EXPECT_EQ(said.config, load(kRack).config);
}

/// Examples are valid values of their keys.
TEST(Reference, ExamplesAreAllowed) {
  for (const auto& section : schema()) {
    Battery battery;
    Output output;
    Daemon daemon;
    Web web;
    limits::Config limits;
    std::vector<Binding> bindings;
    for (auto part : {bind(battery, nullptr, {}), bind(output), bind(daemon), bind(web), bind(limits)}) {
      bindings.insert(bindings.end(), part.begin(), part.end());
    }
    for (const auto& key : section.keys) {
      if (key.example.empty()) continue;
      const auto binding = std::find_if(bindings.begin(), bindings.end(),
                                        [&](const auto& candidate) { return candidate.name == key.name; });
      ASSERT_NE(binding, bindings.end()) << key.name;
      EXPECT_EQ(binding->set(key.example), std::nullopt) << key.name;
    }
  }
}

TEST(Reference, NewcomersExampleWorks) {
  const std::string text = reference_ini();
  const auto begin = text.find(";[battery:");
  std::string example = switched_on(text.substr(begin, text.find("\n\n", begin) - begin));
  const auto driver = example.find("jk-pb");
  ASSERT_NE(driver, std::string::npos) << example;
  example.replace(driver, 5, "pack");
  const auto loaded = load(example);
  EXPECT_EQ(problems(loaded), "");
  EXPECT_EQ(loaded.config.unit_count(), 3U);
}

TEST(Reference, KeysAreUniqueWithinTheirSection) {
  for (const auto& section : schema()) {
    std::set<std::string> names;
    for (const auto& key : section.keys) EXPECT_TRUE(names.insert(key.name).second) << section.name << " " << key.name;
  }
}

}  // namespace
}  // namespace bms::config
