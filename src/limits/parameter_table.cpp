#include "limits/parameters.hpp"

namespace bms::limits {
namespace {

using C = Config;

constexpr double kDay = 86400;
constexpr double kCellMin = 1;  ///< V; a cell outside 1.0 to 4.5 V is no cell (G10)
constexpr double kCellMax = 4.5;

const Parameter kParameters[] = {
    {"max_charge_a", &C::max_charge_a, "A", 0, 10000, "", "highest charge current limit ever published"},
    {"max_discharge_a", &C::max_discharge_a, "A", 0, 10000, "", "highest discharge current limit ever published"},

    {"cell_v_max", &C::cell_v_max, "V", kCellMin, kCellMax, "", "absorption target per cell"},
    {"cell_v_float", &C::cell_v_float, "V", kCellMin, kCellMax, "", "float target per cell"},
    {"cell_v_min", &C::cell_v_min, "V", kCellMin, kCellMax, "", "published low-voltage hint per cell, and empty"},
    {"cell_v_top", &C::cell_v_top, "V", kCellMin, kCellMax, "", "target per cell of a top-balance charge"},
    {"cell_v_hard", &C::cell_v_hard, "V", kCellMin, kCellMax, "", "no charging at or above this cell voltage"},
    {"cell_v_hard_min", &C::cell_v_hard_min, "V", kCellMin, kCellMax, "",
     "no discharging at or below this cell voltage"},
    {"cvl_floor_cell_v", &C::cvl_floor_cell_v, "V", kCellMin, kCellMax, "",
     "lowest cell average the voltage regulation may command"},

    {"curve_mode", &C::curve_mode, "", 0, 0, "linear | step", "how curves are read between their points"},
    {"charge_cell_v", &C::charge_cell_v, "V", kCellMin, kCellMax, "", "charge current by the highest cell"},
    {"discharge_cell_v", &C::discharge_cell_v, "V", kCellMin, kCellMax, "", "discharge current by the lowest cell"},
    {"charge_temp", &C::charge_temp, "C", -40, 100, "", "charge current by each battery temperature"},
    {"discharge_temp", &C::discharge_temp, "C", -40, 100, "", "discharge current by each battery temperature"},
    {"charge_mosfet", &C::charge_mosfet, "C", -40, 200, "", "charge current by MOSFET temperature",
     "70:1, 80:0.25, 90:0"},
    {"discharge_mosfet", &C::discharge_mosfet, "C", -40, 200, "", "discharge current by MOSFET temperature",
     "70:1, 80:0.25, 90:0"},
    {"charge_soc", &C::charge_soc, "%", 0, 100, "", "charge current by state of charge",
     "85:1, 90:0.5, 95:0.2, 98:0.1"},
    {"discharge_soc", &C::discharge_soc, "%", 0, 100, "", "discharge current by state of charge",
     "5:0.1, 10:0.2, 15:0.5, 20:1"},
    {"cell_diff", &C::cell_diff, "V", 0, 2, "", "charge current by spread between highest and lowest cell",
     "0.100:1, 0.200:0.3, 0.300:0.1"},
    {"cell_diff_min_v", &C::cell_diff_min_v, "V", kCellMin, kCellMax, "", "highest cell from which cell_diff acts"},
    {"temp_exclude", &C::temp_exclude, "", 1, 64, "", "numbers of temperature sensors that do not limit"},

    {"recovery_hold_s", &C::recovery_hold_s, "s", 0, kDay, "", "wait before a current limit rises"},
    {"recovery_rate_a_s", &C::recovery_rate_a_s, "A/s", 0.01, 10000, "", "how fast a current limit rises"},
    {"zero_exit_fraction", &C::zero_exit_fraction, "", 0, 1, "", "smallest part of the maximum worth leaving 0 A for"},

    {"cvl_hold_s", &C::cvl_hold_s, "s", 0, kDay, "", "wait before a term of the charge voltage rises"},
    {"cvl_ramp_v_s", &C::cvl_ramp_v_s, "V/s", 0.0001, 10, "", "rise of phase target and caps"},
    {"trim_ramp_v_s", &C::trim_ramp_v_s, "V/s", 0.0001, 10, "", "fastest rise of the cell regulation"},
    {"float_ramp_v_s", &C::float_ramp_v_s, "V/s", 0.0001, 10, "", "fall from absorption to float"},
    {"ki_per_cell", &C::ki_per_cell, "V/(V s)", 0, 1, "", "integral gain of the cell regulation per cell; 0: off"},
    {"reg_deadband_v", &C::reg_deadband_v, "V", 0, 0.5, "", "band above the set point without action"},
    {"reg_i_min_c", &C::reg_i_min_c, "1/h", 0, 10, "",
     "part of the capacity per hour; with less charge current the cell regulation does not integrate"},

    {"absorption_tol_cell_v", &C::absorption_tol_cell_v, "V", 0, 0.5, "",
     "per cell below target that count as reached"},
    {"absorption_s", &C::absorption_s, "s", 0, 30 * kDay, "", "time at target with small spread until float"},
    {"absorption_diff_v", &C::absorption_diff_v, "V", 0, 1, "", "spread that lets this time run"},
    {"absorption_diff_hyst_v", &C::absorption_diff_hyst_v, "V", 0, 1, "", "this much more spread resets it"},
    {"absorption_max_s", &C::absorption_max_s, "s", 1, 30 * kDay, "", "longest absorption"},
    {"absorption_drop_cell_v", &C::absorption_drop_cell_v, "V", 0, 1, "", "per cell below target: back to bulk"},
    {"absorption_drop_s", &C::absorption_drop_s, "s", 0, kDay, "", "for this long in one piece"},

    {"rebulk_soc", &C::rebulk_soc, "%", 0, 100, "", "state of charge below which float ends"},
    {"rebulk_diff_v", &C::rebulk_diff_v, "V", 0, 2, "", "spread that ends float"},
    {"rebulk_diff_s", &C::rebulk_diff_s, "s", 0, kDay, "", "for this long in one piece"},
    {"rebulk_cell_v", &C::rebulk_cell_v, "V", kCellMin, kCellMax, "", "cell average below which float ends"},
    {"rebulk_cell_s", &C::rebulk_cell_s, "s", 0, kDay, "", "for this long in one piece"},
    {"rebulk_lockout_s", &C::rebulk_lockout_s, "s", 0, 30 * kDay, "",
     "no end of float by spread after an absorption that timed out"},
    {"rebulk_days", &C::rebulk_days, "days", 0.01, 3650, "", "days in float after which it ends"},
    {"float_min_s", &C::float_min_s, "s", 0, kDay, "", "shortest stay in float"},

    {"top_balance_days", &C::top_balance_days, "days", 1, 3650, "", "days between top-balance charges"},
    {"top_timeout_s", &C::top_timeout_s, "s", 1, 30 * kDay, "", "longest top-balance charge"},
    {"top_retry_s", &C::top_retry_s, "s", 0, 365 * kDay, "", "pause after one that failed"},

    {"stale_s", &C::stale_s, "s", 1, 3600, "", "age from which a value no longer lets a limit rise"},
    {"lost_s", &C::lost_s, "s", 2, kDay, "", "age from which a value or battery is lost"},
    {"loss_policy", &C::loss_policy, "", 0, 0, "block | hold | hold_then_block", "what happens when a battery is lost"},
    {"loss_block_s", &C::loss_block_s, "s", 0, 30 * kDay, "", "time without a sample that ends holding"},
    {"loss_v_min", &C::loss_v_min, "V", kCellMin, kCellMax, "", "holding is allowed with all cells at or above"},
    {"loss_v_max", &C::loss_v_max, "V", kCellMin, kCellMax, "", "holding is allowed with all cells at or below"},
    {"loss_charge_fraction", &C::loss_charge_fraction, "", 0, 1, "", "part of max_charge_a while holding"},
    {"loss_discharge_fraction", &C::loss_discharge_fraction, "", 0, 1, "", "part of max_discharge_a while holding"},
    {"lost_input_fraction", &C::lost_input_fraction, "", 0, 1, "", "part of the maximum when one value is lost"},

    {"hard_release_v", &C::hard_release_v, "V", 0, 1, "", "below cell_v_hard to allow charging again"},
    {"hard_release_s", &C::hard_release_s, "s", 0, kDay, "", "for this long in one piece"},
    {"hard_min_release_v", &C::hard_min_release_v, "V", 0, 2, "", "above cell_v_hard_min to allow discharging again"},
    {"hard_min_release_s", &C::hard_min_release_s, "s", 0, kDay, "", "for this long in one piece"},

    {"discharge_floor_soc", &C::discharge_floor_soc, "%", 0, 100, "", "no discharging at or below; 0: no floor"},
    {"floor_release_soc", &C::floor_release_soc, "%", 0, 100, "", "above the floor to allow it again"},
    {"soc_low_warning", &C::soc_low_warning, "%", 0, 100, "", "low state of charge: warning and pre-alarm"},
    {"soc_low_alarm", &C::soc_low_alarm, "%", 0, 100, "", "low state of charge: alarm"},
    {"soc_low_release", &C::soc_low_release, "%", 0, 100, "", "above a level to take it back"},
    {"prealarm_s", &C::prealarm_s, "s", 0, 3600, "", "warning time before a soft stop of discharging"},
    {"prealarm_fraction", &C::prealarm_fraction, "", 0, 1, "", "part of max_discharge_a during this time"},
    {"prealarm_cell_v", &C::prealarm_cell_v, "V", kCellMin, kCellMax, "", "lowest cell that raises the pre-alarm"},
    {"prealarm_release_v", &C::prealarm_release_v, "V", 0, 1, "", "above it to take it back"},

    {"pack_stop_v", &C::pack_stop_v, "V", 5, 1000, "", "pack voltage that stops charging (alternators)"},
    {"pack_resume_drop_v", &C::pack_resume_drop_v, "V", 0, 100, "", "below pack_stop_v to charge again"},
    {"pack_resume_s", &C::pack_resume_s, "s", 0, kDay, "", "for this long in one piece"},
    {"alternator_fuse", &C::alternator_fuse, "A", 0, 0, "", "fuse of the line from the alternator, limits charging"},

    {"enforce_enable", &C::enforce_enable, "", 0, 0, "", "lower the charge voltage when chargers ignore the limit"},
    {"enforce_band", &C::enforce_band, "", 1, 10, "", "factor of the limit that is tolerated"},
    {"enforce_offset_a", &C::enforce_offset_a, "A", 0, 1000, "", "further current that is tolerated"},
    {"enforce_s", &C::enforce_s, "s", 0, 3600, "", "for this long in one piece"},
    {"enforce_k", &C::enforce_k, "V/(A s)", 0, 1, "", "how fast the voltage is lowered"},

    {"voltage_drop_v", &C::voltage_drop_v, "V", 0, 5, "", "added to the charge voltage for the cables"},
    {"cvl_from_bms", &C::cvl_from_bms, "", 0, 0, "",
     "the charge voltage is the BMS's own while it asks for less than the absorption target, instead of our float; no: "
     "it only lowers ours"},
    {"line_resistance_ohm", &C::line_resistance_ohm, "ohm", 0, 1, "",
     "resistance of the cables, compensated by the charge current"},

    {"jump_temp_c", &C::jump_temp_c, "K", 0.1, 200, "", "a larger jump of a temperature must repeat"},
    {"jump_samples", &C::jump_samples, "", 1, 100, "", "so many samples must agree"},

    {"soc_source", &C::soc_source, "", 0, 0, "bms | counter", "where the state of charge comes from"},
    {"soc_charge_efficiency", &C::soc_charge_efficiency, "", 0.5, 1, "", "of the own coulomb counter"},
    {"soc_idle_a", &C::soc_idle_a, "A", 0, 10, "", "current the BMS takes unseen"},
    {"sync_cell_v", &C::sync_cell_v, "V", kCellMin, kCellMax, "", "cell average at which the battery may be full"},
    {"sync_tail_c", &C::sync_tail_c, "1/h", 0, 1, "", "part of the capacity per hour: full below this current"},
    {"sync_s", &C::sync_s, "s", 0, kDay, "", "for this long in one piece"},
    {"sync_down", &C::sync_down, "", 0, 0, "", "the counter learns empty at cell_v_min"},
    {"sync_empty_soc", &C::sync_empty_soc, "%", 0, 50, "", "state of charge that stands for empty"},

    {"balanced_diff_v", &C::balanced_diff_v, "V", 0, 1, "", "larger spread after a charge: imbalanced"},
    {"full_charge_days", &C::full_charge_days, "days", 1, 3650, "", "longer without full charge: balance unknown"},
};

const BankParameter kBankParameters[] = {
    {"share_mode", &BankConfig::share_mode, "", 0, 0, "capacity | adaptive", "how parallel packs share the current"},
    {"series", &BankConfig::series, "", 1, 64, "", "packs in series per string"},
    {"min_packs", &BankConfig::min_packs, "", 1, 256, "", "with fewer packs the loss policy applies to the bank"},
    {"bank_max_charge_a", &BankConfig::bank_max_charge_a, "A", 0, 100000, "", "highest charge limit of the bank"},
    {"bank_max_discharge_a", &BankConfig::bank_max_discharge_a, "A", 0, 100000, "",
     "highest discharge limit of the bank"},
    {"bank_recovery_rate_a_s", &BankConfig::bank_recovery_rate_a_s, "A/s", 0.01, 100000, "",
     "how fast a limit of the bank rises; off: recovery_rate_a_s times the number of packs"},
    {"soc_from", &BankConfig::soc_from, "", 0, 0, "weighted | minimum | the name of a battery",
     "state of charge of the bank"},
};

}  // namespace

std::span<const Parameter> parameters() { return kParameters; }
std::span<const BankParameter> bank_parameters() { return kBankParameters; }

}  // namespace bms::limits
