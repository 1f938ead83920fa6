#include "outputs/gpio.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace bms::outputs {
namespace {

using namespace std::chrono_literals;

/// Says once why a line is not there, and when to ask again.
void miss(const std::string& chip, unsigned line, const std::string& reason, std::string& complaint,
          std::optional<TimePoint>& retry, TimePoint now) {
  retry = now + (retry ? 10s : 1s);
  if (reason == complaint) return;
  complaint = reason;
  spdlog::error("gpio:{}:{}: {}; trying again", chip, line, reason);
}

void have(const std::string& chip, unsigned line, std::string& complaint, std::optional<TimePoint>& retry) {
  if (!complaint.empty()) spdlog::info("gpio:{}:{}: there", chip, line);
  complaint.clear();
  retry.reset();
}

}  // namespace

GpioTarget::GpioTarget(GpioChips chips, std::string chip, unsigned line)
    : chips_(std::move(chips)), chip_(std::move(chip)), number_(line) {}

void GpioTarget::drive(bool level, TimePoint now) {
  if (line_ != nullptr) {
    if (level == level_) return;
    level_ = level;
    if (line_->write(level)) return;
    lost("the line is gone", now);
    return;
  }
  level_ = level;
  if (retry_ && now < *retry_) return;
  auto opened = chips_.output(chip_, number_, level);
  if (!opened) return lost(opened.error(), now);
  line_ = std::move(*opened);
  have(chip_, number_, complaint_, retry_);
}

void GpioTarget::lost(const std::string& reason, TimePoint now) {
  line_.reset();
  miss(chip_, number_, reason, complaint_, retry_, now);
}

GpioInput::GpioInput(GpioChips chips, std::string chip, unsigned line, bool pull_up)
    : chips_(std::move(chips)), chip_(std::move(chip)), number_(line), pull_up_(pull_up) {}

std::optional<bool> GpioInput::read(TimePoint now) {
  if (line_ == nullptr) {
    if (retry_ && now < *retry_) return std::nullopt;
    auto opened = chips_.input(chip_, number_, pull_up_);
    if (!opened) {
      miss(chip_, number_, opened.error(), complaint_, retry_, now);
      return std::nullopt;
    }
    line_ = std::move(*opened);
    have(chip_, number_, complaint_, retry_);
  }
  const auto level = line_->read();
  if (!level) {
    line_.reset();
    miss(chip_, number_, "the line is gone", complaint_, retry_, now);
  }
  return level;
}

}  // namespace bms::outputs
