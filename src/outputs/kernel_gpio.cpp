// GPIO lines by libgpiod 1.6. Where the program is built without it there are none, and it says so.
#include "outputs/gpio.hpp"

#if __has_include(<gpiod.h>) && defined(DBUS_BMS_GPIOD)
#include <fmt/format.h>
#include <gpiod.h>

#include <cerrno>
#include <system_error>

namespace bms::outputs {
namespace {

constexpr const char* kConsumer = "dbus-bms";

struct CloseChip {
  void operator()(gpiod_chip* chip) const { gpiod_chip_close(chip); }  // releases its lines too
};
using Chip = std::unique_ptr<gpiod_chip, CloseChip>;

class KernelLine : public GpioLine {
 public:
  KernelLine(Chip chip, gpiod_line* line) : chip_(std::move(chip)), line_(line) {}
  bool write(bool level) override { return gpiod_line_set_value(line_, level ? 1 : 0) == 0; }
  std::optional<bool> read() override {
    const int level = gpiod_line_get_value(line_);
    return level < 0 ? std::nullopt : std::optional(level == 1);
  }

 private:
  Chip chip_;
  gpiod_line* line_;  ///< owned by the chip
};

std::string reason(const char* what) { return fmt::format("{}: {}", what, std::generic_category().message(errno)); }

template <class Request>
GpioChips::Opened open(const std::string& name, unsigned number, Request request) {
  Chip chip(gpiod_chip_open_lookup(name.c_str()));
  if (!chip) return tl::unexpected(reason("no such chip"));
  gpiod_line* line = gpiod_chip_get_line(chip.get(), number);
  if (line == nullptr) return tl::unexpected(reason("no such line"));
  if (request(line) != 0) return tl::unexpected(reason("not given to us"));
  return std::make_unique<KernelLine>(std::move(chip), line);
}

/// Chips and kernels before 5.5 that know no pull resistors refuse them: then the wiring has to have its own.
int request_input(gpiod_line* line, bool pull_up) {
  const int bias = pull_up ? GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP : GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
  if (gpiod_line_request_input_flags(line, kConsumer, bias) == 0) return 0;
  return gpiod_line_request_input(line, kConsumer);
}

}  // namespace

GpioChips kernel_gpio() {
  return {[](const std::string& chip, unsigned number, bool level) {
            return open(chip, number, [level](gpiod_line* line) {
              return gpiod_line_request_output(line, kConsumer, level ? 1 : 0);
            });
          },
          [](const std::string& chip, unsigned number, bool pull_up) {
            return open(chip, number, [pull_up](gpiod_line* line) { return request_input(line, pull_up); });
          }};
}

}  // namespace bms::outputs
#else

namespace bms::outputs {

GpioChips kernel_gpio() {
  const std::string reason = "this program was built without libgpiod";
  return {[reason](const std::string&, unsigned, bool) -> GpioChips::Opened { return tl::unexpected(reason); },
          [reason](const std::string&, unsigned, bool) -> GpioChips::Opened { return tl::unexpected(reason); }};
}

}  // namespace bms::outputs
#endif
