#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bms/reading.hpp"
#include "outputs/target.hpp"
#include "tl/expected.hpp"

namespace bms::outputs {

/// One line of a GPIO chip that is ours while this object lives. libgpiod, or a fake of a test.
class GpioLine {
 public:
  GpioLine() = default;
  GpioLine(const GpioLine&) = delete;
  GpioLine& operator=(const GpioLine&) = delete;
  virtual ~GpioLine() = default;
  virtual bool write(bool level) = 0;      ///< false: it is gone
  virtual std::optional<bool> read() = 0;  ///< nullopt: it is gone
};

/// Asks the kernel for lines. `chip`: name, number or path as libgpiod takes them ("gpiochip0").
struct GpioChips {
  using Opened = tl::expected<std::unique_ptr<GpioLine>, std::string>;  ///< or why not
  std::function<Opened(const std::string& chip, unsigned line, bool level)> output;
  /// `pull_up`: what an open wire reads, where the chip can do that.
  std::function<Opened(const std::string& chip, unsigned line, bool pull_up)> input;
};

/// The chips of this machine. Calls into the kernel that do not wait.
GpioChips kernel_gpio();

/// Drives one line. A line that cannot be had is asked for again, first after 1 s, then every 10 s.
class GpioTarget : public Target {
 public:
  GpioTarget(GpioChips chips, std::string chip, unsigned line);
  void drive(bool level) override { drive(level, Clock::now()); }
  void drive(bool level, TimePoint now);
  [[nodiscard]] bool settled() const override { return true; }
  [[nodiscard]] bool driven() const override { return line_ != nullptr; }

 private:
  void lost(const std::string& reason, TimePoint now);

  GpioChips chips_;
  std::string chip_;
  unsigned number_;
  std::unique_ptr<GpioLine> line_;
  bool level_ = false;
  std::string complaint_;  ///< said last
  std::optional<TimePoint> retry_;
};

/// Reads one line. What cannot be read is nullopt, and asked for again as above.
class GpioInput {
 public:
  GpioInput(GpioChips chips, std::string chip, unsigned line, bool pull_up);
  std::optional<bool> read(TimePoint now);

 private:
  GpioChips chips_;
  std::string chip_;
  unsigned number_;
  bool pull_up_;
  std::unique_ptr<GpioLine> line_;
  std::string complaint_;
  std::optional<TimePoint> retry_;
};

}  // namespace bms::outputs
