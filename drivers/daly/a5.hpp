#pragma once

#include "bms/bytes.hpp"
#include "bms/driver.hpp"

/// Frames of the A5 protocol: always 13 bytes, A5 ADDRESS COMMAND 08, eight data bytes, 8-bit sum.
namespace bms::daly::a5 {

inline constexpr std::uint8_t kStart = 0xA5;
inline constexpr std::size_t kFrameSize = 13;
inline constexpr std::size_t kDataSize = 8;
inline constexpr std::size_t kHeaderSize = 4;

/// Commands; their data bytes are in a5_layout.hpp.
enum Command : std::uint8_t {
  kSetClockAndSoc = 0x21,
  kRated = 0x50,
  kBoards = 0x51,
  kAccumulated = 0x52,
  kBatteryDetails = 0x53,
  kFirmwareIndex = 0x54,
  kIpText = 0x56,
  kBatteryCode = 0x57,
  kCellThresholds = 0x59,
  kPackThresholds = 0x5A,
  kCurrentThresholds = 0x5B,
  kTemperatureThresholds = 0x5C,
  kSocThresholds = 0x5D,
  kDifferenceThresholds = 0x5E,
  kBalanceThresholds = 0x5F,
  kShortCircuit = 0x60,
  kClock = 0x61,
  kSoftware = 0x62,
  kHardware = 0x63,
  kPack = 0x90,
  kCellExtremes = 0x91,
  kTemperatureExtremes = 0x92,
  kState = 0x93,
  kStatus = 0x94,
  kCells = 0x95,
  kTemperatures = 0x96,
  kBalance = 0x97,
  kAlarms = 0x98,
  kDischargeFet = 0xD9,
  kChargeFet = 0xDA,
};

/// Host address of the UART accessory port (and of the phone app): any single board answers it as board 1.
inline constexpr std::uint8_t kUartHost = 0x80;
/// Host address that reaches this board number (1..16) over RS485: 0x40 is board 1.
constexpr std::uint8_t host_of(unsigned board) { return static_cast<std::uint8_t>(0x3F + board); }
/// The id that the board asked through `host` answers with.
constexpr std::uint8_t answer_id(std::uint8_t host) {
  return host >= 0x40 && host <= 0x4F ? static_cast<std::uint8_t>(host - 0x3F) : std::uint8_t{1};
}

/// A request; without `data` its don't-care bytes are 0xAA, whose edges keep the receiver of the board in step
/// (mr-manuel/venus-os_dbus-serialbattery:dbus-serialbattery/bms/daly.py, fl4p/batmon-ha#398).
Bytes request(std::uint8_t host, std::uint8_t command, ByteView data = {});
/// The frame of board `id`; `data` has eight bytes.
Bytes answer(std::uint8_t id, std::uint8_t command, ByteView data);

/// True for 13 bytes with start, length and sum right.
bool well_formed(ByteView frame);
/// The eight data bytes of a well-formed frame.
inline ByteView data_of(ByteView frame) { return frame.subspan(kHeaderSize, kDataSize); }

/// Finds the answer to `request`: id of its board, its command, sum right. Echoes (host address 0x20 and above), late
/// answers to other commands and other boards are foreign; 0xFF glitches and torn frames are stepped over.
Scan scan(ByteView request, ByteView buffer);

}  // namespace bms::daly::a5
