#include "victron/setting_paths.hpp"

#include <algorithm>
#include <array>

#include "limits/parameters.hpp"
#include "victron/path_table.hpp"

namespace bms::victron {
namespace {

constexpr SettingPath kSettings[] = {
    {"/Settings/MaxChargeCurrent", "max_charge_a", "bank_max_charge_a", false},
    {"/Settings/MaxDischargeCurrent", "max_discharge_a", "bank_max_discharge_a", false},
    {"/Settings/AbsorptionCellVoltage", "cell_v_max", "", true},
    {"/Settings/FloatCellVoltage", "cell_v_float", "", true},
    {"/Settings/LowSocWarning", "soc_low_warning", "", false},
    {"/Settings/DischargeFloor", "discharge_floor_soc", "", false},
};

constexpr auto keys(bool bank) {
  std::array<std::string_view, std::size(kSettings)> all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = key_of(kSettings[i], bank);
  return all;
}
constexpr auto kKeys = keys(false);
constexpr auto kBankKeys = keys(true);

}  // namespace

std::span<const SettingPath> setting_paths() { return kSettings; }

const SettingPath* setting_path(std::string_view path) {
  const auto* found = std::find_if(std::begin(kSettings), std::end(kSettings),
                                   [&](const SettingPath& setting) { return setting.path == path; });
  return found == std::end(kSettings) ? nullptr : found;
}

std::span<const std::string_view> setting_keys(bool bank) { return bank ? kBankKeys : kKeys; }

Format setting_format(const SettingPath& setting, bool bank) {
  Format format = path_info(setting.path)->format;
  const std::string_view key = key_of(setting, bank);
  if (const auto* parameter = limits::find_parameter(key)) {
    format.min = parameter->min;
    format.max = parameter->max;
  } else if (const auto* of_bank = limits::find_bank_parameter(key)) {
    format.min = of_bank->min;
    format.max = of_bank->max;
  }
  return format;
}

}  // namespace bms::victron
