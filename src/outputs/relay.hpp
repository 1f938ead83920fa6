#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "bms/reading.hpp"
#include "outputs/target.hpp"
#include "victron/bus_connection.hpp"
#include "victron/foreign_item.hpp"

namespace bms::outputs {

/// Relay `number` of a GX device: `/Relay/<number>/State` of com.victronenergy.system. Driven only while its function
/// is Manual: with any other function systemcalc or the generator logic owns it. Somebody else who switches it is put
/// right, at once the first time, then at most every 10 s.
class RelayTarget : public Target {
 public:
  RelayTarget(boost::asio::io_context& loop, std::string bus_address, unsigned number);
  ~RelayTarget() override;

  void drive(bool level) override;
  [[nodiscard]] bool settled() const override;
  [[nodiscard]] bool driven() const override;

 private:
  /// Why the relay cannot be driven now; empty: it can.
  [[nodiscard]] std::string obstacle() const;
  [[nodiscard]] bool looked() const { return function_.looked() && state_.looked(); }
  void update();
  void write(TimePoint now);
  void complain(const std::string& reason);
  void failed(const std::string& reason);
  void look_again(Clock::duration pause);

  unsigned number_;
  std::optional<bool> wanted_;
  std::optional<bool> written_;  ///< accepted by systemcalc
  TimePoint written_at_{};
  bool broken_ = false;  ///< a call failed: the services are looked for anew
  std::string complaint_;
  boost::asio::steady_timer again_;
  victron::BusConnection bus_;
  victron::ForeignItem function_;
  victron::ForeignItem state_;
};

}  // namespace bms::outputs
