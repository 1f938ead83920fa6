#pragma once

#include <array>
#include <bitset>
#include <optional>

#include "lifepower4.hpp"
#include "tianpower.hpp"

namespace bms::eg4 {

/// What an "EG4" pack may speak on its RS485 pair. No pack is known to mind a question in one of the others.
enum class Dialect : std::uint8_t { binary_7e, binary_7c, ascii };

/// "7e", "7c", "ascii"; nullopt for "auto" and anything else.
std::optional<Dialect> dialect_from_string(std::string_view name);

/// EG4 LifePower4 (first version), Revov, TianPower and Narada packs.
class Eg4Driver final : public Driver {
 public:
  explicit Eg4Driver(const DriverOptions& options);

  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  [[nodiscard]] std::optional<unsigned> asked(ByteView request) const override;
  [[nodiscard]] Bytes question_to(ByteView heard) const override;
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  Conversation<Outcome<Reading>> probe() override;
  void refresh() override;

 private:
  /// One question; an answer that cannot be true is asked for once more.
  Conversation<Outcome<void>> ask(Bytes request, int attempts);
  Conversation<Outcome<Reading>> ask_status(Dialect dialect, int attempts);
  /// The first dialect that is answered, and that answer.
  Conversation<Outcome<Reading>> identify();
  /// Version and serial number of a binary pack, each heard twice; true when any is known.
  Conversation<bool> ask_identity();
  /// Status and, until it is known, identity.
  Conversation<Outcome<Reading>> read(TimePoint now, int attempts);

  const std::uint8_t address_;
  const std::optional<Dialect> configured_;
  std::optional<Dialect> dialect_;
  int misses_ = 0;
  std::bitset<2> identity_known_;  ///< version, serial number
  int identity_tries_ = 0;
  TimePoint last_identity_{};
  TianPower binary_;
  LifePower4 ascii_;
};

}  // namespace bms::eg4
