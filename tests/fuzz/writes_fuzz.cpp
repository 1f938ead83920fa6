// Writes of any type and value to the items of a service, and whatever was kept of the user's limits: what is in force
// stays within what config.ini could say.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "config/overrides.hpp"
#include "config/text.hpp"
#include "victron/path_table.hpp"
#include "victron/setting_paths.hpp"

namespace {

using namespace bms;
using namespace bms::victron;

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr int kMost = 4;  ///< writes of one input

class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool done() const { return rest_.empty(); }
  std::string_view take(std::size_t size) {
    const auto part = rest_.substr(0, size);
    rest_.remove_prefix(part.size());
    return part;
  }
  unsigned byte() {
    const auto one = take(1);
    return one.empty() ? 0 : static_cast<unsigned char>(one.front());
  }
  double number() {
    double value = 0;
    const auto part = take(sizeof value);
    std::memcpy(&value, part.data(), part.size());
    return value;
  }

 private:
  std::string_view rest_;
};

/// What a writer may send, as it comes from the wire; small numbers are the likely ones.
Value any_value(Input& input) {
  const unsigned kind = input.byte();
  switch (kind % 5) {
    case 0:
      return input.number();
    case 1:
      return static_cast<double>(input.byte()) / (1 + kind / 5);
    case 2:
      return static_cast<std::int32_t>(input.byte() << 8U | input.byte()) - 32768;
    case 3:
      return std::string(input.take(kind / 5 * 4));
    default:
      return {};
  }
}

void write(const PathInfo& path, const Value& written) {
  require(config::text::clean(sample(written)));
  const auto value = converted(path.format, written);
  if (!value) return;
  require(normalised(path.format, *value) == *value);
  if (const auto* number = std::get_if<double>(&*value)) {
    require(std::isfinite(*number) && path.format.kind == Kind::number);
  }
  if (const auto* text = std::get_if<std::string>(&*value)) {
    require(path.format.kind == Kind::text && config::text::clean(*text));
  }
  require(config::text::clean(Item{"/X", path.format, *value}.text()));
}

void check(const config::Overrides& overrides) {
  require(limits::validate(overrides.effective().limits).empty());
  require(limits::validate(overrides.effective().bank).empty());
  require(overrides.differences().size() == overrides.values().size());
}

void change(config::Overrides& overrides, bool bank, Input& input) {
  const auto settings = setting_paths();
  const auto& setting = settings[input.byte() % settings.size()];
  const Value written = any_value(input);
  const auto value = converted(setting_format(setting, bank), written);
  if (const auto* number = value ? std::get_if<double>(&*value) : nullptr) {
    const auto wrong = overrides.set(key_of(setting, bank), *number);
    require(wrong || config::number_of(overrides.effective(), key_of(setting, bank)) == *number);
  } else if (const auto* raw = std::get_if<double>(&written)) {
    static_cast<void>(overrides.set(key_of(setting, bank), *raw));
  } else {
    overrides.take_back(key_of(setting, bank));
  }
}

void restore(config::Overrides& overrides, bool bank, Input& input) {
  config::Overrides::Values kept;
  const auto keys = setting_keys(bank);
  while (!input.done()) {
    const unsigned which = input.byte() % (keys.size() + 1);
    kept[which < keys.size() ? std::string(keys[which]) : std::string("loss_s")] = input.number();
  }
  for (const auto& note : overrides.restore(kept)) require(config::text::clean(note));
  check(overrides);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Input input({reinterpret_cast<const char*>(data + 1), size - 1});
  const bool bank = data[0] % 2 != 0;
  const auto paths = path_table();
  switch (data[0] / 2 % 8) {
    case 0:
      for (int count = 0; count < kMost && !input.done(); ++count) {
        const unsigned place = input.byte() << 8U | input.byte();
        write(paths[place % paths.size()], any_value(input));
      }
      break;
    case 1:
      if (const auto wrong = config::check_name(input.take(size))) require(!wrong->empty());
      break;
    case 2: {
      config::Overrides overrides({}, setting_keys(bank), false);
      restore(overrides, bank, input);
      break;
    }
    default: {
      config::Overrides overrides({}, setting_keys(bank), false);
      for (int count = 0; count < kMost && !input.done(); ++count) change(overrides, bank, input);
      check(overrides);
    }
  }
  return 0;
}
