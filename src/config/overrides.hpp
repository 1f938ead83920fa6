#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limits/config.hpp"

namespace bms::config {

/// The limits of a battery, or of the bank, as far as a user may change them while the daemon runs.
struct Tunable {
  limits::Config limits;
  limits::BankConfig bank;  ///< of the bank only
};

/// The value of a numeric key of `[limits]` or `[bank]`; nullopt: off, or no such key.
std::optional<double> number_of(const Tunable& tunable, std::string_view key);

/// The range the schema allows for such a key.
struct KeyRange {
  double min = 0;
  double max = 0;
};
std::optional<KeyRange> range_of(std::string_view key);

/// "must be ...": what is allowed for `name =`; nullopt: this one is.
std::optional<std::string> check_name(std::string_view name);

/// What a user changed of the file's limits, without the file. Every value passes the checks of config.ini, alone and
/// together with all others: whoever wrote it, and wherever it was kept, it never loosens more than the file could.
class Overrides {
 public:
  using Values = std::map<std::string, double, std::less<>>;

  /// `keys`: what may be changed; they must outlive this. `locked`: the file's own limits were wrong (G11), so that
  /// built-in ones are in force and nobody changes them.
  Overrides(Tunable file, std::span<const std::string_view> keys, bool locked);

  /// The file was loaded anew. What no longer fits is left out; answers why, one sentence for each.
  std::vector<std::string> set_file(Tunable file, bool locked);
  /// What was kept of an earlier run. Unknown keys and values that may not be are left out, with a sentence for each.
  std::vector<std::string> restore(const Values& kept);

  /// nullopt: it is in force. Otherwise "must be ...", and nothing has changed. The file's own value takes the
  /// change back.
  std::optional<std::string> set(std::string_view key, double value);
  /// Back to the file, with one key or with all of them. A single one stays when the others do not fit without it.
  void take_back(std::string_view key);
  void clear();

  [[nodiscard]] const Tunable& effective() const { return effective_; }
  [[nodiscard]] const Values& values() const { return values_; }
  /// "max_charge_a = 30 (file: 50)", one for each change in force.
  [[nodiscard]] std::vector<std::string> differences() const;

 private:
  [[nodiscard]] bool known(std::string_view key) const;
  std::vector<std::string> apply();

  Tunable file_;
  std::span<const std::string_view> keys_;
  bool locked_;
  Values values_;
  Tunable effective_;
};

}  // namespace bms::config
