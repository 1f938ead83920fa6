#pragma once

#include <span>

#include "bms/reading.hpp"

namespace bms {

/// The Reading of a bank from those of its packs that are known now (limit-engine P9, P10): parallel packs add current,
/// Ah and limits of the BMSes, and share the voltage (mean); packs in series add voltage and cells and share the
/// current (mean). SoC and SoH are weighted by capacity. Alarms: the highest level of any pack.
///
/// A quantity is known when every pack that can tell it tells it, currents and capacities only when all do: a sum with
/// a hole in it would be a wrong number, not a missing one. Temperatures are the lowest and the highest. An empty list
/// gives an empty Reading.
Reading merge(std::span<const Reading* const> packs, int in_series);

}  // namespace bms
