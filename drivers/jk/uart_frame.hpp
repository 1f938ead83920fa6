#pragma once

#include <optional>

#include "bms/driver.hpp"
#include "uart_layout.hpp"

/// Frames of the JK UART protocol: 4E 57, length, terminal, command, source, type, data, record, 68, sum.
namespace bms::jk {

enum class UartCommand : std::uint8_t {
  activate = 0x01,
  write = 0x02,
  read_one = 0x03,
  unlock = 0x05,
  read_all = 0x06
};

Bytes uart_request(UartCommand command, ByteView data);
/// The answer of a board (source 0, type 1) with this data.
Bytes uart_reply(UartCommand command, ByteView data);

UartCommand uart_command(ByteView frame);
bool uart_is_reply(ByteView frame);
/// The ids and values of a complete frame; nothing of a shorter one.
ByteView uart_data(ByteView frame);

/// Finds the answer to `request`. Frames by length: 68 and 4E 57 also occur in data.
Scan scan_uart(ByteView request, ByteView buffer);

/// One id and its value; nullopt at the end, at an unknown id or where the data ends early. `data` moves on.
struct DataItem {
  const DataId* id;  ///< nullptr: cells
  ByteView value;
};
std::optional<DataItem> next_item(ByteView& data);

/// All bytes heard without the settings password; of a damaged frame nothing stays.
Bytes uart_without_secrets(ByteView received);

}  // namespace bms::jk
