#include "outputs/outputs.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "outputs/relay.hpp"

namespace bms::outputs {
namespace {

std::unique_ptr<Target> make_target(boost::asio::io_context& loop, const std::string& bus_address,
                                    const GpioChips& gpio, const config::Line& line) {
  if (line.kind == config::Line::Kind::relay) return std::make_unique<RelayTarget>(loop, bus_address, line.number);
  return std::make_unique<GpioTarget>(gpio, line.chip, line.number);
}

}  // namespace

Outputs::Outputs(boost::asio::io_context& loop, const std::string& bus_address, const GpioChips& gpio,
                 const std::vector<config::Output>& outputs) {
  for (const auto& output : outputs) {
    wires_.push_back({output.name, output.battery, Decision(output),
                      make_target(loop, bus_address, gpio, output.target), std::nullopt,
                      output.form == config::PreAlarmForm::continuous});
    wires_.back().target->drive(wires_.back().decision.safe_level());
  }
}

Outputs::~Outputs() = default;

void Outputs::follow(const LimitsOf& limits, const RemoteState& remote, TimePoint now) {
  if (safe_) return;
  for (auto& wire : wires_) {
    const bool level = wire.decision.level(verdict(limits(wire.battery), remote), now);
    if (wire.steady && wire.told != level) spdlog::info("output {}: {}", wire.name, level ? 1 : 0);
    wire.told = level;
    wire.target->drive(level);
  }
}

void Outputs::make_safe() {
  safe_ = true;
  for (auto& wire : wires_) wire.target->drive(wire.decision.safe_level());
}

bool Outputs::settled() const {
  return std::all_of(wires_.begin(), wires_.end(), [](const Wire& wire) { return wire.target->settled(); });
}

Remote::Remote(const GpioChips& gpio, const config::Remote& config) : config_(config) {
  state_.mode = config.mode;
  state_.off = config.source.kind != config::Line::Kind::none;
  // An open wire reads as off: pulled up where a low level means on.
  if (config.source.kind == config::Line::Kind::gpio) {
    input_ = std::make_unique<GpioInput>(gpio, config.source.chip, config.source.number, config.invert);
  }
}

RemoteState Remote::read(TimePoint now) {
  if (config_.source.kind == config::Line::Kind::none) return state_;
  const std::optional<bool> level = input_ != nullptr ? input_->read(now) : switch_;
  const bool off = !level || *level == config_.invert;
  if (off != state_.off || !told_) spdlog::info("remote input: {}{}", off ? "off" : "on", level ? "" : " (no signal)");
  told_ = true;
  state_.off = off;
  return state_;
}

}  // namespace bms::outputs
