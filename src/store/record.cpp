#include "store/record.hpp"

#include <fmt/format.h>

#include <boost/crc.hpp>
#include <sstream>
#include <string_view>

namespace bms::store {
namespace {

constexpr std::string_view kMagic = "dbus-bms-state";
constexpr int kVersion = 1;

std::uint32_t crc_of(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return crc.checksum();
}

}  // namespace

std::string encode(const std::string& body, std::uint64_t sequence) {
  const std::string covered = fmt::format("{} {}", sequence, body);
  return fmt::format("{} {} {} {} {:08x}\n{}", kMagic, kVersion, sequence, body.size(), crc_of(covered), body);
}

Record decode(const std::string& text) {
  const auto end = text.find('\n');
  if (end == std::string::npos) return {{}, 0, "no header"};
  std::istringstream header(text.substr(0, end));
  std::string magic;
  int version = 0;
  std::size_t size = 0;
  std::uint32_t crc = 0;
  Record record;
  header >> magic >> version >> record.sequence >> size >> std::hex >> crc;
  if (!header || magic != kMagic) return {{}, 0, "no header"};
  if (version != kVersion) return {{}, 0, fmt::format("version {} instead of {}", version, kVersion)};
  record.body = text.substr(end + 1);
  if (record.body.size() != size) record.wrong = fmt::format("{} bytes instead of {}", record.body.size(), size);
  if (record.wrong.empty() && crc_of(fmt::format("{} {}", record.sequence, record.body)) != crc) {
    record.wrong = "check sum wrong";
  }
  return record;
}

}  // namespace bms::store
