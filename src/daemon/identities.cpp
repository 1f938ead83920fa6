#include "daemon/identities.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace bms::daemon {
namespace {

std::string shown(const std::string& serial, const std::string& position) {
  return fmt::format("{} ({})", serial, position);
}

}  // namespace

Identities::Identities(const std::filesystem::path& folder) : store_(folder, "identities") {}

void Identities::load() {
  if (std::exchange(loaded_, true)) return;
  const auto kept = store_.load();
  for (const auto& note : kept.notes) spdlog::warn("{}", note);
  if (!kept.content || !kept.content->is_object()) return;
  for (const auto& [serial, position] : kept.content->items()) {
    if (position.is_string()) first_[serial] = position.get<std::string>();
  }
}

Identities::Device Identities::claim(Claim claim) {
  load();
  auto& twins = live_[claim.serial];
  std::erase_if(twins, [&](const Claim& twin) { return twin.position == claim.position; });
  if (!twins.empty()) {
    const Claim& twin = twins.front();
    spdlog::warn("{} ({}) and {} ({}) have the same serial number {}: told apart by port and address", twin.name,
                 twin.position, claim.name, claim.position, claim.serial);
    if (first_.emplace(claim.serial, twin.position).second) {
      if (const std::string problem = store_.save(first_); !problem.empty()) {
        spdlog::warn("equal serial numbers not saved: {}", problem);
      }
      twin.told_apart(shown(twin.serial, twin.position));
    }
  }
  const auto first = first_.find(claim.serial);
  Device device{claim.serial, {}};
  if (first != first_.end()) {
    device.serial = shown(claim.serial, claim.position);
    if (first->second != claim.position) device.id = fmt::format("{}_{}", claim.serial, claim.position);
  }
  twins.push_back(std::move(claim));
  return device;
}

void Identities::release(const std::string& serial, const std::string& position) {
  std::erase_if(live_[serial], [&](const Claim& claim) { return claim.position == position; });
}

}  // namespace bms::daemon
