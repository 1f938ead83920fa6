#include "daemon/identities.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace bms::daemon {
namespace {

std::string shown(const std::string& serial, const std::string& position) {
  return fmt::format("{} ({})", serial, position);
}

/// " address 2" of "/dev/ttyUSB0 address 2".
std::string_view address_of(std::string_view position) {
  const auto at = position.rfind(" address ");
  return at == std::string_view::npos ? std::string_view() : position.substr(at);
}

std::string port_of(const std::string& position) {
  return position.substr(0, position.size() - address_of(position).size());
}

}  // namespace

Identities::Identities(const std::filesystem::path& folder) : store_(folder, "identities") {}

void Identities::load() {
  if (std::exchange(loaded_, true)) return;
  const auto kept = store_.load();
  for (const auto& note : kept.notes) spdlog::warn("{}", note);
  if (!kept.content || !kept.content->is_object()) return;
  for (const auto& [serial, twins] : kept.content->items()) {
    if (!twins.is_object()) continue;
    for (const auto& [id, position] : twins.items()) {
      if (position.is_string()) known_[serial][id] = position.get<std::string>();
    }
  }
}

void Identities::save() {
  if (const std::string problem = store_.save(known_); !problem.empty()) {
    spdlog::warn("equal serial numbers not saved: {}", problem);
  }
}

void Identities::found(const std::string& port, std::string position) {
  if (const auto one = unidentified_.find(port); one != unidentified_.end()) unidentified_.erase(one);
  expect(std::move(position));
}

/// What was known at `position` must be somewhere else: another battery answers there, or nothing is configured there.
bool Identities::absent(const std::string& serial, const std::string& position) const {
  for (const auto& [other, claims] : live_) {
    const bool here =
        std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) { return claim.position == position; });
    if (here) return other != serial;
  }
  return !expected_.contains(position) && !unidentified_.contains(port_of(position));
}

std::string Identities::id_at(const Claim& claim, Twins& known) {
  std::vector<Twins::iterator> lost;
  for (auto twin = known.begin(); twin != known.end(); ++twin) {
    if (twin->second == claim.position) return twin->first;
    if (absent(claim.serial, twin->second)) lost.push_back(twin);
  }
  const std::size_t candidates = lost.size();
  // A whole line that went to another adapter: their addresses went with them.
  if (lost.size() > 1) {
    std::erase_if(lost, [&](const auto& twin) { return address_of(twin->second) != address_of(claim.position); });
  }
  if (lost.size() == 1) {
    spdlog::info("{} ({}) is the one of the serial number {} that was at {}: it keeps instance and name", claim.name,
                 claim.position, claim.serial, lost.front()->second);
    lost.front()->second = claim.position;
    return lost.front()->first;
  }
  if (candidates > 0) {
    spdlog::warn(
        "{} ({}) may be any of {} batteries with the serial number {} that are no longer where they were: it "
        "counts as a new one; `identity = section` would keep instance and name with the section",
        claim.name, claim.position, candidates, claim.serial);
  }
  const std::string id = fmt::format("{}_{}", claim.serial, claim.position);
  std::string fresh = id;
  // The one that was new here once may have moved since.
  for (int n = 2; known.contains(fresh); ++n) fresh = fmt::format("{}_{}", id, n);
  known[fresh] = claim.position;
  return fresh;
}

Identities::Device Identities::claim(Claim claim) {
  load();
  auto& twins = live_[claim.serial];
  std::erase_if(twins, [&](const Claim& twin) { return twin.position == claim.position; });
  auto known = known_.find(claim.serial);
  if (!twins.empty()) {
    const Claim& twin = twins.front();
    spdlog::warn("{} ({}) and {} ({}) have the same serial number {}: told apart by port and address", twin.name,
                 twin.position, claim.name, claim.position, claim.serial);
    if (known == known_.end()) {
      known = known_.emplace(claim.serial, Twins{{claim.serial, twin.position}}).first;
      twin.told_apart(shown(twin.serial, twin.position));
    }
  }
  Device device{claim.serial, {}};
  if (known != known_.end()) {
    const Twins before = known->second;
    device = {id_at(claim, known->second), shown(claim.serial, claim.position)};
    if (known->second != before) save();
  }
  twins.push_back(std::move(claim));
  return device;
}

void Identities::release(const std::string& serial, const std::string& position) {
  std::erase_if(live_[serial], [&](const Claim& claim) { return claim.position == position; });
}

}  // namespace bms::daemon
