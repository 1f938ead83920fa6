#include "probe/prober.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bms::probe {
namespace {

/// A driver with a wide range and no list of its own is searched up to here; `thorough` goes on.
constexpr std::size_t kMostAddresses = 32;

std::vector<unsigned> bauds_of(const DriverInfo& driver, const Scope& scope) {
  if (scope.baud) return {*scope.baud};
  return driver.probe_bauds.empty() ? std::vector<unsigned>{driver.baud} : driver.probe_bauds;
}

}  // namespace

std::string to_string(const Attempt& attempt) {
  std::string text = fmt::format("{} at {} baud", attempt.driver->name, attempt.baud);
  if (attempt.driver->has_address) text += fmt::format(", address {}", attempt.address);
  return text;
}

Prober::Prober(std::span<const DriverInfo> drivers, Scope scope) : scope_(std::move(scope)) {
  std::vector<const DriverInfo*> ranked;
  for (const DriverInfo& driver : drivers) {
    if (wanted(driver)) ranked.push_back(&driver);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const DriverInfo* a, const DriverInfo* b) { return a->probe_rank < b->probe_rank; });
  const auto disturbing = std::find_if(ranked.begin(), ranked.end(),
                                       [](const DriverInfo* driver) { return driver->probe_rank >= kDisturbing; });
  const auto plan = [this](auto begin, auto end) {
    for (auto driver = begin; driver != end; ++driver) add(**driver, Part::usual);
    for (auto driver = begin; driver != end; ++driver) {
      if (!(*driver)->unsolicited) add(**driver, Part::usual);
    }
    for (auto driver = begin; driver != end; ++driver) add(**driver, Part::others);
  };
  plan(ranked.begin(), disturbing);
  plan(disturbing, ranked.end());
}

bool Prober::wanted(const DriverInfo& driver) const {
  if (driver.make == nullptr) return false;
  // Who names a driver wants it asked, even one that is never asked of itself.
  if (!scope_.driver.empty()) return driver.name == scope_.driver;
  return driver.probe_rank >= 0;
}

/// The usual address first, then the others, each once.
std::vector<unsigned> Prober::addresses_of(const DriverInfo& driver) const {
  if (!driver.has_address) return {driver.address_default};
  if (scope_.address) return {*scope_.address};
  std::vector<unsigned> addresses{driver.address_default};
  const auto add_once = [&addresses](unsigned address) {
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  };
  for (const unsigned address : driver.probe_addresses) add_once(address);
  if (!driver.probe_addresses.empty() && !scope_.thorough) return addresses;
  const std::size_t most = scope_.thorough ? 256 : kMostAddresses;
  for (unsigned address = driver.address_min; address <= driver.address_max && addresses.size() < most; ++address) {
    add_once(address);
  }
  return addresses;
}

void Prober::add(const DriverInfo& driver, Part part) {
  const auto addresses = addresses_of(driver);
  const auto second = addresses.begin() + 1;
  const auto begin = part == Part::usual ? addresses.begin() : second;
  const auto end = part == Part::usual ? second : addresses.end();
  for (const unsigned baud : bauds_of(driver, scope_)) {
    std::for_each(begin, end, [&](unsigned address) { plan_.push_back({&driver, baud, address}); });
  }
}

std::optional<Attempt> Prober::next() {
  if (plan_.empty()) return std::nullopt;
  const Attempt attempt = plan_.front();
  plan_.pop_front();
  ++done_;
  return attempt;
}

/// A line has one rate, and packs that share it speak one protocol: nothing else needs to be asked.
void Prober::narrow_to(const Attempt& hit) {
  const auto needless = [&hit](const Attempt& attempt) {
    return attempt.driver != hit.driver || attempt.baud != hit.baud || !hit.driver->has_address;
  };
  plan_.erase(std::remove_if(plan_.begin(), plan_.end(), needless), plan_.end());
}

void Prober::result(const Attempt& attempt, Outcome<Reading> outcome) {
  if (outcome) {
    std::erase(plan_, attempt);
    found_.push_back({attempt, std::move(*outcome)});
    if (!scope_.thorough) narrow_to(attempt);
    return;
  }
  switch (outcome.error()) {
    case Fault::io:
      port_lost_ = true;
      plan_.clear();
      break;
    case Fault::refused:
    case Fault::foreign:
    case Fault::implausible:
      std::erase(plan_, attempt);
      remarks_.push_back({attempt, outcome.error()});
      // It speaks by itself and was understood, as a battery or (a solar charger) not: nothing else is on this cable.
      if (attempt.driver->unsolicited && outcome.error() != Fault::implausible && !scope_.thorough) plan_.clear();
      break;
    default:
      break;
  }
}

}  // namespace bms::probe
