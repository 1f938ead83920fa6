#include "port/starter_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace bms::port {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

/// /dev and the folder of the locks, in a folder of the test.
class StarterLocks : public testing::Test {
 protected:
  StarterLocks() {
    fs::create_directories(root_ / "locks");
    std::ofstream(root_ / "ttyUSB0") << "";
    fs::create_symlink("ttyUSB0", root_ / "by-path");
  }
  StarterLocks(const StarterLocks&) = delete;
  StarterLocks& operator=(const StarterLocks&) = delete;
  ~StarterLocks() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  static fs::path new_folder() {
    std::string pattern = (fs::temp_directory_path() / "starter-lock-XXXXXX").string();
    return mkdtemp(pattern.data());
  }
  [[nodiscard]] std::string target() const {
    std::error_code error;
    return fs::read_symlink(root_ / "locks" / "ttyUSB0", error).string();
  }
  void held_by(const std::string& owner) const { fs::create_symlink(owner, root_ / "locks" / "ttyUSB0"); }
  /// A process id that belonged to somebody who is gone.
  static std::string dead_process() {
    const pid_t process = fork();
    if (process == 0) _exit(0);
    waitpid(process, nullptr, 0);
    return std::to_string(process);
  }

  fs::path root_ = new_folder();
  StarterLock lock_{root_ / "locks"};
};

const std::string kSelf = std::to_string(getpid());

TEST_F(StarterLocks, IsTakenUnderTheNameOfTheDeviceBehindALink) {
  EXPECT_THAT(lock_.take(root_ / "by-path"), IsEmpty());
  EXPECT_EQ(target(), kSelf);
  lock_.release();
  EXPECT_EQ(target(), "");
}

TEST_F(StarterLocks, OfALivingProcessIsRespectedAndStays) {
  held_by("1");
  EXPECT_THAT(lock_.take(root_ / "ttyUSB0"), HasSubstr("another program uses this port (process 1, "));
  lock_.release();
  EXPECT_EQ(target(), "1");
}

TEST_F(StarterLocks, OfADeadProcessIsTakenOver) {
  held_by(dead_process());
  EXPECT_THAT(lock_.take(root_ / "ttyUSB0"), IsEmpty());
  EXPECT_EQ(target(), kSelf);
}

TEST_F(StarterLocks, ThatTheRunScriptTookForUsIsOurs) {
  held_by(kSelf);
  EXPECT_THAT(lock_.take(root_ / "ttyUSB0"), IsEmpty());
  lock_.release();
  EXPECT_EQ(target(), "");
}

TEST_F(StarterLocks, ThatOurParentHoldsWillDoAndStaysWithIt) {
  const std::string parent = std::to_string(getppid());
  held_by(parent);
  EXPECT_THAT(lock_.take(root_ / "ttyUSB0"), IsEmpty());
  lock_.release();
  EXPECT_EQ(target(), parent);
}

TEST_F(StarterLocks, TakenOverBySomebodyElseIsNotRemoved) {
  EXPECT_THAT(lock_.take(root_ / "ttyUSB0"), IsEmpty());
  fs::remove(root_ / "locks" / "ttyUSB0");
  held_by("1");
  lock_.release();
  EXPECT_EQ(target(), "1");
}

TEST_F(StarterLocks, RemovedByAProbeThatEndsLateIsPutBackAndNothingElseIsTouched) {
  lock_.renew();
  EXPECT_EQ(target(), "");
  EXPECT_THAT(lock_.take(root_ / "ttyUSB0"), IsEmpty());
  lock_.renew();
  EXPECT_EQ(target(), kSelf);
  fs::remove(root_ / "locks" / "ttyUSB0");
  lock_.renew();
  EXPECT_EQ(target(), kSelf);
  fs::remove(root_ / "locks" / "ttyUSB0");
  held_by("1");
  lock_.renew();
  EXPECT_EQ(target(), "1");
}

TEST_F(StarterLocks, AreNoConcernWhereThereIsNoSerialStarterOrNoTty) {
  std::ofstream(root_ / "3") << "";  // a pseudo-terminal
  EXPECT_THAT(lock_.take(root_ / "3"), IsEmpty());
  EXPECT_THAT(lock_.take(root_ / "missing"), IsEmpty());
  EXPECT_TRUE(fs::is_empty(root_ / "locks"));
  StarterLock elsewhere(root_ / "no-such-folder");
  EXPECT_THAT(elsewhere.take(root_ / "ttyUSB0"), IsEmpty());
}

}  // namespace
}  // namespace bms::port
