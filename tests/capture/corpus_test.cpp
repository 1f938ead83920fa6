// Replays every drivers/*/captures/NAME.cap and compares with what stands beside it:
//   NAME.json  one expected JSON line per Reading, compared as numbers
//   NAME.err   optional: the causes expected on standard error, one per line, in order ("crc")
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "capture/capture.hpp"
#include "capture/replay.hpp"
#include "source_dir.hpp"

namespace bms {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<fs::path> corpus() {
  std::vector<fs::path> files;
  for (const auto& family : fs::directory_iterator(fs::path(kSourceDir) / "drivers")) {
    const auto folder = family.path() / "captures";
    if (!fs::is_directory(folder)) continue;
    for (const auto& file : fs::directory_iterator(folder)) {
      if (file.path().extension() == ".cap") files.push_back(file.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The lines of a file without empty ones and comments.
std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.front() != '#') lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Where two JSON values differ; empty when they agree, numbers within 1e-9.
std::string difference(const json& expected, const json& actual, const std::string& where) {
  if (expected.is_number() && actual.is_number()) {
    const double gap = std::abs(expected.get<double>() - actual.get<double>());
    if (gap <= 1e-9) return {};
  } else if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (auto found = difference(expected[i], actual[i], fmt::format("{}[{}]", where, i)); !found.empty()) {
        return found;
      }
    }
    return {};
  } else if (expected.is_object() && actual.is_object()) {
    for (const auto& [key, value] : expected.items()) {
      if (!actual.contains(key)) return fmt::format("{}.{} is missing, expected {}", where, key, value.dump());
      if (auto found = difference(value, actual[key], fmt::format("{}.{}", where, key)); !found.empty()) return found;
    }
    for (const auto& [key, value] : actual.items()) {
      if (!expected.contains(key)) return fmt::format("{}.{}: {} is not expected", where, key, value.dump());
    }
    return {};
  } else if (expected == actual) {
    return {};
  }
  return where + ": expected " + expected.dump() + ", got " + actual.dump();
}

class Corpus : public testing::TestWithParam<fs::path> {};

TEST_P(Corpus, DecodesAsExpected) {
  const fs::path file = GetParam();
  const auto capture = load_capture(file.string());
  ASSERT_TRUE(capture) << capture.error();
  const auto name = capture->headers.find("driver");
  ASSERT_NE(name, capture->headers.end()) << "'#! driver: NAME' is missing";
  const DriverInfo* info = find_driver(name->second);
  ASSERT_NE(info, nullptr) << "no driver " << name->second;
  const auto options = capture_options(*capture, *info);
  ASSERT_TRUE(options) << options.error();

  std::ostringstream out;
  std::ostringstream err;
  replay_all(*capture, *info, *options, out, err);

  fs::path expectation = file;
  expectation.replace_extension(".json");
  ASSERT_TRUE(fs::exists(expectation)) << "no expectation " << expectation << "; decoded:\n" << out.str() << err.str();
  const auto expected = lines_of(expectation);
  const auto actual = lines_of(out.str());
  ASSERT_EQ(expected.size(), actual.size()) << out.str() << err.str();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(difference(json::parse(expected[i]), json::parse(actual[i]), "Reading " + std::to_string(i + 1)), "");
  }

  fs::path causes = file;
  causes.replace_extension(".err");
  const auto expected_causes = fs::exists(causes) ? lines_of(causes) : std::vector<std::string>();
  const auto told = lines_of(err.str());
  ASSERT_EQ(expected_causes.size(), told.size()) << err.str();
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_NE(told[i].find(": " + expected_causes[i] + ": "), std::string::npos)
        << "expected " << expected_causes[i] << ", got " << told[i];
  }
}

std::string test_name(const testing::TestParamInfo<fs::path>& file) {
  std::string name = file.param.parent_path().parent_path().filename().string() + "_" + file.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Drivers, Corpus, testing::ValuesIn(corpus()), test_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Corpus);

}  // namespace
}  // namespace bms
