#pragma once

#include "bms/checksum.hpp"
#include "bms/driver.hpp"

/// The smallest protocol that has everything a bus cares for: A5 ADDR SUM -> 5A ADDR SOC SUM.
namespace bms::test {

class TinyDriver : public Driver {
 public:
  explicit TinyDriver(unsigned address, std::chrono::milliseconds timeout = std::chrono::milliseconds(100))
      : address_(static_cast<std::uint8_t>(address)), timeout_(timeout) {}

  Scan scan(ByteView request, ByteView buffer) const override {
    if (buffer[0] != 0x5A) return Scan::drop(1);
    if (buffer.size() < 4) return Scan::more();
    if (sum8(buffer.first(3)) != buffer[3]) return Scan::drop(1, Fault::crc);
    if (buffer[1] != request[1]) return Scan::drop(4, Fault::foreign);
    return Scan::found(0, 4);
  }
  Outcome<void> accept(ByteView /*request*/, ByteView frame) override {
    Reading reading;
    reading.soc_pct = frame[2];
    reading.voltage_V = 52;
    reading_ = reading;
    return {};
  }
  std::optional<Reading> take() override { return std::exchange(reading_, std::nullopt); }
  std::optional<Reading> partial() const override { return reading_; }

  Conversation<Outcome<Reading>> poll(TimePoint /*now*/) override {
    Exchange ask;
    ask.request = {0xA5, address_};
    ask.request.push_back(sum8(ask.request));
    ask.timeout = timeout_;
    const Answer answer = co_await ask;
    if (!answer) co_return fail(answer.error());
    const auto taken = accept(ask.request, *answer);
    if (!taken) co_return fail(taken.error());
    co_return *take();
  }
  Conversation<Outcome<Reading>> probe() override { return poll(TimePoint{}); }
  Conversation<Outcome<bool>> switch_charge(bool on) override { co_return on; }

 private:
  std::uint8_t address_;
  std::chrono::milliseconds timeout_;
  std::optional<Reading> reading_;
};

class TinyDevice : public SimulatedDevice {
 public:
  explicit TinyDevice(unsigned address) : address_(static_cast<std::uint8_t>(address)) {}
  SimulatorResponse respond(ByteView heard, Reading& truth) override {
    if (heard[0] != 0xA5 || heard.size() < 3) return {};
    SimulatorResponse response{3, {}, false};
    if (heard[1] != address_) return response;
    response.answer = {0x5A, address_, static_cast<std::uint8_t>(truth.soc_pct.value_or(0))};
    response.answer.push_back(sum8(response.answer));
    return response;
  }
  Reading quantised(const Reading& truth) const override {
    Reading reading;
    reading.soc_pct = std::floor(truth.soc_pct.value_or(0));
    reading.voltage_V = 52;
    return reading;
  }

 private:
  std::uint8_t address_;
};

}  // namespace bms::test
