// Batteries whose maker gave them one serial number: told apart by place, recognised where one was moved.
#include "daemon/identities.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bms::daemon {
namespace {

class Twins : public testing::Test {
 protected:
  Twins() {
    std::string pattern = testing::TempDir() + "identities-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~Twins() override { std::filesystem::remove_all(folder_); }

  /// A start of the daemon with these places configured; gives the ids of those that answer, in this order.
  std::vector<std::string> start(const std::vector<std::string>& configured, const std::vector<std::string>& answering,
                                 const std::string& serial = "TWIN") {
    Identities identities(folder_);
    for (const auto& position : configured) identities.expect(position);
    std::vector<std::string> ids;
    ids.reserve(answering.size());
    for (const auto& position : answering) {
      ids.push_back(identities.claim({serial, position, position, [](const std::string&) {}}).id);
    }
    return ids;
  }
  std::vector<std::string> start(const std::vector<std::string>& places) { return start(places, places); }

  std::filesystem::path folder_;
};

using Ids = std::vector<std::string>;

TEST_F(Twins, OneWithAUniqueNumberMayBeAnywhere) {
  EXPECT_EQ(start({"A"}), Ids{"TWIN"});
  EXPECT_EQ(start({"B"}), Ids{"TWIN"});
}

TEST_F(Twins, StayApartWhoeverAnswersFirst) {
  const Ids both = start({"A", "B"});
  EXPECT_NE(both[0], both[1]);
  EXPECT_EQ(start({"A", "B"}, {"B", "A"}), (Ids{both[1], both[0]}));
  EXPECT_EQ(start({"A", "B"}, {"B"}), (Ids{both[1]}));
  EXPECT_EQ(start({"B"}), (Ids{both[1]}));
}

TEST_F(Twins, TheOneThatWasMovedIsRecognised) {
  const Ids both = start({"A", "B"});
  EXPECT_EQ(start({"A", "C"}, {"C", "A"}), (Ids{both[1], both[0]})) << "the second one, whoever answers first";
  EXPECT_EQ(start({"A", "C"}), both) << "and from there on that is its place";
  EXPECT_EQ(start({"D", "C"}), both) << "the first one moves as well";
}

TEST_F(Twins, OneThatIsOnlySilentIsNotTakenForTheOneThatWasMoved) {
  const Ids both = start({"A", "B"});
  const Ids third = start({"A", "B", "C"}, {"C"});
  EXPECT_NE(third[0], both[0]);
  EXPECT_NE(third[0], both[1]);
  EXPECT_EQ(start({"A", "B", "C"}), (Ids{both[0], both[1], third[0]}));
}

TEST_F(Twins, OneThatIsNotIdentifiedYetIsNotTakenForTheOneThatWasMoved) {
  const Ids both = start({"A address 1", "B address 1"});
  const auto nobody = [](const std::string&) {};
  const auto claim = [&](Identities& identities, const std::string& port) {
    identities.found(port, port + " address 1");
    return identities.claim({"TWIN", port + " address 1", port, nobody}).id;
  };
  {
    Identities identities(folder_);
    for (const char* port : {"A", "C"}) identities.expect_somewhere_on(port);
    EXPECT_EQ(claim(identities, "C"), both[1]) << "the one of B was moved, that of A is only not asked yet";
    EXPECT_EQ(claim(identities, "A"), both[0]);
  }
  Identities identities(folder_);
  for (const char* port : {"A", "C", "D"}) identities.expect_somewhere_on(port);
  const std::string third = claim(identities, "D");
  EXPECT_THAT(both, testing::Not(testing::Contains(third)));
  EXPECT_EQ(claim(identities, "A"), both[0]);
  EXPECT_EQ(claim(identities, "C"), both[1]);
}

TEST_F(Twins, AnotherBatteryInItsPlaceFreesTheOneThatWasThere) {
  const Ids both = start({"A", "B"});
  Identities identities(folder_);
  for (const char* position : {"A", "B", "C"}) identities.expect(position);
  const auto nobody = [](const std::string&) {};
  EXPECT_EQ(identities.claim({"OTHER", "B", "other", nobody}).id, "OTHER");
  EXPECT_EQ(identities.claim({"TWIN", "C", "moved", nobody}).id, both[1]);
}

TEST_F(Twins, AWholeLineOnAnotherAdapterIsRecognisedByItsAddresses) {
  const Ids all = start({"A address 1", "A address 2", "A address 3"});
  EXPECT_EQ(start({"B address 1", "B address 2", "B address 3"}, {"B address 3", "B address 1", "B address 2"}),
            (Ids{all[2], all[0], all[1]}));
}

TEST_F(Twins, InDoubtItIsANewOne) {
  const Ids both = start({"A", "B"});
  const Ids moved = start({"C", "D"});
  for (const auto& id : moved) EXPECT_THAT(both, testing::Not(testing::Contains(id)));
  EXPECT_NE(moved[0], moved[1]);
  EXPECT_EQ(start({"C", "D"}, {"D", "C"}), (Ids{moved[1], moved[0]}));
}

TEST_F(Twins, AThirdWhereOneOnceWasIsNotThatOne) {
  const Ids both = start({"A", "B"});
  ASSERT_EQ(start({"A", "C"}), both);
  const Ids three = start({"A", "C", "B"});
  EXPECT_EQ(three[0], both[0]);
  EXPECT_EQ(three[1], both[1]);
  EXPECT_THAT(both, testing::Not(testing::Contains(three[2])));
}

TEST_F(Twins, ASpoiltFileIsNoOnesIdentity) {
  ASSERT_EQ(Store(folder_, "identities").save({{"TWIN", "A"}, {"OTHER", {{"OTHER", 5}}}}), "");
  EXPECT_EQ(start({"A"}), Ids{"TWIN"});
}

}  // namespace
}  // namespace bms::daemon
