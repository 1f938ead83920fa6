#include "store/store.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace bms {
namespace {

using nlohmann::json;

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    char name[] = "/tmp/dbus-bms-store-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }

  static std::string slurp(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static void put(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  std::filesystem::path folder_;
};

TEST_F(StoreTest, AnEmptyFolderHoldsNothingAndSaysNothing) {
  Store store(folder_ / "new", "state");
  const auto loaded = store.load();
  EXPECT_FALSE(loaded.content);
  EXPECT_TRUE(loaded.notes.empty());
}

TEST_F(StoreTest, ReturnsTheNewestSave) {
  Store store(folder_, "state");
  store.load();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(store.save({{"n", i}}), "");
  Store again(folder_, "state");
  EXPECT_EQ(again.load().content, json({{"n", 4}}));
  ASSERT_EQ(again.save({{"n", 5}}), "");
  EXPECT_EQ(Store(folder_, "state").load().content, json({{"n", 5}}));
}

TEST_F(StoreTest, AFileTornAtAnyByteCostsOnlyTheLastSave) {
  Store store(folder_, "state");
  store.load();
  ASSERT_EQ(store.save({{"n", 1}}), "");  // a
  ASSERT_EQ(store.save({{"n", 2}}), "");  // b
  const std::string whole = slurp(folder_ / "state-b");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(folder_ / "state-b", whole.substr(0, size));
    const auto loaded = Store(folder_, "state").load();
    ASSERT_EQ(loaded.content, json({{"n", 1}})) << size;
    ASSERT_EQ(loaded.notes.size(), 1U);
    ASSERT_TRUE(std::filesystem::exists(folder_ / "state-b.damaged"));
  }
}

TEST_F(StoreTest, EveryInvertedBitIsNoticed) {
  Store store(folder_, "state");
  store.load();
  ASSERT_EQ(store.save({{"n", 1}}), "");
  ASSERT_EQ(store.save({{"n", 2}}), "");
  const std::string whole = slurp(folder_ / "state-b");
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    put(folder_ / "state-b", damaged);
    const auto content = Store(folder_, "state").load().content;
    ASSERT_TRUE(content == json({{"n", 1}}) || content == json({{"n", 2}})) << bit;
  }
}

TEST_F(StoreTest, AFolderInPlaceOfTheFileIsSetAside) {
  std::filesystem::create_directories(folder_ / "state-a");
  Store store(folder_, "state");
  EXPECT_EQ(store.load().notes.size(), 1U);
  EXPECT_EQ(store.save({{"n", 1}}), "");
  EXPECT_EQ(Store(folder_, "state").load().content, json({{"n", 1}}));
}

TEST_F(StoreTest, AnUnwritableFolderIsAReasonNotACrash) {
  put(folder_ / "file", "x");
  Store store(folder_ / "file", "state");
  EXPECT_NE(store.save({{"n", 1}}), "");
}

// Killed at random moments of a writer that does nothing but write: what is read back is whole and counts on.
/// A process that saves 1, 2, 3, ... without end and reports each number to `out`: first the one that it found, then
/// each one that was saved.
[[noreturn]] void save_for_ever(const std::filesystem::path& folder, int out) {
  Store store(folder, "state");
  const auto loaded = store.load();
  int n = loaded.content ? loaded.content->at("n").get<int>() : 0;
  const json filler(std::string(20000, 'x'));
  for (;; ++n) {
    if (write(out, &n, sizeof n) < 0) _exit(1);
    if (!store.save({{"n", n + 1}, {"filler", filler}}).empty()) _exit(1);
  }
}

TEST_F(StoreTest, SurvivesKillAtRandomMoments) {
  std::mt19937 random(20240914);
  int reported = 0;  // the newest number that was surely saved
  for (int round = 0; round < 500; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) save_for_ever(folder_, pipe_ends[1]);
    close(pipe_ends[1]);
    const auto next = [&] {
      int n = -1;
      EXPECT_EQ(read(pipe_ends[0], &n, sizeof n), static_cast<ssize_t>(sizeof n)) << "round " << round;
      return n;
    };
    const int found = next();
    EXPECT_GE(found, reported) << "round " << round << ": a finished save was lost";
    reported = found;
    for (auto saves = random() % 4; saves > 0; --saves) reported = next();
    // Somewhere in the next save, which takes about as long as this.
    for (volatile unsigned long spin = random() % 300'000; spin > 0;) spin = spin - 1;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(pipe_ends[0]);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(reported, 500);
}

}  // namespace
}  // namespace bms
