#pragma once

#include <optional>
#include <span>
#include <string>

#include "bms/bytes.hpp"

namespace bms::port {

/// An open serial device: raw, 8N1, for us alone. Nothing here waits.
class Tty {
 public:
  Tty() = default;
  Tty(const Tty&) = delete;
  Tty& operator=(const Tty&) = delete;
  ~Tty() { close(); }

  /// Opens `path` at `baud`. Returns an empty text, or why it cannot be used.
  std::string open(const std::string& path, unsigned baud);
  void close();
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// Changes the rate of an open device; an empty text or the reason why not.
  [[nodiscard]] std::string set_baud(unsigned baud) const;
  /// Throws away what came and was not read.
  void discard_input() const;
  /// Throws away what was written and has not left.
  void discard_output() const;
  /// True while bytes that were written have not left.
  [[nodiscard]] bool has_output() const;
  [[nodiscard]] bool is_pseudo_terminal() const;

  /// How many bytes were read or written; 0: none can be at the moment. nullopt: the port is lost.
  [[nodiscard]] std::optional<std::size_t> read(std::span<std::uint8_t> bytes) const;
  [[nodiscard]] std::optional<std::size_t> write(ByteView bytes) const;

 private:
  [[nodiscard]] std::string set_up(unsigned baud);

  int descriptor_ = -1;
  bool exclusive_ = false;  ///< we made it so
};

}  // namespace bms::port
