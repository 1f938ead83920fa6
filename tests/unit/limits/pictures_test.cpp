// The pictures of docs/limits.md are what the engine does: drawn from it, and compared here.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "plant/curves.hpp"
#include "plant/plots.hpp"
#include "source_dir.hpp"

namespace bms::bench {
namespace {

void expect_committed(const std::string& name, const std::string& picture) {
  const std::string path = fmt::format("{}/docs/img/{}.svg", kSourceDir, name);
  if (std::getenv("DBUS_BMS_UPDATE") != nullptr) std::ofstream(path) << picture;  // NOLINT(concurrency-mt-unsafe)
  std::ifstream in(path);
  const std::string committed(std::istreambuf_iterator<char>(in), {});
  EXPECT_TRUE(committed == picture) << path << " is another picture: run the test with DBUS_BMS_UPDATE=1 and commit it";
}

std::string page() {
  std::ifstream in(fmt::format("{}/docs/limits.md", kSourceDir));
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Pictures, CurvesAreThoseOfTheEngine) {
  const std::string text = page();
  for (const auto key : drawn_curves()) {
    expect_committed(std::string(key), curve_svg(key));
    EXPECT_NE(text.find(fmt::format("(img/{}.svg)", key)), std::string::npos) << key;
  }
}

TEST(Pictures, TheClosedLoopIsThatOfTheEngine) {
  expect_committed("closed_loop_low", closed_loop_svg(-0.2, 1.5));
  expect_committed("closed_loop_high", closed_loop_svg(0.2, 1.5));
}

}  // namespace
}  // namespace bms::bench
