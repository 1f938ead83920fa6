#include "bank/merge.hpp"

#include <algorithm>

#include "bms/layout.hpp"

namespace bms {
namespace {

using Member = std::optional<double> Reading::*;
using Packs = std::span<const Reading* const>;

/// Sum over all packs; nullopt when one of them does not tell.
std::optional<double> sum(Packs packs, Member member) {
  double total = 0;
  for (const Reading* pack : packs) {
    if (!(pack->*member)) return std::nullopt;
    total += *(pack->*member);
  }
  return packs.empty() ? std::nullopt : std::optional<double>(total);
}

/// Mean over the packs that tell.
std::optional<double> mean(Packs packs, Member member) {
  double total = 0;
  int count = 0;
  for (const Reading* pack : packs) {
    if (!(pack->*member)) continue;
    total += *(pack->*member);
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional<double>(total / count);
}

/// Mean weighted by capacity; plain where a capacity is missing.
std::optional<double> weighted(Packs packs, Member member) {
  double total = 0;
  double weight = 0;
  for (const Reading* pack : packs) {
    if (!(pack->*member)) continue;
    if (!pack->capacity_Ah) return mean(packs, member);
    total += *(pack->*member) * *pack->capacity_Ah;
    weight += *pack->capacity_Ah;
  }
  return weight > 0 ? std::optional<double>(total / weight) : std::nullopt;
}

std::optional<double> lowest(Packs packs, Member member) {
  std::optional<double> result;
  for (const Reading* pack : packs) {
    if (pack->*member && (!result || *(pack->*member) < *result)) result = pack->*member;
  }
  return result;
}

std::optional<double> highest(Packs packs, Member member) {
  std::optional<double> result;
  for (const Reading* pack : packs) {
    if (pack->*member && (!result || *(pack->*member) > *result)) result = pack->*member;
  }
  return result;
}

/// True when any pack says so; nullopt when none tells.
std::optional<bool> any(Packs packs, std::optional<bool> Reading::*member) {
  std::optional<bool> result;
  for (const Reading* pack : packs) {
    if (pack->*member) result = result.value_or(false) || *(pack->*member);
  }
  return result;
}

void merge_temperatures(Packs packs, Reading& bank) {
  std::optional<double> low;
  std::optional<double> high;
  for (const Reading* pack : packs) {
    for (const auto& temp : pack->temps_C) {
      if (!temp) continue;
      low = std::min(low.value_or(*temp), *temp);
      high = std::max(high.value_or(*temp), *temp);
    }
  }
  if (low) bank.temps_C = {low, high};
  if (low) bank.temp_names = {"lowest", "highest"};
}

void merge_alarms(Packs packs, Reading& bank) {
  for (const Reading* pack : packs) {
    if (!pack->alarms) continue;
    if (!bank.alarms) bank.alarms.emplace();
    for (const Alarm& alarm : *pack->alarms) add_alarm(*bank.alarms, alarm);
  }
}

void merge_parallel(Packs packs, Reading& bank) {
  bank.voltage_V = mean(packs, &Reading::voltage_V);
  bank.current_A = sum(packs, &Reading::current_A);
  bank.capacity_Ah = sum(packs, &Reading::capacity_Ah);
  bank.remaining_Ah = sum(packs, &Reading::remaining_Ah);
  bank.consumed_Ah = sum(packs, &Reading::consumed_Ah);
}

void merge_series(Packs packs, Reading& bank) {
  bank.voltage_V = sum(packs, &Reading::voltage_V);
  bank.current_A = mean(packs, &Reading::current_A);
  bank.capacity_Ah = lowest(packs, &Reading::capacity_Ah);
  bank.remaining_Ah = lowest(packs, &Reading::remaining_Ah);
  bank.consumed_Ah = lowest(packs, &Reading::consumed_Ah);
  for (const Reading* pack : packs) bank.cells_V.insert(bank.cells_V.end(), pack->cells_V.begin(), pack->cells_V.end());
}

}  // namespace

Reading merge(Packs packs, int in_series) {
  Reading bank;
  for (const Reading* pack : packs) bank.time = std::max(bank.time, pack->time);
  const auto per_string = static_cast<std::size_t>(std::max(1, in_series));
  if (per_string == 1) {
    merge_parallel(packs, bank);
  } else {
    // Members of a string follow each other; the strings are parallel.
    std::vector<Reading> strings;
    for (std::size_t first = 0; first < packs.size(); first += per_string) {
      merge_series(packs.subspan(first, std::min(per_string, packs.size() - first)), strings.emplace_back());
    }
    std::vector<const Reading*> all;
    all.reserve(strings.size());
    for (const Reading& string : strings) all.push_back(&string);
    merge_parallel(all, bank);
    if (strings.size() == 1) bank.cells_V = strings.front().cells_V;
  }
  bank.soc_pct = per_string == 1 ? weighted(packs, &Reading::soc_pct) : lowest(packs, &Reading::soc_pct);
  bank.soh_pct = weighted(packs, &Reading::soh_pct);
  bank.mos_temp_C = highest(packs, &Reading::mos_temp_C);
  bank.env_temp_C = highest(packs, &Reading::env_temp_C);
  merge_temperatures(packs, bank);
  merge_alarms(packs, bank);
  bank.charge_fet = any(packs, &Reading::charge_fet);
  bank.discharge_fet = any(packs, &Reading::discharge_fet);
  bank.balancing = any(packs, &Reading::balancing);
  bank.heater_on = any(packs, &Reading::heater_on);
  for (const Reading* pack : packs) {
    if (pack->cycles) bank.cycles = std::max(bank.cycles.value_or(0), *pack->cycles);
  }
  return bank;
}

}  // namespace bms
