#include "config/dsb_keys.hpp"

#include <cstdint>

namespace bms::config::dsb {

std::span<const Alias> aliases() {
  static constexpr Alias kAliases[] = {
      {"MAX_VOLTAGE_TIME_SEC", "SWITCH_TO_FLOAT_WAIT_FOR_SEC"},
      {"CELL_VOLTAGE_DIFF_KEEP_MAX_VOLTAGE_UNTIL", "SWITCH_TO_FLOAT_CELL_VOLTAGE_DIFF"},
      {"CELL_VOLTAGE_DIFF_TO_RESET_VOLTAGE_LIMIT", "SWITCH_TO_BULK_CELL_VOLTAGE_DIFF"},
      {"SOC_LEVEL_TO_RESET_VOLTAGE_LIMIT", "SWITCH_TO_BULK_SOC_THRESHOLD"},
      {"SOC_RESET_VOLTAGE", "SOC_RESET_CELL_VOLTAGE"},
      {"MODBUS_ADDRESSES", "BATTERY_ADDRESSES"},
      {"SEPLOS_USE_BMS_VALUES", "USE_BMS_DVCC_VALUES"},
      {"EXTERNAL_CURRENT_SENSOR_DBUS_DEVICE", "EXTERNAL_SENSOR_DBUS_DEVICE"},
      {"EXTERNAL_CURRENT_SENSOR_DBUS_PATH", "EXTERNAL_SENSOR_DBUS_PATH_CURRENT"},
      {"LINEAR_RECALCULATION_EVERY", "CVL_RECALCULATION_EVERY"},
      {"LINEAR_RECALCULATION_ON_PERC_CHANGE", "CVL_RECALCULATION_ON_MAX_PERCENTAGE_CHANGE"},
      {"SOC_CALC_CURRENT_REPORTED_BY_BMS", "CURRENT_REPORTED_BY_BMS"},
      {"SOC_CALC_CURRENT_MEASURED_BY_USER", "CURRENT_MEASURED_BY_USER"},
  };
  return kAliases;
}

std::span<const Number> numbers() {
  using Careful = Number::Careful;
  static constexpr Number kNumbers[] = {
      {"MAX_BATTERY_CHARGE_CURRENT", "max_charge_a", 1, "", Careful::none},
      {"MAX_BATTERY_DISCHARGE_CURRENT", "max_discharge_a", 1, "", Careful::none},
      {"MAX_CELL_VOLTAGE", "cell_v_max", 1, "", Careful::none},
      {"FLOAT_CELL_VOLTAGE", "cell_v_float", 1, "", Careful::none},
      {"MIN_CELL_VOLTAGE", "cell_v_min", 1, "", Careful::none},
      {"SOC_RESET_AFTER_DAYS", "top_balance_days", 1, "off", Careful::none},
      {"SWITCH_TO_FLOAT_WAIT_FOR_SEC", "absorption_s", 1, "0", Careful::none},
      {"SWITCH_TO_FLOAT_CELL_VOLTAGE_DIFF", "absorption_diff_v", 1, "1", Careful::none},
      {"SWITCH_TO_FLOAT_CELL_VOLTAGE_DEVIATION", "absorption_diff_hyst_v", 1, "", Careful::none},
      {"SWITCH_TO_BULK_SOC_THRESHOLD", "rebulk_soc", 1, "0", Careful::none},
      {"SWITCH_TO_BULK_CELL_VOLTAGE_DIFF", "rebulk_diff_v", 1, "2", Careful::none},
      {"BLOCK_ON_DISCONNECT_TIMEOUT_MINUTES", "loss_block_s", 60, "", Careful::none},
      {"BLOCK_ON_DISCONNECT_VOLTAGE_MIN", "loss_v_min", 1, "", Careful::none},
      {"BLOCK_ON_DISCONNECT_VOLTAGE_MAX", "loss_v_max", 1, "", Careful::none},
      {"CVL_RECOVERY_HOLD_SEC", "cvl_hold_s", 1, "", Careful::none},
      {"CVL_RECOVERY_RATE_V_PER_SEC", "cvl_ramp_v_s", 1, "", Careful::none},
      {"CCL_RECOVERY_HOLD_SEC", "recovery_hold_s", 1, "", Careful::larger},
      {"DCL_RECOVERY_HOLD_SEC", "recovery_hold_s", 1, "", Careful::larger},
      {"CCL_RECOVERY_RATE_A_PER_SEC", "recovery_rate_a_s", 1, "", Careful::smaller},
      {"DCL_RECOVERY_RATE_A_PER_SEC", "recovery_rate_a_s", 1, "", Careful::smaller},
      {"CHARGE_CURRENT_RECOVERY_THRESHOLD_PERCENT", "zero_exit_fraction", 1, "", Careful::larger},
      {"DISCHARGE_CURRENT_RECOVERY_THRESHOLD_PERCENT", "zero_exit_fraction", 1, "", Careful::larger},
      {"SOC_LOW_WARNING", "soc_low_warning", 1, "", Careful::none},
      {"SOC_LOW_ALARM", "soc_low_alarm", 1, "", Careful::none},
      {"VOLTAGE_DROP", "voltage_drop_v", 1, "", Careful::none},
  };
  return kNumbers;
}

std::span<const Table> tables() {
  static constexpr Table kTables[] = {
      {"CELL_VOLTAGES_WHILE_CHARGING", "MAX_CHARGE_CURRENT_CV_FRACTION", "3.5, 3.45, 3.425, 3.4, 3.375",
       "0, 0.005, 0.05, 0.25, 1", "charge_cell_v", "CCCM_CV_ENABLE", true, false},
      {"CELL_VOLTAGES_WHILE_DISCHARGING", "MAX_DISCHARGE_CURRENT_CV_FRACTION", "2.8, 2.9, 3, 3.1, 3.19",
       "0, 0.005, 0.05, 0.25, 1", "discharge_cell_v", "DCCM_CV_ENABLE", true, false},
      {"TEMPERATURES_WHILE_CHARGING", "MAX_CHARGE_CURRENT_T_FRACTION", "0, 2, 5, 10, 40, 45, 50, 55",
       "0, 0.25, 0.5, 1, 1, 0.5, 0.25, 0", "charge_temp", "CCCM_T_ENABLE", true, false},
      {"TEMPERATURES_WHILE_DISCHARGING", "MAX_DISCHARGE_CURRENT_T_FRACTION", "-10, 0, 5, 10, 40, 45, 50, 55",
       "0, 0.25, 0.5, 1, 1, 0.5, 0.25, 0", "discharge_temp", "DCCM_T_ENABLE", true, false},
      {"MOSFET_TEMPERATURES_WHILE_CHARGING", "MAX_CHARGE_CURRENT_T_MOSFET_FRACTION", "70, 80, 90", "1, 0.25, 0",
       "charge_mosfet", "CCCM_T_MOSFET_ENABLE", true, true},
      {"MOSFET_TEMPERATURES_WHILE_DISCHARGING", "MAX_DISCHARGE_CURRENT_T_MOSFET_FRACTION", "70, 80, 90", "1, 0.25, 0",
       "discharge_mosfet", "DCCM_T_MOSFET_ENABLE", true, true},
      {"SOC_WHILE_CHARGING", "MAX_CHARGE_CURRENT_SOC_FRACTION", "98, 95, 90, 85", "0.1, 0.2, 0.5, 1", "charge_soc",
       "CCCM_SOC_ENABLE", false, true},
      {"SOC_WHILE_DISCHARGING", "MAX_DISCHARGE_CURRENT_SOC_FRACTION", "5, 10, 15, 20", "0.1, 0.2, 0.5, 1",
       "discharge_soc", "DCCM_SOC_ENABLE", false, true},
  };
  return kTables;
}

std::span<const Remark> remarks() {
  using Kind = Remark::Kind;
  static constexpr Remark kRemarks[] = {
      {"BLUETOOTH_BMS", Kind::unsupported, "batteries on Bluetooth; connect them by cable", ""},
      {"CAN_PORT", Kind::unsupported, "batteries on CAN; connect them by RS485 or UART where they have it", ""},
      {"MQTT_TOPIC", Kind::unsupported, "batteries on MQTT", ""},
      {"GREENMETER_ADDRESS", Kind::unsupported, "ESC GreenMeter and LiPro devices", "1"},
      {"LIPRO_START_ADDRESS", Kind::unsupported, "ESC GreenMeter and LiPro devices", "2"},
      {"LIPRO_END_ADDRESS", Kind::unsupported, "ESC GreenMeter and LiPro devices", "4"},
      {"LIPRO_CELL_COUNT", Kind::unsupported, "ESC GreenMeter and LiPro devices", "15"},
      {"UBMS_CAN_MODULE_SERIES", Kind::unsupported, "Valence U-BMS on CAN", "4"},
      {"UBMS_CAN_MODULE_PARALLEL", Kind::unsupported, "Valence U-BMS on CAN", "2"},
      {"AUTO_RESET_SOC", Kind::unsupported, "the SoC of the BMS is never overwritten by itself", "True"},
      {"CVL_CONTROLLER_MODE", Kind::differs,
       "there is one law: an integral controller that holds the highest cell (ki_per_cell = 0 switches it off)", "2"},
      {"CVL_ICONTROLLER_MODE", Kind::differs,
       "there is one law: an integral controller that holds the highest cell (ki_per_cell = 0 switches it off)",
       "True"},
      {"CVL_ICONTROLLER_FACTOR", Kind::differs, "the gain is ki_per_cell, per cell and per second; its default fits",
       "0.2"},
      {"CVL_RECALCULATION_EVERY", Kind::differs, "limits are computed at each poll; a reduction is never delayed",
       "60"},
      {"CVL_RECALCULATION_ON_MAX_PERCENTAGE_CHANGE", Kind::differs,
       "limits are computed at each poll; a reduction is never delayed", "33"},
      {"CELL_VOLTAGE_DIFF_KEEP_MAX_VOLTAGE_TIME_RESTART", Kind::differs,
       "the timer restarts when the spread exceeds absorption_diff_v + absorption_diff_hyst_v", ""},
      {"USE_BMS_DVCC_VALUES", Kind::differs,
       "limits that a BMS sends always count, and only lower ours; with cvl_from_bms = yes its charge voltage takes "
       "the place of the float while it is below cell_v_max",
       "False"},
      {"TEMPERATURE_SOURCE_BATTERY", Kind::differs,
       "the limits look at every sensor; temp_exclude names those that they shall not", "1, 2, 3, 4"},
      {"EXCLUDED_DEVICES", Kind::differs, "only ports that are named in a [battery:NAME] section are opened", ""},
      {"HISTORY_ENABLE", Kind::differs, "history is always kept", "True"},
      {"TIME_TO_GO_ENABLE", Kind::differs, "time to go is always computed, down to discharge_floor_soc", "True"},
      {"BATTERY_CELL_DATA_FORMAT", Kind::differs, "cells are published as /Voltages/CellN", "1"},
      {"TIME_TO_SOC_POINTS", Kind::not_needed, "", ""},
      {"TIME_TO_SOC_VALUE_TYPE", Kind::not_needed, "", ""},
      {"TIME_TO_SOC_RECALCULATE_EVERY", Kind::not_needed, "", ""},
      {"TIME_TO_SOC_INC_FROM", Kind::not_needed, "", ""},
      {"BLUETOOTH_USE_POLLING", Kind::not_needed, "", ""},
      {"BLUETOOTH_FORCE_RESET_BLE_STACK", Kind::not_needed, "", ""},
      {"BLUETOOTH_USE_USB", Kind::not_needed, "", ""},
      {"PUBLISH_CONFIG_VALUES", Kind::not_needed, "", ""},
      {"PUBLISH_BATTERY_DATA_AS_JSON", Kind::not_needed, "", ""},
      {"MIDPOINT_ENABLE", Kind::not_needed, "", ""},
      {"TEMPERATURE_1_NAME", Kind::not_needed, "", ""},
      {"TEMPERATURE_2_NAME", Kind::not_needed, "", ""},
      {"TEMPERATURE_3_NAME", Kind::not_needed, "", ""},
      {"TEMPERATURE_4_NAME", Kind::not_needed, "", ""},
      {"GUI_PARAMETERS_SHOW_ADDITIONAL_INFO", Kind::not_needed, "", ""},
      {"TELEMETRY", Kind::not_needed, "", ""},
      {"MQTT_BROKER_ADDRESS", Kind::not_needed, "", ""},
      {"MQTT_BROKER_PORT", Kind::not_needed, "", ""},
      {"MQTT_TLS_ENABLED", Kind::not_needed, "", ""},
      {"MQTT_TLS_PATH_TO_CA", Kind::not_needed, "", ""},
      {"MQTT_TLS_INSECURE", Kind::not_needed, "", ""},
      {"MQTT_USERNAME", Kind::not_needed, "", ""},
      {"MQTT_PASSWORD", Kind::not_needed, "", ""},
  };
  return kRemarks;
}

std::span<const Type> types() {
  static constexpr Type kTypes[] = {
      {"Daly", "daly"},      {"Daren485", "daren"}, {"EG4_Lifepower", "eg4"},
      {"EG4_LL", "eg4-ll"},  {"Jkbms", "jk"},       {"Jkbms_pb", "jk-pb"},
      {"Renogy", "renogy"},  {"ANT", ""},           {"Ecs", ""},
      {"Felicity", ""},      {"HeltecModbus", ""},  {"HLPdataBMS4S", ""},
      {"KS48100", ""},       {"LltJbd", ""},        {"MNB", ""},
      {"Pace", ""},          {"Seplos", ""},        {"Seplosv3", ""},
      {"Sinowealth", ""},    {"Daly_Can", ""},      {"Jkbms_Can", ""},
      {"RV_C_Can", ""},      {"Ubms_Can", ""},      {"Jkbms_Ble", ""},
      {"Kilovault_Ble", ""}, {"LiTime_Ble", ""},    {"LltJbd_Ble", ""},
  };
  return kTypes;
}

std::span<const OtherDefault> other_defaults() {
  static constexpr OtherDefault kDefaults[] = {
      {"CELL_VOLTAGES_WHILE_CHARGING", "3.375:1, 3.4:0.25, 3.425:0.05, 3.45:0.005, 3.5:0", "charge_cell_v"},
      {"CELL_VOLTAGES_WHILE_DISCHARGING", "2.8:0, 2.9:0.005, 3:0.05, 3.1:0.25, 3.19:1", "discharge_cell_v"},
      {"SOC_RESET_CELL_VOLTAGE", "3.65", "cell_v_top"},
      {"BLOCK_ON_DISCONNECT_TIMEOUT_MINUTES", "1200", "loss_block_s"},
      {"BLOCK_ON_DISCONNECT_VOLTAGE_MIN", "3.25", "loss_v_min"},
      {"BLOCK_ON_DISCONNECT_VOLTAGE_MAX", "3.35", "loss_v_max"},
      {"CHARGE_CURRENT_RECOVERY_THRESHOLD_PERCENT", "0.015", "zero_exit_fraction"},
  };
  return kDefaults;
}

}  // namespace bms::config::dsb
