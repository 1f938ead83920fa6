#include "store/store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/crc.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bms {
namespace {

constexpr std::string_view kMagic = "dbus-bms-state";
constexpr int kVersion = 1;
constexpr std::uintmax_t kLargestFile = 4'194'304;  // bytes

std::uint32_t crc_of(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return crc.checksum();
}

/// "dbus-bms-state VERSION SEQUENCE SIZE CRC\n" and the JSON behind it.
std::string with_header(const std::string& body, std::uint64_t sequence) {
  const std::string covered = fmt::format("{} {}", sequence, body);
  return fmt::format("{} {} {} {} {:08x}\n{}", kMagic, kVersion, sequence, body.size(), crc_of(covered), body);
}

struct Parsed {
  std::string body;
  std::uint64_t sequence = 0;
  std::string wrong;  ///< why it cannot be used, or empty
};

Parsed parse(const std::string& text) {
  const auto end = text.find('\n');
  if (end == std::string::npos) return {{}, 0, "no header"};
  std::istringstream header(text.substr(0, end));
  std::string magic;
  int version = 0;
  std::size_t size = 0;
  std::uint32_t crc = 0;
  Parsed parsed;
  header >> magic >> version >> parsed.sequence >> size >> std::hex >> crc;
  if (!header || magic != kMagic) return {{}, 0, "no header"};
  if (version != kVersion) return {{}, 0, fmt::format("version {} instead of {}", version, kVersion)};
  parsed.body = text.substr(end + 1);
  if (parsed.body.size() != size) parsed.wrong = fmt::format("{} bytes instead of {}", parsed.body.size(), size);
  if (parsed.wrong.empty() && crc_of(fmt::format("{} {}", parsed.sequence, parsed.body)) != crc) {
    parsed.wrong = "check sum wrong";
  }
  return parsed;
}

std::string write_file(const std::filesystem::path& path, const std::string& text, bool durable) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fmt::format("{}: {}", path.string(), std::strerror(errno));
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      std::string reason = fmt::format("{}: {}", path.string(), std::strerror(errno));
      ::close(fd);
      return reason;
    }
    done += static_cast<std::size_t>(written);
  }
  if (durable) ::fsync(fd);
  ::close(fd);
  return {};
}

}  // namespace

Store::Store(std::filesystem::path folder, std::string name) : folder_(std::move(folder)) {
  slots_[0].path = folder_ / (name + "-a");
  slots_[1].path = folder_ / (name + "-b");
}

std::optional<nlohmann::json> Store::read(Slot& slot, std::vector<std::string>& notes) const {
  std::error_code error;
  slot.sequence = 0;
  if (!std::filesystem::exists(slot.path, error)) return std::nullopt;
  std::string wrong;
  if (!std::filesystem::is_regular_file(slot.path, error) ||
      std::filesystem::file_size(slot.path, error) > kLargestFile) {
    wrong = "not a state file";
  } else {
    std::ifstream file(slot.path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    Parsed parsed = parse(text.str());
    wrong = parsed.wrong;
    if (wrong.empty()) {
      auto content = nlohmann::json::parse(parsed.body, nullptr, false);
      if (!content.is_discarded()) {
        slot.sequence = parsed.sequence;
        return content;
      }
      wrong = "not JSON";
    }
  }
  auto aside = slot.path;
  aside += ".damaged";
  std::filesystem::remove_all(aside, error);
  std::filesystem::rename(slot.path, aside, error);
  notes.push_back(fmt::format("{}: {}; set aside as {}", slot.path.string(), wrong, aside.filename().string()));
  return std::nullopt;
}

Store::Loaded Store::load() {
  Loaded loaded;
  auto first = read(slots_[0], loaded.notes);
  auto second = read(slots_[1], loaded.notes);
  loaded.content = slots_[0].sequence >= slots_[1].sequence ? std::move(first) : std::move(second);
  return loaded;
}

std::string Store::save(const nlohmann::json& content, bool durable) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  Slot& older = slots_[0].sequence <= slots_[1].sequence ? slots_[0] : slots_[1];
  const std::uint64_t sequence = std::max(slots_[0].sequence, slots_[1].sequence) + 1;
  // Numbers that are no numbers cannot get in here: the engine's state has none, and JSON would refuse to parse them.
  const std::string body = content.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  std::string problem = write_file(older.path, with_header(body, sequence), durable);
  if (problem.empty()) older.sequence = sequence;
  return problem;
}

}  // namespace bms
