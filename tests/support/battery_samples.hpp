#pragma once

#include "victron/battery_view.hpp"

namespace bms::victron {

inline BatteryIdentity sample_identity() {
  BatteryIdentity identity;
  identity.instance = 7;
  identity.connection = "RS485 /dev/ttyUSB0 address 1";
  identity.custom_name = "House";
  identity.process_version = "1.0";
  identity.family = "jk-pb";
  return identity;
}

/// 16 cells, cell 3 low, cell 7 high and being balanced.
inline Reading sample_reading() {
  Reading reading;
  reading.voltage_V = 53.28;
  reading.current_A = -12.5;
  reading.soc_pct = 75;
  reading.soh_pct = 98;
  reading.cells_V.assign(16, 3.330);
  reading.cells_V[2] = 3.311;
  reading.cells_V[6] = 3.349;
  reading.temps_C = {20.0, 22.0};
  reading.mos_temp_C = 30.5;
  reading.capacity_Ah = 280;
  reading.remaining_Ah = 210;
  reading.cycles = 42;
  reading.charge_fet = true;
  reading.discharge_fet = true;
  reading.balancing = true;
  reading.balancing_cells = {7};
  reading.wire_resistance_mOhm.assign(16, 60.0);
  reading.alarms = std::vector<Alarm>{};
  reading.model = "JK-PB2A16S20P";
  reading.serial = "4100";
  reading.hw = "15A";
  reading.sw = "15.38";
  return reading;
}

inline limits::Cause sample_cause(std::string_view id, double value) {
  limits::Cause cause;
  cause.id = id;
  cause.value = value;
  cause.sentence = limits::Sentence::maximum;
  return cause;
}

inline limits::Limits sample_limits() {
  limits::Limits limits;
  limits.started = true;
  limits.cvl.value_V = 55.2;
  limits.cvl.why = {sample_cause("phase", 55.2)};
  limits.ccl.value_A = 70;
  limits.ccl.target_A = 70;
  limits.ccl.why = {sample_cause("cell_v", 70)};
  limits.dcl.value_A = 120;
  limits.dcl.target_A = 120;
  limits.dcl.why = {sample_cause("cfg_max", 120)};
  limits.allow_charge = true;
  limits.allow_discharge = true;
  limits.phase = limits::Phase::absorption;
  limits.freshness = limits::Freshness::fresh;
  limits.soc_pct = 76.4;
  limits.soc_source = "counter";
  limits.ttg_s = 36000;
  return limits;
}

}  // namespace bms::victron
